"""续期安排 written in the handover's table clears the blocker of that certificate and of no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from progress_records import NOW, Note, bound, result, rule, step, workflow

from app.base import clock
from app.workflow.model import Selector
from app.workflow.progress import of

CHECKED = workflow(step(rule("all", "checks"), [Selector("certificate.*")]))
VALIDITY = bound("certificate.validity", "app-device")  # its target's title is 对象app-device
ENDS = clock.stamp(NOW + timedelta(days=20))
SEEN = result("warn", "certificate.validity", "app-device", observed={"not_after": ENDS, "serial": "0A1B2C"})


def blocks(*records: Note, scope: str = "") -> bool:
    found = of(CHECKED, [SEEN, *records], [VALIDITY], NOW, scope).blockers
    return any(blocker.id == "renewal.app-device" for blocker in found)


def table(title: str, arrangement: str = "责任单位月底前换发", at: str = NOW.isoformat()) -> Note:
    rows = [{"title": "别的证书", "arrangement": ""}, {"title": title, "arrangement": arrangement}]
    return Note("field", "handover.certificates/renewals", {"value": rows}, at=at)


@pytest.mark.parametrize("title", ["对象app-device", "app-device", "0a1b2c", " 0A:1B:2C "])
def test_a_row_that_names_the_certificate_clears_its_blocker(title: str) -> None:
    assert blocks()
    assert not blocks(table(title))


@pytest.mark.parametrize("title", ["", "对象personal", "0A1B2D", "0A1B"])
def test_a_row_of_another_certificate_does_not(title: str) -> None:
    assert blocks(table(title))


def test_a_row_that_says_nothing_does_not() -> None:
    assert blocks(table("app-device", arrangement=" "))


def test_an_arrangement_from_long_before_means_an_older_certificate() -> None:
    assert not blocks(table("app-device", at=clock.stamp(NOW - timedelta(days=70))))
    assert blocks(table("app-device", at=clock.stamp(NOW - timedelta(days=71))))


@pytest.mark.parametrize("value", ["已安排", [], ["app-device"], [{}]])
def test_what_is_no_table_clears_nothing(value: object) -> None:
    assert blocks(Note("field", "handover.certificates/renewals", {"value": value}))
