"""What each check will send, word for word, for the customer's approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.checks.host import commands, weblogic_commands
from app.checks.weblogic import console as console_page
from app.checks.weblogic import managed, modern, scripting, t3
from app.checks.weblogic.modern import path_of
from app.checks.weblogic.monitoring import TENANT, WLS, Paths
from app.checks.weblogic.pages import REDIRECTS
from app.checks.weblogic.session import base_of
from app.checks.weblogic.tools import t3_url
from app.site.model import WebLogic

ANY_SERVER = "{server}"  # what stands for the name of a running server that the plan does not name
DOMAIN_HOME, PROCESS, JAR = "<域目录>", "<进程号>", "<该域 Server 的 weblogic.jar>"
JAVA_OF_DOMAIN = f"<该域 Server 的 java> -cp {JAR}"


def port(target: WebLogic) -> Sequence[str]:
    greetings = (t3.GREETING.format(version=version).encode() for version in t3.OURS)
    wrapped = "t3s（TLS 内）" if target.url.lower().startswith("https") else "t3"
    return tuple(f"{wrapped} {base_of(target.url).partition('//')[2]} 发送 {ascii(one)[1:]}" for one in greetings)


def version(target: WebLogic) -> Sequence[str]:
    lines = [*port(target), *(f"{line}（T3 没有给出版本时）" for line in readings(target))]
    return (*lines, *_ssh(target, f"{JAVA_OF_DOMAIN} weblogic.version"))


def clock(target: WebLogic) -> Sequence[str]:
    return (f"GET {base_of(target.url)}/（不登录，只看应答的时刻）",)


def console(target: WebLogic) -> Sequence[str]:
    where = f"GET {console_page.address(target)}（不登录；14.1.2 以下；同一服务器上的转向至多跟随 {REDIRECTS} 次）"
    return (*port(target), where)


def topology(target: WebLogic) -> Sequence[str]:
    return (*_asked(target, [modern.DOMAIN, modern.SERVERS], ["servers"]), *_look(target))


def states(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.STATES, modern.RUNNING, modern.SERVERS]
    ports = "TCP 连接各停机 Server 在配置中的监听地址和端口一次，不发送内容"
    return (*_asked(target, resources, ["servers"]), ports, *_tool(target), *_logs(target))


def jdk(target: WebLogic) -> Sequence[str]:
    lines = _asked(target, [modern.DOMAIN, modern.STATES, modern.JAVA], ["servers", "servers/"])
    return (*lines, *_tool(target), *_ssh(target, commands.JAVA_SHOWN))


def security(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.PRODUCTION, modern.STORES, modern.REALM, modern.LOCKOUT]
    return (*_asked(target, resources, ["servers"]), *_look(target))


def readings(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.STATES, modern.SERVER, modern.HEAP]
    return (*_asked(target, resources, ["servers", "servers/"]), *_tool(target))


def heap(target: WebLogic) -> Sequence[str]:
    return (*readings(target), *_logs(target))


def threads(target: WebLogic) -> Sequence[str]:
    lines = _asked(target, [modern.DOMAIN, modern.STATES, modern.THREADS], ["servers"])
    return (*lines, *_tool(target), *_logs(target))


def datasources(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.SERVERS, modern.SOURCES, modern.MAXIMUM, modern.STATES, modern.POOLS]
    return (*_asked(target, resources, ["servers", "datasources", "datasources/"]), *_tool(target))


def applications(target: WebLogic) -> Sequence[str]:
    resources = [modern.DOMAIN, modern.SERVERS, modern.DEPLOYMENTS, modern.STATES, modern.MODULES]
    return (*_asked(target, resources, ["servers", "applications", "applications/"]), *_tool(target))


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
    if resource.endswith(modern.MAXIMUM.removeprefix("domainConfig")):
        yield from (path_of(resource, name) for name in target.expect.datasources)
    elif resource.endswith(modern.LOCKOUT.removeprefix("domainConfig")):
        yield path_of(resource).replace("/X", "/{realm}", 1)
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


def _asked(target: WebLogic, resources: Sequence[str], kinds: Sequence[str]) -> Sequence[str]:
    """REST of the administration server; where it does not answer, that of each managed server with an address."""
    return (*_rest(target, resources, kinds), *_managed(target, resources))


def _managed(target: WebLogic, resources: Sequence[str]) -> Iterator[str]:
    """Their own runtime, and the configuration as they have it."""
    for url in target.managed.values():
        for resource in (managed.STATE, *resources):
            if resource.startswith(modern.RUNTIME):
                paths = [path_of(resource.replace(modern.RUNTIME, "serverRuntime"))]
            elif resource.startswith("domainConfig"):
                paths = list(_modern(resource.replace("domainConfig", "serverConfig", 1), target))
            else:
                continue
            yield from (f"GET {base_of(url)}{path}（管理服务器没有应答时）" for path in paths)


def _ssh(target: WebLogic, *lines: str) -> Sequence[str]:
    """Commands on the host of ``via``; none without it."""
    return tuple(f"SSH {target.via}：{line}" for line in lines) if target.via else ()


def _look(target: WebLogic) -> Sequence[str]:
    """What finds the domain on its host."""
    home = target.domain_home.rstrip("/") or DOMAIN_HOME
    tools = () if target.domain_home else (f"pwdx {PROCESS}", f"procwdx {PROCESS}", f"readlink /proc/{PROCESS}/cwd")
    processes = dict.fromkeys(commands.of_systems("processes"))
    files = (f"cat {home}/config/config.xml", f"cat {home}/config.xml（8.1）")
    return _ssh(target, commands.KERNEL, *processes, *tools, *files)


def _tool(target: WebLogic) -> Sequence[str]:
    """The domain's own tool, where there is no REST."""
    if not target.via:
        return ()
    url = t3_url(target.url)
    admin = f"<该域 Server 的 java> {weblogic_commands.ADMIN_WORDS} -cp {JAR} weblogic.Admin"
    user = f"{url} -username {target.user}"
    return (*_look(target), *_ssh(
        target,
        f"{JAVA_OF_DOMAIN} weblogic.WLST（没有 REST 时，9.0 以上；脚本和口令从标准输入送入，脚本如下）\n"
        + scripting.shown(target.user, url),
        f"{admin} -url {user} GETSTATE {ANY_SERVER}（8.1；口令从标准输入送入）",
        *(f"{admin} -adminurl {user} GET -pretty -type {kind}（8.1；口令从标准输入送入）"
          for kind in weblogic_commands.TYPES),
    ))  # fmt: skip


def _logs(target: WebLogic) -> Sequence[str]:
    home = target.domain_home.rstrip("/") or DOMAIN_HOME
    tail = f"tail -c {weblogic_commands.LOG_TAIL} {home}"
    return _ssh(target, f"{tail}/servers/{ANY_SERVER}/logs/{ANY_SERVER}.log",
                f"{tail}/{ANY_SERVER}/{ANY_SERVER}.log（8.1）")  # fmt: skip
