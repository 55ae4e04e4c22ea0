"""What keeps a run from a database: told by the check that it belongs to, pointed to by all the others."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.checks.database import errors, routes
from app.checks.database.driver_loop import Cut
from app.checks.database.errors import Trouble
from app.checks.database.routes import Unspent
from app.checks.model import Failed, Outcome, Undetermined
from app.site.model import Database

LISTENER = "oracle.listener"
LOGIN = "oracle.login"
EXPECTED = "能登录，连接用时不超过 1 秒"
UNRESOLVED = re.compile(
    "Name or service not known|getaddrinfo failed|nodename nor servname|in name resolution|resolves to no"
)


@dataclass(frozen=True)
class Blocked:
    """Why this run does not connect any more. ``outcome`` is what it means for the check ``where`` it was seen."""

    outcome: Outcome
    said: str
    advice: str
    where: str

    def raised(self, asking: str) -> Failed | Undetermined:
        """For the check ``asking``: the failure itself where it belongs there, elsewhere a pointer to it."""
        if asking == self.where:
            if self.outcome is Outcome.FAIL:
                return Failed(self.said, self.advice, EXPECTED if asking == LOGIN else "")
            return Undetermined(self.said, self.advice)
        return Undetermined(f"{self.said}，本次不再连接，见 {self.where}", self.advice)


def refused(error: Exception, trouble: Trouble, target: Database, title: str) -> Blocked:
    """What a log-in over the route called ``title`` ended with; ``trouble`` is ``error`` without the password."""
    where = f"{target.host}:{target.port}"
    elsewhere = title.startswith(routes.TITLES["sqlplus"])  # what our own probe of the listener saw is another thing
    match error:
        case Undetermined():
            return Blocked(Outcome.UNKNOWN, f"{error.reason}（{title}）", error.advice, LOGIN)
        case Unspent() if trouble.code not in errors.KNOWN:
            advice = errors.SQLPLUS if elsewhere else errors.CLIENT
            return Blocked(Outcome.UNKNOWN, f"{errors.words(trouble)}（{title}）", advice, LOGIN)
        case Cut():
            said, advice = f"登录 {where} 没有完成，已中止", "请核对网络后再检查一次。"
            return Blocked(Outcome.UNKNOWN, said, advice, LOGIN)
        case TimeoutError():
            said = f"{where} 在 {routes.LOGIN_SECONDS:g} 秒内没有完成登录（{title}）"
            return Blocked(Outcome.UNKNOWN, said, errors.FIREWALL, LOGIN)
        case _ if not elsewhere and _nobody_listens(error, trouble):
            advice = "请 DBA 在服务器上执行 lsnrctl status，核对监听和端口。"
            return Blocked(Outcome.FAIL, f"{where} 连接被拒绝", advice, LISTENER)
        case _ if not elsewhere and UNRESOLVED.search(trouble.text):
            advice = "请核对 site.toml 的 host，或在本机的 hosts 文件、域名服务里登记这个名字。"
            return Blocked(Outcome.UNKNOWN, f"主机名 {target.host} 在本机无法解析", advice, LISTENER)
    meaning = errors.known(trouble)
    there = LISTENER if trouble.code.startswith("ORA-125") and not elsewhere else LOGIN
    return Blocked(meaning.outcome, f"{errors.said(trouble)}（{where}，{title}）", meaning.advice, there)


def _nobody_listens(error: BaseException, trouble: Trouble) -> bool:
    """Nobody listens there; oracledb says so only by the error it wraps, or in words."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ConnectionRefusedError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "onnection refused" in trouble.text and not trouble.code.startswith("ORA-")
