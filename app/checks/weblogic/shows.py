"""What each check will send, word for word, for the customer's approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.checks.weblogic import modern, t3
from app.checks.weblogic.modern import path_of
from app.checks.weblogic.monitoring import TENANT, WLS, Paths
from app.checks.weblogic.pages import REDIRECTS
from app.checks.weblogic.session import base_of
from app.site.model import WebLogic

ANY_SERVER = "{server}"  # what stands for the name of a running server that the plan does not name


def port(target: WebLogic) -> Sequence[str]:
    greetings = (t3.GREETING.format(version=version).encode() for version in t3.OURS)
    wrapped = "t3s（TLS 内）" if target.url.lower().startswith("https") else "t3"
    return tuple(f"{wrapped} {base_of(target.url).partition('//')[2]} 发送 {ascii(one)[1:]}" for one in greetings)


def version(target: WebLogic) -> Sequence[str]:
    return (*port(target), *(f"{line}（T3 没有给出版本时）" for line in readings(target)))


def topology(target: WebLogic) -> Sequence[str]:
    return _rest(target, [modern.DOMAIN, modern.SERVERS], ["servers"])


def states(target: WebLogic) -> Sequence[str]:
    lines = _rest(target, [modern.DOMAIN, modern.STATES, modern.SERVERS], ["servers"])
    return (*lines, "TCP 连接各停机 Server 在配置中的监听地址和端口一次，不发送内容")


def readings(target: WebLogic) -> Sequence[str]:
    return _rest(target, [modern.DOMAIN, modern.STATES, modern.SERVER, modern.HEAP], ["servers", "servers/"])


def threads(target: WebLogic) -> Sequence[str]:
    return _rest(target, [modern.DOMAIN, modern.STATES, modern.THREADS], ["servers"])


def datasources(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.SERVERS, modern.SOURCES, modern.MAXIMUM, modern.STATES, modern.POOLS]
    return _rest(target, resources, ["servers", "datasources", "datasources/"])


def applications(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.SERVERS, modern.DEPLOYMENTS, modern.STATES, modern.MODULES]
    return _rest(target, resources, ["servers", "applications", "applications/"])


def pages(target: WebLogic) -> Sequence[str]:
    return tuple(f"GET {url}（不登录；同一服务器上的转向至多跟随 {REDIRECTS} 次）" for url in target.application_urls)


def _rest(target: WebLogic, resources: Sequence[str], kinds: Sequence[str]) -> Sequence[str]:
    """The requests of the newest interface, and of the older ones where it is not there; all with one user's log-in."""
    base = base_of(target.url)
    newest = [path for resource in resources for path in _modern(resource, target)]
    older = [path for paths in (TENANT, WLS) for kind in kinds for path in _older(paths, kind, target)]
    log_in = f"以用户 {target.user} 登录（HTTP Basic），只用 GET"
    asked_first = [f"GET {base}{path}" for path in newest]
    asked_then = [f"GET {base}{path}（没有前一种接口时）" for path in dict.fromkeys(older)]
    return (log_in, *asked_first, *asked_then)


def _modern(resource: str, target: WebLogic) -> Iterator[str]:
    if resource == modern.MAXIMUM:
        yield from (path_of(resource, name) for name in target.expect.datasources)
    elif resource.startswith(modern.RUNTIME):
        yield from (path_of(resource, name) for name in target.expect.servers)
        yield path_of(resource).replace("/X", f"/{ANY_SERVER}", 1)
    else:
        yield path_of(resource)


def _older(paths: Paths, kind: str, target: WebLogic) -> Iterator[str]:
    """A list, or with ``/`` at the end the details that are asked of it: running servers, planned other things."""
    if not kind.endswith("/"):
        yield paths.all(kind)
        return
    planned = {"servers/": target.expect.servers, "datasources/": target.expect.datasources}
    for name in planned.get(kind, target.expect.applications):
        yield paths.of(kind[:-1], name)
    if kind == "servers/":
        yield f"{paths.all('servers')}{paths.one}{ANY_SERVER}"
