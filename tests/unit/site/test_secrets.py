"""A password comes from the variable, this session or an encrypted keyring; what is no such keyring gets none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null
from keyring.errors import InitError, KeyringLocked

from app.base import redaction
from app.base.errors import InputError
from app.site.secrets import ENCRYPTED, KeyringSecrets, variable

SERVICE = "onsite/p1/db1"


def disguised(name: str, base: type[KeyringBackend]) -> Any:
    """An instance of ``base`` under the class name ``name``: the systems' keyrings are not here to be used."""
    module, _, title = name.rpartition(".")
    return type(title, (base,), {"__module__": module, "__qualname__": title})()


class Memory(KeyringBackend):
    """A keyring that keeps what it is given."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Broken(Memory):
    error: Exception = KeyringLocked()

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


class Forgetful(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        """Takes it and keeps nothing, as a chainer without members does."""


class Prompting(Memory):
    """Waits for a person who does not come."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self.answered.wait()
        return super().get_password(service, username)


@pytest.fixture(autouse=True)
def own_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test sets is taken back; nothing of this machine's keyring is touched."""
    before = keyring.core._keyring_backend
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    monkeypatch.delenv("ONSITE_SECRET_DB1", raising=False)
    monkeypatch.setattr(redaction, "_forbidden", ())
    yield
    keyring.core._keyring_backend = before


def use(backend: KeyringBackend) -> Any:
    keyring.set_keyring(backend)
    return backend


UNENCRYPTED: list[Any] = [null.Keyring(), fail.Keyring(), Memory()]  # type: ignore[no-untyped-call]
REAL = "keyring.backends.SecretService.Keyring"


def test_a_rehearsal_sites_own_password_comes_before_a_real_sites_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSITE_SECRET_DB1", "of-the-real-site")
    secrets = KeyringSecrets("p1")
    secrets.impose("db1", "of-the-rehearsal")
    assert secrets.get("db1") == "of-the-rehearsal"


def test_the_variable_comes_first_then_the_session_then_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    use(disguised(REAL, Memory)).kept[SERVICE, "db1"] = "stored"
    secrets = KeyringSecrets("p1")
    assert secrets.get("db1") == "stored"
    secrets.remember("db1", "remembered")
    assert secrets.get("db1") == "remembered"
    monkeypatch.setenv("ONSITE_SECRET_DB1", "given")
    assert secrets.get("db1") == "given"
    monkeypatch.setenv("ONSITE_SECRET_DB1", "")
    assert secrets.get("db1") == "remembered"


@pytest.mark.parametrize(
    ("target_id", "name"),
    [("db1", "ONSITE_SECRET_DB1"), ("app-host-2", "ONSITE_SECRET_APP_HOST_2"), ("signer", "ONSITE_SECRET_SIGNER")],
)
def test_the_variable_is_named_after_the_target(target_id: str, name: str) -> None:
    assert variable(target_id) == name


@pytest.mark.parametrize("name", sorted(ENCRYPTED - {"keyring.backends.Windows.WinVaultKeyring"}))
def test_the_systems_keyrings_keep_a_password_for_the_next_session(name: str) -> None:
    backend = use(disguised(name, Memory))
    assert KeyringSecrets("p1").set("db1", "密码 pass-1") == ""
    assert backend.kept == {(SERVICE, "db1"): "密码 pass-1"}
    assert KeyringSecrets("p1").get("db1") == "密码 pass-1"
    assert KeyringSecrets("p2").get("db1") is None


def test_windows_keeps_it_on_this_machine_and_not_more_than_a_credential_holds() -> None:
    backend = use(disguised("keyring.backends.Windows.WinVaultKeyring", Memory))
    secrets = KeyringSecrets("p1")
    assert secrets.set("db1", "密" * 1280) == "" and backend.persist == "local machine"
    assert "1280 个字符" in secrets.set("db1", "密" * 1281)
    assert "1280 个字符" in secrets.set("db1", "😀" * 641)
    assert secrets.get("db1") == "😀" * 641
    assert backend.kept[SERVICE, "db1"] == "密" * 1280


@pytest.mark.parametrize("backend", UNENCRYPTED, ids=lambda one: type(one).__module__)
def test_what_is_no_encrypted_keyring_is_never_used(backend: KeyringBackend) -> None:
    use(backend)
    secrets = KeyringSecrets("p1")
    sentence = secrets.set("db1", "pass-1")
    assert sentence.endswith("口令只在本次运行中保留，下次要再输入。") and "pass-1" not in sentence
    assert secrets.get("db1") == "pass-1"
    assert getattr(backend, "kept", {}) == {}
    assert KeyringSecrets("p1").get("db1") is None


def test_a_class_that_is_derived_from_an_encrypted_one_is_not_it() -> None:
    from keyring.backends.SecretService import Keyring

    class Redirected(Keyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            raise AssertionError("the password left")

    use(Redirected())  # type: ignore[no-untyped-call]
    assert KeyringSecrets("p1").set("db1", "pass-1") != ""


def test_of_a_chain_only_the_encrypted_members_are_used() -> None:
    plain, real = Memory(), disguised(REAL, Memory)
    plain.kept[SERVICE, "db1"] = "planted"

    class Chain(chainer.ChainerBackend):
        backends = (plain, real)

    use(disguised("keyring.backends.chainer.ChainerBackend", Chain))
    assert KeyringSecrets("p1").get("db1") is None
    assert KeyringSecrets("p1").set("db1", "pass-1") == ""
    assert plain.kept == {(SERVICE, "db1"): "planted"} and real.kept == {(SERVICE, "db1"): "pass-1"}


def test_a_chain_without_an_encrypted_member_is_no_keyring() -> None:
    class Chain(chainer.ChainerBackend):
        backends = (Memory(),)

    use(disguised("keyring.backends.chainer.ChainerBackend", Chain))
    assert "没有可用的系统密钥环" in KeyringSecrets("p1").set("db1", "pass-1")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyringLocked("x"), "没有解锁"), (InitError("x"), "没有可用的系统密钥环"),
        (OSError("pass-1"), "不能用（OSError）"),
        (RuntimeError("x"), "不能用（RuntimeError）"),
    ],
)  # fmt: skip
def test_a_keyring_that_is_locked_or_broken_is_no_wrong_password(
    error: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    use(disguised(REAL, type("Failing", (Broken,), {"error": error})))
    secrets = KeyringSecrets("p1")
    with caplog.at_level(logging.DEBUG):
        assert secrets.get("db1") is None
        assert said in secrets.trouble
        assert said in secrets.set("db1", "pass-1")
    assert secrets.get("db1") == "pass-1"
    assert "pass-1" not in caplog.text


def test_a_keyring_that_takes_a_password_and_keeps_nothing_is_told() -> None:
    use(disguised(REAL, Forgetful))
    secrets = KeyringSecrets("p1")
    assert "没有存下口令" in secrets.set("db1", "pass-1")
    assert secrets.get("db1") == "pass-1"


def test_a_prompt_that_nobody_answers_is_waited_for_once_and_not_for_ever() -> None:
    backend = use(disguised(REAL, Prompting))
    secrets = KeyringSecrets("p1", seconds=0.05)
    try:
        began = time.monotonic()
        assert [secrets.get(f"db{nth}") for nth in range(20)] == [None] * 20
        assert time.monotonic() - began < 2
        assert backend.asked == 1 and "没有回应" in secrets.trouble
        assert "没有回应" in secrets.set("db1", "pass-1")
        assert secrets.get("db1") == "pass-1"
    finally:
        backend.answered.set()


def test_a_keyring_that_was_unlocked_late_is_asked_again() -> None:
    backend = use(disguised(REAL, Prompting))
    backend.kept[SERVICE, "db1"] = "stored"
    secrets = KeyringSecrets("p1", seconds=0.05)
    assert secrets.get("db1") is None
    backend.answered.set()
    hanging = secrets._hanging
    assert hanging is not None
    hanging.join(10)
    assert secrets.get("db1") == "stored" and secrets.trouble == ""


def test_many_lanes_that_ask_at_once_make_one_prompt() -> None:
    backend = use(disguised(REAL, Prompting))
    secrets = KeyringSecrets("p1", seconds=0.2)
    lanes = [threading.Thread(target=secrets.get, args=(f"db{nth}",)) for nth in range(5)]
    try:
        for one in lanes:
            one.start()
        for one in lanes:
            one.join(10)
        assert backend.asked == 1
    finally:
        backend.answered.set()


def test_a_password_once_given_out_is_taken_out_of_whatever_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSITE_SECRET_DB1", "given-1")
    secrets = KeyringSecrets("p1")
    secrets.get("db1")
    secrets.remember("db2", "remembered-1")
    assert redaction.redact("given-1 remembered-1") == f"{redaction.MARK} {redaction.MARK}"


def test_an_empty_password_is_refused() -> None:
    for keep in (KeyringSecrets("p1").set, KeyringSecrets("p1").remember):
        with pytest.raises(InputError):
            keep("db1", "")


def test_no_password_stands_in_how_the_secrets_are_shown() -> None:
    secrets = KeyringSecrets("p1")
    secrets.remember("db1", "pass-1")
    assert "pass-1" not in repr(secrets)
