"""The records of both ends held against each other: whole at both is the only pass, each loss is named with its leg."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_servers import CHECKS, answer, judged, raw, session, site

from app.base.cancellation import Cancellation
from app.base.clock import CHINA
from app.checks.bus import pairing
from app.checks.bus.pairing import OTHER, OWN, leg_of
from app.checks.bus.records import DISPATCH, REPORT, Head, Item, Record
from app.checks.bus.session import BusSession
from app.checks.model import Outcome, Surroundings, Verdict
from app.site.model import Bus, Exchange

A, B = "a" * 64, "b" * 64
WHEN = datetime(2026, 1, 5, 14, 0, 0, tzinfo=CHINA)
MINISTRY = Bus("bus-ministry", url="http://127.0.0.1:1/bus", peer="ministry")
CITY = replace(MINISTRY, id="city-a", peer="city")
LEG = leg_of(MINISTRY, REPORT)


def item(batch: str = "B-1", after: float = 0.0, **changed: Any) -> Item:
    return replace(Item(batch, 3, A, WHEN + timedelta(seconds=after)), **changed)


def own(*items: Item, **head: Any) -> Record:
    return Record(Head("report", "sent", "province", role="实施商", **head), items)


def other(*items: Item, **head: Any) -> Record:
    return Record(Head("report", "received", "ministry", role="部端工作人员", **head), items)


def judge(sent: Record | None, received: Record | None) -> Verdict:
    held = {end: record for end, record in ((OWN, sent), (OTHER, received)) if record is not None}
    return pairing.judge(held, LEG)


def test_what_is_whole_at_both_ends_passes() -> None:
    verdict = judge(own(item(), item("B-2")), other(item("B-2", 5), item(after=2)))
    assert verdict.outcome is Outcome.PASS and verdict.reason == ""
    for words in ("本端发出 2 批、6 条", "部端收到 2 批、6 条", "部端工作人员", "2～5 秒", "时钟偏差未知"):
        assert words in verdict.actual


@pytest.mark.parametrize(("held", "words"), [((OWN,), "部端"), ((OTHER,), "本端"), ((), "本端、部端")])
def test_one_end_alone_is_undetermined_and_says_whose_record_is_missing(held: tuple[str, ...], words: str) -> None:
    both = {OWN: own(item()), OTHER: other(item(after=1))}
    verdict = pairing.judge({end: both[end] for end in held}, LEG)
    assert verdict.outcome is Outcome.UNKNOWN and f"缺少{words}的联调记录" in verdict.reason and verdict.advice


@pytest.mark.parametrize(
    ("received", "words"),
    [
        ((item("B-2", 1),), "丢失 B-1"),
        ((item(after=1), item("B-2", 1), item("B-3", 1)), "收端多出（发端记录中没有） B-3"),
        ((item(after=1), item(after=2), item("B-2", 1)), "重复收到 B-1（2 次）"),
        ((item(after=1, count=2), item("B-2", 1)), "B-1 少了 1 条（发出 3 条，收到 2 条）"),
        ((item(after=1, count=4), item("B-2", 1)), "B-1 多了 1 条"),
        ((item(after=1, sha256=B), item("B-2", 1)), "B-1 内容被改动"),
        ((item(after=1, sha256=B), item(after=2), item("B-2", 1)), "B-1 内容被改动"),
        ((item(after=1, count=2, sha256="", time=None), item("B-2", 1)), "少了 1 条"),
    ],
)
def test_what_was_lost_doubled_or_changed_fails_and_names_the_leg(received: tuple[Item, ...], words: str) -> None:
    verdict = judge(own(item(), item("B-2")), other(*received))
    assert verdict.outcome is Outcome.FAIL and words in verdict.reason and verdict.advice
    assert verdict.reason.startswith("上报（本端→部端）途中：")


def test_a_batch_of_nothing_that_comes_with_records_was_changed() -> None:
    assert judge(own(item(count=0)), other(item(after=1))).outcome is Outcome.FAIL


def test_a_batch_sent_twice_is_named() -> None:
    verdict = judge(own(item(), item()), other(item(after=1)))
    assert verdict.outcome is Outcome.FAIL and "重复发出 B-1（2 次）" in verdict.reason


@pytest.mark.parametrize(
    ("sent", "received", "words"),
    [
        (own(), other(item()), "本端的记录里一个批次也没有"),
        (own(item()), other(), "部端的记录里一个批次也没有"),
        (own(), other(), "一个批次也没有"),
        (own(item()), other(item(after=1, sha256="")), "部端的记录没有写全摘要"),
        (own(item(count=None)), other(item(after=1)), "本端的记录没有写全条数"),
        (own(item(count=0)), other(item(count=0, after=1)), "各批都是 0 条"),
        (own(item()), other(item(after=1, time=None)), "部端的记录没有写全时间"),
        (own(item()), replace(other(item(after=1)), whole=False), "不完整"),
        (own(item()), other(item(after=1)), ""),
        (own(item()), replace(other(item(after=1)), head=Head()), "没有写明由谁"),
        (own(item()), own(item(after=1)), "不是上报（本端→部端）这一端的"),
        (own(item()), replace(other(item(after=1)), head=Head("dispatch", role="x")), "不是上报"),
        (own(item(), project="p"), other(item(), project="p"), "像是同一份"),
        (own(item()), replace(other(item()), head=Head(role="实施商")), "像是同一份"),
    ],
)
def test_what_does_not_say_all_that_is_needed_is_undetermined(sent: Record, received: Record, words: str) -> None:
    verdict = judge(sent, received)
    assert verdict.outcome is (Outcome.UNKNOWN if words else Outcome.PASS) and words in verdict.reason


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (0.0, Outcome.PASS),
        (86400.0, Outcome.PASS),
        (-59.999, Outcome.PASS),
        (-60.0, Outcome.WARN),
        (-299.999, Outcome.WARN),
        (-300.0, Outcome.UNKNOWN),
    ],
)
def test_what_came_before_it_went_is_noticed_at_its_bounds(after: float, outcome: Outcome) -> None:
    verdict = judge(own(item(), item("B-2")), other(item(after=after), item("B-2", 1)))
    assert verdict.outcome is outcome
    assert outcome is Outcome.PASS or ("比发出时间早" in verdict.reason and "时钟偏差未知" in verdict.reason)


def test_times_are_compared_with_the_clocks_put_right() -> None:
    early = other(item(after=-400), clock=-401.0)
    assert judge(own(item(), clock=0.0), early).outcome is Outcome.PASS
    assert judge(own(item(), clock=-401.0), early).outcome is Outcome.UNKNOWN
    assert "部端时钟偏差 -401.0 秒" in judge(own(item(), clock=0.0), early).actual


@pytest.mark.parametrize(
    ("target", "direction", "words", "sender"),
    [
        (MINISTRY, REPORT, "上报（本端→部端）", OWN),
        (MINISTRY, DISPATCH, "下发（部端→本端）", OTHER),
        (CITY, REPORT, "上报（市端→本端）", OTHER),
        (CITY, DISPATCH, "下发（本端→市端）", OWN),
    ],
)
def test_reports_go_up_and_dispatches_down(target: Bus, direction: str, words: str, sender: str) -> None:
    leg = leg_of(target, direction)
    assert str(leg) == words and leg.sender == sender


batches = st.lists(st.sampled_from([item(f"B-{n}", count=c, sha256=d) for n in (1, 2) for c in (1, 2) for d in (A, B)]))


@given(batches, batches)
def test_only_the_same_batches_at_both_ends_ever_pass(sent: list[Item], received: list[Item]) -> None:
    outcome = judge(own(*sent), other(*received)).outcome
    alike = sorted(map(repr, sent)) == sorted(map(repr, received)) and len({one.id for one in sent}) == len(sent)
    assert (outcome is Outcome.PASS) == (alike and bool(sent))


class Held:
    """The records that a project holds."""

    def __init__(self, **records: Record) -> None:
        self._records = records

    def of(self, target_id: str, direction: str) -> dict[str, Record]:
        return self._records if (target_id, direction) == ("bus-ministry", "report") else {}


def with_records(**records: Record) -> BusSession:
    around = Surroundings(site(), session(), session(), Cancellation(), records=Held(**records))  # type: ignore[arg-type]
    return BusSession(around)


def test_the_check_judges_the_records_that_the_project_holds() -> None:
    opened = with_records(own=own(item()), other=other(item(after=1)))
    assert judged(CHECKS["joint.report"], MINISTRY, opened).outcome is Outcome.PASS
    assert opened.route == "记录文件"
    assert judged(CHECKS["joint.dispatch"], MINISTRY, opened).outcome is Outcome.UNKNOWN
    assert judged(CHECKS["joint.report"], CITY, opened).outcome is Outcome.UNKNOWN, "each leg by itself"


@pytest.mark.parametrize(("count", "outcome"), [(3, Outcome.FAIL), (2, Outcome.FAIL)])
def test_a_live_exchange_that_fails_is_not_made_good_by_records(count: int, outcome: Outcome) -> None:
    with raw(answer("", "202 Accepted")) as server:
        live = replace(MINISTRY, send=True, exchange=Exchange(report=server.url))
        verdict = judged(
            CHECKS["joint.report"], live, with_records(own=own(item()), other=other(item(count=count, after=1)))
        )
    assert verdict.outcome is outcome and "实时收发：部端没有给回执" in verdict.reason
    assert ("少了 1 条" in verdict.reason) == (count == 2)


def test_a_live_exchange_without_an_answer_does_not_hide_what_the_records_say() -> None:
    with raw(b"") as server:
        live = replace(MINISTRY, send=True, exchange=Exchange(report=server.url))
        lost = with_records(own=own(item(), item("B-2")), other=other(item(after=1)))
        assert judged(CHECKS["joint.report"], live, lost).outcome is Outcome.FAIL
        whole = with_records(own=own(item()), other=other(item(after=1)))
        assert judged(CHECKS["joint.report"], live, whole).outcome is Outcome.UNKNOWN
