"""What a TLS server offers, found out with one small probe after the other: versions, and weak suites of them.

"Not offered" needs an answer: an alert, or a closed connection while the same server goes on answering other probes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.checks.addresses import Address
from app.checks.certificate.hello import PROTOCOL_VERSION, Reply, ask, client_hello
from app.checks.certificate.suites import (
    NULL_13,
    SHORT,
    SSL2,
    SSL3,
    TLCP,
    TLS10,
    TLS11,
    TLS12,
    TLS13,
    VERSIONS,
    WEAK,
    Weakness,
    name,
    weakness,
    wide,
)
from app.checks.model import Undetermined
from app.checks.wire import Wire

MOST = 40  # connections, one after the other
MOST_SILENT = 3  # probes that nothing answered; each costs PATIENCE
PATIENCE = 5.0  # seconds for one probe
TOGETHER = 35.0  # seconds for all
ORDER = (TLS12, TLS13, TLS11, TLS10, SSL3, SSL2)
NAMES_BY_OPENSSL = {"TLSv1": TLS10, "TLSv1.1": TLS11, "TLSv1.2": TLS12, "TLSv1.3": TLS13}
AT_BOTH_ENDS = (Weakness.ANONYMOUS, Weakness.EXPORT, Weakness.NULL)  # asked of the newest and the oldest version


@dataclass(frozen=True)
class Answer:
    """``offered``: True, False, or None where it could not be told; ``detail``: suites seen, or why not."""

    offered: bool | None
    detail: str = ""


@dataclass(frozen=True)
class Offers:
    """Answers by version number and by kind of weak suite; ``probes``: how many connections were made."""

    versions: dict[int, Answer] = field(default_factory=dict)
    weak: dict[Weakness, Answer] = field(default_factory=dict)
    probes: int = 0


class Survey:
    """One server asked; ``open_wire`` gives a connection with the deadline it is given."""

    def __init__(
        self, address: Address, sni: str, open_wire: Callable[[float], Wire], note: Callable[[str], None]
    ) -> None:
        self._address, self._sni, self._open_wire, self._note = address, sni, open_wire, note
        self._ends = time.monotonic() + TOGETHER
        self._probes = self._silent = 0
        self._seen: dict[Weakness, set[str]] = {}

    def offers(self) -> Offers:
        """Everything that is asked. Raises Undetermined when the server answers nothing at all."""
        versions = {version: self._version(version) for version in ORDER}
        if not any(answer.offered for answer in versions.values()):
            versions[TLCP] = self._version(TLCP)
        spoken = [version for version, answer in versions.items() if answer.offered]
        weak = self._weak(spoken)
        if spoken and not self._still_answers(spoken[0]):
            reason = "对方中途不再应答，此前没有应答的不能算不提供"
            versions = {version: _doubted(answer, reason) for version, answer in versions.items()}
            weak = {kind: _doubted(answer, reason) for kind, answer in weak.items()}
        return Offers(versions, weak, self._probes)

    def _version(self, version: int) -> Answer:
        """Whether the server speaks ``version``."""
        reply = self._asked(version, wide(version))
        if reply.kind != "hello" and reply.detail != PROTOCOL_VERSION:
            # some old servers choke on long hellos, some drop connections at times
            reply = self._asked(version, wide(version) if version in (SSL2, TLS13, TLCP) else SHORT)
        if reply.kind != "hello":
            return _not_spoken(reply)
        if reply.version == version:
            self._remember(version, reply.suite)
            return Answer(True, "" if version == SSL2 else name(reply.suite))
        if reply.version < version:
            return Answer(False, f"改用 {VERSIONS.get(reply.version, hex(reply.version))}")
        return Answer(None, f"答复了没有提议的版本 {reply.version:#06x}")

    def _remember(self, version: int, suite: int) -> None:
        if version != SSL2:
            self._seen.setdefault(weakness(suite), set()).add(f"{VERSIONS[version]} {name(suite)}")

    def _weak(self, spoken: Sequence[int]) -> dict[Weakness, Answer]:
        """Each kind of weak suite, asked of the newest version that has such suites, the gravest of the oldest too."""
        old = sorted(version for version in spoken if SSL3 <= version <= TLS12)
        found: dict[Weakness, Answer] = {}
        for kind, suites in WEAK.items():
            asked = list(dict.fromkeys((old[-1], old[0]) if kind in AT_BOTH_ENDS else old[-1:])) if old else []
            answers = [self._suites(version, tuple(suites)) for version in asked if kind not in self._seen]
            found[kind] = self._summary(kind, answers)
        if TLS13 in spoken and not found[Weakness.NULL].offered:
            answers = [self._suites(TLS13, tuple(NULL_13))]
            nulls = self._summary(Weakness.NULL, answers)
            found[Weakness.NULL] = nulls if nulls.offered is not False else found[Weakness.NULL]
        return found

    def _summary(self, kind: Weakness, answers: Sequence[Answer]) -> Answer:
        if kind in self._seen:
            return Answer(True, "、".join(sorted(self._seen[kind])))
        return next((answer for answer in answers if answer.offered is None), Answer(False))

    def _suites(self, version: int, suites: tuple[int, ...]) -> Answer:
        """Whether the server takes one of ``suites``, which are of one kind."""
        reply = self._asked(version, suites)
        if reply.kind not in ("hello", "refused"):
            reply = self._asked(version, suites)
        if reply.kind != "hello":
            return _not_spoken(reply)
        self._remember(reply.version if reply.version in VERSIONS else version, reply.suite)
        return Answer(True, name(reply.suite))

    def _asked(self, version: int, suites: Sequence[int]) -> Reply:
        """One probe; a suite that was not offered makes its answer worth nothing."""
        if self._probes >= MOST or self._silent >= MOST_SILENT or time.monotonic() >= self._ends:
            return Reply("unasked", detail="连接次数或时间已到上限")
        self._probes += 1
        wire = self._open_wire(min(self._ends, time.monotonic() + PATIENCE))
        reply = ask(wire, self._address.host, self._address.port, version, client_hello(version, suites, self._sni))
        wire.close()
        if reply.kind == "hello" and version != SSL2 and reply.suite not in suites:
            reply = replace(reply, kind="nonsense", detail=f"选了没有提议的套件 {reply.suite:#06x}")
        self._silent += reply.kind == "silent"
        self._note(f"→ {VERSIONS[version]} ClientHello，{len(suites)} 个套件 ← {_words(reply)}")
        if reply.kind == "unreachable" and self._probes == 1:
            raise Undetermined(f"{self._address.shown} 在时限内未能连接（{reply.detail}）")
        return reply

    def _still_answers(self, version: int) -> bool:
        """A server that has begun to turn connections away has not refused what it was asked meanwhile."""
        for suites in (wide(version), SHORT if version not in (TLS13, TLCP, SSL2) else wide(version)):
            if self._asked_again(version, suites).kind == "hello":
                return True
        return False

    def _asked_again(self, version: int, suites: Sequence[int]) -> Reply:
        """One last probe, whatever the limits of silence and number say."""
        self._silent, self._probes = 0, min(self._probes, MOST - 1)
        self._ends = max(self._ends, time.monotonic() + PATIENCE)
        return self._asked(version, suites)


def agreed(offers: Offers, spoken: str) -> Offers:
    """``offers`` doubted where the whole handshake, in version ``spoken`` by OpenSSL's name, says otherwise."""
    version = NAMES_BY_OPENSSL.get(spoken, 0)
    if not version or offers.versions.get(version, Answer(True)).offered is not False:
        return offers
    doubt = Answer(None, "完整握手用的正是此版本，探测却被拒绝")
    return replace(offers, versions={**offers.versions, version: doubt})


def _not_spoken(reply: Reply) -> Answer:
    if reply.kind in ("refused", "closed", "failed"):  # the latter two only once asked twice
        return Answer(False, reply.detail or "对方关闭了连接")
    reasons = {"silent": "没有应答", "unreachable": "连接不上", "unasked": reply.detail}
    return Answer(None, reasons.get(reply.kind, f"答复无法理解（{reply.detail}）"))


def _doubted(answer: Answer, reason: str) -> Answer:
    return Answer(None, reason) if answer.offered is False else answer


def _words(reply: Reply) -> str:
    if reply.kind != "hello":
        words = {"refused": "拒绝", "failed": "出错", "closed": "断开", "silent": "没有应答", "unreachable": "连接不上"}
        return f"{words.get(reply.kind, reply.kind)} {reply.detail}".rstrip()
    return f"ServerHello {VERSIONS.get(reply.version, hex(reply.version))} {name(reply.suite)} {reply.detail}".rstrip()
