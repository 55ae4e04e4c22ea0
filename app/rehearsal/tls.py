"""The TLS port of the rehearsal site: it presents the server's device certificate with its intermediate.

Which certificate that is follows the faults at each handshake. Nothing is said after the handshake.
"""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from app.rehearsal import certificates
from app.rehearsal.listening import Listening
from app.rehearsal.world import PRIVATE

if TYPE_CHECKING:
    from app.rehearsal.certificates import Variant
    from app.rehearsal.world import World


class TlsPort(Listening):
    """Faults: cert-expired, cert-expiring, cert-revoked, cert-wrong-host."""

    def __init__(self, world: World, port: int) -> None:
        super().__init__(port)
        self.world = world

    def serve(self, connection: socket.socket) -> None:
        context = context_of(self.world, certificates.presented(self.world.faults))
        # Wrapping would take the connection away from the port, which has to cut it when it stops: wrap a copy.
        with context.wrap_socket(connection.dup(), server_side=True) as protected:
            while protected.recv(65536):
                pass


def context_of(world: World, variant: Variant) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(variant.file(world.folder), world.folder / PRIVATE / certificates.KEY)
    return context
