"""Paths from a certificate to the site's trust anchors, every signature verified (RFC 5280, 6). The leaf's own validity
and name are other checks' business; the system's trust store is never asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.checks.certificate import der, name_constraints
from app.checks.certificate.facts import Facts
from app.checks.certificate.signatures import Signature, other_signer, signed
from app.checks.certificate.x509 import SM2_SIGNATURE, X509, Unsupported, shown
from app.checks.model import SEVERITY, Outcome, Verdict
from app.site.model import Certificate, Site

LONGEST = 10  # certificates of one path
TO_THE_MINUTE = "%Y-%m-%d %H:%M"
MOST_PATHS = 200  # of one certificate; CAs that certify each other make them multiply
BUDGET = 300  # signatures verified for one chain
EXPECTED = "证书链到现场的信任锚，每一级签名、有效期与约束都成立"
UNDERSTOOD = {  # critical extensions that are looked at somewhere in these checks, or bind nobody here
    "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.32",
    "2.5.29.35", "2.5.29.37", "2.5.29.46", "1.3.6.1.5.5.7.1.1",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    outcome: Outcome
    text: str
    advice: str = ""


@dataclass(frozen=True)
class Path:
    """``certificates``: the leaf first. ``anchored``: its last one is a trust anchor. ``faults``: all that is wrong."""

    certificates: tuple[X509, ...]
    anchored: bool
    faults: tuple[Fault, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return max((fault.outcome for fault in self.faults), key=SEVERITY.index, default=Outcome.PASS)

    def __str__(self) -> str:
        return " ← ".join(one.holder or one.subject for one in self.certificates)


@dataclass
class _Search:
    """One search for paths: what may stand in them, and how many signatures may still be verified."""

    pool: tuple[X509, ...]
    anchors: tuple[X509, ...]
    budget: int = BUDGET
    verified: dict[tuple[bytes, bytes], Signature] = field(default_factory=dict)
    named: dict[der.Name, list[X509]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in dict.fromkeys((*self.anchors, *self.pool)):
            self.named.setdefault(one.subject_key, []).append(one)

    def issuers(self, child: X509) -> list[X509]:
        """Those that bear the issuer's name; first the ones whose key it points to, of these the anchors first."""
        return sorted(self.named.get(child.issuer_key, ()), key=lambda one: bool(misdirected(child, one)))

    def signature(self, child: X509, issuer: X509) -> Signature:
        key = (child.encoded, issuer.encoded)
        if key not in self.verified:
            if self.budget <= 0:
                return Signature.UNKNOWN
            self.budget -= 1
            self.verified[key] = _decided(signed(child, issuer), child, issuer)
        return self.verified[key]


def _decided(found: Signature, child: X509, issuer: X509) -> Signature:
    """An SM2 signature that does not fit, of a certificate that itself points to another key, is not by this one."""
    sm2 = found is Signature.UNKNOWN and child.signature_oid == SM2_SIGNATURE and _is_sm2(issuer)
    return Signature.INVALID if sm2 and misdirected(child, issuer) else found


def misdirected(child: X509, issuer: X509) -> str:
    """How the child's authorityKeyIdentifier points to another issuer (RFC 5280, 4.2.1.1); "" when it does not."""
    from cryptography import x509

    try:
        pointed = child.extension(x509.AuthorityKeyIdentifier)
        own = issuer.extension(x509.SubjectKeyIdentifier)
    except Unsupported:
        return ""
    if pointed and own and pointed.key_identifier and pointed.key_identifier != own.digest:
        return "密钥标识"
    serial = pointed.authority_cert_serial_number if pointed else None
    return "序列号" if serial is not None and serial != issuer.serial_number else ""


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    """The verdict on the best path there is."""
    leaf = facts.material.leaf
    if not facts.anchors:
        advice = "请把现场的 CA 证书写进现场配置文件的 trust，再检查。"
        return Verdict(Outcome.UNKNOWN, EXPECTED, _described(facts), "没有给出信任锚，链的真伪无从判定", advice)
    best = best_path(facts, target.role)
    if best.outcome is Outcome.PASS:
        actual = "证书本身就是信任锚" if len(best.certificates) == 1 else f"{best}（信任锚）"
        return Verdict(Outcome.PASS, EXPECTED, actual)
    worst = [fault for fault in best.faults if fault.outcome is best.outcome]
    reason = "；".join(dict.fromkeys(fault.text for fault in worst))
    advice = next((fault.advice for fault in worst if fault.advice), "")
    return Verdict(best.outcome, EXPECTED, str(best) if leaf else "", reason, advice)


def _described(facts: Facts) -> str:
    return f"{facts.material.leaf.subject}，由 {facts.material.leaf.issuer} 颁发"


def best_path(facts: Facts, role: str = "", leaf: X509 | None = None) -> Path:
    """The path with the least wrong; among equals one that needs only what the source carries. Never empty."""
    material = facts.material
    start = leaf or material.leaf
    pool = tuple(dict.fromkeys((*material.sent, *facts.known)))
    search = _Search(pool, facts.anchors)
    paths = []
    for certificates, anchored, faults in _paths(search, (start,), ()):
        judged = (*faults, *_faults(certificates, anchored, facts, role, start is material.leaf))
        paths.append(Path(certificates, anchored, judged))
        if paths[-1].outcome is Outcome.PASS:
            break
        if len(paths) == MOST_PATHS:
            paths = [Path((start,), False, (_TOO_MANY,)), *(path for path in paths if path.outcome is Outcome.WARN)]
            break
    return min(paths, key=lambda path: (SEVERITY.index(path.outcome), not path.anchored, -len(path.certificates)))


_TOO_MANY = Fault(Outcome.UNKNOWN, "可能的证书链太多，没有逐一验证", "请在 chain 与 trust 中只保留需要的证书。")
Found = tuple[tuple[X509, ...], bool, tuple[Fault, ...]]


def _paths(search: _Search, path: tuple[X509, ...], faults: tuple[Fault, ...]) -> Iterator[Found]:
    """Every way up from ``path``; a way that ends before an anchor carries the fault that ended it."""
    last = path[-1]
    if (anchored := _at_anchor(search, last)) is not None:
        yield path, True, (*faults, *anchored)
        return
    candidates = search.issuers(last)
    dead_end = True
    for issuer in candidates:
        if _occurs(issuer, path) or len(path) >= LONGEST:
            continue
        signature = search.signature(last, issuer)
        if signature is Signature.INVALID:
            continue
        dead_end = False
        unsure = () if signature is Signature.VALID else (_unverified(last, issuer),)
        yield from _paths(search, (*path, issuer), (*faults, *unsure))
    if dead_end:
        yield path, False, (*faults, _end(search, path, candidates))


def _at_anchor(search: _Search, last: X509) -> tuple[Fault, ...] | None:
    """None unless ``last`` is an anchor, or one issued anew with the same name and key: then that key has signed it, as
    else anyone could write other dates and rights into it.
    """
    if last in search.anchors:
        return ()
    for anchor in search.anchors:
        if last.same_anchor(anchor) and (signature := search.signature(last, anchor)) is not Signature.INVALID:
            return () if signature is Signature.VALID else (_unverified(last, anchor),)
    return None


def _occurs(one: X509, path: Sequence[X509]) -> bool:
    """Same name and key twice make a loop, whatever else differs."""
    return any(one.same_anchor(other) for other in path)


def _unverified(child: X509, issuer: X509) -> Fault:
    if child.signature_oid == SM2_SIGNATURE and _is_sm2(issuer):
        other = other_signer(child, issuer)
        why = f"按{other}签的" if other else "证书被改动过，或签发者用了别的标识"
        text = f"“{child.subject}”的 SM2 签名用“{issuer.subject}”的公钥按国标标识（1234567812345678）验证不通过：{why}"
        return Fault(Outcome.UNKNOWN, text, "请向签发机构核实 SM2 签名所用的标识，或重新取得证书。")
    text = f"“{child.subject}”的签名（算法 {child.signature_oid}）在本机不能验证，未能确认由“{issuer.subject}”所签"
    return Fault(Outcome.UNKNOWN, text, "请用支持该算法的工具另行验证，并把结果作为证据附上。")


def _is_sm2(one: X509) -> bool:
    try:
        return one.key.algorithm == "SM2"
    except Unsupported:
        return False


def _end(search: _Search, path: tuple[X509, ...], candidates: Sequence[X509]) -> Fault:
    last = path[-1]
    if len(path) >= LONGEST or search.budget <= 0:
        return Fault(Outcome.UNKNOWN, f"证书链过长或候选过多，查到“{last.subject}”为止", "请只保留需要的证书。")
    if last.self_issued:
        which = "证书是自签名的，" if len(path) == 1 else f"链止于自签名的“{last.subject}”，它"
        return Fault(
            Outcome.FAIL, f"{which}不在现场的信任锚之中", "请换用受信任 CA 签发的证书，或核对 trust 中的 CA 证书。"
        )
    if others := [one for one in candidates if not _occurs(one, path)]:
        text = f"“{last.subject}”的签名不是由“{others[0].subject}”所签（签名验证不通过）"
        return Fault(Outcome.FAIL, text, "证书已被改动，或颁发者换过密钥；请核对 CA 证书是否与之配套。")
    text = f"找不到“{last.subject}”的颁发者“{last.issuer}”的证书，链到不了信任锚"
    return Fault(Outcome.FAIL, text, "请把该中间证书装到服务器上（或写进 chain），并核对 trust 中的 CA 证书。")


def _faults(path: tuple[X509, ...], anchored: bool, facts: Facts, role: str, own: bool) -> Iterator[Fault]:
    """What is wrong with the certificates of a path whose signatures hold."""
    for depth, issuer in enumerate(path[1:], 1):
        try:
            yield from _issuer_faults(issuer, depth, path, anchored and depth == len(path) - 1, facts, role)
        except Unsupported as error:
            yield Fault(Outcome.UNKNOWN, f"“{issuer.subject}”：{error}")
    for child, issuer in pairwise(path):
        if what := misdirected(child, issuer):
            text = f"“{child.subject}”所指的颁发者{what}（AKI）与“{issuer.subject}”的不符，部分客户端会拒绝"
            yield Fault(Outcome.WARN, text, "请向签发机构核对，重新签发或换用配套的 CA 证书。")
    if len(path) > 1:
        for one in path[:-1] if anchored else path:
            yield from _critical(one)
    if anchored and own and facts.material.over_tls and len(path) > 1:
        yield from _sent_faults(path, facts)


def _issuer_faults(
    issuer: X509, depth: int, path: tuple[X509, ...], anchor: bool, facts: Facts, role: str
) -> Iterator[Fault]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    who = f"颁发者“{issuer.subject}”"
    if facts.now > issuer.not_after:
        yield Fault(Outcome.FAIL, f"{who}已于 {shown(issuer.not_after, TO_THE_MINUTE)} 过期")
    if facts.now < issuer.not_before:
        yield Fault(Outcome.FAIL, f"{who}要到 {shown(issuer.not_before, TO_THE_MINUTE)} 才生效")
    constraints = issuer.extension(x509.BasicConstraints)
    usage = issuer.extension(x509.KeyUsage)
    if not (constraints and constraints.ca) and not (anchor and issuer.version < 3):
        yield Fault(Outcome.FAIL, f"{who}不是 CA 证书（basicConstraints），无权颁发")
    if usage and not usage.key_cert_sign:
        yield Fault(Outcome.FAIL, f"{who}的密钥用途不含证书签名（keyCertSign）")
    between = sum(1 for one in path[1:depth] if not one.self_issued)
    if constraints and constraints.path_length is not None and between > constraints.path_length:
        yield Fault(Outcome.FAIL, f"{who}只允许其下有 {constraints.path_length} 级 CA，实际有 {between} 级")
    if limits := issuer.extension(x509.NameConstraints):
        below = [one for place, one in enumerate(path[:depth]) if place == 0 or not one.self_issued]
        yield from _constrained(limits, below, who)
    purposes = issuer.extension(x509.ExtendedKeyUsage)
    wanted = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if purposes and role == "server-device" and not anchor and not wanted & set(purposes):
        yield Fault(Outcome.WARN, f"{who}的扩展用途不含服务器认证，部分客户端会拒绝")


def _constrained(limits: object, below: Sequence[X509], who: str) -> Iterator[Fault]:
    for one in below:
        try:
            if broken := name_constraints.broken(limits, one):
                yield Fault(Outcome.FAIL, f"“{one.subject}”违反{who}的名称约束：{broken}")
        except (Unsupported, der.NotDer) as error:
            yield Fault(Outcome.UNKNOWN, f"“{one.subject}”是否符合{who}的名称约束不能判定：{error}")


def _critical(one: X509) -> Iterator[Fault]:
    """Critical extensions nobody here understands: RFC 5280, 4.2, has a verifier refuse; we cannot tell."""
    try:
        unknown = [
            ext.oid.dotted_string for ext in one.extensions if ext.critical and ext.oid.dotted_string not in UNDERSTOOD
        ]
    except Unsupported as error:
        yield Fault(Outcome.UNKNOWN, f"“{one.subject}”：{error}")
        return
    if unknown:
        yield Fault(Outcome.UNKNOWN, f"“{one.subject}”含本程序不认识的关键扩展 {'、'.join(unknown)}")


def _sent_faults(path: tuple[X509, ...], facts: Facts) -> Iterator[Fault]:
    """What the server should have sent: its intermediates, each followed by its issuer (RFC 5246, 7.4.2)."""
    sent = list(facts.material.sent)
    between = path[1:-1]
    missing = [one for one in between if one not in sent]
    if missing:
        names = "、".join(one.subject for one in missing)
        text = f"服务器没有发送中间证书“{names}”（现场配置里有），没有它的客户端会拒绝"
        yield Fault(Outcome.WARN, text, "请把中间证书按顺序装进服务器的证书链。")
    places = [sent.index(one) for one in path[1:] if one in sent]
    if places != list(range(len(places))):
        yield Fault(Outcome.WARN, "服务器发送的证书链顺序不对", "请按“服务器证书、中间证书、根证书”的顺序安装证书链。")
