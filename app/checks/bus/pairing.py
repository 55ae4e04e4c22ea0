"""The records of both ends of one leg held against each other: what was lost, doubled, changed or came from nowhere.

Pure: batches are paired by id alone; count, digest and the times of both ends then say whether each arrived whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.base.clock import CHINA
from app.checks.bus.records import DISPATCH, RECEIVED, REPORT, SENT, Item, Record
from app.checks.model import Outcome, Verdict
from app.site.model import Bus

OWN, OTHER = "own", "other"
ENDS = {"ministry": "部端", "city": "市端"}
DIRECTIONS = {REPORT: "上报", DISPATCH: "下发"}
SHOWN = 5  # batches named of each kind
EARLY_WARN = 60.0  # seconds that a batch may seem to arrive before it was sent, as clocks are let off
EARLY_UNKNOWN = 300.0
ADVICE_MISSING = "请向对方索取联调记录文件，用 onsite import 导入；本端的用 onsite record 记入。"
ADVICE_WRONG = "请与对方联系人逐批核对发送、接收日志，找出该段的原因后重传，再各自给出新的记录。"


@dataclass(frozen=True)
class Leg:
    """One way of one direction: who sends, who receives, in words; ``sender`` is ``own`` or ``other``."""

    direction: str
    sender: str
    ends: Mapping[str, str]

    @property
    def receiver(self) -> str:
        return OTHER if self.sender == OWN else OWN

    def __str__(self) -> str:
        return f"{DIRECTIONS[self.direction]}（{self.ends[self.sender]}→{self.ends[self.receiver]}）"


def leg_of(target: Bus, direction: str) -> Leg:
    """Reports go up and dispatches down: to and from the ministry, from and to a city."""
    up = (target.peer == "ministry") == (direction == REPORT)
    return Leg(direction, OWN if up else OTHER, {OWN: "本端", OTHER: ENDS.get(target.peer, "对端")})


def side_of(leg: Leg, end: str) -> str:
    """What an end's record of that leg must be of: ``sent`` or ``received``."""
    return SENT if end == leg.sender else RECEIVED


def judge(records: Mapping[str, Record], leg: Leg) -> Verdict:
    """The verdict on what the ends say; ``records`` by ``own`` and ``other``, each of its side of this leg."""
    expected = f"{leg}：两端记录的批次号、条数、摘要逐批一致，时间相符"
    missing = [leg.ends[end] for end in (OWN, OTHER) if end not in records]
    if missing:
        held = "、".join(f"{leg.ends[end]} {len(record.items)} 批" for end, record in records.items())
        reason = f"{leg}缺少{'、'.join(missing)}的联调记录"
        return Verdict(Outcome.UNKNOWN, expected, f"已有：{held}" if held else "", reason, ADVICE_MISSING)
    sent, received = records[leg.sender], records[leg.receiver]
    actual = _told(sent, received, leg)
    observed = {"sent": _counted(sent), "received": _counted(received)}
    if unsure := _unusable(records, leg):
        return Verdict(Outcome.UNKNOWN, expected, actual, unsure, ADVICE_MISSING, observed)
    wrong = faults(sent.items, received.items)
    if wrong:
        reason = f"{leg}途中：{'；'.join(wrong)}"
        return Verdict(Outcome.FAIL, expected, actual, reason, ADVICE_WRONG, observed)
    if unsaid := _unsaid(records, leg):
        return Verdict(Outcome.UNKNOWN, expected, actual, unsaid, "请让该端给出齐全的记录。", observed)
    outcome, reason = _times(sent, received, leg)
    advice = "请核对两端的时钟（NTP），并确认是同一次传输。" if reason else ""
    return Verdict(outcome, expected, actual, reason, advice, observed)


def _unusable(records: Mapping[str, Record], leg: Leg) -> str:
    """Why the records cannot be held against each other at all; "" when they can."""
    for end, record in records.items():
        if not record.whole:
            return f"{leg.ends[end]}的记录文件不完整：批次数与它自己所写的不符"
        if not record.items:
            return f"{leg.ends[end]}的记录里一个批次也没有：请核实是没有收发，还是没有导全"
        if not record.head.role:
            return f"{leg.ends[end]}的记录没有写明由谁（身份）给出"
        if record.head.direction not in ("", leg.direction) or record.head.side not in ("", side_of(leg, end)):
            return f"{leg.ends[end]}的记录不是{leg}这一端的（方向或收发不符）"
    if all(item.count == 0 for record in records.values() for item in record.items):
        return "两端的记录里各批都是 0 条，没有数据，不能证明收发"
    if _same(*records.values()):
        return "两端的记录一字不差，像是同一份：请让对方给出它自己的记录"
    return ""


def _same(one: Record, other: Record) -> bool:
    """Whether two records, times and all, are one that somebody gave twice."""
    alike = one.head.role == other.head.role or (bool(one.head.project) and one.head.project == other.head.project)
    return alike and one.items == other.items


def faults(sent: Sequence[Item], received: Sequence[Item]) -> list[str]:
    """What was lost, doubled, changed or came from nowhere, in words; nothing when every batch arrived as it went."""
    went, came = _by_id(sent), _by_id(received)
    found = [
        _listed("丢失", [batch for batch in went if batch not in came]),
        _listed("收端多出（发端记录中没有）", [batch for batch in came if batch not in went]),
        _listed("重复发出", _double(sent)),
        _listed("重复收到", _double(received)),
        _some([text for batch in went if batch in came for text in _changed(went[batch], came[batch])]),
    ]
    return [text for text in found if text]


def _by_id(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.id, []).append(item)
    return found


def _double(items: Sequence[Item]) -> list[str]:
    counted = Counter(item.id for item in items)
    return [f"{batch}（{number} 次）" for batch, number in counted.items() if number > 1]


def _changed(went: Sequence[Item], came: Sequence[Item]) -> list[str]:
    """Where a batch is not what it was; each of those that came is held against the one that went."""
    found = []
    for one in went:
        for other in came:
            if one.count is not None and other.count is not None and one.count != other.count:
                words = f"少了 {one.count - other.count} 条" if other.count < one.count else (
                    f"多了 {other.count - one.count} 条"
                )  # fmt: skip
                found.append(f"{one.id} {words}（发出 {one.count} 条，收到 {other.count} 条）")
            if one.sha256 and other.sha256 and one.sha256 != other.sha256:
                found.append(f"{one.id} 内容被改动（SHA-256 发出 {one.sha256[:16]}…，收到 {other.sha256[:16]}…）")
    return list(dict.fromkeys(found))


def _listed(what: str, batches: Sequence[str]) -> str:
    if not batches:
        return ""
    more = f"等 {len(batches)} 批" if len(batches) > SHOWN else ""
    return f"{what} {'、'.join(batches[:SHOWN])}{more}"


def _some(texts: Sequence[str]) -> str:
    more = f"；等 {len(texts)} 处" if len(texts) > SHOWN else ""
    return "；".join(texts[:SHOWN]) + more


def _unsaid(records: Mapping[str, Record], leg: Leg) -> str:
    """Which end leaves out what is needed to say that a batch arrived whole; "" when neither does."""
    found = []
    for end, record in records.items():
        lacking = [
            word
            for word, lacks in (
                ("条数", any(item.count is None for item in record.items)),
                ("摘要", any(not item.sha256 for item in record.items)),
                ("时间", any(item.time is None for item in record.items)),
            )
            if lacks
        ]
        if lacking:
            found.append(f"{leg.ends[end]}的记录没有写全{'、'.join(lacking)}")
    return f"不能认定完整到达：{'；'.join(found)}" if found else ""


def _times(sent: Record, received: Record, leg: Leg) -> tuple[Outcome, str]:
    """Whether anything came before it went, both clocks put right as far as their offsets are known."""
    spans = _spans(sent, received)
    earliest = min(spans)
    if earliest > -EARLY_WARN:
        return Outcome.PASS, ""
    reason = f"{leg}：收到时间比发出时间早 {-earliest:.0f} 秒（{_clocks(sent, received, leg)}）"
    if earliest > -EARLY_UNKNOWN:
        return Outcome.WARN, reason
    return Outcome.UNKNOWN, f"{reason}，不能认定是同一次传输"


def _spans(sent: Record, received: Record) -> list[float]:
    """Seconds from sending to receiving of each batch that both ends give a time of."""
    went = {item.id: item.time for item in sent.items}
    shift = timedelta(seconds=(sent.head.clock or 0.0) - (received.head.clock or 0.0))
    return [
        (item.time - moment + shift).total_seconds()
        for item in received.items
        if item.time is not None and (moment := went.get(item.id)) is not None
    ]


def _clocks(sent: Record, received: Record, leg: Leg) -> str:
    told = ((leg.ends[leg.sender], sent), (leg.ends[leg.receiver], received))
    return "，".join(
        f"{end}时钟偏差{'未知' if record.head.clock is None else f' {record.head.clock:+.1f} 秒'}"
        for end, record in told
    )


def _told(sent: Record, received: Record, leg: Leg) -> str:
    ends = ((leg.sender, "发出", sent), (leg.receiver, "收到", received))
    parts = [
        f"{leg.ends[end]}{word} {len(record.items)} 批、{_total(record)} 条{_when(record)}"
        f"（{record.head.role or '身份不明'}）"
        for end, word, record in ends
    ]
    spans = _spans(sent, received)
    between = f"；发出到收到 {min(spans):.0f}～{max(spans):.0f} 秒" if spans else ""
    return f"{'；'.join(parts)}{between}；{_clocks(sent, received, leg)}"


def _total(record: Record) -> str:
    counts = [item.count for item in record.items]
    return "？" if any(count is None for count in counts) else str(sum(count or 0 for count in counts))


def _when(record: Record) -> str:
    times = sorted(item.time for item in record.items if item.time is not None)
    if not times:
        return ""
    first, last = (f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" for moment in (times[0], times[-1]))
    return f"，{first}" if first == last else f"，{first} 至 {last}"


def _counted(record: Record) -> dict[str, Any]:
    """What the journal keeps of a record beside its file."""
    return {"batches": len(record.items), "role": record.head.role, "file": record.name}
