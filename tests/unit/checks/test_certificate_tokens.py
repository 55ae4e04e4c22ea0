"""token: sources: SoftHSM2's tokens read without a PIN, and drivers that are missing, foreign, crash or hang."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
import tokens
from certificate_making import DAY, NOW, Issued, issue, rsa_key, run, write

from app.base.cancellation import Cancellation
from app.checks.certificate import token, token_child
from app.checks.certificate.token import Driver, library_kind
from app.checks.model import Failed, Outcome, Result, Undetermined
from app.site.model import Certificate

PASS, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
LONG = NOW + 3000 * DAY
SIGNS, ENCRYPTS = ("digital_signature",), ("key_encipherment",)


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=LONG)


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tokens.configure(tmp_path)
    monkeypatch.setenv("SOFTHSM2_CONF", str(path))
    return path


def seen(*ids: str, driver: str = "", role: str = "personal", trust: tuple[Path, ...] = ()) -> dict[str, Result]:
    target = Certificate("c", source=f"token:{driver or tokens.driver()}", role=role, trust=trust)
    return run(target, *(ids or ("source", "key")))


def person(root: Issued, common: str = "张三", flags: tuple[str, ...] = SIGNS, **more: object) -> Issued:
    return root.issue(common, flags=flags, purposes=(), **{"end": LONG, **more})


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_certificate_is_read_without_a_pin_and_its_public_key_compared(
    tmp_path: Path, conf: Path, root: Issued, kind: str
) -> None:
    own = person(root, own=rsa_key(2048) if kind == "rsa" else None)
    tokens.fill(conf, "就业监测", (own, b"\x01", own), (root, b"\x02", None))
    trusted = write(tmp_path / "root.cer", root.der)
    results = seen("source", "validity", "chain", "usage", "key", trust=(trusted,))
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert "就业监测" in results["source"].actual and "CN=张三" in results["source"].actual
    assert tokens.PIN not in repr(results) and "不登录" in results["source"].transcript


def test_a_public_key_of_another_with_the_same_id_fails(conf: Path, root: Issued) -> None:
    own = person(root)
    tokens.fill(conf, "a", (own, b"\x01", person(root)))
    assert seen("key")["key"].outcome is FAIL


def test_without_a_public_key_object_nothing_is_said_of_the_key(conf: Path, root: Issued) -> None:
    tokens.fill(conf, "a", (person(root), b"\x01", None))
    results = seen()
    assert results["source"].outcome is PASS and results["key"].outcome is NONE


def test_both_certificates_of_a_person_are_a_pair(conf: Path, root: Issued) -> None:
    one, other = person(root), person(root, flags=ENCRYPTS)
    tokens.fill(conf, "a", (other, b"\x02", other), (one, b"\x01", one))
    results = seen("source", "pair", "key")
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert one.parsed.serial in results["source"].actual


def test_several_persons_are_not_chosen_between(conf: Path, root: Issued) -> None:
    tokens.fill(conf, "a", (person(root), b"\x01", None), (person(root, "李四"), b"\x02", None))
    result = seen("source")["source"]
    assert result.outcome is UNKNOWN and "张三" in result.reason and "李四" in result.reason


def test_several_tokens_are_named_and_none_is_chosen(conf: Path, root: Issued) -> None:
    tokens.fill(conf, "甲", (person(root), b"\x01", None))
    tokens.fill(conf, "乙", (person(root, "李四"), b"\x01", None))
    result = seen("source")["source"]
    assert result.outcome is UNKNOWN and "甲" in result.reason and "乙" in result.reason


def test_an_empty_token_beside_the_one_meant_does_no_harm(conf: Path, root: Issued) -> None:
    tokens.fill(conf, "空")
    tokens.fill(conf, "甲", (person(root), b"\x01", None))
    assert seen("source")["source"].outcome is PASS


def test_no_token_fails_and_no_certificate_is_undetermined(conf: Path, root: Issued) -> None:
    result = seen("source")["source"]
    assert result.outcome is FAIL and "没有插入令牌" in result.actual
    tokens.fill(conf, "空")
    result = seen("source")["source"]
    assert result.outcome is UNKNOWN and "不试 PIN" in result.advice


def test_what_only_a_log_in_shows_is_not_looked_for(conf: Path, root: Issued) -> None:
    tokens.fill(conf, "a", (person(root), b"\x01", None), hidden=True)
    assert seen("source")["source"].outcome is UNKNOWN


def test_a_driver_that_is_missing_or_none_fails(tmp_path: Path) -> None:
    for path in (tmp_path / "none.so", write(tmp_path / "text.so", b"not a library")):
        results = seen(driver=str(path))
        assert results["source"].outcome is FAIL and path.name in results["source"].actual
        assert results["key"].outcome is UNKNOWN
    bare = seen("source", driver="libonsite-no-such-driver.so")["source"]
    assert bare.outcome is FAIL and "加载不了" in bare.actual


@pytest.mark.skipif(sys.platform != "linux", reason="an ELF library without PKCS#11 in it")
def test_a_library_that_is_no_pkcs11_driver_fails(tmp_path: Path) -> None:
    library = built(tmp_path, "int nothing(void) { return 0; }")
    assert seen("source", driver=library)["source"].outcome is FAIL


ELF32 = b"\x7fELF\x01\x01\x01" + bytes(60)
ELF64 = b"\x7fELF\x02\x01\x01" + bytes(60)


def pe(machine: int) -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", machine) + bytes(40)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (ELF32, ("Linux", 32)),
        (ELF64, ("Linux", 64)),
        (pe(0x014C), ("Windows", 32)),
        (pe(0x8664), ("Windows", 64)),
        (pe(0x1234), ("Windows", 0)),
        (b"MZ", ("Windows", 0)),
        (b"\x7fELF", ("Linux", 0)),
        (b"\xcf\xfa\xed\xfe", ("macOS", 64)),
        (b"", ("", 0)),
        (b"#!/bin/sh", ("", 0)),
    ],
)
def test_the_word_size_is_read_from_the_file(head: bytes, kind: tuple[str, int]) -> None:
    assert library_kind(head) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="what is foreign depends on the system")
def test_a_driver_of_another_word_size_or_system_is_undetermined(tmp_path: Path) -> None:
    for content, word in ((ELF32, "32 位"), (pe(0x014C), "Windows"), (pe(0x8664), "Windows")):
        result = seen("source", driver=str(write(tmp_path / "d.so", content)))["source"]
        assert result.outcome is UNKNOWN and word in result.reason


def built(folder: Path, source: str) -> str:
    """A shared library of this C source: a driver that misbehaves."""
    import subprocess

    (folder / "bad.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "bad.so", "bad.c"], cwd=folder, check=True, capture_output=True)
    return str(folder / "bad.so")


def test_what_kills_or_stops_the_process_is_undetermined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own beginning, before any function of it is asked for."""
    begins = "__attribute__((constructor)) static void begin(void)"
    crashing = built(tmp_path, f"{begins} {{ *(volatile int *)0 = 1; }}")
    result = seen("source", driver=crashing)["source"]
    assert result.outcome is UNKNOWN and "崩溃" in result.reason
    ending = built(tmp_path, f"#include <stdlib.h>\n{begins} {{ exit(3); }}")
    assert seen("source", driver=ending)["source"].outcome is UNKNOWN
    hanging = built(tmp_path, f"#include <unistd.h>\n{begins} {{ for (;;) pause(); }}")
    with pytest.raises(Undetermined, match="没有回应"):
        Driver().ask(hanging, 1.0)


def test_cancelling_ends_a_driver_that_hangs(tmp_path: Path) -> None:
    import threading

    hanging = built(
        tmp_path, "#include <unistd.h>\n__attribute__((constructor)) static void begin(void) { for (;;) pause(); }"
    )
    driver = Driver()
    troubles: list[BaseException] = []

    def ask() -> None:
        try:
            driver.ask(hanging, 60)
        except Undetermined as error:
            troubles.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    driver.abort()
    asking.join(20)
    assert not asking.is_alive() and len(troubles) == 1
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Undetermined):
        driver.ask(hanging)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"tokens": None},
        {"tokens": [{"label": "a", "trouble": "DeviceError"}]},
        {"tokens": [{"label": "a", "certificates": [{"value": "????"}]}]},
        {"tokens": [{"label": "a", "certificates": [{}]}]},
        {"stage": "slots", "trouble": "GeneralError"},
        {"stage": "load", "detail": "wrong ELF class: ELFCLASS32"},
    ],
)
def test_nonsense_from_the_driver_is_no_pass(told: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    class Lying(Driver):
        def ask(self, module: str, seconds: float = 0.0) -> dict[str, object]:
            return told

    with pytest.raises((Undetermined, Failed)):
        token.material_of("driver.so", "personal", Lying(), lambda line: None)


def test_labels_in_gbk_are_shown_rightly() -> None:
    assert token_child._text("令牌".encode("gb18030") + b"  ") == "令牌"
    assert token_child._text("令牌".encode()) == "令牌"
