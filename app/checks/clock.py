"""The clocks of all targets compared with each other, in UTC. Reading a target's clock is the target's check."""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.checks.model import Outcome, Verdict
from app.site.model import Site, Target

WARN_SECONDS = 60.0
FAIL_SECONDS = 300.0
HOUR = 3600.0
ZONE_SLACK = 60.0  # a deviation this near to whole hours is a time zone set wrongly, not a clock that drifted
EXPECTED = "与各对象和本机时钟的中间值相差小于 60 秒（UTC）"
ADVICE = "请核对该机的时间与对时服务（NTP），同时核对本机时间；调整后重新检查。"


def compare_clock(
    offsets: Mapping[str, float | None],
    target: Target,
    site: Site,  # noqa: ARG001 - the shape of Check.compare_all
) -> Verdict:
    """Judges the clock of ``target``: WARN from 60 s, FAIL from 300 s off the reference.

    ``offsets``: for each target id its clock minus this laptop's, in seconds (UTC); None where it was not seen.
    """
    offset = offsets.get(target.id)
    if offset is None or not math.isfinite(offset):
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", "没有读到该对象的时钟")
    middle = reference([seen for seen in offsets.values() if seen is not None and math.isfinite(seen)])
    deviation = offset - middle
    observed = {"offset_ms": round(offset * 1000), "reference_ms": round(middle * 1000)}
    actual = f"{_apart(offset, '本机')}，{_apart(deviation, '中间值')}"
    outcome = judged(deviation)
    if outcome is Outcome.PASS:
        return Verdict(outcome, EXPECTED, actual, observed=observed)
    return Verdict(outcome, EXPECTED, actual, _reason(deviation), ADVICE, observed)


def reference(offsets: list[float]) -> float:
    """The median of ``offsets`` and this laptop (0); of an even number the middle value nearer the laptop."""
    values = sorted([0.0, *offsets])
    return min(values[(len(values) - 1) // 2], values[len(values) // 2], key=abs)


def judged(deviation: float) -> Outcome:
    """The outcome of being ``deviation`` seconds off, either way."""
    if abs(deviation) >= FAIL_SECONDS:
        return Outcome.FAIL
    return Outcome.WARN if abs(deviation) >= WARN_SECONDS else Outcome.PASS


def whole_hours(deviation: float) -> int:
    """The hours that ``deviation`` is within a minute of; 0 when it is near none."""
    hours = round(deviation / HOUR)
    return hours if abs(deviation - hours * HOUR) <= ZONE_SLACK else 0


def _reason(deviation: float) -> str:
    hours = whole_hours(deviation)
    if hours:
        return f"时钟{'快' if hours > 0 else '慢'}约 {abs(hours)} 小时整，多半是时区设错"
    return f"时钟{'快' if deviation > 0 else '慢'} {abs(deviation):.1f} 秒"


def _apart(seconds: float, whom: str) -> str:
    return f"比{whom}{'慢' if seconds < 0 else '快'} {abs(seconds):.1f} 秒"
