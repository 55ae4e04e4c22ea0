"""The session of a certificate: what was fetched or read, once a run, and the files that judge it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from app.base.errors import CancelledError
from app.checks.certificate import source, token
from app.checks.certificate.crl import LARGEST_CRL, Crl, crls_of
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.offers import Offers, Survey, agreed
from app.checks.certificate.private_keys import matched
from app.checks.certificate.source import FILE, TLS, TOKEN, Ambiguous, Refused, Unreached
from app.checks.certificate.x509 import X509
from app.checks.model import Failed, Surroundings, Transcript, Undetermined
from app.checks.wire import Aborted, Wire
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
        self._drivers: set[token.Driver] = set()
        self._aborted = False

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            working: tuple[Wire | token.Driver, ...] = (*self._wires, *self._drivers)
        for one in working:
            one.abort()

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
        return self._judged_by(self.facts())

    def _judged_by(self, facts: Facts) -> Facts:
        anchors = self._certificates(self._target.trust or self._surroundings.site.trust, "trust")
        return replace(facts, anchors=anchors, known=self._certificates(self._target.chain, "chain"))

    def revocation_facts(self) -> Facts:
        """The same with the CRLs."""
        facts = self.chain_facts()
        files = self._target.crl if isinstance(self._target.crl, tuple) else ()
        found: list[Crl] = []
        for path in files:
            found += self._support(
                path, "crl", lambda path: crls_of(source.read_bytes(path, "", LARGEST_CRL), path.name)
            )
        return replace(facts, crls=tuple(found))

    def key_facts(self) -> Facts:
        """The certificate with the private keys at hand held against it. Raises Undetermined."""
        facts = self.facts()
        material = facts.material
        stored = material.stored
        if not stored and self._target.source.startswith(FILE):
            secrets = self._surroundings.secrets
            path = source.file_path(self._target.source, self._folder)
            stored = source.beside(path, lambda: secrets.get(self._target.id))
        held = tuple(matched(key, material.leaf) for key in stored)
        return replace(facts, material=replace(material, stored=stored, keys=(*material.keys, *held)))

    def pair_facts(self) -> Facts:
        """The certificate and the other one of the pair, with the site's anchors. Raises Failed when that file is
        missing, Undetermined.
        """
        named = self._target.pair
        own = source.file_path(self._target.source, self._folder) if self._target.source.startswith(FILE) else None
        if named is None or own != named:
            facts = self.chain_facts()
            return facts if named is None else replace(facts, others=self._others(named))
        try:
            facts = self.chain_facts()
        except Ambiguous as several:  # the plan says that both are in this one file
            leaf, *others = several.ends
            facts = self._judged_by(Facts(Material(leaf, self._read_all(named), "PEM"), datetime.now(UTC)))
            return replace(facts, others=tuple(others))
        return replace(facts, others=(facts.material.partner,) if facts.material.partner else ())

    def _others(self, path: Path) -> tuple[X509, ...]:
        """The end certificates of the file that the plan's ``pair`` names."""
        if not path.exists():
            advice = "请取得成对的另一张证书，放到该处，再检查。"
            raise Failed(f"缺另一张证书：pair 的文件 {path.name} 不存在", advice, "双证书都在")
        secrets = self._surroundings.secrets
        content = self._support(path, "pair", lambda path: (source.read(path, lambda: secrets.get(self._target.id)),))
        return content[0].heads or tuple(source.ends_of(content[0].certificates, self._target.role))

    def _read_all(self, path: Path) -> tuple[X509, ...]:
        secrets = self._surroundings.secrets
        return source.read(path, lambda: secrets.get(self._target.id)).certificates

    def offers(self) -> Offers:
        """What the server offers, asked with hellos of our own. Raises Undetermined."""
        spoken = ""
        try:
            spoken = self.read().form
        except (Unreached, Refused) as error:
            reason = error.reason if isinstance(error, Unreached) else error.actual
            raise Undetermined(reason, error.advice) from None
        except (Failed, Undetermined):
            pass  # that OpenSSL could not shake hands says nothing about old versions
        address, name = source.server_address(self._target), source.server_name(self._target)
        survey = Survey(address, name, self._open_wire, self.transcript.note)
        return agreed(self._with_wires(survey.offers), spoken)

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
            return self._from_token(kind.removeprefix(TOKEN))
        if not kind.startswith(FILE):
            raise Undetermined("source 的写法不认识", "应为 tls://主机:端口、file:路径 或 token:模块。")
        path = source.file_path(kind, self._folder)
        self.transcript.note(f"读取 {path}")
        secrets = self._surroundings.secrets
        return source.from_file(path, self._target.role, lambda: secrets.get(self._target.id))

    @property
    def _folder(self) -> Path:
        return self._surroundings.site.path.parent

    def _from_token(self, module: str) -> Material:
        driver = token.Driver()
        with self._lock:
            self._drivers.add(driver)
            if self._aborted:
                driver.abort()
        try:
            return self._uncancelled(lambda: token.material_of(module, self._target.role, driver, self.transcript.note))
        finally:
            with self._lock:
                self._drivers.discard(driver)

    def _from_server(self) -> Material:
        ends = time.monotonic() + TOGETHER

        def open_wire() -> Wire:
            return self._open_wire(min(ends, time.monotonic() + PATIENCE))

        return self._with_wires(lambda: source.from_server(self._target, open_wire, self.transcript.note))

    def _open_wire(self, deadline: float) -> Wire:
        """A connection that ``abort`` ends."""
        wire = Wire(deadline)
        with self._lock:
            self._wires.add(wire)
            if self._aborted:
                wire.abort()
        return wire

    def _with_wires(self, work: Callable[[], T]) -> T:
        """Work that opens connections; all of them are closed after it."""
        try:
            return self._uncancelled(work)
        except Aborted:
            raise Undetermined("检查被中止：时限已到或已取消") from None
        finally:
            with self._lock:
                wires, self._wires = self._wires, set()
            for wire in wires:
                wire.close()

    def _uncancelled(self, work: Callable[[], T]) -> T:
        """Work that cancelling aborts; then it is CancelledError, whatever the work made of it."""
        cancellation = self._surroundings.cancellation
        cancellation.check()
        forget = cancellation.on_cancel(self.abort)
        try:
            return work()
        except (Undetermined, Aborted):
            if cancellation.cancelled:
                raise CancelledError() from None
            raise
        finally:
            forget()


def open_session(target: Certificate, surroundings: Surroundings) -> CertificateSession:
    """Connects nothing yet."""
    return CertificateSession(target, surroundings)
