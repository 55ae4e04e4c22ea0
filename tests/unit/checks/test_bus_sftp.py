"""A bus over SFTP: a real sshd with its internal-sftp, a folder that is read-only, and servers that answer wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from host_sshd import CAN_MOUNT, Account, Sshd, sshd
from host_world import Held

from app.base.cancellation import Cancellation
from app.checks import catalogue, runner
from app.checks.bus import round_trip, sftp, soap
from app.checks.model import Outcome, Result, Surroundings
from app.site.model import Bus, Site

PASSWORD = "总线Bus-1"
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs sshd, root and mount namespaces")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    folder = tmp_path_factory.mktemp("sftp-bus")
    account = Account("exchange", PASSWORD)
    with sshd(folder, "Subsystem sftp internal-sftp", kinds=("ed25519",), account=account) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "交换 区"
    place.mkdir()
    return place


def bus(server: Sshd, folder: Path | str, **more: object) -> Bus:
    target = Bus("bus1", url=f"sftp://exchange@127.0.0.1:{server.port}{folder}", probe="sftp-roundtrip", send=True)
    return replace(target, host_key=server.fingerprint("ed25519"), **more)  # type: ignore[arg-type]


def run(target: Bus, *ids: str, password: str = PASSWORD) -> dict[str, Result]:
    """The results by check id, of one run."""
    held = Held({"bus1": password} if password else {})
    around = Surroundings(Site("演示", "510000", targets=(target,)), held, Held({}), Cancellation())
    results: dict[str, Result] = {}
    planned = catalogue.plan(around.site, ids=[f"bus.{one}" for one in ids])
    runner.run(planned, around, lambda result: results.update({result.check.removeprefix("bus."): result}))
    return results


def logins(server: Sshd) -> int:
    return server.log.count("Accepted ") + server.log.count("Failed password")


def test_files_go_there_and_back_and_nothing_is_left(server: Sshd, folder: Path) -> None:
    before = logins(server)
    results = run(bus(server, folder), "port", "service", "round_trip", "latency")
    assert {name: (one.outcome, one.reason) for name, one in results.items()} == dict.fromkeys(
        ("port", "service", "round_trip", "latency"), (Outcome.PASS, "")
    )
    assert logins(server) == before + 1, "one log-in for all of them"
    assert list(folder.iterdir()) == []
    text = results["round_trip"].transcript
    assert text.count("→ 写入") == text.count("← 读回") == text.count("→ 删除") == 3 and PASSWORD not in text
    assert results["round_trip"].route == "SFTP"


def test_nothing_is_written_without_consent(server: Sshd, folder: Path) -> None:
    result = run(bus(server, folder, send=False), "round_trip")["round_trip"]
    assert result.outcome is Outcome.UNKNOWN and "未获准发送" in result.reason


def test_an_unknown_key_is_told_with_its_fingerprint_and_no_password_is_sent(server: Sshd, folder: Path) -> None:
    before = logins(server)
    results = run(replace(bus(server, folder), host_key=""), "service", "round_trip", "latency")
    assert {one.outcome for one in results.values()} == {Outcome.UNKNOWN}
    assert all(server.fingerprint("ed25519") in one.reason for one in results.values())
    assert "onsite trust" in results["service"].advice and logins(server) == before


def test_a_changed_key_fails_once_and_nothing_is_sent(server: Sshd, folder: Path) -> None:
    before = logins(server)
    results = run(replace(bus(server, folder), host_key=f"SHA256:{'A' * 43}"), "service", "round_trip", "latency")
    assert [results[name].outcome for name in ("service", "round_trip", "latency")] == [
        Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNKNOWN,
    ]  # fmt: skip
    assert "密钥变了" in results["service"].reason and logins(server) == before


def test_a_refused_password_fails_once_and_is_tried_once(server: Sshd, folder: Path) -> None:
    before = logins(server)
    results = run(bus(server, folder), "service", "round_trip", "latency", password="wrong")
    assert [results[name].outcome for name in ("service", "round_trip", "latency")] == [
        Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNKNOWN,
    ]  # fmt: skip
    assert "见 bus.service" in results["round_trip"].reason and logins(server) == before + 1


def test_without_a_password_nothing_is_judged(server: Sshd, folder: Path) -> None:
    results = run(bus(server, folder), "service", "round_trip", password="")
    assert {one.outcome for one in results.values()} == {Outcome.UNKNOWN}


def test_a_folder_that_is_not_there_fails(server: Sshd, folder: Path) -> None:
    results = run(bus(server, folder / "缺"), "service", "round_trip", "latency")
    assert results["service"].outcome is Outcome.FAIL and "没有这个文件或文件夹" in results["service"].reason
    assert results["round_trip"].outcome is Outcome.FAIL and "写入被拒绝" in results["round_trip"].reason
    assert results["latency"].outcome is Outcome.UNKNOWN


def test_a_file_where_a_folder_should_be_fails(server: Sshd, folder: Path) -> None:
    (folder / "x").write_text("y")
    result = run(bus(server, folder / "x"), "service")["service"]
    assert result.outcome is Outcome.FAIL and "不是文件夹" in result.reason


def test_a_server_that_takes_nothing_fails(tmp_path: Path, folder: Path) -> None:
    account = Account("exchange", PASSWORD)
    with sshd(tmp_path, "Subsystem sftp internal-sftp -R", kinds=("ed25519",), account=account) as readonly:
        results = run(bus(readonly, folder), "service", "round_trip", "latency")
    assert results["round_trip"].outcome is Outcome.FAIL and "写入被拒绝" in results["round_trip"].reason
    assert results["service"].outcome is results["latency"].outcome is Outcome.PASS


def test_a_server_without_sftp_is_undetermined(tmp_path: Path, folder: Path) -> None:
    with sshd(tmp_path, kinds=("ed25519",), account=Account("exchange", PASSWORD)) as bare:
        results = run(bus(bare, folder), "service", "round_trip", "latency")
    assert {one.outcome for one in results.values()} == {Outcome.UNKNOWN}
    assert "子系统 sftp" in results["service"].reason


REFUSES = "internal-sftp -P remove"


def test_a_file_that_could_not_be_removed_is_named(tmp_path: Path, folder: Path) -> None:
    account = Account("exchange", PASSWORD)
    with sshd(tmp_path, f"Subsystem sftp {REFUSES}", kinds=("ed25519",), account=account) as keeping:
        result = run(bus(keeping, folder), "round_trip")["round_trip"]
    (left,) = folder.iterdir()
    assert result.outcome is Outcome.WARN and str(left) in result.reason and "删除" in result.advice


def test_what_cannot_be_read_back_is_undetermined_and_removed(tmp_path: Path, folder: Path) -> None:
    account = Account("exchange", PASSWORD)
    with sshd(tmp_path, "Subsystem sftp internal-sftp -P read", kinds=("ed25519",), account=account) as sealed:
        result = run(bus(sealed, folder), "round_trip")["round_trip"]
    assert result.outcome is Outcome.UNKNOWN and "不能读回" in result.reason and list(folder.iterdir()) == []


MESSAGE = soap.fresh_message(1)
WHOLE = sftp.FileEcho(MESSAGE, "/x/a.tmp", 0.1, back=sftp.content_of(MESSAGE))


@pytest.mark.parametrize(
    ("changed", "outcome", "words"),
    [
        ({}, Outcome.UNKNOWN, "没有做完"),
        ({"left": "还在"}, Outcome.WARN, "/x/a.tmp 可能遗留在对方"),
        ({"back": None, "trouble": "写入后文件不见了"}, Outcome.UNKNOWN, "不见了"),
        ({"back": None, "trouble": "写入被拒绝", "refused": True}, Outcome.FAIL, "写入被拒绝"),
        ({"back": b""}, Outcome.FAIL, "被截断"),
        ({"back": sftp.content_of(MESSAGE)[:-1]}, Outcome.FAIL, "被截断"),
        ({"back": sftp.content_of(MESSAGE)[:-1], "left": "还在"}, Outcome.FAIL, "可能遗留在对方"),
        ({"back": sftp.content_of(MESSAGE) + b"!"}, Outcome.FAIL, "末尾多出"),
        ({"back": sftp.content_of(MESSAGE).decode().encode("gb18030")}, Outcome.FAIL, "被改成 GBK 编码"),
        ({"back": sftp.content_of(MESSAGE).replace(b"\n", b"\r\n")}, Outcome.FAIL, "换行符被改动"),
        ({"back": sftp.content_of(soap.fresh_message(1))}, Outcome.FAIL, "没有关联号"),
    ],
)
def test_a_file_is_judged_by_what_came_back(changed: dict[str, object], outcome: Outcome, words: str) -> None:
    echo = replace(WHOLE, **changed)  # type: ignore[arg-type]
    verdict = round_trip.compare_files([echo])
    assert verdict.outcome is outcome and words in verdict.reason and verdict.advice


def test_three_whole_files_pass() -> None:
    messages = [soap.fresh_message(number) for number in (1, 2, 3)]
    whole = [sftp.FileEcho(one, "/x/a.tmp", 0.1, back=sftp.content_of(one)) for one in messages]
    assert round_trip.compare_files(whole).outcome is Outcome.PASS
    assert round_trip.compare_files([whole[0]] * 3).outcome is Outcome.UNKNOWN
    assert round_trip.compare_files([]).outcome is Outcome.UNKNOWN


def test_what_is_shown_names_user_folder_and_the_file_and_no_password() -> None:
    target = Bus("bus1", url="sftp://exchange@10.0.0.1:2222/%E4%BA%A4%E6%8D%A2", probe="sftp-roundtrip", send=True)
    shown = {
        name: catalogue.check(f"bus.{name}").shows(target) for name in ("port", "service", "round_trip", "latency")
    }
    for name in ("service", "round_trip", "latency"):
        assert "10.0.0.1:2222" in shown[name][0] and "用户 exchange 登录一次" in shown[name][0]
        assert "/交换" in shown[name][1]
    assert "onsite-test-" in shown["round_trip"][1] and "3 次" in shown["round_trip"][1]
    assert soap.FRAGILE in shown["round_trip"][1] and "连续 10 次" in shown["latency"][1]
    assert "10.0.0.1:2222" in shown["port"][0]
