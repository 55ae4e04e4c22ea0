"""The session of a WebLogic domain: one log-in, remembered when refused; its REST interface is found out."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Failed, Surroundings, Undetermined
from app.checks.pages import named_status
from app.checks.web import WebSession, seen_elsewhere
from app.checks.weblogic.interface import Interface
from app.site.model import WebLogic

PORT = "weblogic.port"
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
    """``route`` names the interface that answered. Credentials are sent with GET requests to the target's URL only."""

    def __init__(self, target: WebLogic, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._target = target
        self._refusal: Undetermined | None = None
        self._logged_in = False
        self._interface: Interface | None = None
        self._interrupted = threading.Event()

    def begin(self) -> None:
        super().begin()
        self._interrupted.clear()

    def abort(self) -> None:
        self._interrupted.set()
        super().abort()

    def pause(self, seconds: float) -> None:
        """Waits between two samples; ends at once when aborted."""
        if self._interrupted.wait(seconds):
            raise Undetermined("检查被中止：时限已到或已取消。")

    def interface(self) -> Interface:
        """The REST interface of this domain, found by asking for each in turn, the newest first.

        Raises Undetermined when none answers, or the log-in is refused.
        """
        from app.checks.weblogic.modern import Modern
        from app.checks.weblogic.monitoring import TENANT, WLS, Monitoring

        if self._interface is None:
            candidates: tuple[Interface, ...] = (Modern(self), Monitoring(self, TENANT), Monitoring(self, WLS))
            self._interface = next((one for one in candidates if one.answers()), None)
        if self._interface is None:
            raise Undetermined(
                "没有 REST 管理接口：各版本的地址都答复 404",
                "10.3.6 到 12.1.3 要在控制台“域－常规－高级”中启用 RESTful 管理服务并重启；更早的版本没有它，"
                "请上传控制台截图作为证据。",
            )
        self.route = self._interface.name
        return self._interface

    def get(self, path: str) -> dict[str, Any] | None:
        """The JSON object at ``path`` of the administration server; None where there is no such resource (404).

        Raises Undetermined for everything else, a refused log-in included, which is then never tried again.
        """
        if self._refusal:
            raise self._refusal
        try:
            answer = self.ask("GET", base_of(self._target.url) + path, headers=self._headers(), kept=4096)
        except ConnectionRefused as error:
            raise seen_elsewhere(error, PORT) from None
        except (Failed, Undetermined) as error:
            raise self._unproved(error) from None
        if answer.status == 401:
            raise self._refuse(f"登录被拒绝（HTTP 401），用户 {self._target.user}")
        try:
            content = content_of(answer)
        except Undetermined as error:
            raise self._unproved(error) from None
        self._logged_in = self._logged_in or content is not None
        return content

    def _headers(self) -> dict[str, str]:
        password = self._surroundings.secrets.get(self._target.id)
        if not self._target.user or not password:
            raise Undetermined(NO_PASSWORD, "请在窗口中输入，或设置变量后重试；监视用户只需要 Monitors 组。")
        credentials = base64.b64encode(f"{self._target.user}:{password}".encode()).decode()
        return {
            "Authorization": f"Basic {credentials}",
            "Accept": "application/json",
            "X-Requested-By": "onsite-check",  # some 12.2.1 resources answer 400 without it, to GET too
        }

    def _unproved(self, error: Failed | Undetermined) -> Undetermined:
        """A log-in that was sent and not answered with what is behind it may have counted: it is not sent again."""
        undetermined = error if isinstance(error, Undetermined) else Undetermined(error.actual, error.advice)
        if not self._logged_in:
            self._refusal = undetermined
        return undetermined

    def _refuse(self, reason: str) -> Undetermined:
        advice = "只试了这一次，没有重试，以免锁定账户。请核对用户和口令，改正后再检查。"
        self._refusal = Undetermined(reason, advice)
        return self._refusal


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
    if answer.truncated:
        raise Undetermined("REST 管理接口的答复太长，没有读完")
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Undetermined("REST 管理接口的答复不是 JSON", "可能是登录页或代理的页面，请核对地址。") from None
    if not isinstance(value, dict):
        raise Undetermined("REST 管理接口的答复不是所要的结构")
    return value
