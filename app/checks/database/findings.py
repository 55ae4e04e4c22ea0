"""Several things found at once made one verdict: the gravest decides, each reason is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checks.model import SEVERITY, Outcome, Verdict, worst

MOST_TOLD = 8


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    outcome: Outcome
    reason: str
    advice: str = ""


def judged(
    expected: str, actual: str, findings: Sequence[Finding], observed: Mapping[str, Any] | None = None
) -> Verdict:
    """PASS without findings, else the gravest outcome with the reasons from grave to light and the first advice."""
    if not findings:
        return Verdict(Outcome.PASS, expected, actual, observed=observed or {})
    ordered = sorted(findings, key=lambda finding: -SEVERITY.index(finding.outcome))
    reasons = [finding.reason for finding in ordered]
    told = "；".join(reasons[:MOST_TOLD]) + (
        f"；另有 {len(reasons) - MOST_TOLD} 项" if len(reasons) > MOST_TOLD else ""
    )
    advice = next((finding.advice for finding in ordered if finding.advice), "")
    return Verdict(worst([finding.outcome for finding in findings]), expected, actual, told, advice, observed or {})
