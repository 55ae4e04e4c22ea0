"""A WebLogic server of the rehearsal site: T3's greeting and HTTP on one port; the first bytes decide, as in WebLogic.

The administration server has the console's log-in page and the domain's REST tree, a managed server the application's
log-in page. What the domain is like belongs to ``weblogic_domain``, its REST shapes to ``weblogic_rest``,
``weblogic_beans`` and ``weblogic_tenant``.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from app.rehearsal import weblogic_rest, weblogic_tenant
from app.rehearsal.web import Answer, Request, WebServer, html
from app.rehearsal.weblogic_beans import trees_of
from app.rehearsal.weblogic_domain import SECOND, Domain, domain_of

if TYPE_CHECKING:
    from app.rehearsal.world import World

TARGET = "wls1"  # whose password opens the REST tree
USER = "monitor"
SLOW_SECONDS = 3.2  # the application's page under the fault "slow"
CONSOLE_LOGIN = "/console/login/LoginForm.jsp"
APPLICATION_TITLE = "就业监测管理信息系统 登录"


class WebLogicServer(WebServer):
    """``name``: AdminServer, jyjc1 or jyjc2; ``version``: 12.2.1.4.0 has both REST trees, 10.3.6.0 the older one.

    Faults: server-down, stuck-threads, datasource-suspended, low-heap, app-failed, not-integrated, slow.
    ``logins`` and ``refused_logins`` count the requests that came with an Authorization header.
    """

    def __init__(self, world: World, port: int, name: str, version: str = "12.2.1.4.0") -> None:
        super().__init__(port)
        self.world = world
        self.name = name
        self.version = version
        self.logins = 0
        self.refused_logins = 0
        world.on_change(self.follow)
        self.follow()

    def follow(self) -> None:
        """Goes down or comes up with the fault server-down."""
        self.refuse(self.name == SECOND and "server-down" in self.world.faults)

    @property
    def domain(self) -> Domain:
        return domain_of(self.name, self.world.faults, self.world.ports)

    def greeting(self, first_line: bytes) -> bytes | None:
        """T3's HELO. PN is the partition's name; DOMAIN is the domain as a whole."""
        if not first_line.startswith(b"t3 "):
            return None
        partition = "" if self.version.startswith("10.") else "PN:DOMAIN\n"
        return f"HELO:{self.version}.false\nAS:2048\nHL:19\nMS:10000000\n{partition}\n".encode()

    def answer(self, request: Request) -> Answer:
        path = request.path.rstrip("/") + "/"
        if path.startswith("/management/"):
            return self.manage(request)
        if path.startswith("/jyjc/"):
            return self.application(request)
        if path.startswith("/console/") and self.domain.admin == self.name:
            return self.console(request)
        return missing()

    def manage(self, request: Request) -> Answer:
        """REST behind Basic authentication; the trees that this version and this server have."""
        if not self.logged_in(request):
            page = "<h2>Error 401--Unauthorized</h2>"
            return html("Error 401--Unauthorized", page, 401, WWW_Authenticate='Basic realm="weblogic"')
        domain = self.domain
        if request.path.startswith(weblogic_tenant.ROOT) and domain.admin == self.name:
            return weblogic_tenant.answer(request, domain, self.version)
        if (request.path + "/").startswith(weblogic_rest.ROOT + "/") and not self.version.startswith("10."):
            return weblogic_rest.answer(request, trees_of(domain, self.name))
        return missing()

    def logged_in(self, request: Request) -> bool:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return False
        given = decoded(credentials) if scheme.lower() == "basic" else b""
        right = hmac.compare_digest(given, f"{USER}:{self.world.secrets[TARGET]}".encode())
        self.logins += right
        self.refused_logins += not right
        return right

    def application(self, request: Request) -> Answer:
        """The log-in page of 就业监测管理信息系统, where it is deployed and active."""
        server = self.domain.server(self.name)
        if not server.application_active or request.path.rstrip("/") != "/jyjc":
            return missing()
        if "slow" in self.world.faults:
            self.pause(SLOW_SECONDS)
        form = (
            '<h1>就业监测管理信息系统</h1><form method="post" action="/jyjc/login">'
            '<label>用户名 <input name="user"></label>'
            '<label>密码 <input name="password" type="password"></label> <button>登录</button></form><p>演练现场</p>'
        )
        return html(APPLICATION_TITLE, form)

    def console(self, request: Request) -> Answer:
        if request.path != CONSOLE_LOGIN:
            return html("302 Moved Temporarily", "", 302, Location=CONSOLE_LOGIN)
        version = f'<p id="footerVersion">WebLogic Server Version: {self.version}</p>'
        body = f'<form action="/console/j_security_check"></form>{version}'
        cookie = "ADMINCONSOLESESSION=rehearsal; path=/console/; HttpOnly"
        return html("Oracle WebLogic Server Administration Console", body, Set_Cookie=cookie)


def missing() -> Answer:
    """WebLogic's own page for what is not there; its text quotes RFC 2068."""
    source = "From RFC 2068 Hypertext Transfer Protocol -- HTTP/1.1:"
    body = f"<h2>Error 404--Not Found</h2><p>{source}</p><p>10.4.5 404 Not Found</p>"
    return html("Error 404--Not Found", body, 404)


def decoded(credentials: str) -> bytes:
    """The bytes of a Basic credential; nothing when it is not base64."""
    try:
        return base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        return b""
