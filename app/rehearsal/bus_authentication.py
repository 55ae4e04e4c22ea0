"""Where the 异地总线 lets devices in: a TLS port that demands a certificate of the rehearsal's authority."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from app.rehearsal import certificates
from app.rehearsal.tls import context_of
from app.rehearsal.web import Answer, Request, WebServer, html

if TYPE_CHECKING:
    from app.rehearsal.world import World


class BusAuthentication(WebServer):
    """A page for whoever has shown a certificate of the authority; nobody else gets past the handshake."""

    def __init__(self, world: World, port: int) -> None:
        super().__init__(port)
        self.world = world

    def serve(self, connection: socket.socket) -> None:
        context = context_of(self.world, certificates.GOOD)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.world.folder / certificates.ROOT)
        # Wrapping would take the connection away from the port, which has to cut it when it stops: wrap a copy.
        with context.wrap_socket(connection.dup(), server_side=True) as protected:
            super().serve(protected)

    def answer(self, request: Request) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return html("405 Method Not Allowed", "Method Not Allowed", 405, Allow="GET, HEAD")
        return html("异地总线设备认证", "<h1>设备认证通过</h1><p>（演练现场）</p>")
