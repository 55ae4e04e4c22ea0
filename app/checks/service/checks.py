"""What is asked of the services beside the application: 认证服务支撑软件包, 报表平台, 就业接口软件."""

from __future__ import annotations

from collections.abc import Sequence

from app.checks.addresses import address_of
from app.checks.bus.wsdl import LIMIT as WSDL_LIMIT
from app.checks.bus.wsdl import judge_description, wsdl_url
from app.checks.http import ConnectionRefused, HttpAnswer, Reached
from app.checks.model import Check, Outcome, Undetermined, Verdict
from app.checks.reading import EXPECTED, judge_page, judge_tls
from app.checks.web import WebSession, seen_elsewhere
from app.site.model import Service, Site

PORT = "service.port"


def gather_port(session: WebSession, target: Service) -> Reached:
    session.begin()
    return session.reach(target.url)


def compare_port(reached: Reached, target: Service, site: Site) -> Verdict:  # noqa: ARG001
    address = address_of(target.url, any_scheme=True)
    actual = f"{address.shown} 接受连接，{reached.seconds:.3f} 秒"
    return Verdict(Outcome.PASS, "接受连接", actual, observed={"host": address.host, "port": address.port})


def only_connects(target: Service, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "方案未规定：探测方式 tcp 只核对连通，没有可核对的页面" if target.probe == "tcp" else ""


def gather_answer(session: WebSession, target: Service) -> HttpAnswer | Reached:
    """The page, with probe ``soap-echo`` the description of its service, with ``tls`` the verified handshake."""
    session.begin()
    try:
        if target.probe == "tls":
            return session.reach(target.url, encrypted=True)
        if target.probe == "http":
            return session.ask("GET", target.url)
        if target.probe == "soap-echo":
            return session.ask("GET", wsdl_url(target.url), limit=WSDL_LIMIT)
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    raise Undetermined(
        f"探测方式 {target.probe} 不能用于服务", "请在 site.toml 中把 probe 改为 http、tls、tcp 或 soap-echo。"
    )


def compare_answer(facts: HttpAnswer | Reached, target: Service, site: Site) -> Verdict:  # noqa: ARG001
    if isinstance(facts, Reached):
        return judge_tls(facts)
    return judge_description(facts) if target.probe == "soap-echo" else judge_page(facts)


def shows_port(target: Service) -> Sequence[str]:
    return (f"TCP 连接 {target.url} 的主机和端口一次，不发送内容",)


def shows_answer(target: Service) -> Sequence[str]:
    if target.probe == "tls":
        return (f"TLS 握手 {target.url}，不发送内容",)
    if target.probe == "soap-echo":
        return (f"GET {wsdl_url(target.url)}（只读取服务描述，不发送报文）",)
    return (f"GET {target.url}（要求：{EXPECTED}）",) if target.probe == "http" else ()


CHECKS: tuple[Check, ...] = (
    Check(
        id="service.port",
        kind="service",
        table="service",
        title="服务端口",
        clause="三、部署应用系统（二）3",
        gather=gather_port,
        compare=compare_port,
        shows=shows_port,
        definition="1",
    ),
    Check(
        id="service.answer",
        kind="service",
        table="service",
        title="服务页面",
        clause="三、部署应用系统（三）",
        gather=gather_answer,
        compare=compare_answer,
        shows=shows_answer,
        applies=only_connects,
        definition="2",
    ),
)
