"""bus.port, bus.service, bus.round_trip and bus.latency: what is asked of a bus, and how the answers are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.checks.addresses import address_of
from app.checks.bus import soap, wsdl
from app.checks.http import ConnectionRefused, HttpAnswer, Reached
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.pages import named_status
from app.checks.reading import judge_page, judge_tls, refused_status
from app.checks.web import WebSession, seen_elsewhere
from app.checks.xml import parsed
from app.site.model import Bus, Site

PORT = "bus.port"
ECHOES = 3
SAMPLES = 10
WARN_SECONDS = 1.0
FAIL_SECONDS = 5.0
XML_LIMIT = 1 << 20  # bytes of a WSDL or an echo
KNOWN = ("tcp", "tls", "http", "soap-echo")


def require_available(probe: str) -> None:
    """Raises Undetermined for a probe that this version cannot carry out."""
    if probe not in KNOWN:
        reason = f"探测方式 {probe} 本版本不提供"
        raise Undetermined(reason, "请用监控软件自身收发一次，把日志或截图作为证据附上。")


def only_connects(target: Bus, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "方案未规定：探测方式 tcp 只核对连通，没有可核对的服务" if target.probe == "tcp" else ""


def no_echo_planned(target: Bus, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return f"方案未规定：探测方式 {target.probe} 没有往返报文" if target.probe in ("tcp", "tls", "http") else ""


# bus.port


def gather_port(session: WebSession, target: Bus) -> Reached:
    session.begin()
    return session.reach(target.url)


def compare_port(reached: Reached, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    address = address_of(target.url, any_scheme=True)
    actual = f"{address.shown} 接受连接，{reached.seconds:.3f} 秒"
    return Verdict(Outcome.PASS, "接受连接", actual, observed={"host": address.host, "port": address.port})


# bus.service


def quiet_request(target: Bus) -> str:
    """What is asked of the bus without leaving anything behind: its WSDL, or the planned page."""
    return wsdl.wsdl_url(target.url) if target.probe == "soap-echo" else target.url


def gather_service(session: WebSession, target: Bus) -> HttpAnswer | Reached:
    require_available(target.probe)
    session.begin()
    try:
        if target.probe in ("tcp", "tls"):
            return session.reach(target.url, encrypted=target.probe == "tls")
        return session.ask("GET", quiet_request(target), limit=XML_LIMIT)
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None


def compare_service(facts: HttpAnswer | Reached, target: Bus, site: Site) -> Verdict:  # noqa: ARG001
    if isinstance(facts, Reached):
        return judge_tls(facts)
    if target.probe == "soap-echo":
        return judge_description(facts)
    return judge_page(facts)


def judge_description(answer: HttpAnswer) -> Verdict:
    """Whether a WSDL was handed out in which a service has an address. Raises Undetermined for a DOCTYPE."""
    expected = "返回 WSDL，其中的服务写有地址"
    if not 200 <= answer.status < 300:
        return refused_status(answer, expected)
    actual = f"{named_status(answer)}，{len(answer.body)} 字节"
    if answer.truncated:
        return Verdict(Outcome.UNKNOWN, expected, actual, f"答复超过 {XML_LIMIT} 字节，不像是服务描述", "请核对地址。")
    root = parsed(answer.body)
    if root is None or not wsdl.is_description(root):
        reason = "答复是空的" if not answer.body.strip() else "答复不是 WSDL"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请核对 url 是否为总线的服务地址。")
    addresses = wsdl.addresses(root)
    if not addresses:
        return Verdict(Outcome.FAIL, expected, actual, "WSDL 中没有写着地址的服务", "请检查总线上服务的部署。")
    return Verdict(Outcome.PASS, expected, f"{actual}，服务地址 {'、'.join(addresses[:5])}")


# bus.round_trip


def gather_round_trip(session: WebSession, target: Bus) -> tuple[soap.Echo, ...]:
    """Three messages in a row; after the first that did not come back as it went no further one is sent."""
    require_available(target.probe)
    session.begin()
    echoes: list[soap.Echo] = []
    for number in range(1, ECHOES + 1):
        echoes.append(_echo(session, target, soap.fresh_message(number)))
        if not echoes[-1].sound:
            break
    return tuple(echoes)


def _echo(session: WebSession, target: Bus, message: soap.Message) -> soap.Echo:
    session.note(f"报文 {message.id}\n{message.text}")
    try:
        answer = session.ask(
            "POST", target.url, headers=soap.HEADERS, body=message.envelope(target.url), limit=XML_LIMIT
        )
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    return soap.read(message, answer, named_status(answer))


def compare_round_trip(echoes: Sequence[soap.Echo], target: Bus, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"连续 {ECHOES} 个报文原样带回，关联号一致"
    whole = [echo for echo in echoes if echo.sound]
    if len(whole) == len(echoes) == ECHOES and len({echo.related for echo in whole}) == ECHOES:
        seconds = "、".join(f"{echo.seconds:.3f}" for echo in whole)
        return Verdict(Outcome.PASS, expected, f"{ECHOES} 个报文全部原样带回，用时 {seconds} 秒")
    if not echoes or echoes[-1].sound:
        return Verdict(Outcome.UNKNOWN, expected, f"只发出 {len(echoes)} 个报文", "往返没有做完", "请再检查一次。")
    outcome, reason, advice = judge_echo(echoes[-1])
    return Verdict(outcome, expected, f"第 {len(echoes)} 个报文：{echoes[-1].status}", reason, advice)


SENDER = "请与总线维护人员核对消息回送服务的配置与日志。"


def judge_echo(echo: soap.Echo) -> tuple[Outcome, str, str]:
    """Outcome, reason and advice for a message that did not come back as it went."""
    if echo.fault is not None:
        return Outcome.FAIL, f"总线答复 SOAP 错误：{echo.fault}", SENDER
    if not 200 <= echo.code < 300:
        return refused_code(echo)
    if not echo.envelope:
        reason = "总线只收下报文，没有带回内容" if echo.empty else "答复不是 SOAP 1.1 报文"
        return Outcome.UNKNOWN, reason, "请核对 url 是否为消息回送服务的地址。"
    if echo.related != echo.message.id:
        if echo.related:
            return Outcome.FAIL, f"答复属于另一个报文：关联号是 {echo.related[:200]}，应为 {echo.message.id}", SENDER
        return Outcome.FAIL, f"答复没有带回关联号 {echo.message.id}", SENDER
    if echo.text is None:
        return Outcome.FAIL, "答复中没有带回的正文", SENDER
    return Outcome.FAIL, f"正文被改动：{soap.difference(echo.message.text, echo.text)}", "请核对途中各环节的字符集。"


def refused_code(echo: soap.Echo) -> tuple[Outcome, str, str]:
    if echo.code in (401, 403) or echo.code < 400:
        return Outcome.UNKNOWN, f"总线没有处理报文：{echo.status}", "请核对 url 与访问权限。"
    return Outcome.FAIL, f"总线没有接受报文：{echo.status}", SENDER


# bus.latency


@dataclass(frozen=True)
class Samples:
    """Seconds of each answer in order; ``ended``: why there are fewer than asked for."""

    seconds: tuple[float, ...]
    ended: str = ""


def gather_latency(session: WebSession, target: Bus) -> Samples:
    """Ten measurements one after the other; the first that fails ends them, as fewer than ten tell nothing."""
    require_available(target.probe)
    session.begin()
    seconds: list[float] = []
    for _ in range(SAMPLES):
        try:
            seconds.append(_sample(session, target))
        except ConnectionRefused as error:
            if not seconds:
                raise seen_elsewhere(error, PORT) from None
            return Samples(tuple(seconds), error.actual)
        except Undetermined as error:
            if not seconds:
                raise
            return Samples(tuple(seconds), error.reason)
    return Samples(tuple(seconds))


def _sample(session: WebSession, target: Bus) -> float:
    if target.probe in ("tcp", "tls"):
        return session.reach(target.url, encrypted=target.probe == "tls").seconds
    answer = session.ask("GET", quiet_request(target), kept=0)
    if not 200 <= answer.status < 400:
        raise Undetermined(f"总线答复 {named_status(answer)}", f"见 {SERVICE}。")
    if answer.truncated:
        raise Undetermined("总线的答复没有尽头，量不出时延", f"见 {SERVICE}。")
    return answer.seconds


SERVICE = "bus.service"


def compare_latency(samples: Samples, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    expected = f"{SAMPLES} 次的中位数小于 {WARN_SECONDS:g} 秒"
    if len(samples.seconds) < SAMPLES:
        actual = f"{SAMPLES} 次中只有 {len(samples.seconds)} 次答复"
        return Verdict(
            Outcome.UNKNOWN, expected, actual, f"{actual}：{samples.ended}", "请再检查一次，并查看总线日志。"
        )
    middle = median(samples.seconds)
    actual = f"中位数 {middle:.3f} 秒（{min(samples.seconds):.3f}～{max(samples.seconds):.3f} 秒）"
    outcome = judged_latency(middle)
    if outcome is Outcome.PASS:
        return Verdict(outcome, expected, actual)
    limit = FAIL_SECONDS if outcome is Outcome.FAIL else WARN_SECONDS
    return Verdict(outcome, expected, actual, f"达到或超过 {limit:g} 秒", "请检查网络与总线服务器的负载。")


def judged_latency(middle: float) -> Outcome:
    if middle >= FAIL_SECONDS:
        return Outcome.FAIL
    return Outcome.WARN if middle >= WARN_SECONDS else Outcome.PASS
