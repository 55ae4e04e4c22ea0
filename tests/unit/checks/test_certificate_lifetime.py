"""certificate.lifetime: more than ten calendar years is long for a device."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from certificate_making import NOW, Issued, facts, issue

from app.checks import catalogue
from app.checks.certificate import validity
from app.checks.model import Outcome, Undetermined
from app.site.model import Certificate, Site

SITE = Site("演示", "510000")
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=datetime(9999, 12, 31, tzinfo=UTC))


def outcome(root: Issued, start: datetime, end: datetime) -> Outcome:
    leaf = root.issue("设备", start=start, end=end)
    return validity.compare_lifetime(facts(leaf), Certificate("c"), SITE).outcome


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)),
        (datetime(2023, 5, 5, 12, tzinfo=UTC), datetime(2033, 5, 5, 12, tzinfo=UTC)),
        (datetime(2024, 2, 29, tzinfo=UTC), datetime(2034, 3, 1, tzinfo=UTC)),
    ],
)
def test_ten_years_are_not_too_long_and_a_second_more_is(root: Issued, start: datetime, end: datetime) -> None:
    assert outcome(root, start, end) is Outcome.PASS
    assert outcome(root, start, end + SECOND) is Outcome.WARN


def test_without_an_end_is_too_long(root: Issued) -> None:
    assert outcome(root, NOW, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) is Outcome.WARN
    assert outcome(root, datetime(9995, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)) is Outcome.PASS


def test_dates_the_wrong_way_round_have_no_length(root: Issued) -> None:
    leaf = root.issue("设备", start=NOW, end=NOW + SECOND)
    early, late = (moment.strftime("%y%m%d%H%M%SZ").encode() for moment in (NOW, NOW + SECOND))
    swapped = leaf.der.replace(early, b"?" * 13).replace(late, early).replace(b"?" * 13, late)
    from app.checks.certificate.facts import Facts, Material
    from app.checks.certificate.x509 import certificate

    with pytest.raises(Undetermined):
        given = Facts(Material(certificate(swapped), (), "DER"), NOW)
        validity.compare_lifetime(given, Certificate("c"), SITE)


def test_it_is_asked_of_devices_only() -> None:
    def planned(role: str) -> set[str]:
        site = Site("演示", "510000", targets=(Certificate("c", source="file:a.cer", role=role),))
        return {pair.check.id for pair in catalogue.plan(site)}

    assert "certificate.lifetime" in planned("server-device")
    assert "certificate.lifetime" not in planned("personal") | planned("ca")
