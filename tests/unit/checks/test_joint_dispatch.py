"""joint.dispatch: what arrived is what was announced, and only then is it confirmed; each leg's loss is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import CHECKS, Background, Raw, answer, judged, raw, refused_port, session, silent, site

from app.checks.bus import joint
from app.checks.model import Outcome, Undetermined, Verdict
from app.rehearsal.ministry import DISPATCH_RECORDS, Ministry
from app.site.model import Bus, Exchange

DISPATCH = CHECKS["joint.dispatch"]
BATCH = "510000|甲\r\n\r\n510000|乙\r\n".encode()
DIGEST = hashlib.sha256(BATCH).hexdigest()
WHOLE = {"X_Batch_Id": "XF-1", "X_Record_Count": "2", "X_Content_SHA256": DIGEST.upper()}
ACCEPTED = answer(json.dumps({"id": "XF-1", "accepted": True}))


@pytest.fixture
def ministry(tmp_path: Path) -> Iterator[Ministry]:
    server = Ministry(SmallWorld(tmp_path), 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def bus(dispatch: str, peer: str = "ministry") -> Bus:
    exchange = Exchange(dispatch=dispatch)
    return Bus("bus-ministry", url="http://127.0.0.1:1/bus", peer=peer, send=True, exchange=exchange)


def against(handed_out: bytes, confirmed: bytes = ACCEPTED) -> tuple[Verdict, list[bytes]]:
    """The verdict on an end that answers GET and POST so, and what it was asked."""

    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(handed_out if request.startswith(b"GET") else confirmed)

    with raw(talk) as server:
        return judged(DISPATCH, bus(f"{server.url}dispatch")), server.requests


def test_a_batch_that_arrives_whole_is_confirmed_and_passes(ministry: Ministry, tmp_path: Path) -> None:
    verdict = judged(DISPATCH, bus(f"http://127.0.0.1:{ministry.port}/exchange/dispatch"))
    assert verdict.outcome is Outcome.PASS
    (batch,) = ministry.dispatched.values()
    assert {**verdict.observed, "own": ""} == {
        "id": batch.id, "count": len(DISPATCH_RECORDS), "sha256": batch.sha256, "own": "",
    }  # fmt: skip
    (kept,) = (tmp_path / "ministry").glob("*.json")
    assert json.loads(kept.read_text("utf-8")) == {"differing": []}


def test_the_confirmation_says_what_really_arrived() -> None:
    verdict, requests = against(answer(BATCH, **WHOLE))
    assert verdict.outcome is Outcome.PASS
    assert json.loads(requests[1].partition(b"\r\n\r\n")[2]) == {"id": "XF-1", "count": 2, "sha256": DIGEST}


@pytest.mark.parametrize(
    ("handed_out", "outcome", "words"),
    [
        (answer(BATCH, **{**WHOLE, "X_Record_Count": "3"}), Outcome.FAIL, "下发（部端→本端）途中：少了 1 条"),
        (answer(BATCH, **{**WHOLE, "X_Record_Count": "1"}), Outcome.FAIL, "多了 1 条"),
        (answer(BATCH, **{**WHOLE, "X_Content_SHA256": "0" * 64}), Outcome.FAIL, "内容被改动"),
        (answer(BATCH), Outcome.UNKNOWN, "没有报出"),
        (answer(BATCH, **{**WHOLE, "X_Batch_Id": ""}), Outcome.UNKNOWN, "没有报出"),
        (answer(BATCH, **{**WHOLE, "X_Record_Count": "many"}), Outcome.UNKNOWN, "没有报出"),
        (answer(BATCH, **{**WHOLE, "X_Record_Count": "-2"}), Outcome.UNKNOWN, "没有报出"),
        (answer(BATCH, **{**WHOLE, "X_Content_SHA256": "abc"}), Outcome.UNKNOWN, "没有报出"),
        (answer(b"", **WHOLE), Outcome.UNKNOWN, "没有待下发的数据"),
        (answer(b"", "204 No Content"), Outcome.UNKNOWN, "没有待下发的数据"),
        (answer(b"", "404 Not Found"), Outcome.FAIL, "404"),
        (answer(b"", "500 Error"), Outcome.FAIL, "500"),
        (answer(b"", "401 Unauthorized"), Outcome.UNKNOWN, "401"),
        (answer(b"", "302 Found", Location="/login"), Outcome.UNKNOWN, "/login"),
        (answer(BATCH, **WHOLE)[:-3], Outcome.UNKNOWN, "只到一半"),
        (b"nonsense\n", Outcome.UNKNOWN, "不是 HTTP"),
    ],
    ids=range(16),
)
def test_what_did_not_arrive_whole_is_named_and_never_confirmed(
    handed_out: bytes, outcome: Outcome, words: str
) -> None:
    verdict, requests = against(handed_out)
    assert verdict.outcome is outcome and words in verdict.reason and verdict.advice
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("confirmed", "outcome", "words"),
    [
        (answer('{"accepted": true}'), Outcome.PASS, ""),
        (answer('{"accepted": false, "reason": "与下发内容不一致：count"}'), Outcome.FAIL, "与下发内容不一致：count"),
        (answer('{"accepted": false}'), Outcome.FAIL, "未说明原因"),
        (answer('{"id": "XF-2", "accepted": true}'), Outcome.FAIL, "XF-2"),
        (answer('{"accepted": "true"}'), Outcome.UNKNOWN, "没有答复确认是否被接受"),
        (answer("{}"), Outcome.UNKNOWN, "没有答复确认是否被接受"),
        (answer(""), Outcome.UNKNOWN, "没有答复确认是否被接受"),
        (answer("", "202 Accepted"), Outcome.UNKNOWN, "没有答复确认是否被接受"),
        (answer("<html>ok</html>"), Outcome.UNKNOWN, "没有答复确认是否被接受"),
        (answer("", "404 Not Found"), Outcome.FAIL, "确认没有被接受"),
        (answer("", "500 Error"), Outcome.FAIL, "确认没有被接受"),
        (answer("", "403 Forbidden"), Outcome.UNKNOWN, "确认没有被接受"),
        (b"", Outcome.UNKNOWN, "确认没有得到答复"),
        (b"nonsense\n", Outcome.UNKNOWN, "确认没有得到答复"),
    ],
    ids=range(14),
)
def test_a_confirmation_counts_only_when_it_is_accepted(confirmed: bytes, outcome: Outcome, words: str) -> None:
    verdict, requests = against(answer(BATCH, **WHOLE), confirmed)
    assert verdict.outcome is outcome and words in verdict.reason
    assert len(requests) == 2


def test_a_dispatch_that_is_too_large_is_neither_judged_nor_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "LARGEST_DISPATCH", len(BATCH) - 1)
    verdict, requests = against(answer(BATCH, **WHOLE))
    assert verdict.outcome is Outcome.UNKNOWN and "没有取完" in verdict.reason and len(requests) == 1
    monkeypatch.setattr(joint, "LARGEST_DISPATCH", len(BATCH))
    assert against(answer(BATCH, **WHOLE))[0].outcome is Outcome.PASS


def test_no_record_of_a_person_goes_into_the_transcript() -> None:
    opened = session()
    with raw(answer(BATCH, **WHOLE)) as server:
        judged(DISPATCH, bus(server.url), opened)
    text = opened.transcript.text()
    assert "XF-1" in text and "甲" not in text.split("POST")[0]


def test_without_a_url_records_or_a_receipt_are_awaited() -> None:
    verdict = judged(DISPATCH, bus(""))
    assert verdict.outcome is Outcome.UNKNOWN and "等待记录文件或回执" in verdict.reason and verdict.advice
    assert DISPATCH.shows(bus("")) == ()


def test_it_concerns_other_ends_only_and_needs_consent() -> None:
    assert DISPATCH.sends and DISPATCH.kind == "joint"
    assert [DISPATCH.concerns(bus("", peer), site()) for peer in ("local", "ministry", "city")] == [False, True, True]


def test_a_city_is_sent_its_dispatch_and_asked_for_a_receipt() -> None:
    with raw(answer("", "202 Accepted")) as server:
        verdict = judged(DISPATCH, bus(server.url, "city"))
        assert [request.split()[0] for request in server.requests] == [b"POST"]
    assert verdict.outcome is Outcome.FAIL and verdict.reason == "市端没有给回执"


def test_a_refused_exchange_fails() -> None:
    assert judged(DISPATCH, bus(f"http://127.0.0.1:{refused_port()}/")).outcome is Outcome.FAIL


def test_abort_keeps_the_confirmation_from_being_sent() -> None:
    opened = session()
    with raw(silent) as server:
        running = Background(lambda: DISPATCH.gather(opened, bus(server.url)))
        assert server.asked.wait(5)
        opened.abort()
        assert isinstance(running.outcome(), Undetermined)
        assert len(server.requests) == 1


def test_what_is_shown_says_that_the_batch_counts_as_received() -> None:
    get, post = DISPATCH.shows(bus("http://127.0.0.1:8099/exchange/dispatch"))
    assert get.startswith("GET http://127.0.0.1:8099/exchange/dispatch") and "不保存" in get
    assert post.startswith("POST http://127.0.0.1:8099/exchange/dispatch") and "记为已收到" in post
