"""bus.port, bus.service and bus.latency: what is asked of a bus without leaving anything there; how it is judged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from app.checks.addresses import address_of
from app.checks.bus import sftp, wsdl
from app.checks.bus.session import BusSession
from app.checks.host.authentication import NONE
from app.checks.host.stages import Refused
from app.checks.http import ConnectionRefused, HttpAnswer, Reached
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.reading import judge_page, judge_tls
from app.checks.web import seen_elsewhere
from app.site.model import Bus, Site

PORT = "bus.port"
SERVICE = "bus.service"
SAMPLES = 10
WARN_SECONDS = 1.0
FAIL_SECONDS = 5.0
SFTP_SECONDS = 20.0  # for a look at the folder
ALL_SECONDS = 100.0  # for ten of them
PROBES = ("tcp", "tls", "http", "soap-echo", "sftp-roundtrip")
Service = HttpAnswer | Reached | sftp.Way


def only_connects(target: Bus, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "方案未规定：探测方式 tcp 只核对连通，没有可核对的服务" if target.probe == "tcp" else ""


# bus.port


def port_url(target: Bus) -> str:
    """What is connected to: an SFTP address without its user. Raises BadUrl."""
    if target.probe != "sftp-roundtrip":
        return target.url
    place = sftp.place_of(target.url)
    return f"sftp://{f'[{place.host}]' if ':' in place.host else place.host}:{place.port}"


def gather_port(session: BusSession, target: Bus) -> Reached:
    session.begin()
    return session.reach(port_url(target))


def compare_port(reached: Reached, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    address = address_of(port_url(target), any_scheme=True)
    actual = f"{address.shown} 接受连接，{reached.seconds:.3f} 秒"
    return Verdict(Outcome.PASS, "接受连接", actual, observed={"host": address.host, "port": address.port})


# bus.service


def quiet_request(target: Bus) -> str:
    """What is asked of the bus without leaving anything behind: its WSDL, or the planned page."""
    return wsdl.wsdl_url(target.url) if target.probe == "soap-echo" else target.url


def gather_service(session: BusSession, target: Bus) -> Service:
    session.begin()
    try:
        if target.probe == "sftp-roundtrip":
            return sftp.gather_way(session.sftp(target), target, time.monotonic() + SFTP_SECONDS)
        if target.probe in ("tcp", "tls"):
            return session.reach(target.url, encrypted=target.probe == "tls")
        return session.ask("GET", quiet_request(target), limit=wsdl.LIMIT)
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    except Refused as error:
        raise Undetermined(f"连接被拒绝，见 {PORT}：{error.actual}", error.advice) from None


def compare_service(facts: Service, target: Bus, site: Site) -> Verdict:  # noqa: ARG001
    if isinstance(facts, sftp.Way):
        return judge_way(facts, target)
    if isinstance(facts, Reached):
        return judge_tls(facts)
    if target.probe == "soap-echo":
        return wsdl.judge_description(facts)
    return judge_page(facts)


def judge_way(way: sftp.Way, target: Bus) -> Verdict:
    """Key, log-in and folder of an SFTP bus, as the checks of a host have it."""
    expected = "主机密钥与已记录的一致，登录成功，目录可用"
    key = way.presented.key
    if not way.presented.right:
        return _judge_key(way, target, expected)
    actual = f"用户 {way.user} 登录成功（{way.method}），目录 {way.folder}；主机密钥 {key.fingerprint}"
    if way.trouble:
        reason = f"目录 {way.folder} 不能用：{way.trouble}"
        return Verdict(Outcome.FAIL, expected, actual, reason, "请核对 url 中的文件夹与检查用户的权限。")
    if way.method == NONE:
        reason = f"用户 {way.user} 不用口令就能登录"
        return Verdict(Outcome.WARN, expected, actual, reason, "请客户给该用户设置口令。")
    if key.legacy:
        reason = f"连接用了旧算法：{'、'.join(key.legacy)}"
        return Verdict(Outcome.WARN, expected, actual, reason, "请客户升级该服务器的 SSH 服务。")
    return Verdict(Outcome.PASS, expected, actual)


def _judge_key(way: sftp.Way, target: Bus, expected: str) -> Verdict:
    presented, key = way.presented, way.presented.key
    actual = f"{key.kind} {key.fingerprint}"
    if presented.expected:
        reason = f"主机密钥变了：记录的是 {presented.expected}，现在是 {key.fingerprint}；没有发送任何内容"
        advice = "请向客户核实是否重装过系统或换过主机；核实无误后用 onsite trust 记录新密钥，否则可能有人冒充该主机。"
        return Verdict(Outcome.FAIL, expected, actual, reason, advice)
    reason = f"SFTP 服务器的密钥还没有记录：{key.fingerprint}"
    advice = f"请与其管理员核对，一致后执行 onsite trust <项目> {target.id} {key.fingerprint}，再检查。"
    return Verdict(Outcome.UNKNOWN, expected, actual, reason, advice)


# bus.latency


@dataclass(frozen=True)
class Samples:
    """Seconds of each answer in order; ``ended``: why there are fewer than asked for."""

    seconds: tuple[float, ...]
    ended: str = ""


def gather_latency(session: BusSession, target: Bus) -> Samples:
    """Ten measurements one after the other; the first that fails ends them, as fewer than ten tell nothing."""
    session.begin()
    seconds: list[float] = []
    try:
        for taken in _samples(session, target):
            seconds.append(taken)
    except ConnectionRefused as error:
        if not seconds:
            raise seen_elsewhere(error, PORT) from None
        return Samples(tuple(seconds), error.actual)
    except Undetermined as error:
        if not seconds:
            raise
        return Samples(tuple(seconds), error.reason)
    return Samples(tuple(seconds))


def _samples(session: BusSession, target: Bus) -> Iterator[float]:
    if target.probe == "sftp-roundtrip":
        return sftp.answering(session.sftp(target), target, SAMPLES, time.monotonic() + ALL_SECONDS)
    return (_sample(session, target) for _ in range(SAMPLES))


def _sample(session: BusSession, target: Bus) -> float:
    """The seconds of one answer of the bus itself: how quickly an error page or a redirect comes says nothing of it."""
    if target.probe in ("tcp", "tls"):
        return session.reach(target.url, encrypted=target.probe == "tls").seconds
    answer = session.ask("GET", quiet_request(target), limit=wsdl.LIMIT, kept=0)
    if answer.truncated:
        raise Undetermined("总线的答复没有尽头，量不出时延", f"见 {SERVICE}。")
    judged = wsdl.judge_description(answer) if target.probe == "soap-echo" else judge_page(answer)
    if judged.outcome not in (Outcome.PASS, Outcome.WARN):
        raise Undetermined(f"答复的不是总线的服务（{judged.reason}），量不出时延", f"见 {SERVICE}。")
    return answer.seconds


def compare_latency(samples: Samples, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    expected = f"{SAMPLES} 次的中位数小于 {WARN_SECONDS:g} 秒"
    if len(samples.seconds) < SAMPLES:
        actual = f"{SAMPLES} 次中只有 {len(samples.seconds)} 次答复"
        return Verdict(
            Outcome.UNKNOWN, expected, actual, f"{actual}：{samples.ended}", "请再检查一次，并查看总线日志。"
        )
    middle = median(samples.seconds)
    least, most = min(samples.seconds), max(samples.seconds)
    actual = f"中位数 {_cut(middle)} 秒（{_cut(least)}～{_cut(most)} 秒）"
    outcome = judged_latency(middle)
    if outcome is Outcome.PASS:
        return Verdict(outcome, expected, actual)
    limit = FAIL_SECONDS if outcome is Outcome.FAIL else WARN_SECONDS
    return Verdict(outcome, expected, actual, f"达到或超过 {limit:g} 秒", "请检查网络与总线服务器的负载。")


def judged_latency(middle: float) -> Outcome:
    if middle >= FAIL_SECONDS:
        return Outcome.FAIL
    return Outcome.WARN if middle >= WARN_SECONDS else Outcome.PASS


def _cut(seconds: float) -> str:
    """To the millisecond and never rounded up: what is below a limit must not read as having reached it."""
    return f"{int(seconds * 1000) / 1000:.3f}"
