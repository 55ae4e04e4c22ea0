"""certificate.source: files of every form, TLS servers of every temper; what cannot be read is said, never guessed."""

from __future__ import annotations

import base64
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from certificate_making import (
    DAY,
    DER,
    NOW,
    PEM,
    Issued,
    issue,
    listening,
    name,
    run,
    tls_server,
    write,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs7, pkcs12

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.certificate import checks
from app.checks.certificate.session import open_session
from app.checks.certificate.source import file_path
from app.checks.model import Outcome, Result, Surroundings
from app.site.model import Certificate, Site

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
LONG = NOW + 3000 * DAY


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根 CA", end=LONG)


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return root.issue("中间 CA", ca=True, end=LONG)


@pytest.fixture(scope="module")
def leaf(middle: Issued) -> Issued:
    return middle.issue("设备", hosts=["localhost"], end=LONG)


def of_file(
    path: Path, *ids: str, password: str | None = None, role: str = "server-device", **more: object
) -> dict[str, Result]:
    target = Certificate("c", source=f"file:{path}", role=role, **more)  # type: ignore[arg-type]
    return run(target, *(ids or ("source",)), passwords={} if password is None else {"c": password})


def source_of(path: Path, password: str | None = None, role: str = "server-device") -> Result:
    return of_file(path, password=password, role=role)["source"]


def test_pem_der_and_bare_base64_are_read_whatever_stands_around(tmp_path: Path, leaf: Issued) -> None:
    text = leaf.pem.decode()
    contents = {
        "pem.cer": leaf.pem,
        "der.cer": leaf.der,
        "windows.crt": b"\xef\xbb\xbf" + leaf.pem.replace(b"\n", b"\r\n"),
        "commented.pem": b"Bag Attributes\n  friendlyName: x\n" + leaf.pem + b"\nend\n",
        "notepad.cer": text.encode("utf-16"),
        "bare.cer": base64.encodebytes(leaf.der),
        "old.pem": leaf.pem.replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        "with-key.pem": leaf.key_pem + leaf.pem,
    }
    for file, content in contents.items():
        result = source_of(write(tmp_path / file, content))
        assert result.outcome is PASS and "CN=设备,C=CN" in result.actual, (file, result)


def test_a_bundle_gives_the_certificate_that_the_rest_are_issuers_of(
    tmp_path: Path, root: Issued, middle: Issued, leaf: Issued
) -> None:
    bundle = write(tmp_path / "all.pem", root.pem + leaf.pem + middle.pem)
    trusted = write(tmp_path / "root.cer", root.der)
    results = of_file(bundle, "source", "chain", trust=(trusted,))
    assert {result.outcome for result in results.values()} == {PASS}
    loaded = [one.certificate for one in (middle, leaf, root)]
    for encoding, file in ((DER, "der.p7b"), (PEM, "pem.p7b")):
        path = write(tmp_path / file, pkcs7.serialize_certificates(loaded, encoding))
        results = of_file(path, "source", "chain", trust=(trusted,))
        assert {result.outcome for result in results.values()} == {PASS}, results


def test_two_end_certificates_in_a_file_are_not_chosen_between(tmp_path: Path, root: Issued) -> None:
    path = write(tmp_path / "two.pem", root.issue("签名").pem + root.issue("加密").pem)
    results = of_file(path, "source", "validity")
    assert {result.outcome for result in results.values()} == {UNKNOWN} and "签名" in results["source"].reason


def pfx(leaf: Issued, *others: Issued, password: bytes) -> bytes:
    more = [one.certificate for one in others]
    return pkcs12.serialize_key_and_certificates(
        b"x", leaf.key, leaf.certificate, more, BestAvailableEncryption(password)
    )


def test_a_pfx_needs_its_password(tmp_path: Path, root: Issued, middle: Issued, leaf: Issued) -> None:
    path = write(tmp_path / "device.pfx", pfx(leaf, middle, password="口令-1".encode()))
    assert source_of(path, "口令-1").outcome is PASS
    wrong = source_of(path, "wrong-9")
    assert wrong.outcome is FAIL and "口令" in wrong.actual and "wrong-9" not in repr(wrong)
    missing = source_of(path)
    assert missing.outcome is UNKNOWN and "没有口令" in missing.reason
    trusted = write(tmp_path / "root.cer", root.der)
    assert of_file(path, "chain", password="口令-1", trust=(trusted,))["chain"].outcome is PASS
    assert of_file(path, "chain", password="wrong-9", trust=(trusted,))["chain"].outcome is UNKNOWN


def test_an_old_pfx_of_weak_algorithms_is_read(tmp_path: Path, leaf: Issued) -> None:
    write(tmp_path / "c.pem", leaf.pem + leaf.key_pem)
    words = ["openssl", "pkcs12", "-export", "-legacy", "-in", "c.pem", "-out", "old.p12", "-passout", "pass:abc"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    assert source_of(tmp_path / "old.p12", "abc").outcome is PASS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a certificate at all",
        b"\x30\x82\xff\xff" + b"\x00" * 50,
        b"\x30\x84\x7f\xff\xff\xff\x30",
        b"\x30\x80" * 5000,
        b"\x30\x03\x02\x01\x01",
        b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00",
        b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x00" + b"x" * 20,
        b"-----BEGIN CERTIFICATE-----\nMIIB\n",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        bytes(range(256)) * 20,
    ],
)
def test_what_is_no_certificate_fails_with_a_reason_and_takes_the_others_along(tmp_path: Path, content: bytes) -> None:
    results = of_file(write(tmp_path / "x.cer", content), "source", "validity", "strength", "usage", "chain")
    source = results.pop("source")
    assert source.outcome is FAIL and "x.cer" in source.actual
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert all("certificate.source" in result.reason for result in results.values())


def test_every_cut_of_a_certificate_is_damaged_never_a_fault_of_ours(tmp_path: Path, leaf: Issued) -> None:
    for length in range(1, len(leaf.der), 37):
        result = source_of(write(tmp_path / "cut.cer", leaf.der[:length]))
        assert result.outcome is FAIL and "无法理解" not in result.reason, length


def test_every_flipped_byte_has_a_readable_verdict(tmp_path: Path, leaf: Issued) -> None:
    for place in range(0, len(leaf.der), 11):
        data = bytearray(leaf.der)
        data[place] ^= 0x55
        results = of_file(write(tmp_path / "flipped.cer", bytes(data)), "source", "validity", "strength", "usage")
        assert all("无法理解" not in result.reason for result in results.values()), (place, results)


def test_nested_deep_is_no_certificate_and_no_recursion(tmp_path: Path) -> None:
    data = b"\x05\x00"
    for _ in range(3000):
        size = len(data)
        data = b"\x30" + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + data
    assert source_of(write(tmp_path / "deep.cer", data)).outcome is FAIL


def test_a_missing_file_fails_and_a_huge_one_is_not_read(tmp_path: Path) -> None:
    missing = source_of(tmp_path / "none.cer")
    assert missing.outcome is FAIL and "文件不存在" in missing.actual
    with (tmp_path / "huge.cer").open("wb") as file:
        file.truncate(17 << 20)
    assert source_of(tmp_path / "huge.cer").outcome is UNKNOWN


def test_an_anchor_file_that_cannot_be_read_is_named(tmp_path: Path, leaf: Issued) -> None:
    path = write(tmp_path / "a.cer", leaf.der)
    bad = write(tmp_path / "bad.cer", b"nothing")
    results = of_file(path, "source", "chain", "strength", trust=(bad,))
    assert results["source"].outcome is PASS
    assert results["chain"].outcome is UNKNOWN and "bad.cer" in results["chain"].reason


def test_a_name_in_gbk_is_read_and_judged(tmp_path: Path, root: Issued) -> None:
    leaf = root.issue("XXXXXXXX", end=LONG, hosts=["a.example.cn"])
    encoded = leaf.der.replace(b"XXXXXXXX", "人社设备".encode("gb18030"))
    with pytest.raises(ValueError):
        _ = x509.load_der_x509_certificate(encoded).subject
    path = write(tmp_path / "gbk.cer", encoded)
    results = of_file(path, "source", "validity", "strength", "usage", "name", hostname="a.example.cn")
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert "CN=人社设备" in results["source"].actual
    assert results["validity"].observed["holder"] == "人社设备"


def test_an_issuer_named_in_gbk_is_found(tmp_path: Path) -> None:
    own = issue("XXXXXXXX", end=LONG)
    gbk = "人社根证".encode("gb18030")
    trusted = write(tmp_path / "root.cer", own.der.replace(b"XXXXXXXX", gbk))
    # The signature of the leaf is made over the issuer's name as it stands, so it no longer fits: FAIL, and readable.
    path = write(tmp_path / "leaf.cer", own.issue("设备", end=LONG).der.replace(b"XXXXXXXX", gbk))
    result = of_file(path, "chain", trust=(trusted,))["chain"]
    assert result.outcome is FAIL and "人社根证" in result.reason


def test_control_characters_in_a_name_do_not_reach_the_screen(tmp_path: Path, root: Issued) -> None:
    leaf = root.issue("a\x1b[31m\u202eb", end=LONG)
    result = source_of(write(tmp_path / "x.cer", leaf.der))
    assert result.outcome is PASS and "\x1b" not in result.actual and "\u202e" not in result.actual


@pytest.mark.parametrize(
    ("source", "path"),
    [("file:a.cer", "/p/a.cer"), ("file:/x/a.cer", "/x/a.cer"), ("file:///x/a%20b.cer", "/x/a b.cer")],
)
def test_a_file_source_may_be_relative_absolute_or_a_url(source: str, path: str) -> None:
    assert file_path(source, Path("/p")) == Path(path)


# TLS


def of_server(port: int, *ids: str, hostname: str = "", **more: object) -> dict[str, Result]:
    target = Certificate("c", source=f"tls://127.0.0.1:{port}", hostname=hostname, **more)  # type: ignore[arg-type]
    return run(target, *(ids or ("source",)))


def test_a_server_is_fetched_with_a_handshake_sni_and_nothing_more(
    tmp_path: Path, root: Issued, middle: Issued, leaf: Issued
) -> None:
    trusted = write(tmp_path / "root.cer", root.der)
    with tls_server(tmp_path, leaf, middle) as server:
        results = of_server(
            server.port,
            "source",
            "validity",
            "chain",
            "name",
            "strength",
            "usage",
            hostname="localhost",
            trust=(trusted,),
        )
        assert server.ended.wait(20)
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert server.names == ["localhost"] and server.data == [b""]  # one connection for all of them
    assert results["source"].route == "TLSv1.3"


def test_an_expired_untrusted_misnamed_server_is_fetched_all_the_same(tmp_path: Path) -> None:
    own = issue("设备", ca=False, hosts=["other.example.cn"], end=NOW - 50 * DAY)
    with tls_server(tmp_path, own) as server:
        results = of_server(server.port, "source", "validity", "name", hostname="localhost")
    assert results["source"].outcome is PASS
    assert (results["validity"].outcome, results["name"].outcome) == (FAIL, FAIL)


def test_the_chain_is_what_the_server_sends(tmp_path: Path, root: Issued, middle: Issued, leaf: Issued) -> None:
    trusted, between = write(tmp_path / "root.cer", root.der), write(tmp_path / "middle.cer", middle.der)
    with tls_server(tmp_path, leaf) as server:
        alone = of_server(server.port, "chain", trust=(trusted,))["chain"]
        known = of_server(server.port, "chain", trust=(trusted,), chain=(between,))["chain"]
    assert (alone.outcome, known.outcome) == (FAIL, WARN)
    with tls_server(tmp_path, leaf, middle, root) as server:
        assert of_server(server.port, "chain", trust=(trusted,))["chain"].outcome is PASS
        assert of_server(server.port, "chain")["chain"].outcome is UNKNOWN
    with tls_server(tmp_path, leaf, root, middle) as server:
        assert of_server(server.port, "chain", trust=(trusted,))["chain"].outcome is WARN


def test_the_system_s_trust_store_is_never_asked(tmp_path: Path, root: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its variables point at a store in which the server's root is; with another anchor given it stays untrusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(write(tmp_path / "system.pem", root.pem)))
    other = write(tmp_path / "other.cer", issue("别的根", end=LONG).der)
    with tls_server(tmp_path, root.issue("设备", hosts=["localhost"], end=LONG)) as server:
        assert of_server(server.port, "chain", trust=(other,))["chain"].outcome is FAIL


def old_version(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def configure(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version

    return configure


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_old_servers_are_fetched_from(tmp_path: Path, leaf: Issued, version: ssl.TLSVersion) -> None:
    with tls_server(tmp_path, leaf, configure=old_version(version)) as server:
        result = of_server(server.port)["source"]
    assert result.outcome is PASS and result.route == version.name.replace("_", ".").replace("TLSv1.0", "TLSv1")


def test_a_server_that_demands_a_client_certificate_shows_its_own(tmp_path: Path, root: Issued, leaf: Issued) -> None:
    def demand(context: ssl.SSLContext) -> None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=root.pem.decode())
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    with tls_server(tmp_path, leaf, configure=demand) as server:
        assert of_server(server.port)["source"].outcome is PASS


def test_a_refused_port_fails_the_source_and_leaves_the_others_undetermined() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        results = of_server(held.getsockname()[1], "source", "validity", "chain")
    assert results["source"].outcome is FAIL and "拒绝连接" in results["source"].actual
    assert {results["validity"].outcome, results["chain"].outcome} == {UNKNOWN}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "明文 HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "不是 TLS"),
        (b"\x00" * 100000, "不是 TLS"),
        (b"", "断开"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "握手失败"),
        (b"\x16\x03\x03\x00\x30", "断开"),
    ],
)
def test_what_is_no_tls_is_undetermined_and_says_what_it_is(said: bytes, words: str) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        client.recv(65536)

    with listening(serve) as port:
        results = of_server(port, "source", "validity")
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert words in results["source"].reason and results["validity"].reason == results["source"].reason


def test_an_endless_answer_ends(tmp_path: Path) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(65536)
        while True:
            client.sendall(b"\x16\x03\x03\x40\x00" + b"\x00" * 16384)

    with listening(serve) as port:
        assert of_server(port)["source"].outcome is UNKNOWN


def test_a_silent_server_is_connected_to_no_longer_once_cancelled() -> None:
    cancellation = Cancellation()
    reached = threading.Event()

    def serve(client: socket.socket) -> None:
        reached.set()
        while client.recv(65536):
            pass

    def cancel() -> None:
        reached.wait(20)
        cancellation.cancel()

    with listening(serve) as port:
        threading.Thread(target=cancel, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(CancelledError):
            run(Certificate("c", source=f"tls://127.0.0.1:{port}"), "source", cancellation=cancellation)
        assert time.monotonic() - began < 5


def test_an_aborted_session_ends_at_once_and_stays_ended() -> None:
    reached = threading.Event()

    def serve(client: socket.socket) -> None:
        reached.set()
        while client.recv(65536):
            pass

    class Nothing:
        def get(self, target_id: str) -> str | None:
            return None

        def known(self, target_id: str) -> str:
            return ""

    with listening(serve) as port:
        target = Certificate("c", source=f"tls://127.0.0.1:{port}")
        session = open_session(target, Surroundings(Site("演示", "510000"), Nothing(), Nothing(), Cancellation()))

        def abort() -> None:
            reached.wait(20)
            session.abort()

        threading.Thread(target=abort, daemon=True).start()
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(Exception, match="中止"):
                session.facts()
        assert time.monotonic() - began < 5


def test_what_will_be_done_can_be_shown_beforehand() -> None:
    (first, *_) = checks.CHECKS
    assert list(first.shows(Certificate("c", source="tls://10.1.2.3:7002", hostname="jyjc.example.cn"))) == [
        "TLS 握手 10.1.2.3:7002（SNI jyjc.example.cn），不发送任何应用数据"
    ]
    assert list(first.shows(Certificate("c", source="file:a.cer"))) == ["读取 file:a.cer"]
    assert "不连接" in first.shows(Certificate("c", source="tls://"))[0]


def test_the_leaf_is_named_once_though_it_is_sent_twice(tmp_path: Path, leaf: Issued, middle: Issued) -> None:
    assert name("设备") == leaf.certificate.subject
    path = write(tmp_path / "twice.pem", leaf.pem + leaf.pem + middle.pem)
    assert source_of(path).outcome is PASS


def test_a_file_without_a_password_never_asks_for_one(tmp_path: Path, leaf: Issued) -> None:
    from app.checks.certificate.source import from_file

    def ask() -> str | None:
        raise AssertionError("asked")

    path = tmp_path / "leaf.cer"
    for content in (leaf.der, base64.b64encode(leaf.der)):
        path.write_bytes(content)
        assert from_file(path, "server-device", ask).leaf.serial
