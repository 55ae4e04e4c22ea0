"""A profile taken into a project still leads to every file it names; private keys stay where they were."""

from __future__ import annotations

import os
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from site_examples import CERTIFICATE, EXAMPLE, PUBLIC, STORE, write_example

from app.base.errors import InputError, UnavailableError
from app.site.files import is_public
from app.site.model import Certificate
from app.site.profile import copy_into, load, referenced_files


def copied(tmp_path: Path, text: str = EXAMPLE) -> Path:
    """The project into which the example, lying elsewhere, was copied."""
    copy_into(write_example(tmp_path / "source", text), tmp_path / "project")
    return tmp_path / "project"


def every_file(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def contents(profile: Path) -> list[tuple[str, ...]]:
    return [target.contents for target in load(profile).targets if isinstance(target, Certificate)]


def test_public_files_are_copied_and_private_ones_stay(tmp_path: Path) -> None:
    project = copied(tmp_path)
    assert every_file(project) == {"site.toml", *PUBLIC}
    assert (project / "ca.cer").read_bytes() == (tmp_path / "source" / "ca.cer").read_bytes()


def test_the_copy_differs_only_in_the_path_of_what_stayed(tmp_path: Path) -> None:
    store = (tmp_path / "source" / "keys" / "person.p12").as_posix()
    expected = EXAMPLE.replace("'file:keys/person.p12'", f'"file:{store}"')
    assert (copied(tmp_path) / "site.toml").read_text(encoding="utf-8") == expected


def test_the_copy_leads_to_the_same_contents_and_the_same_digests(tmp_path: Path) -> None:
    project = copied(tmp_path)
    here, there = load(tmp_path / "source" / "site.toml"), load(project / "site.toml")
    assert [target.digest() for target in there.targets] == [target.digest() for target in here.targets]
    assert all(len(line.rpartition("=")[2]) >= 64 for line in contents(project / "site.toml")[0][1:])


def test_public_files_from_elsewhere_are_taken_in_under_their_own_names(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "root.cer").write_bytes(CERTIFICATE + folder.encode())
    text = EXAMPLE.replace('["ca.cer"]', f'["../a/root.cer", "{(tmp_path / "b" / "root.cer").as_posix()}"]')
    project = copied(tmp_path, text)
    names = sorted(path.name for path in (project / "certificates").iterdir())
    assert len(names) == 2 and all(name.startswith("root-") and name.endswith(".cer") for name in names)
    shutil.rmtree(tmp_path / "a")
    shutil.rmtree(tmp_path / "b")
    site = load(project / "site.toml")
    assert [path.read_bytes()[-1:] for path in site.trust] == [b"a", b"b"]
    assert all(path.is_relative_to(project) for path in site.trust)


def test_a_file_beside_the_profile_named_by_its_whole_path_becomes_relative(tmp_path: Path) -> None:
    text = EXAMPLE.replace('["ca.cer"]', f'["{(tmp_path / "source" / "ca.cer").as_posix()}"]')
    project = copied(tmp_path, text)
    shutil.rmtree(tmp_path / "source")
    assert load(project / "site.toml").trust == (project / "ca.cer",)
    assert load(project / "site.toml").trust[0].is_file()


def test_a_public_certificate_as_a_source_is_copied(tmp_path: Path) -> None:
    (tmp_path / "person.crt").write_bytes(CERTIFICATE + b"person")
    project = copied(tmp_path, EXAMPLE.replace("keys/person.p12", "../person.crt"))
    (tmp_path / "person.crt").unlink()
    (path,) = [path for path in referenced_files(load(project / "site.toml")) if path.suffix == ".crt"]
    assert path.read_bytes() == CERTIFICATE + b"person" and path.parent == project / "certificates"


def test_a_file_that_is_not_there_yet_may_come_beside_the_copy(tmp_path: Path) -> None:
    profile = write_example(tmp_path / "source")
    (tmp_path / "source" / "ca.crl").unlink()
    copy_into(profile, tmp_path / "project")
    (device, *_) = load(tmp_path / "project" / "site.toml").of_kind("certificate")
    assert isinstance(device, Certificate) and device.crl == (tmp_path / "project" / "ca.crl",)


def test_a_token_driver_is_never_copied(tmp_path: Path) -> None:
    write_example(tmp_path / "source")
    (tmp_path / "source" / "driver.cer").write_bytes(CERTIFICATE)  # whatever it is called
    for source, written in (
        ("token:opensc.so", "token:opensc.so"),
        ("token:./driver.cer", f"token:{(tmp_path / 'source' / 'driver.cer').as_posix()}"),
    ):
        project = copied(tmp_path, EXAMPLE.replace("file:keys/person.p12", source))
        values = tomllib.loads((project / "site.toml").read_text(encoding="utf-8"))
        assert values["certificate"][1]["source"] == written
        assert "driver.cer" not in every_file(project)


def test_copying_again_follows_the_profile_and_leaves_the_rest_untouched(tmp_path: Path) -> None:
    project = copied(tmp_path)
    before = {name: (project / name).stat().st_mtime_ns for name in PUBLIC}
    (tmp_path / "source" / "ca.crl").write_bytes(CERTIFICATE + b"newer")
    copied_again = EXAMPLE.replace("port = 1521", "port = 40001")
    (tmp_path / "source" / "site.toml").write_text(copied_again, encoding="utf-8")
    copy_into(tmp_path / "source" / "site.toml", project)
    assert "port = 40001" in (project / "site.toml").read_text(encoding="utf-8")
    assert (project / "ca.crl").read_bytes() == CERTIFICATE + b"newer"
    assert [name for name in PUBLIC if (project / name).stat().st_mtime_ns != before[name]] == ["ca.crl"]
    assert every_file(project) == {"site.toml", *PUBLIC}


def test_a_profile_inside_the_project_is_copied_up_and_its_stores_named_relatively(tmp_path: Path) -> None:
    """As the rehearsal's is: the whole project can then be moved with them."""
    profile = write_example(tmp_path / "project" / "rehearsal")
    copy_into(profile, tmp_path / "project")
    copy_into(profile, tmp_path / "project")
    text = (tmp_path / "project" / "site.toml").read_text(encoding="utf-8")
    assert '"file:rehearsal/keys/person.p12"' in text
    before = [target.digest() for target in load(tmp_path / "project" / "site.toml").targets]
    shutil.move(tmp_path / "project", tmp_path / "moved")
    assert [target.digest() for target in load(tmp_path / "moved" / "site.toml").targets] == before


def test_a_profile_copied_onto_itself_changes_nothing(tmp_path: Path) -> None:
    profile = write_example(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in every_file(tmp_path)}
    copy_into(profile, tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in every_file(tmp_path)} == before


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_stay_as_they_were(tmp_path: Path, bom: bytes) -> None:
    profile = write_example(tmp_path / "source")
    lines = EXAMPLE.encode().split(b"\n")
    mixed = bom + b"".join(line + (b"\r\n" if nth % 3 else b"\n") for nth, line in enumerate(lines))
    profile.write_bytes(mixed)
    copy_into(profile, tmp_path / "project")
    store = (tmp_path / "source" / "keys" / "person.p12").as_posix()
    expected = mixed.replace(b"'file:keys/person.p12'", f'"file:{store}"'.encode())
    assert (tmp_path / "project" / "site.toml").read_bytes() == expected


def test_names_with_chinese_blanks_quotes_and_backslashes_still_lead_there(tmp_path: Path) -> None:
    source = tmp_path / '现场 "甲" \\ 1'
    profile = write_example(source)
    copy_into(profile, tmp_path / "project")
    assert contents(tmp_path / "project" / "site.toml") == contents(profile)


def test_a_mistake_in_the_profile_writes_nothing(tmp_path: Path) -> None:
    profile = write_example(tmp_path / "source", EXAMPLE.replace("port = 1521", "port = 0"))
    with pytest.raises(InputError):
        copy_into(profile, tmp_path / "project")
    assert not (tmp_path / "project").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "project").write_bytes(b"in the way")
    with pytest.raises(UnavailableError, match="project"):
        copied(tmp_path)


def test_a_relative_project_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_example(tmp_path / "source")
    monkeypatch.chdir(tmp_path)
    copy_into(Path("source/site.toml"), Path("project"))
    assert every_file(tmp_path / "project") == {"site.toml", *PUBLIC}


def test_only_public_files_that_are_there_are_referenced_each_once(tmp_path: Path) -> None:
    project = copied(tmp_path)
    assert set(referenced_files(load(project / "site.toml"))) == {project / name for name in PUBLIC}
    assert len(referenced_files(load(project / "site.toml"))) == len(PUBLIC)
    (project / "ca.crl").unlink()
    assert project / "ca.crl" not in referenced_files(load(project / "site.toml"))


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_to_a_key_store_is_no_certificate(tmp_path: Path) -> None:
    profile = write_example(tmp_path / "source")
    (tmp_path / "source" / "encrypt.cer").unlink()
    (tmp_path / "source" / "encrypt.cer").symlink_to("keys/person.p12")
    copy_into(profile, tmp_path / "project")
    assert not any(path.read_bytes().startswith(STORE) for path in (tmp_path / "project").rglob("*.*"))
    assert tmp_path / "source" / "encrypt.cer" not in referenced_files(load(profile))


KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "示例")])
NOW = datetime.now(UTC)
LEAF = (
    x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(KEY.public_key()).serial_number(1)
    .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(KEY, hashes.SHA256())
)  # fmt: skip
REVOKED = (
    x509.CertificateRevocationListBuilder().issuer_name(NAME).last_update(NOW).next_update(NOW + timedelta(days=1))
    .sign(KEY, hashes.SHA256())
)  # fmt: skip
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
PLAIN, SEALED = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"p")
PKCS8, TRADITIONAL = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    "content",
    [
        LEAF.public_bytes(DER), LEAF.public_bytes(PEM), REVOKED.public_bytes(DER), REVOKED.public_bytes(PEM),
        pkcs7.serialize_certificates([LEAF], DER), pkcs7.serialize_certificates([LEAF], PEM), b"", b"0", b"text",
    ],
)  # fmt: skip
def test_certificates_and_revocation_lists_are_public(content: bytes) -> None:
    assert is_public(Path("a.cer"), content)


@pytest.mark.parametrize(
    "content",
    [
        pkcs12.serialize_key_and_certificates(b"n", KEY, LEAF, None, SEALED),
        pkcs12.serialize_key_and_certificates(b"n", KEY, LEAF, None, PLAIN),
        *(KEY.private_bytes(form, kind, PLAIN) for form in (DER, PEM) for kind in (PKCS8, TRADITIONAL)),
        *(RSA_KEY.private_bytes(form, kind, PLAIN) for form in (DER, PEM) for kind in (PKCS8, TRADITIONAL)),
        *(KEY.private_bytes(form, PKCS8, SEALED) for form in (DER, PEM)),
        LEAF.public_bytes(PEM) + KEY.private_bytes(PEM, PKCS8, PLAIN),
        b"\xfe\xed\xfe\xed\x00\x00\x00\x02", b"\xce\xce\xce\xce\x00\x00\x00\x02",
    ],
)  # fmt: skip
def test_keys_and_key_stores_are_not_whatever_they_are_called(content: bytes) -> None:
    assert not is_public(Path("a.cer"), content)


@pytest.mark.parametrize("name", ["a.pfx", "a.p12", "a.jks", "a.key", "a.so", "a.dll", "a", "a.P12", "a.toml"])
def test_a_key_stores_ending_is_never_public(name: str) -> None:
    assert not is_public(Path(name), LEAF.public_bytes(DER))
