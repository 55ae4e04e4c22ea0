"""The session of a bus: over HTTP or a bare connection; over SFTP or TLS with its certificates where that is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.checks.addresses import address_of
from app.checks.bus.sftp import SftpSession
from app.checks.certificate.session import CertificateSession
from app.checks.model import RecordFiles, Surroundings, Undetermined
from app.checks.web import PATIENCE, WebSession
from app.checks.wire import Wire
from app.site.model import Bus, Certificate, Site


class BusSession(WebSession):
    """``abort`` ends whatever is going on, by whichever way."""

    def __init__(self, surroundings: Surroundings, patience: float = PATIENCE) -> None:
        super().__init__(surroundings, patience)
        self._sftp: SftpSession | None = None
        self._certificates: list[CertificateSession] = []
        self._wires: set[Wire] = set()

    @property
    def site(self) -> Site:
        return self._surroundings.site

    @property
    def records(self) -> RecordFiles | None:
        """The record files of the two ends that the project holds; None where there is no project."""
        return self._surroundings.records

    def begin(self) -> None:
        super().begin()
        self.route = ""
        self._certificates = []
        if self._sftp is not None:
            self._sftp.begin()

    def abort(self) -> None:
        super().abort()
        for one in (self._sftp, *self._certificates, *tuple(self._wires)):
            if one is not None:
                one.abort()

    def close(self) -> None:
        self.abort()

    def sftp(self, target: Bus) -> SftpSession:
        """The SFTP side, one for the run. Raises BadUrl."""
        if self._sftp is None:
            self._sftp = SftpSession(target, self._surroundings)
            self._sftp.begin()
        self._sftp.transcript = self.transcript
        self.route = "SFTP"
        return self._sftp

    def server_certificate(self, url: str) -> tuple[CertificateSession, Certificate]:
        """What fetches and judges the certificate of a TLS address, and that address as a certificate's entry."""
        address = address_of(url, any_scheme=True)
        host = f"[{address.host}]" if ":" in address.host else address.host
        return self.certificate(Certificate("server", source=f"tls://{host}:{address.port}", crl="none"))

    def own_certificate(self, certificate_id: str) -> tuple[CertificateSession, Certificate]:
        """What reads one of the site's own certificates. Raises Undetermined where there is none of that id."""
        found = self._surroundings.site.target(certificate_id)
        if not isinstance(found, Certificate):
            raise Undetermined(f"现场配置里没有证书 {certificate_id}", "请改正 authentication 的 certificate。")
        return self.certificate(found)

    def certificate(self, target: Certificate) -> tuple[CertificateSession, Certificate]:
        opened = CertificateSession(target, self._surroundings)
        opened.transcript = self.transcript
        self._certificates.append(opened)
        return opened, target

    @contextmanager
    def wire(self, deadline: float) -> Iterator[Wire]:
        """A connection that ``abort`` and cancelling end; ``deadline`` on ``time.monotonic``'s clock."""
        cancellation = self._surroundings.cancellation
        cancellation.check()
        wire = Wire(deadline)
        forget = cancellation.on_cancel(wire.abort)
        self._wires.add(wire)
        try:
            yield wire
        finally:
            forget()
            self._wires.discard(wire)
            wire.close()
            cancellation.check()


def open_session(target: Bus, surroundings: Surroundings) -> BusSession:  # noqa: ARG001 - each kind is opened alike
    """Connects nothing yet."""
    return BusSession(surroundings)
