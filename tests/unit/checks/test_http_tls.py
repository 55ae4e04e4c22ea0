"""https is verified with the anchors that are given and no others; a refusal says in Chinese what was wrong."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from web_servers import Authority, Hasty, answer, authority, raw

from app.base.cancellation import Cancellation
from app.checks.http import HttpAnswer, HttpClient, NotHttp, Untrusted
from app.checks.model import Undetermined
from app.checks.trust import trust_context


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def get(url: str, *anchors: Path) -> HttpAnswer:
    return HttpClient(Cancellation()).request("GET", url, context=trust_context(anchors))


def test_a_certificate_of_a_given_anchor_is_accepted(ca: Authority) -> None:
    with raw(answer(b"ok"), ca.server()) as server:
        got = get(server.url, ca.anchor)
    assert got.body == b"ok" and got.tls.startswith("TLSv1.")


def test_an_anchor_may_be_der_or_stand_among_others_in_one_file(ca: Authority, tmp_path: Path) -> None:
    der, bundle = tmp_path / "ca.der", tmp_path / "bundle.pem"
    der.write_bytes(ssl.PEM_cert_to_DER_cert(ca.anchor.read_text()))
    other = authority(tmp_path, "other").anchor.read_text()
    bundle.write_text(f"# 现场的信任锚\n{other}{ca.anchor.read_text()}", encoding="utf-8")
    for anchor in (der, bundle):
        with raw(answer(b"ok"), ca.server()) as server:
            assert get(server.url, anchor).status == 200


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [
        ("other.example.cn", (-1, 30), "证书不是发给这个 IP 地址的"),
        ("127.0.0.1", (-30, -1), "证书已过期"),
        ("127.0.0.1", (1, 30), "证书尚未生效"),
    ],
)
def test_a_wrong_certificate_is_refused_with_its_reason(
    ca: Authority, name: str, days: tuple[int, int], reason: str
) -> None:
    with raw(answer(b"ok"), ca.server(name, days)) as server:
        with pytest.raises(Untrusted, match=reason):
            get(server.url, ca.anchor)
        assert server.requests == []


def test_a_certificate_for_another_host_name_is_refused(ca: Authority) -> None:
    with raw(answer(b"ok"), ca.server("other.example.cn")) as server, pytest.raises(Untrusted, match="主机名"):
        get(f"https://localhost:{server.port}/", ca.anchor)


def test_an_unknown_issuer_is_refused(ca: Authority, tmp_path: Path) -> None:
    stranger = authority(tmp_path, "stranger")
    with raw(answer(b"ok"), ca.server()) as server, pytest.raises(Untrusted, match="不在现场的信任锚之中"):
        get(server.url, stranger.anchor)


def test_another_authority_of_the_same_name_is_refused(ca: Authority, tmp_path: Path) -> None:
    namesake = authority(tmp_path)
    with raw(answer(b"ok"), ca.server()) as server, pytest.raises(Untrusted, match="公钥不符"):
        get(server.url, namesake.anchor)


def test_without_a_context_nothing_is_trusted(ca: Authority) -> None:
    with raw(answer(b"ok"), ca.server()) as server:
        with pytest.raises(Untrusted, match="信任锚"):
            HttpClient(Cancellation()).request("GET", server.url)
        assert server.requests == []


def test_no_context_of_ours_lets_anything_unverified_through() -> None:
    context = trust_context(())
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert context.cert_store_stats()["x509"] == 0


def test_https_to_a_plain_port_says_so() -> None:
    with raw(answer(b"ok"), kind=Hasty) as server, pytest.raises(NotHttp, match="没有以 TLS 答复"):
        HttpClient(Cancellation()).request("GET", f"https://127.0.0.1:{server.port}/")


def test_http_to_a_tls_port_is_no_answer_in_http(ca: Authority) -> None:
    with raw(answer(b"ok"), ca.server()) as server, pytest.raises(Undetermined):
        HttpClient(Cancellation()).request("GET", server.url.replace("https", "http"))


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_an_anchor_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "坏的.cer"
    path.write_bytes(content)
    with pytest.raises(Undetermined, match=r"坏的\.cer"):
        trust_context([path])


def test_a_missing_anchor_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Undetermined, match=r"没有的\.cer"):
        trust_context([tmp_path / "没有的.cer"])


def test_reach_verifies_as_well(ca: Authority) -> None:
    with raw(answer(b"ok"), ca.server()) as server:
        url = server.url.replace("https", "tls")
        assert HttpClient(Cancellation()).reach(url, context=trust_context([ca.anchor])).tls.startswith("TLSv1.")
        with pytest.raises(Untrusted):
            HttpClient(Cancellation()).reach(url, context=trust_context(()))
