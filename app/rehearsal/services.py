"""The pages of the services beside the application: 认证服务支撑软件包, 报表平台 and 就业接口软件."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.rehearsal.web import Answer, Request, WebServer, html

if TYPE_CHECKING:
    from app.rehearsal.world import World

TITLES = {"auth": "安全认证服务支撑平台", "report": "就业监测统计报表平台", "interface": "就业接口软件管理"}


class ServicePage(WebServer):
    """``kind`` is a key of TITLES: the start page of that service, and 404 for everything below it."""

    def __init__(self, world: World, port: int, kind: str) -> None:
        super().__init__(port)
        self.world = world
        self.title = TITLES[kind]

    def answer(self, request: Request) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return html("405 Method Not Allowed", "Method Not Allowed", 405, Allow="GET, HEAD")
        if request.path != "/":
            return html("404 Not Found", "Not Found", 404)
        return html(self.title, f"<h1>{self.title}</h1><p>服务运行正常。（演练现场）</p>")
