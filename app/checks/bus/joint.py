"""joint.report and joint.dispatch: whether what went up or down arrived whole, by the records of both ends and, where
the plan gives its addresses and the customer lets us send, by a live exchange of test batches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.base import clock
from app.base.identity import mask
from app.checks.addresses import BadUrl, address_of
from app.checks.bus import pairing
from app.checks.bus.batches import (
    Batch,
    announced,
    contradictions,
    differences,
    json_object,
    measured,
    objection,
    stated,
    trial_batch,
)
from app.checks.bus.pairing import ENDS, OWN, Leg, leg_of
from app.checks.bus.records import DISPATCH, REPORT, Record
from app.checks.bus.session import BusSession
from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import SEVERITY, Failed, Outcome, Undetermined, Verdict
from app.checks.pages import named_status
from app.checks.reading import refused_status
from app.checks.web import seen_elsewhere
from app.site.model import Bus, Site

LARGEST_DISPATCH = 32 << 20  # bytes
EXCHANGE_SECONDS = 20.0
ASK_THEM = "请与对方联系人核对其接收日志，再检查一次。"
BY_RECORDS = "记录文件"  # the route of a result that rests on records alone


def other_end(target: Bus) -> str:
    return ENDS.get(target.peer, "对端")


def with_a_peer(target: Bus, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.peer != "local"


def url_of(target: Bus, direction: str) -> str:
    """The address of the live exchange; empty where there is none."""
    return target.exchange.report if direction == REPORT else target.exchange.dispatch


def sends_here(target: Bus, direction: str) -> bool:
    """Whether this end is the sender: of reports to the ministry, of dispatches to a city."""
    return leg_of(target, direction).sender == OWN


@dataclass(frozen=True)
class Sent:
    """A batch that was sent, when, and the answer to it."""

    batch: Batch
    answer: HttpAnswer
    at: str = ""


@dataclass(frozen=True)
class Fetched:
    """What was handed out: as announced (None: not announced), as it arrived; the answer to the confirmation, which is
    sent only where both agree.
    """

    status: str
    refused: HttpAnswer | None = None
    empty: bool = False
    truncated: bool = False
    announced: Batch | None = None
    arrived: Batch | None = None
    confirmation: HttpAnswer | None = None
    at: str = ""


@dataclass(frozen=True)
class Joint:
    """What is known of one direction: the live exchange (or what came of trying it), and the records by end."""

    live: Sent | Fetched | Verdict | None = None
    records: Mapping[str, Record] = field(default_factory=dict)


def gather(direction: str) -> Callable[[BusSession, Bus], Joint]:
    """What gathers one direction."""

    def gathered(session: BusSession, target: Bus) -> Joint:
        session.begin()
        records = session.records.of(target.id, direction) if session.records else {}
        url = url_of(target, direction)
        if not url or not target.send:
            session.route = BY_RECORDS if records else ""
            return Joint(None, records)
        try:
            return Joint(_exchanged(session, target, direction, url), records)
        except (Failed, Undetermined) as error:
            if not records:
                raise
            return Joint(_trouble(error), records)

    return gathered


def _exchanged(session: BusSession, target: Bus, direction: str, url: str) -> Sent | Fetched:
    return _send(session, target, url) if sends_here(target, direction) else _fetch(session, target, url)


def _trouble(error: Failed | Undetermined) -> Verdict:
    """What the runner would make of it, so that the records are judged beside it."""
    if isinstance(error, Failed):
        return Verdict(Outcome.FAIL, error.expected, error.actual, error.actual, error.advice)
    return Verdict(Outcome.UNKNOWN, "", "", error.reason, error.advice)


def compare(direction: str) -> Callable[[Joint, Bus, Site], Verdict]:
    """What judges one direction: the graver of live exchange and records, each where there is one."""

    def compared(joint: Joint, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
        leg = leg_of(target, direction)
        verdicts = [_judge_live(joint.live, leg)] if joint.live is not None else []
        if joint.records:
            verdicts.append(pairing.judge(joint.records, leg))
        return _together(verdicts) if verdicts else _waiting(target, direction, leg)

    return compared


def _judge_live(live: Sent | Fetched | Verdict, leg: Leg) -> Verdict:
    if isinstance(live, Verdict):
        return live
    return judge_sent(live, leg) if isinstance(live, Sent) else judge_fetched(live, leg)


def _together(verdicts: list[Verdict]) -> Verdict:
    if len(verdicts) == 1:
        return verdicts[0]
    live, records = verdicts
    gravest = max(verdicts, key=lambda one: SEVERITY.index(one.outcome))
    said = [(name, one) for name, one in (("实时收发", live), ("两端记录", records))]
    actual = "；".join(f"{name}：{one.actual or one.reason}" for name, one in said)
    reason = "；".join(f"{name}：{one.reason}" for name, one in said if one.reason)
    expected = "；".join(one.expected for _, one in said if one.expected)
    observed = {**live.observed, "records": dict(records.observed)}
    return Verdict(gravest.outcome, expected, actual, reason, gravest.advice, observed)


def _waiting(target: Bus, direction: str, leg: Leg) -> Verdict:
    """There is nothing to judge by: which evidence is wanted."""
    expected = f"{leg}完整到达：批次号、条数、摘要、两端时间"
    advice = (
        f"请用监控软件实际收发一次，用 onsite record 记入本端的联调记录，用 onsite import 导入{leg.ends['other']}的，"
        "或在该步骤中附上回执；也可在 site.toml 的 exchange 中写明地址。"
    )
    reason = f"等待记录文件或回执：没有填写{leg}的地址，也没有两端的联调记录"
    if url_of(target, direction):
        reason = f"未获准发送：实时收发会在{leg.ends['other']}留下数据；也没有两端的联调记录"
        advice = (
            "客户同意后，在现场配置文件里给该对象写 send = true；或用两端的联调记录（onsite record、onsite import）。"
        )
    return Verdict(Outcome.UNKNOWN, expected, "", reason, advice)


def exchange(session: BusSession, target: Bus, method: str, url: str, **given: Any) -> HttpAnswer:
    """One request of the exchange. A refusal is the answer, unless it is the bus's own port, which bus.port judges."""
    try:
        return session.ask(method, url, seconds=EXCHANGE_SECONDS, **given)
    except ConnectionRefused as error:
        if _same_port(url, target.url):
            raise seen_elsewhere(error, "bus.port") from None
        raise


def _same_port(url: str, other: str) -> bool:
    try:
        one, two = address_of(url), address_of(other, any_scheme=True)
    except BadUrl:
        return False
    return (one.host, one.port) == (two.host, two.port)


# this end sends


def _send(session: BusSession, target: Bus, url: str) -> Sent:
    """A test batch. Its count and digest are not told: a receipt can only have them from what really arrived."""
    sent, content = trial_batch()
    session.note(f"测试批次 {sent.id}，{sent.count} 条，SHA-256 {sent.sha256}\n{content.decode()}")
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Batch-Id": sent.id}
    at = clock.stamp(clock.now())
    return Sent(sent, exchange(session, target, "POST", url, headers=headers, body=content), at)


def judge_sent(live: Sent, leg: Leg) -> Verdict:
    sent, answer, end = live.batch, live.answer, leg.ends[leg.receiver]
    expected = f"{end}回执的批次号、条数和摘要与发出的一致（{sent}）"
    if not 200 <= answer.status < 300:
        return refused_status(answer, expected)
    status = named_status(answer)
    if not answer.body.strip():
        return Verdict(Outcome.FAIL, expected, f"{status}，内容为空", f"{end}没有给回执", ASK_THEM)
    values = None if answer.truncated else json_object(answer.body)
    arrived = stated(values, values) if values is not None else None
    if values is None or arrived is None:
        reason = f"{end}的回执无法理解：没有批次号、条数和摘要"
        return Verdict(Outcome.UNKNOWN, expected, f"{status}，{len(answer.body)} 字节", reason, ASK_THEM)
    actual = f"{end}回执：{arrived}" + _received_at(values)
    observed = arrived.observed() | {"own": sent.observed() | {"at": live.at}}
    changed = differences(sent, arrived)
    if changed:
        return Verdict(Outcome.FAIL, expected, actual, f"{leg}途中：{'；'.join(changed)}", ASK_THEM, observed)
    if said := objection(values):
        return Verdict(said[0], expected, actual, f"{end}的回执{said[1]}", ASK_THEM, observed)
    return Verdict(Outcome.PASS, expected, actual, observed=observed)


def _received_at(values: dict[str, Any]) -> str:
    moment = values.get("received_at")
    return f"，收到时间 {moment[:40]}" if isinstance(moment, str) and moment else ""


# this end receives

EXPECTED_DISPATCH = "取到的条数和摘要与下发端所报一致，确认被接受"


def _fetch(session: BusSession, target: Bus, url: str) -> Fetched:
    # The records may be of people: nothing of them goes into the transcript.
    answer = exchange(session, target, "GET", url, limit=LARGEST_DISPATCH, kept=0)
    fetched = _handed_out(answer)
    if not _whole(fetched):
        return fetched
    session.note(f"取到 {fetched.arrived}")
    return Fetched(
        fetched.status,
        announced=fetched.announced,
        arrived=fetched.arrived,
        confirmation=_confirm(session, target, url, fetched),
        at=fetched.at,
    )


def _handed_out(answer: HttpAnswer) -> Fetched:
    status = named_status(answer)
    if not 200 <= answer.status < 300:
        return Fetched(status, refused=answer)
    if not answer.body.strip() or answer.truncated:
        return Fetched(status, empty=not answer.truncated, truncated=answer.truncated)
    told = announced(answer.headers)
    arrived = measured(told.id if told else "", answer.body)
    return Fetched(status, announced=told, arrived=arrived, at=clock.stamp(clock.now()))


def _whole(fetched: Fetched) -> bool:
    return fetched.announced is not None and fetched.announced == fetched.arrived


def _confirm(session: BusSession, target: Bus, url: str, fetched: Fetched) -> HttpAnswer:
    """Tells the sender what arrived. Raises Undetermined, saying that the batch was taken."""
    assert fetched.arrived is not None
    body = json.dumps(fetched.arrived.observed()).encode()
    headers = {"Content-Type": "application/json"}
    try:
        return exchange(session, target, "POST", url, headers=headers, body=body)
    except ConnectionRefused as error:
        raise Undetermined(f"已完整取到{fetched.arrived}，但确认时被拒绝连接：{error.actual}", ASK_THEM) from None
    except Undetermined as error:
        raise Undetermined(f"已完整取到{fetched.arrived}，但确认没有得到答复：{error.reason}", ASK_THEM) from None


def judge_fetched(fetched: Fetched, leg: Leg) -> Verdict:
    end, expected = leg.ends[leg.sender], EXPECTED_DISPATCH
    if fetched.refused is not None:
        return refused_status(fetched.refused, expected)
    if fetched.empty:
        advice = f"请{end}联系人安排一批待取的数据，再检查一次。"
        reason = f"{end}没有{'待下发' if leg.direction == DISPATCH else '待上报'}的数据"
        return Verdict(Outcome.UNKNOWN, expected, f"{fetched.status}，内容为空", reason, advice)
    if fetched.truncated:
        reason = f"内容超过 {LARGEST_DISPATCH >> 20} MiB，没有取完，也没有确认"
        return Verdict(Outcome.UNKNOWN, expected, fetched.status, reason, "请用监控软件接收，并附上两端的记录。")
    told, arrived = fetched.announced, fetched.arrived
    if told is None or arrived is None:
        count = arrived.count if arrived else 0
        reason = f"{end}没有报出批次号、条数和摘要，无法核对"
        return Verdict(Outcome.UNKNOWN, expected, f"{fetched.status}，{count} 条，没有确认", reason, ASK_THEM)
    changed = differences(told, arrived)
    if changed:
        reason = f"{leg}途中：{'；'.join(changed)}；没有确认"
        return Verdict(Outcome.FAIL, expected, f"取到{arrived}", reason, ASK_THEM, arrived.observed())
    return _judge_confirmation(fetched.confirmation, arrived, end, fetched.at)


def _judge_confirmation(answer: HttpAnswer | None, arrived: Batch, end: str, at: str) -> Verdict:
    actual, observed = f"取到{arrived}", arrived.observed() | {"own": arrived.observed() | {"at": at}}
    if answer is None:
        return Verdict(Outcome.UNKNOWN, EXPECTED_DISPATCH, actual, "没有送出确认", "请再检查一次。", observed)
    if not 200 <= answer.status < 300:
        verdict = refused_status(answer, EXPECTED_DISPATCH)
        reason = f"数据已完整取到，但确认没有被接受：{verdict.reason}"
        return Verdict(verdict.outcome, EXPECTED_DISPATCH, f"{actual}；{verdict.actual}", reason, ASK_THEM, observed)
    values = None if answer.truncated else json_object(answer.body)
    accepted = values.get("accepted") if values is not None else None
    if values is None or not isinstance(accepted, bool):
        reason = f"数据已完整取到，但{end}没有答复确认是否被接受"
        return Verdict(Outcome.UNKNOWN, EXPECTED_DISPATCH, actual, reason, ASK_THEM, observed)
    if not accepted:
        words = values.get("reason")
        told = mask(words)[:300] if isinstance(words, str) and words else "未说明原因"
        return Verdict(Outcome.FAIL, EXPECTED_DISPATCH, actual, f"{end}没有接受确认：{told}", ASK_THEM, observed)
    if other := contradictions(values, arrived):
        reason = f"{end}确认的与取到的不一致：{'；'.join(other)}"
        return Verdict(Outcome.FAIL, EXPECTED_DISPATCH, actual, reason, ASK_THEM, observed)
    if said := objection(values):
        return Verdict(said[0], EXPECTED_DISPATCH, actual, f"{end}的确认{said[1]}", ASK_THEM, observed)
    return Verdict(Outcome.PASS, EXPECTED_DISPATCH, f"{actual}，{end}已接受确认", observed=observed)
