"""client.clock: this PC's clock against those of the other targets, which are measured from here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.checks.clock import ADVICE, EXPECTED, judged, reference, whole_hours
from app.checks.model import Facts, Outcome, Verdict
from app.site.model import Client, Site

if TYPE_CHECKING:
    from app.checks.client.session import ClientSession


def gather(session: ClientSession, target: Client) -> None:
    """Nothing is asked: this PC's clock is what the others are compared with, and no second voice among them."""
    session.pc(target)


def compare_all(offsets: Mapping[str, Facts], target: Client, site: Site) -> Verdict:
    """``offsets``: of each target its clock minus this PC's, in seconds; None where it was not seen."""
    clients = {one.id for one in site.targets if isinstance(one, Client)} | {target.id}
    seen = [
        float(value)
        for name, value in offsets.items()
        if name not in clients and isinstance(value, int | float) and math.isfinite(value)
    ]
    if not seen:
        reason = "没有读到别的对象的时钟，无从比较"
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", reason, "请与数据库、主机或应用服务器的时钟检查一起重新检查。")
    deviation = -reference(seen)
    observed = {"deviation_ms": round(deviation * 1000), "compared": len(seen)}
    actual = f"比中间值{'慢' if deviation < 0 else '快'} {abs(deviation):.1f} 秒（与 {len(seen)} 个对象比较）"
    outcome = judged(deviation)
    if outcome is Outcome.PASS:
        return Verdict(outcome, EXPECTED, actual, observed=observed)
    hours = whole_hours(deviation)
    reason = f"本机时钟{'快' if deviation > 0 else '慢'}"
    reason += f"约 {abs(hours)} 小时整，多半是时区设错" if hours else f" {abs(deviation):.1f} 秒"
    return Verdict(outcome, EXPECTED, actual, reason, ADVICE, observed)


def compare(facts: None, target: Client, site: Site) -> Verdict:  # noqa: ARG001
    return compare_all({}, target, site)


def shows(target: Client) -> Sequence[str]:  # noqa: ARG001
    return ("本机时钟与其他对象的时钟相比（不另外连接）",)
