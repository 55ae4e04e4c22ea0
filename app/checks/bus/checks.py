"""What is asked of the bus and the joint test."""

from __future__ import annotations

from collections.abc import Sequence

from app.checks.bus import joint, probing
from app.checks.bus.soap import FRAGILE
from app.checks.model import Check
from app.site.model import Bus


def shows_port(target: Bus) -> Sequence[str]:
    return (f"TCP 连接 {target.url} 的主机和端口一次，不发送内容",)


def shows_service(target: Bus) -> Sequence[str]:
    if target.probe == "tls":
        return (f"TLS 握手 {target.url}，不发送内容",)
    return () if target.probe == "tcp" else (f"GET {probing.quiet_request(target)}",)


def shows_round_trip(target: Bus) -> Sequence[str]:
    if target.probe != "soap-echo":
        return ()
    message = f"联通测试 N 随机数（现场实施助手，可忽略）\n{FRAGILE}"
    return (f"POST {target.url}，SOAP 1.1 消息回送报文（SOAPAction: urn:echo）{probing.ECHOES} 次，正文为：{message}",)


def shows_latency(target: Bus) -> Sequence[str]:
    request = {"tcp": f"TCP 连接 {target.url}", "tls": f"TLS 握手 {target.url}"}
    return (f"{request.get(target.probe, f'GET {probing.quiet_request(target)}')}，连续 {probing.SAMPLES} 次",)


def shows_report(target: Bus) -> Sequence[str]:
    if not target.exchange.report:
        return ()
    return (f"POST {target.exchange.report}，测试批次一批（批次号以 TEST- 开头，3 条，不含业务数据和个人信息）",)


def shows_dispatch(target: Bus) -> Sequence[str]:
    url = target.exchange.dispatch
    if not url:
        return ()
    return (
        f"GET {url}，取待下发的一批；内容只用来计数和计算摘要，不保存、不入库",
        f"POST {url}，内容完整时发送收到确认（批次号、条数、SHA-256），{joint.other_end(target)}会把这一批记为已收到",
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="bus.port",
        kind="bus",
        table="bus",
        title="总线端口",
        clause="二、准备部署环境",
        gather=probing.gather_port,
        compare=probing.compare_port,
        shows=shows_port,
        definition="1",
    ),
    Check(
        id="bus.service",
        kind="bus",
        table="bus",
        title="总线服务",
        clause="三、部署应用系统（二）3",
        gather=probing.gather_service,
        compare=probing.compare_service,
        shows=shows_service,
        applies=probing.only_connects,
        definition="1",
    ),
    Check(
        id="bus.round_trip",
        kind="bus",
        table="bus",
        title="总线报文往返",
        clause="四、系统联调测试（一）",
        gather=probing.gather_round_trip,
        compare=probing.compare_round_trip,
        shows=shows_round_trip,
        applies=probing.no_echo_planned,
        sends=True,
        seconds=45.0,
        definition="1",
    ),
    Check(
        id="bus.latency",
        kind="bus",
        table="bus",
        title="总线时延",
        clause="四、系统联调测试（一）",
        gather=probing.gather_latency,
        compare=probing.compare_latency,
        shows=shows_latency,
        seconds=120.0,
        definition="1",
    ),
    Check(
        id="joint.report",
        kind="joint",
        table="bus",
        title="数据上报",
        clause="四、系统联调测试（二）",
        gather=joint.gather_report,
        compare=joint.compare_report,
        shows=shows_report,
        concerns=joint.with_a_peer,
        sends=True,
        definition="1",
    ),
    Check(
        id="joint.dispatch",
        kind="joint",
        table="bus",
        title="数据下发与接收",
        clause="四、系统联调测试（二）",
        gather=joint.gather_dispatch,
        compare=joint.compare_dispatch,
        shows=shows_dispatch,
        concerns=joint.with_a_peer,
        sends=True,
        seconds=60.0,
        definition="1",
    ),
)
