"""joint.report: the receipt of the other end is compared with what was sent; what it lacks or changes is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from joint_reporting import at, bus, receipt
from rehearsal_small_world import SmallWorld
from web_servers import CHECKS, Background, Raw, answer, judged, raw, refused_port, session, silent, site

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.model import Outcome, Verdict
from app.rehearsal.ministry import Ministry

REPORT = CHECKS["joint.report"]


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path)


@pytest.fixture
def ministry(world: SmallWorld) -> Iterator[Ministry]:
    server = Ministry(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def test_a_batch_that_arrives_whole_passes_with_its_receipt(ministry: Ministry, world: SmallWorld) -> None:
    verdict = judged(REPORT, at(ministry.port))
    assert verdict.outcome is Outcome.PASS and "收到时间" in verdict.actual
    (kept,) = (world.folder / "ministry").glob("*.txt")
    content = kept.read_bytes()
    assert verdict.observed["sha256"] == hashlib.sha256(content).hexdigest()
    assert verdict.observed["count"] == len(content.splitlines()) == 3
    assert verdict.observed["id"].startswith("TEST-")


def test_without_a_receipt_it_failed(ministry: Ministry, world: SmallWorld) -> None:
    world.switch("ministry-no-receipt")
    verdict = judged(REPORT, at(ministry.port))
    assert verdict.outcome is Outcome.FAIL and verdict.reason == "部端没有给回执"
    world.switch()
    assert judged(REPORT, at(ministry.port)).outcome is Outcome.PASS


def test_the_batch_is_plainly_a_test(ministry: Ministry, world: SmallWorld) -> None:
    judged(REPORT, at(ministry.port))
    (kept,) = (world.folder / "ministry").glob("*.txt")
    assert all(line.startswith("TEST|TEST-") and "可删除" in line for line in kept.read_text("utf-8").splitlines())


def against(say: Callable[[bytes], bytes]) -> Verdict:
    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(say(request))

    with raw(talk) as server:
        verdict = judged(REPORT, at(server.port))
        assert len(server.requests) == 1
    return verdict


def telling(**changed: Any) -> Callable[[bytes], bytes]:
    return lambda request: answer(json.dumps(receipt(request, **changed)))


@pytest.mark.parametrize(
    ("say", "outcome", "words"),
    [
        (telling(), Outcome.PASS, ""),
        (telling(count="3"), Outcome.PASS, ""),
        (lambda request: answer(json.dumps(receipt(request)), "202 Accepted"), Outcome.PASS, ""),
        (lambda request: answer(json.dumps(receipt(request)).upper().replace("ID", "id")), Outcome.UNKNOWN, "无法理解"),
        (telling(count=2), Outcome.FAIL, "少了 1 条"),
        (telling(count=0), Outcome.FAIL, "少了 3 条"),
        (telling(count=4), Outcome.FAIL, "多了 1 条"),
        (telling(sha256="0" * 64), Outcome.FAIL, "内容被改动"),
        (telling(id="TEST-another"), Outcome.FAIL, "批次号是 TEST-another"),
        (telling(count=2, sha256="0" * 64), Outcome.FAIL, "上报（本端→部端）途中：少了 1 条"),
        (lambda r: answer(json.dumps(receipt(r)).replace("{", '{"count": 2, ', 1)), Outcome.UNKNOWN, "无法理解"),
        (telling(count=None), Outcome.UNKNOWN, "无法理解"),
        (telling(sha256=None), Outcome.UNKNOWN, "无法理解"),
        (telling(id=None), Outcome.UNKNOWN, "无法理解"),
        (telling(count=True), Outcome.UNKNOWN, "无法理解"),
        (telling(count=3.0), Outcome.UNKNOWN, "无法理解"),
        (telling(count=-3), Outcome.UNKNOWN, "无法理解"),
        (telling(sha256="abc"), Outcome.UNKNOWN, "无法理解"),
        (telling(id=7), Outcome.UNKNOWN, "无法理解"),
        (lambda request: answer("[]"), Outcome.UNKNOWN, "无法理解"),
        (lambda request: answer("[" * 100_000), Outcome.UNKNOWN, "无法理解"),
        (lambda request: answer("<html>ok</html>"), Outcome.UNKNOWN, "无法理解"),
        (lambda request: answer(b"\xff\xfe\x00"), Outcome.UNKNOWN, "无法理解"),
        (lambda request: answer("", "202 Accepted"), Outcome.FAIL, "没有给回执"),
        (lambda request: answer("", "204 No Content"), Outcome.FAIL, "没有给回执"),
        (lambda request: answer(" \r\n"), Outcome.FAIL, "没有给回执"),
        (lambda request: answer("", "400 Bad Request"), Outcome.FAIL, "400"),
        (lambda request: answer("", "500 Error"), Outcome.FAIL, "500"),
        (lambda request: answer("", "401 Unauthorized"), Outcome.UNKNOWN, "401"),
        (lambda request: answer("", "403 Forbidden"), Outcome.UNKNOWN, "403"),
        (lambda request: answer("", "302 Found", Location="/login"), Outcome.UNKNOWN, "/login"),
        (lambda request: answer(json.dumps(receipt(request)))[:-5], Outcome.UNKNOWN, "只到一半"),
        (lambda request: b"", Outcome.UNKNOWN, "没有答复就断开"),
    ],
    ids=range(33),
)
def test_a_receipt_is_compared_with_what_was_sent(say: Callable[[bytes], bytes], outcome: Outcome, words: str) -> None:
    verdict = against(say)
    assert verdict.outcome is outcome and words in verdict.reason
    assert outcome is Outcome.PASS or verdict.advice


def test_without_a_url_records_or_a_receipt_are_awaited() -> None:
    verdict = judged(REPORT, bus(""))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "等待记录文件或回执" in verdict.reason and "附上" in verdict.advice and "onsite record" in verdict.advice
    assert REPORT.shows(bus("")) == ()


def test_it_concerns_other_ends_only_and_needs_consent() -> None:
    assert REPORT.sends and REPORT.kind == "joint" and REPORT.table == "bus"
    assert [REPORT.concerns(bus("", peer), site()) for peer in ("local", "ministry", "city")] == [False, True, True]


def test_a_city_reports_up_to_this_end() -> None:
    """Its reports come to this end, and are asked for there."""
    batch = "TEST|甲\n".encode()
    digest = hashlib.sha256(batch).hexdigest()
    announced = {"X_Batch_Id": "SB-1", "X_Record_Count": "2", "X_Content_SHA256": digest}
    with raw(answer(batch, **announced)) as server:
        verdict = judged(REPORT, bus(server.url, "city"))
        assert [request.split()[0] for request in server.requests] == [b"GET"]
    assert verdict.outcome is Outcome.FAIL and verdict.reason.startswith("上报（市端→本端）途中：少了 1 条")


def test_a_refused_exchange_fails_unless_the_port_check_says_so_already() -> None:
    port = refused_port()
    assert judged(REPORT, at(port)).outcome is Outcome.FAIL
    url = f"http://127.0.0.1:{port}/"
    verdict = judged(REPORT, bus(f"{url}report", url=f"{url}bus"))
    assert verdict.outcome is Outcome.UNKNOWN and "见 bus.port" in verdict.reason


def test_cancel_ends_a_report_that_waits_for_its_receipt() -> None:
    cancellation = Cancellation()
    opened = session(cancellation=cancellation)
    with raw(silent) as server:
        running = Background(lambda: REPORT.gather(opened, at(server.port)))
        assert server.asked.wait(5)
        cancellation.cancel()
        assert isinstance(running.outcome(), CancelledError)


def test_a_receipt_cannot_be_copied_from_what_the_request_said() -> None:
    with raw(answer("", "202 Accepted")) as server:
        judged(REPORT, at(server.port))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert hashlib.sha256(body).hexdigest().encode() not in head and b"Count" not in head


def test_without_leave_nothing_is_sent_and_records_are_awaited() -> None:
    with raw(answer("", "202 Accepted")) as server:
        verdict = judged(REPORT, replace(at(server.port), send=False))
        assert server.requests == []
    assert verdict.outcome is Outcome.UNKNOWN and "未获准发送" in verdict.reason and "onsite import" in verdict.advice


def test_what_is_shown_names_the_url_and_the_batch() -> None:
    (shown,) = REPORT.shows(at(8099))
    assert "POST http://127.0.0.1:8099/exchange/report" in shown and "TEST-" in shown
