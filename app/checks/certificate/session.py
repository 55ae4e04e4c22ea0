"""The session of a certificate: what was fetched or read, once a run, and the files that judge it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.base.errors import CancelledError
from app.checks.certificate import source
from app.checks.certificate.crl import LARGEST_CRL, Crl, crls_of
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.source import FILE, TLS, TOKEN
from app.checks.certificate.x509 import X509
from app.checks.model import Failed, Surroundings, Transcript, Undetermined
from app.checks.wire import Wire
from app.site.model import Certificate

T = TypeVar("T")
PATIENCE = 8.0  # seconds for one handshake, the look-up of the name included
TOGETHER = 25.0  # seconds for all attempts


class CertificateSession:
    """The certificate is fetched at first use; what kept it from that is remembered."""

    def __init__(self, target: Certificate, surroundings: Surroundings) -> None:
        self.transcript = Transcript()
        self.route = ""
        self.offset_seconds: float | None = None
        self._target = target
        self._surroundings = surroundings
        self._material: Material | None = None
        self._trouble: Failed | Undetermined | None = None
        self._lock = threading.Lock()
        self._wires: set[Wire] = set()
        self._aborted = False

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            wires = tuple(self._wires)
        for wire in wires:
            wire.abort()

    def close(self) -> None:
        self.abort()

    def read(self) -> Material:
        """The certificate and what came with it. Raises Failed or Undetermined, the same ones again at every use."""
        if self._trouble is not None:
            raise self._trouble
        if self._material is None:
            try:
                self._material = self._read()
            except (Failed, Undetermined) as trouble:
                self._trouble = trouble
                raise
            self.route = self._material.form
        for one in (self._material.leaf, *self._material.sent):
            self.transcript.note(f"{one.subject} ← {one.issuer} 序列号 {one.serial} SHA-256 {one.fingerprint}")
        return self._material

    def facts(self) -> Facts:
        """The certificate, for every check but certificate.source. Raises Undetermined."""
        try:
            material = self.read()
        except Failed as error:
            raise Undetermined(f"没有读到证书，见 certificate.source：{error.actual}", error.advice) from None
        return Facts(material, datetime.now(UTC))

    def chain_facts(self) -> Facts:
        """The same with the site's anchors and intermediates. Raises Undetermined naming a file that cannot be read."""
        facts = self.facts()
        anchors = self._certificates(self._target.trust or self._surroundings.site.trust, "trust")
        return Facts(facts.material, facts.now, anchors, self._certificates(self._target.chain, "chain"))

    def revocation_facts(self) -> Facts:
        """The same with the CRLs."""
        facts = self.chain_facts()
        files = self._target.crl if isinstance(self._target.crl, tuple) else ()
        found: list[Crl] = []
        for path in files:
            found += self._support(
                path, "crl", lambda path: crls_of(source.read_bytes(path, "", LARGEST_CRL), path.name)
            )
        return Facts(facts.material, facts.now, facts.anchors, facts.known, tuple(found))

    def _certificates(self, paths: Sequence[Path], key: str) -> tuple[X509, ...]:
        found: list[X509] = []
        for path in paths:
            found += self._support(path, key, lambda path: source.read(path).certificates)
        return tuple(dict.fromkeys(found))

    def _support(self, path: Path, key: str, read: Callable[[Path], tuple[T, ...]]) -> tuple[T, ...]:
        """A file that judges the certificate. That it cannot be read says nothing about the certificate."""
        try:
            return read(path)
        except Failed as error:
            raise Undetermined(f"{key} 的文件读不出来：{error.actual}", f"请改正现场配置文件里的 {key}。") from None

    def _read(self) -> Material:
        kind = self._target.source
        if kind.startswith(TLS):
            return self._from_server()
        if kind.startswith(TOKEN):
            raise Undetermined("本版本不能读取令牌（PKCS#11）中的证书", "请把证书从令牌导出成 cer 文件再检查。")
        if not kind.startswith(FILE):
            raise Undetermined("source 的写法不认识", "应为 tls://主机:端口、file:路径 或 token:模块。")
        path = source.file_path(kind, self._surroundings.site.path.parent)
        self.transcript.note(f"读取 {path}")
        secrets = self._surroundings.secrets
        return source.from_file(path, self._target.role, lambda: secrets.get(self._target.id))

    def _from_server(self) -> Material:
        ends = time.monotonic() + TOGETHER

        def open_wire() -> Wire:
            wire = Wire(min(ends, time.monotonic() + PATIENCE))
            with self._lock:
                self._wires.add(wire)
                if self._aborted:
                    wire.abort()
            return wire

        cancellation = self._surroundings.cancellation
        cancellation.check()
        forget = cancellation.on_cancel(self.abort)
        try:
            return source.from_server(self._target, open_wire, self.transcript.note)
        except Undetermined:
            if cancellation.cancelled:
                raise CancelledError() from None
            raise
        finally:
            forget()
            with self._lock:
                wires, self._wires = self._wires, set()
            for wire in wires:
                wire.close()


def open_session(target: Certificate, surroundings: Surroundings) -> CertificateSession:
    """Connects nothing yet."""
    return CertificateSession(target, surroundings)
