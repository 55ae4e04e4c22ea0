"""The way in, against a real OpenSSH server: keys of every kind, refusals, old algorithms. Attempts are counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from host_sshd import SSHD, sshd
from host_world import host, run, surroundings

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
pytestmark = pytest.mark.skipif(not SSHD or os.geteuid() != 0, reason="needs OpenSSH's server and root")
USER = "no-such-user"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_whichever_of_its_keys_was_recorded_is_recognised(tmp_path: Path, kind: str) -> None:
    with sshd(tmp_path) as server:
        target = host(server.port, user=USER, host_key=server.fingerprint(kind))
        results = run(surroundings(target), "port", "key")
    assert results["port"].outcome is PASS and results["port"].actual.startswith("SSH-2.0-OpenSSH")
    assert results["key"].outcome is PASS and server.fingerprint(kind) in results["key"].actual


def test_a_key_that_is_none_of_its_own_fails_and_no_user_is_named_to_the_server(tmp_path: Path) -> None:
    wrong = "SHA256:" + "A" * 43
    with sshd(tmp_path) as server:
        results = run(surroundings(host(server.port, user=USER, host_key=wrong)))
    assert results["key"].outcome is FAIL
    assert wrong in results["key"].reason and server.fingerprint("ed25519") in results["key"].reason
    assert {results[name].outcome for name in results if name not in ("port", "key")} == {UNKNOWN}
    assert USER not in server.log and "Failed" not in server.log


def test_an_unknown_key_is_shown_as_openssh_shows_it(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        key = run(surroundings(host(server.port, user=USER)), "key")["key"]
    assert key.outcome is UNKNOWN and server.fingerprint("ed25519") in key.reason
    assert USER not in server.log


def test_a_refused_password_is_tried_once(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        target = host(server.port, user=USER, host_key=server.fingerprint("ed25519"))
        results = run(surroundings(target, passwords={"app-host": "wrong-9"}))
    assert results["login"].outcome is FAIL
    assert all(results[name].outcome is UNKNOWN for name in ("os", "disk", "memory", "java", "processes", "clock"))
    assert server.log.count("Failed password") == 1
    assert "wrong-9" not in repr(results)


def test_a_server_that_hangs_up_after_the_first_refusal_has_refused(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxAuthTries 1") as server:
        target = host(server.port, user=USER, host_key=server.fingerprint("ed25519"))
        results = run(surroundings(target, passwords={"app-host": "wrong-9"}), "login", "os")
    assert (results["login"].outcome, results["os"].outcome) == (FAIL, UNKNOWN)
    assert server.log.count("Failed password") == 1


def test_a_server_that_takes_keys_only_is_undetermined_and_gets_no_password(tmp_path: Path) -> None:
    with sshd(tmp_path, "PasswordAuthentication no", "KbdInteractiveAuthentication no") as server:
        target = host(server.port, user=USER, host_key=server.fingerprint("ed25519"))
        login = run(surroundings(target), "login")["login"]
    assert login.outcome is UNKNOWN and "publickey" in login.reason
    assert "Failed password" not in server.log


OLD = ("KexAlgorithms diffie-hellman-group14-sha1", "HostKeyAlgorithms ssh-rsa", "Ciphers aes128-cbc", "MACs hmac-sha1")


def test_old_algorithms_stay_off_unless_the_profile_asks_and_are_then_a_finding(tmp_path: Path) -> None:
    with sshd(tmp_path, *OLD, kinds=("rsa",)) as server:
        known = server.fingerprint("rsa")
        off = run(surroundings(host(server.port, user=USER, host_key=known)), "port", "key", "login")
        on = run(surroundings(host(server.port, user=USER, host_key=known, legacy_algorithms=True)), "key", "login")
    assert off["port"].outcome is PASS
    assert (off["key"].outcome, off["login"].outcome) == (UNKNOWN, UNKNOWN)
    assert "legacy_algorithms" in off["key"].advice
    for name in ("diffie-hellman-group14-sha1", "ssh-rsa", "aes128-cbc", "hmac-sha1"):
        assert name in off["key"].reason
    assert on["key"].outcome is WARN
    for name in ("diffie-hellman-group14-sha1", "ssh-rsa", "aes128-cbc", "hmac-sha1"):
        assert name in on["key"].reason
    assert on["login"].outcome is FAIL  # the password is nobody's


def test_new_algorithms_are_no_finding_where_old_ones_are_allowed(tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        target = host(server.port, user=USER, host_key=server.fingerprint("rsa"), legacy_algorithms=True)
        assert run(surroundings(target), "key")["key"].outcome is PASS


def test_algorithms_that_nobody_has_any_more_are_named_and_no_switch_is_advised(tmp_path: Path) -> None:
    with sshd(tmp_path, "Ciphers chacha20-poly1305@openssh.com") as server:
        target = host(server.port, user=USER, host_key=server.fingerprint("rsa"))
        key = run(surroundings(target), "key")["key"]
    assert key.outcome is UNKNOWN and "chacha20-poly1305@openssh.com" in key.reason
    assert "legacy_algorithms" not in key.advice
