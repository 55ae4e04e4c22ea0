"""The one log-in: by password or keyboard-interactive, whichever the server takes; the password is sent once at most.

Where a server offers both, it is ``password``: the other may fail there before it asks anything, which some systems
(AIX) already count against the account, so that a wrong password would count twice.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from app.checks.host.channels import QUIET, words
from app.checks.model import Failed, Undetermined

LOG_IN = 12.0  # seconds for each step of the log-in
PASSWORD, INTERACTIVE, NONE = "password", "keyboard-interactive", "none"
MOST_PROMPTS = 8
SHOWN = 80
ASKS_PASSWORD = re.compile(r"(?i)pass ?word|passwd|口令|密码|密碼")
ASKS_MORE = re.compile(
    r"(?i)\b(?:new|old|current|again|retype|re-?enter|one.?time|otp|token|pin|code|verification|challenge)\b"
    r"|passcode|新|旧|原|再次|重复|动态|令牌|验证|短信|一次性"
)
EXPIRED = re.compile(r"(?i)expired|must (?:be )?chang|change your password|过期|失效|必须修改|请修改")
NO_MORE = "请客户提供只用口令就能登录的检查用户（口令未过期、不要动态口令）。"


def log_in(transport: Any, user: str, password: str, parting: Callable[[], str]) -> str:
    """The method by which ``user`` was let in. ``transport``: paramiko's; ``parting``: what the server said as it
    hung up. Raises Failed when it was refused, Undetermined for anything else.
    """
    import paramiko

    methods = _methods(transport, user)
    if methods is None:
        return NONE
    answers = Answers(password)
    try:
        if PASSWORD in methods:
            further, method = transport.auth_password(user, password, fallback=False), PASSWORD
        elif INTERACTIVE in methods:
            further, method = _interactive(transport, user, answers), INTERACTIVE
        else:
            raise Undetermined(
                f"该主机不接受口令登录，只接受 {'、'.join(methods)[:160]}",
                "请客户为检查用户开放口令登录，或另行取证。",
            )
    except paramiko.AuthenticationException as error:
        raise answers.trouble or _refused(user, error, parting()) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise answers.trouble or Undetermined(f"登录没有完成（{words(error)}）", QUIET) from None
    if further or not transport.is_authenticated():
        raise Undetermined(f"口令之外还要求 {'、'.join(further)[:160]}，没有登录", NO_MORE)
    return method


def _methods(transport: Any, user: str) -> list[str] | None:
    """What the server lets this user log in by; None when it let us in without anything. No password is sent."""
    import paramiko

    try:
        transport.auth_none(user)
    except paramiko.BadAuthenticationType as error:
        return list(error.allowed_types)
    except paramiko.AuthenticationException:
        if transport.is_active():
            return [PASSWORD]
        raise Undetermined("问登录方式时连接断开", QUIET) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Undetermined(f"问登录方式时出错（{words(error)}）", QUIET) from None
    return None


def _interactive(transport: Any, user: str, answers: Answers) -> list[str]:
    """As ``Transport.auth_interactive``, but a peer cannot have us count to four thousand million prompts."""
    import paramiko
    from paramiko.auth_handler import AuthHandler

    class Bounded(AuthHandler):
        def _parse_userauth_info_request(self, message: Any) -> None:
            looked = paramiko.Message(message.asbytes())
            looked.get_text(), looked.get_text(), looked.get_binary()
            if looked.get_int() > MOST_PROMPTS:
                raise paramiko.SSHException("too many prompts")
            super()._parse_userauth_info_request(message)  # type: ignore[misc]  # left out of the stubs

    over: Any = threading.Event()
    handler: Any = Bounded(transport)
    transport.auth_handler = handler
    handler.auth_interactive(user, answers, over)
    further: list[str] = handler.wait_for_response(over)
    return further


class Answers:
    """Answers one hidden prompt for the password, once; a server that asks for anything else gets nothing more.

    ``trouble``: what it asked for.
    """

    def __init__(self, password: str) -> None:
        self._password = password
        self._given = False
        self.trouble: Undetermined | None = None

    def __call__(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        import paramiko

        if not prompts:
            return []
        asked = " ".join(f"{title} {instructions} {' '.join(prompt for prompt, _ in prompts)}".split())
        if self._given or len(prompts) > 1 or not _is_for_password(*prompts[0]) or EXPIRED.search(asked):
            shown = "".join(sign if sign.isprintable() else "·" for sign in asked[:SHOWN])
            self.trouble = Undetermined(f"该主机要求口令以外的回答：“{shown}”，没有登录", NO_MORE)
            raise paramiko.SSHException("asked for more than the password")
        self._given = True
        return [self._password]


def _is_for_password(prompt: str, shown: bool) -> bool:
    return not shown and bool(ASKS_PASSWORD.search(prompt)) and not ASKS_MORE.search(prompt)


def _refused(user: str, error: Exception, parting: str) -> Failed | Undetermined:
    """Refused only when the server said so; a connection that broke says nothing of the password."""
    text = str(error)
    if "imeout" in text:
        return Undetermined(f"登录在 {LOG_IN:g} 秒内没有答复", QUIET)
    if "shut down" in text and "authentication failures" not in parting.lower():
        return Undetermined("登录中连接断开，不知道口令是否被接受；为防锁定账户，本次不再试", QUIET)
    advice = "请核对用户与口令后再检查；为防锁定账户，本次不再重试。"
    return Failed(f"用户 {user} 的登录被拒绝", advice, "口令登录成功")
