"""host.port, host.key and host.login: the way to the host."""

from __future__ import annotations

from app.checks.host.authentication import NONE
from app.checks.host.session import HostSession
from app.checks.host.stages import LoggedIn, Presented, Refused
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site

PORT = "接受连接并以 SSH 2 问候"
KEY = "主机密钥与已记录的一致"
LOGIN = "口令登录成功"


def gather_greeting(session: HostSession, target: Host) -> str:  # noqa: ARG001 - the shape of Check.gather
    session.begin()
    return session.greeting()


def compare_greeting(greeting: str, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """SSH 1.99 speaks 2 as well (RFC 4253, 5.1)."""
    if greeting.startswith(("SSH-2.0-", "SSH-1.99-")):
        return Verdict(Outcome.PASS, PORT, greeting)
    return Verdict(Outcome.UNKNOWN, PORT, greeting, "只支持本程序不使用的 SSH 版本", "请升级该主机的 SSH 服务。")


def gather_key(session: HostSession, target: Host) -> Presented:  # noqa: ARG001
    session.begin()
    try:
        return session.host_key()
    except Refused as error:
        raise Undetermined(f"连接被拒绝，见 host.port：{error.actual}", error.advice) from None


def compare_key(presented: Presented, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """Unknown: UNKNOWN with the fingerprint to record. Another than the recorded: FAIL, naming both."""
    key = presented.key
    actual = f"{key.kind} {key.fingerprint}"
    if not presented.expected:
        reason = f"该主机的密钥还没有记录：{key.fingerprint}"
        advice = (
            "请在该主机上用 ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub 核对，一致后执行 "
            f"onsite trust <项目> {presented.target} {key.fingerprint}，再检查。"
        )
        return Verdict(Outcome.UNKNOWN, KEY, actual, reason, advice)
    expected = f"{KEY}（{presented.expected}）"
    if not presented.right:
        reason = f"主机密钥变了：记录的是 {presented.expected}，现在是 {key.fingerprint}；没有发送任何内容"
        advice = "请向客户核实是否重装过系统或换过主机；核实无误后用 onsite trust 记录新密钥，否则可能有人冒充该主机。"
        return Verdict(Outcome.FAIL, expected, actual, reason, advice)
    if key.legacy:
        reason = f"连接用了旧算法：{'、'.join(key.legacy)}"
        return Verdict(Outcome.WARN, expected, actual, reason, "请客户升级该主机的 SSH 服务。")
    return Verdict(Outcome.PASS, expected, actual)


def gather_login(session: HostSession, target: Host) -> LoggedIn:  # noqa: ARG001
    session.begin()
    try:
        return session.log_in()
    except Refused as error:
        raise Undetermined(f"连接被拒绝，见 host.port：{error.actual}", error.advice) from None


def compare_login(done: LoggedIn, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    actual = f"用户 {done.user} 登录成功（{done.method}，{done.seconds:.1f} 秒）"
    if done.method == NONE:
        reason = f"用户 {done.user} 不用口令就能登录"
        return Verdict(Outcome.WARN, LOGIN, actual, reason, "请客户给该用户设置口令。")
    return Verdict(Outcome.PASS, LOGIN, actual)
