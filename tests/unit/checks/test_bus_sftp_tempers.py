"""SFTP servers that alter, lose, keep or never answer: named, bounded, and what may be left there is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from host_world import Held, fingerprint
from sftp_tempers import PASSWORD, serving

from app.base.cancellation import Cancellation
from app.checks import catalogue, runner
from app.checks.model import Outcome, Result, Surroundings
from app.site.model import Bus, Site


def result(tmp_path: Path, temper: str) -> tuple[Result, list[Path]]:
    """bus.round_trip at such a server, and the files that are left."""
    folder = tmp_path / "in"
    folder.mkdir()
    with serving(tmp_path, temper) as server:
        url = f"sftp://exchange@127.0.0.1:{server.port}{folder}"
        key = fingerprint(tmp_path / "sftp-key")
        target = Bus("bus1", url=url, probe="sftp-roundtrip", send=True, host_key=key)
        site = Site("演示", "510000", targets=(target,))
        around = Surroundings(site, Held({"bus1": PASSWORD}), Held({}), Cancellation())
        found: list[Result] = []
        runner.run(catalogue.plan(site, ids=("bus.round_trip",)), around, found.append)
    return found[0], list(folder.iterdir())


@pytest.mark.parametrize(
    ("temper", "outcome", "words"),
    [
        ("healthy", Outcome.PASS, ""),
        ("garbles", Outcome.FAIL, "变成了 '?'"),
        ("gbk", Outcome.FAIL, "被改成 GBK 编码"),
        ("cuts", Outcome.FAIL, "被截断：只回来前 60 个字节"),
        ("grows", Outcome.FAIL, "末尾多出 1 个字节"),
        ("endless", Outcome.FAIL, "没有关联号"),
        ("loses", Outcome.UNKNOWN, "文件不见了"),
        ("full", Outcome.FAIL, "写入被拒绝"),
    ],
)
def test_what_the_server_does_to_the_file_is_named_and_nothing_is_left(
    tmp_path: Path, temper: str, outcome: Outcome, words: str
) -> None:
    found, left = result(tmp_path, temper)
    assert (found.outcome, left) == (outcome, []) and words in found.reason, found
    assert outcome is Outcome.PASS or found.advice


def test_a_removal_that_is_only_said_to_be_done_is_not_believed(tmp_path: Path) -> None:
    found, (left,) = result(tmp_path, "keeps")
    assert found.outcome is Outcome.WARN and f"{left} 可能遗留在对方" in found.reason


def test_a_server_that_hangs_costs_a_bounded_time_and_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.checks.bus.round_trip.FILE_SECONDS", 1.5)
    found, (left,) = result(tmp_path, "hangs")
    assert found.outcome is Outcome.UNKNOWN and "时限内没有答复" in found.reason
    assert f"{left} 可能遗留在对方" in found.reason and found.seconds < 10
