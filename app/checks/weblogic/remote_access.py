"""joint.remote_access: whether a remote user of the province reaches the application (省本级用户远程访问连通测试).

Seen from the computer room it says nothing: from this laptop it is asked only where the plan says that this very PC is
such a user's (``this = true``, or its name, in a [[client]]). Else it is a step with evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.checks.client.pc import is_this
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.weblogic import pages
from app.checks.weblogic.facts import Page
from app.checks.weblogic.session import WebLogicSession
from app.site.model import Client, Site, WebLogic

EVIDENCE = (
    "请到用户办公的地方，用用户自己的电脑打开应用地址，把看得见地址栏和时间的截图附在步骤“省本级用户远程访问连通测试”，由用户确认（写明身份）；"
    "本程序就在该用户的电脑上运行时，在它的 [[client]] 里写 this = true，再检查。"
)


@dataclass(frozen=True)
class Visited:
    """The pages, and the client that this laptop is."""

    pages: tuple[Page, ...]
    client: str


def gather(session: WebLogicSession, target: WebLogic) -> Visited:
    """Each application address, where this is a remote user's PC. Raises Undetermined: which evidence is wanted."""
    session.begin()
    here = next((one for one in session.site.of_kind("client") if isinstance(one, Client) and is_this(one)), None)
    if here is None:
        raise Undetermined("本机不是远程用户的电脑，从这里打开说明不了用户能否访问，等待证据", EVIDENCE)
    return Visited(pages.gather(session, target), here.name)


def compare(visited: Visited, target: WebLogic, site: Site) -> Verdict:
    """As weblogic.application_url judges the pages; says whose PC it was."""
    judged = pages.compare(visited.pages, target, site)
    actual = f"在“{visited.client}”上（本机）：{judged.actual}"
    outcome = judged.outcome if visited.pages else Outcome.UNKNOWN
    advice = judged.advice and "请核对该终端的代理、DNS 与中间的防火墙，并与机房内打开的结果对照。"
    return Verdict(outcome, judged.expected, actual, judged.reason, advice, judged.observed)


def shows(target: WebLogic) -> Sequence[str]:
    return tuple(
        f"GET {url}（不登录；只在本机就是远程用户的电脑时执行；同一服务器上的转向至多跟随 {pages.REDIRECTS} 次）"
        for url in target.application_urls
    )
