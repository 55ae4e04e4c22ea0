"""What is asked of the bus and the joint test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.checks.bus import authentication, encryption, joint, probing, round_trip, sftp
from app.checks.bus.records import DISPATCH, REPORT
from app.checks.bus.soap import FRAGILE
from app.checks.model import Check, Undetermined
from app.site.model import Bus

INSTALLED = "三、部署应用系统（二）3"
HORIZONTAL = "四、系统联调测试（一）"
VERTICAL = "四、系统联调测试（二）"


def shows_port(target: Bus) -> Sequence[str]:
    return (f"TCP 连接 {target.url} 的主机和端口一次，不发送内容",)


def shows_service(target: Bus) -> Sequence[str]:
    match target.probe:
        case "sftp-roundtrip":
            return _over_sftp(target, "查看文件夹 {folder}")
        case "tls":
            return (f"TLS 握手 {target.url}，不发送内容",)
        case "tcp":
            return ()
    return (f"GET {probing.quiet_request(target)}",)


def shows_tls(target: Bus) -> Sequence[str]:
    return (f"TLS 握手 {target.url}，读取服务器证书，不发送任何应用数据",)


def shows_round_trip(target: Bus) -> Sequence[str]:
    text = f"联通测试 N 随机数（现场实施助手，可忽略）\n{FRAGILE}"
    times = f"{round_trip.ECHOES} 次"
    if target.probe == "sftp-roundtrip":
        what = f"在 {{folder}} 中新建 onsite-test-随机数.tmp，读回，再删除，{times}；首行是关联号，正文为：{text}"
        return _over_sftp(target, what)
    if target.probe != "soap-echo":
        return ()
    return (f"POST {target.url}，SOAP 1.1 消息回送报文（SOAPAction: urn:echo）{times}，正文为：{text}",)


def shows_latency(target: Bus) -> Sequence[str]:
    if target.probe == "sftp-roundtrip":
        return _over_sftp(target, f"查看文件夹 {{folder}}，连续 {probing.SAMPLES} 次")
    request = {"tcp": f"TCP 连接 {target.url}", "tls": f"TLS 握手 {target.url}"}
    return (f"{request.get(target.probe, f'GET {probing.quiet_request(target)}')}，连续 {probing.SAMPLES} 次",)


def _over_sftp(target: Bus, what: str) -> Sequence[str]:
    """The one log-in that all checks of an SFTP bus share, and what is done there."""
    try:
        place = sftp.place_of(target.url)
    except Undetermined as error:
        return (f"（不连接：{error.reason}）",)
    where = f"{place.host}:{place.port}"
    return (f"SSH 连接 {where}，核对主机密钥，用户 {place.user} 登录一次，打开 sftp", what.format(folder=place.folder))


def shows_authentication(target: Bus) -> Sequence[str]:
    plan = target.authentication
    if not plan.url:
        return ()
    own = f"GET {plan.url}，TLS 握手时出示证书 {plan.certificate} 并签名（私钥只在内存中使用）"
    wrong = f"GET {plan.url}，TLS 握手时出示临时自签的同名证书，应被拒绝（客户已书面同意）"
    return (f"TLS 握手 {plan.url}，读取服务器证书", own, *((wrong,) if plan.wrong else ()))


def shows_report(target: Bus) -> Sequence[str]:
    return _shows_exchange(target, REPORT)


def shows_dispatch(target: Bus) -> Sequence[str]:
    return _shows_exchange(target, DISPATCH)


def _shows_exchange(target: Bus, direction: str) -> Sequence[str]:
    url, end = joint.url_of(target, direction), joint.other_end(target)
    if not url:
        return ()
    if joint.sends_here(target, direction):
        return (f"POST {url}，测试批次一批（批次号以 TEST- 开头，3 条，不含业务数据和个人信息）",)
    return (
        f"GET {url}，取{end}待取的一批；内容只用来计数和计算摘要，不保存、不入库",
        f"POST {url}，内容完整时发送收到确认（批次号、条数、SHA-256），{end}会把这一批记为已收到",
    )


def _check(check_id: str, title: str, clause: str, **more: Any) -> Check:
    kind = check_id.partition(".")[0]
    return Check(**{"id": check_id, "kind": kind, "table": "bus", "title": title, "clause": clause, **more})


CHECKS: tuple[Check, ...] = (
    _check(
        "bus.port",
        "总线端口",
        "二、准备部署环境",
        gather=probing.gather_port,
        compare=probing.compare_port,
        shows=shows_port,
        definition="1",
    ),
    _check(
        "bus.tls",
        "总线的证书与协议",
        INSTALLED,
        gather=encryption.gather,
        compare=encryption.compare,
        shows=shows_tls,
        concerns=encryption.over_tls,
        definition="1",
    ),
    _check(
        "bus.service",
        "总线服务",
        INSTALLED,
        gather=probing.gather_service,
        compare=probing.compare_service,
        shows=shows_service,
        applies=probing.only_connects,
        seconds=60.0,
        definition="2",
    ),
    _check(
        "bus.round_trip",
        "总线报文往返",
        HORIZONTAL,
        gather=round_trip.gather,
        compare=round_trip.compare,
        shows=shows_round_trip,
        applies=round_trip.no_echo_planned,
        sends=True,
        seconds=90.0,
        definition="2",
    ),
    _check(
        "bus.latency",
        "总线时延",
        HORIZONTAL,
        gather=probing.gather_latency,
        compare=probing.compare_latency,
        shows=shows_latency,
        seconds=120.0,
        definition="2",
    ),
    _check(
        "bus.authentication",
        "总线认证设备证书",
        HORIZONTAL,
        gather=authentication.gather,
        compare=authentication.compare,
        shows=shows_authentication,
        concerns=authentication.concerns,
        sends=True,
        minds_sending=True,
        seconds=75.0,
        definition="1",
    ),
    _check(
        "joint.report",
        "数据上报",
        VERTICAL,
        gather=joint.gather(REPORT),
        compare=joint.compare(REPORT),
        shows=shows_report,
        concerns=joint.with_a_peer,
        sends=True,
        minds_sending=True,
        seconds=60.0,
        definition="2",
    ),
    _check(
        "joint.dispatch",
        "数据下发与接收",
        VERTICAL,
        gather=joint.gather(DISPATCH),
        compare=joint.compare(DISPATCH),
        shows=shows_dispatch,
        concerns=joint.with_a_peer,
        sends=True,
        minds_sending=True,
        seconds=60.0,
        definition="2",
    ),
)
