"""The session of a WebLogic domain: one log-in, remembered when refused; its REST interface is found out."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from app.checks.http import ConnectionRefused, HttpAnswer, Unreachable
from app.checks.model import Failed, Surroundings, Undetermined
from app.checks.pages import named_status
from app.checks.web import WebSession, seen_elsewhere
from app.checks.weblogic.interface import Interface
from app.site.model import Host, Site, WebLogic

if TYPE_CHECKING:
    from app.checks.host.lent import Lent
    from app.checks.weblogic.remote import Remote

PORT = "weblogic.port"
MOST_PARTS = 200_000  # objects, lists and members of one JSON answer; a megabyte of {} becomes thirty
NO_PASSWORD = "没有口令，没有登录 REST 管理接口"
CHANNEL_ADVICE = "请把 url 改为管理端口的 https 地址（常为 9002，控制台“域－常规－启用管理端口”），再检查。"
ROLE_ADVICE = (
    "可能该用户不在 Monitors 组；也可能端口不对：启用管理端口（administration channel，常为 9002）的域只在那里应答。"
    "请与 WebLogic 管理员核对。"
)


def open_session(target: WebLogic, surroundings: Surroundings) -> WebLogicSession:
    """Connects nothing yet."""
    return WebLogicSession(target, surroundings)


class WebLogicSession(WebSession):
    """``route`` names the interface that answered. ``turn`` counts the gatherings.

    Credentials are sent to the target's URL, to the planned addresses of its managed servers, and over SSH to the
    domain's own tools; once they have been refused, or were not answered, to nobody any more.
    """

    def __init__(self, target: WebLogic, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self.target = target
        self.turn = 0
        self._refusal: Undetermined | None = None
        self._logged_in = False
        self._interface: Interface | None = None
        self._remote: Remote | None = None
        self._lent: Lent | None = None
        self._interrupted = threading.Event()

    def begin(self) -> None:
        super().begin()
        self._interrupted.clear()
        self.turn += 1
        if self._lent:
            self._lent.begin()
            self._lent.transcript = self.transcript

    def abort(self) -> None:
        self._interrupted.set()
        super().abort()
        if self._lent:
            self._lent.abort()

    def close(self) -> None:
        super().close()
        if self._lent:
            self._lent.close()

    def pause(self, seconds: float) -> None:
        """Waits between two samples; ends at once when aborted."""
        if self._interrupted.wait(seconds):
            raise Undetermined("检查被中止：时限已到或已取消。")

    @property
    def site(self) -> Site:
        return self._surroundings.site

    def now(self) -> float:
        """Seconds since 1970 as of which logs are read."""
        return time.time()

    @property
    def interrupted(self) -> bool:
        """Whether this gathering was aborted."""
        return self._interrupted.is_set()

    @property
    def refused(self) -> bool:
        """Whether the user must not be tried again."""
        return self._refusal is not None

    def host(self) -> Host:
        """The host of ``via``. Raises Undetermined where there is none."""
        host = self.site.target(self.target.via) if self.target.via else None
        if not isinstance(host, Host):
            raise Undetermined("没有写 via（应用主机），不能从主机上核对", "请在该 [[weblogic]] 里写 via。")
        return host

    def lent(self) -> Lent:
        """The connection to the host of ``via``, which connects at its first command. Raises as ``host``."""
        from app.checks.host.lent import lend

        if self._lent is None:
            self._lent = lend(self._surroundings, self.host().id)
            self._lent.transcript = self.transcript
        return self._lent

    def interface(self) -> Interface:
        """What tells of this domain: its REST interface, found by asking for each in turn, the newest first; where
        there is none, its managed servers at their planned addresses, or its host.

        Raises Undetermined when none answers, or the log-in is refused and there is no other way.
        """
        if self._interface is None:
            try:
                self._interface = self._rest()
            except Undetermined as error:
                if self.interrupted or not self._other_ways():
                    raise
                self._interface = self._other_interface(error)
        self.route = self._interface.name
        return self._interface

    def remote(self) -> Remote:
        """The domain seen on its host. Raises Undetermined where the target names none."""
        from app.checks.weblogic.hosted import Hosted
        from app.checks.weblogic.remote import Remote

        self.host()
        if self._remote is None:
            self._remote = Remote(self, Hosted(self))
        return self._remote

    def _rest(self) -> Interface:
        from app.checks.weblogic.modern import Modern
        from app.checks.weblogic.monitoring import TENANT, WLS, Monitoring

        candidates: Sequence[Interface] = (Modern(self), Monitoring(self, TENANT), Monitoring(self, WLS))
        found = next((one for one in candidates if one.answers()), None)
        if found is None:
            raise Undetermined(
                "没有 REST 管理接口：各版本的地址都答复 404",
                "10.3.6 到 12.1.3 要在控制台“域－常规－高级”中启用 RESTful 管理服务并重启；更早的版本没有它，"
                "请写 via 从主机上核对，或上传控制台截图作为证据。",
            )
        return found

    def _other_ways(self) -> bool:
        return bool(self.target.via or self.target.managed)

    def _other_interface(self, error: Undetermined) -> Interface:
        from app.checks.weblogic.managed import Managed

        if self.target.managed and isinstance(error, Unanswered):
            return Managed(self, error)
        if not self.target.via:
            raise error
        remote = self.remote()
        remote.explain(error)
        return remote

    def get(self, path: str, url: str = "") -> dict[str, Any] | None:
        """The JSON object at ``path`` of the administration server, or of the server at ``url``; None where there is no
        such resource (404).

        Raises Undetermined for everything else, a refused log-in included, which is then never tried again; Unanswered
        where nobody was there to log in to.
        """
        headers = self._headers()
        try:
            answer = self.ask("GET", base_of(url or self.target.url) + path, headers=headers, kept=4096)
        except ConnectionRefused as error:
            told = seen_elsewhere(error, PORT) if not url else Undetermined(error.actual, error.advice)
            raise Unanswered(told.reason, told.advice) from None
        except Unreachable as error:
            raise Unanswered(error.reason, error.advice) from None
        except (Failed, Undetermined) as error:
            raise self.unproved(error) from None
        if answer.status == 401:
            raise self.refuse(f"登录被拒绝（HTTP 401），用户 {self.target.user}")
        try:
            content = content_of(answer)
        except Undetermined as error:
            raise self.unproved(error) from None
        if content is not None:
            self.prove()
        return content

    def credentials(self) -> tuple[str, str]:
        """User and password. Raises Undetermined where there are none, or they must not be tried again."""
        if self._refusal:
            raise self._refusal
        password = self._surroundings.secrets.get(self.target.id)
        if not self.target.user or not password:
            raise Undetermined(NO_PASSWORD, "请在窗口中输入，或设置变量后重试；监视用户只需要 Monitors 组。")
        return self.target.user, password

    def _headers(self) -> dict[str, str]:
        credentials = base64.b64encode(":".join(self.credentials()).encode()).decode()
        return {
            "Authorization": f"Basic {credentials}",
            "Accept": "application/json",
            "X-Requested-By": "onsite-check",  # some 12.2.1 resources answer 400 without it, to GET too
        }

    def prove(self) -> None:
        """The user has been let in: what goes wrong from here on is not the log-in."""
        self._logged_in = True

    def unproved(self, error: Failed | Undetermined) -> Undetermined:
        """A log-in that was sent and not answered with what is behind it may have counted: it is not sent again."""
        undetermined = error if isinstance(error, Undetermined) else Undetermined(error.actual, error.advice)
        if not self._logged_in:
            self._refusal = undetermined
        return undetermined

    def refuse(self, reason: str) -> Undetermined:
        """Remembers that the user was refused; what is to be raised."""
        advice = "只试了这一次，没有重试，以免锁定账户。请核对用户和口令，改正后再检查。"
        self._refusal = Undetermined(reason, advice)
        return self._refusal


class Unanswered(Undetermined):
    """Nobody took the connection: no log-in was tried."""


def base_of(url: str) -> str:
    """The administration server's address without a path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def content_of(answer: HttpAnswer) -> dict[str, Any] | None:
    """The JSON object of an answer; None for 404. Raises Undetermined for anything else."""
    if answer.status == 404:
        return None
    if answer.status == 403:
        if b"administration channel" in answer.body.lower():
            raise Undetermined(f"端口不对：管理接口只能经管理通道访问（{named_status(answer)}）", CHANNEL_ADVICE)
        raise Undetermined(f"REST 管理接口拒绝访问（{named_status(answer)}）", ROLE_ADVICE)
    if 300 <= answer.status < 400:
        advice = "本程序不跟随转向，也不向别处发送口令；请把 url 改为管理服务器的正确地址。"
        raise Undetermined(f"REST 管理接口已转向（{named_status(answer)}）", advice)
    if answer.status != 200:
        raise Undetermined(f"REST 管理接口答复 {named_status(answer)}", "请查看管理服务器的日志。")
    if answer.truncated or sum(map(answer.body.count, (b"{", b"[", b","))) > MOST_PARTS:
        raise Undetermined("REST 管理接口的答复太长，没有读完")
    try:
        value = json.loads(answer.body, object_pairs_hook=_unambiguous, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Undetermined("REST 管理接口的答复不是 JSON", "可能是登录页或代理的页面，请核对地址。") from None
    if not isinstance(value, dict):
        raise Undetermined("REST 管理接口的答复不是所要的结构")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError for a name that stands in it twice: who knows which of them counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice in one object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
