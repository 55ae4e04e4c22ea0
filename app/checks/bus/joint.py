"""joint.report and joint.dispatch: a live exchange with the other end, judged by what really arrived there or here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from app.base.identity import mask
from app.checks.addresses import BadUrl, address_of
from app.checks.bus.batches import (
    Batch,
    announced,
    contradictions,
    differences,
    json_object,
    measured,
    objection,
    stated,
    test_batch,
)
from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.pages import named_status
from app.checks.reading import refused_status
from app.checks.web import WebSession, seen_elsewhere
from app.site.model import Bus, Site

ENDS = {"ministry": "部端", "city": "市端"}
LARGEST_DISPATCH = 32 << 20  # bytes
EXCHANGE_SECONDS = 20.0
ASK_THEM = "请与对方联系人核对其接收日志，再检查一次。"


def other_end(target: Bus) -> str:
    return ENDS.get(target.peer, "对端")


def with_a_peer(target: Bus, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.peer != "local"


def require_url(url: str, target: Bus, what: str) -> None:
    """Raises Undetermined where the site has no live exchange of that kind."""
    if not url:
        advice = (
            "请用监控软件实际收发一次，在该步骤中附上两端的记录文件或回执；也可在 site.toml 的 exchange 中写明地址。"
        )
        raise Undetermined(f"等待记录文件或回执：没有填写与{other_end(target)}{what}的地址", advice)


def exchange(session: WebSession, target: Bus, method: str, url: str, **given: Any) -> HttpAnswer:
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


# joint.report


@dataclass(frozen=True)
class Report:
    """A batch that was sent up, and the answer to it."""

    sent: Batch
    answer: HttpAnswer


def gather_report(session: WebSession, target: Bus) -> Report:
    require_url(target.exchange.report, target, "上报")
    session.begin()
    sent, content = test_batch()
    session.note(f"测试批次 {sent.id}，{sent.count} 条，SHA-256 {sent.sha256}\n{content.decode()}")
    headers = {"Content-Type": "text/plain; charset=utf-8", **sent.headers()}
    return Report(sent, exchange(session, target, "POST", target.exchange.report, headers=headers, body=content))


def compare_report(report: Report, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    sent, answer, end = report.sent, report.answer, other_end(target)
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
    changed = differences(sent, arrived)
    if changed:
        reason = f"上报（本端→{end}）途中：{'；'.join(changed)}"
        return Verdict(Outcome.FAIL, expected, actual, reason, ASK_THEM, arrived.observed())
    if said := objection(values):
        return Verdict(said[0], expected, actual, f"{end}的回执{said[1]}", ASK_THEM, arrived.observed())
    return Verdict(Outcome.PASS, expected, actual, observed=arrived.observed())


def _received_at(values: dict[str, Any]) -> str:
    moment = values.get("received_at")
    return f"，收到时间 {moment[:40]}" if isinstance(moment, str) and moment else ""


# joint.dispatch


@dataclass(frozen=True)
class Dispatch:
    """What was handed out: as announced (None: not announced), as it arrived; the answer to the confirmation, which is
    sent only where both agree.
    """

    status: str
    refused: Verdict | None = None
    empty: bool = False
    truncated: bool = False
    announced: Batch | None = None
    arrived: Batch | None = None
    confirmation: HttpAnswer | None = None


EXPECTED_DISPATCH = "取到的条数和摘要与下发端所报一致，确认被接受"


def gather_dispatch(session: WebSession, target: Bus) -> Dispatch:
    require_url(target.exchange.dispatch, target, "下发")
    session.begin()
    # The records may be of people: nothing of them goes into the transcript.
    answer = exchange(session, target, "GET", target.exchange.dispatch, limit=LARGEST_DISPATCH, kept=0)
    dispatch = _handed_out(answer)
    if not _whole(dispatch):
        return dispatch
    session.note(f"取到 {dispatch.arrived}")
    return Dispatch(
        dispatch.status,
        announced=dispatch.announced,
        arrived=dispatch.arrived,
        confirmation=_confirm(session, target, dispatch),
    )


def _handed_out(answer: HttpAnswer) -> Dispatch:
    status = named_status(answer)
    if not 200 <= answer.status < 300:
        return Dispatch(status, refused=refused_status(answer, EXPECTED_DISPATCH))
    if not answer.body.strip() or answer.truncated:
        return Dispatch(status, empty=not answer.truncated, truncated=answer.truncated)
    told = announced(answer.headers)
    return Dispatch(status, announced=told, arrived=measured(told.id if told else "", answer.body))


def _whole(dispatch: Dispatch) -> bool:
    return dispatch.announced is not None and dispatch.announced == dispatch.arrived


def _confirm(session: WebSession, target: Bus, dispatch: Dispatch) -> HttpAnswer:
    """Tells the sender what arrived. Raises Undetermined, saying that the batch was taken."""
    assert dispatch.arrived is not None
    body = json.dumps(dispatch.arrived.observed()).encode()
    headers = {"Content-Type": "application/json"}
    try:
        return exchange(session, target, "POST", target.exchange.dispatch, headers=headers, body=body)
    except ConnectionRefused as error:
        raise Undetermined(f"已完整取到{dispatch.arrived}，但确认时被拒绝连接：{error.actual}", ASK_THEM) from None
    except Undetermined as error:
        raise Undetermined(f"已完整取到{dispatch.arrived}，但确认没有得到答复：{error.reason}", ASK_THEM) from None


def compare_dispatch(dispatch: Dispatch, target: Bus, site: Site) -> Verdict:  # noqa: ARG001
    end, expected = other_end(target), EXPECTED_DISPATCH
    if dispatch.refused is not None:
        return dispatch.refused
    if dispatch.empty:
        advice = f"请{end}联系人安排一批下发数据，再检查一次。"
        return Verdict(Outcome.UNKNOWN, expected, f"{dispatch.status}，内容为空", f"{end}没有待下发的数据", advice)
    if dispatch.truncated:
        reason = f"下发内容超过 {LARGEST_DISPATCH >> 20} MiB，没有取完，也没有确认"
        return Verdict(Outcome.UNKNOWN, expected, dispatch.status, reason, "请用监控软件接收，并附上两端的记录。")
    told, arrived = dispatch.announced, dispatch.arrived
    if told is None or arrived is None:
        count = arrived.count if arrived else 0
        reason = f"{end}没有报出批次号、条数和摘要，无法核对"
        return Verdict(Outcome.UNKNOWN, expected, f"{dispatch.status}，{count} 条，没有确认", reason, ASK_THEM)
    changed = differences(told, arrived)
    if changed:
        reason = f"下发（{end}→本端）途中：{'；'.join(changed)}；没有确认"
        return Verdict(Outcome.FAIL, expected, f"取到{arrived}", reason, ASK_THEM, arrived.observed())
    return _judge_confirmation(dispatch.confirmation, arrived, end)


def _judge_confirmation(answer: HttpAnswer | None, arrived: Batch, end: str) -> Verdict:
    actual, observed = f"取到{arrived}", arrived.observed()
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
        reason = f"{end}没有接受确认：{told}"
        return Verdict(Outcome.FAIL, EXPECTED_DISPATCH, actual, reason, ASK_THEM, observed)
    if other := contradictions(values, arrived):
        reason = f"{end}确认的与取到的不一致：{'；'.join(other)}"
        return Verdict(Outcome.FAIL, EXPECTED_DISPATCH, actual, reason, ASK_THEM, observed)
    if said := objection(values):
        return Verdict(said[0], EXPECTED_DISPATCH, actual, f"{end}的确认{said[1]}", ASK_THEM, observed)
    return Verdict(Outcome.PASS, EXPECTED_DISPATCH, f"{actual}，{end}已接受确认", observed=observed)
