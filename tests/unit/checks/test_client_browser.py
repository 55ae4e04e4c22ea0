"""client.browser: zones and settings as Windows itself would find them, policies first; Edge's IE mode."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from client_pcs import judged
from registry_exports import MACHINE, POLICIES, SETTINGS, USER, exported, own

from app.checks.client import zones
from app.checks.client.registry import ExportedRegistry
from app.checks.model import Outcome, Verdict
from app.site.model import ClientExpect

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
TRUSTED, INTERNET, RESTRICTED = "dword:00000002", "dword:00000003", "dword:00000004"


def browser(registry: ExportedRegistry | None, system: str = "Windows", **plan: object) -> Verdict:
    return judged("client.browser", registry, system, expect=ClientExpect(**plan))  # type: ignore[arg-type]


def at(root: str, base: str, path: str, **values: str) -> Mapping[str, Mapping[str, str]]:
    return {rf"{root}\{base}\{path}".rstrip("\\"): values}


def zone(site: str, *changes: Mapping[str, Mapping[str, str]]) -> int | None:
    return zones.zone_of(exported(*changes), zones.site(site)).value


@pytest.mark.parametrize(
    ("site", "found"),
    [
        ("http://www.example.gov.cn", 2),
        ("http://www.example.gov.cn:7001/jyjc", 2),
        ("http://a.www.example.gov.cn", None),
        ("http://example.gov.cn", None),
        ("https://www.example.gov.cn", None),
        ("http://anything.whole.cn", 2),
        ("https://whole.cn/x", 2),
        ("ftp://whole.cn", 2),
        ("*.whole.cn", 2),
        ("notwhole.cn", None),
        ("http://server", 2),
        ("http://www.deep.whole.cn", 4),
    ],
)
def test_a_domain_is_found_by_host_and_protocol(site: str, found: int | None) -> None:
    changes = (
        own(r"ZoneMap\Domains\example.gov.cn"),
        own(r"ZoneMap\Domains\example.gov.cn\www", http=TRUSTED),
        own(r"ZoneMap\Domains\whole.cn", any=TRUSTED),
        own(r"ZoneMap\Domains\whole.cn\*.deep", any=RESTRICTED),
        own(r"ZoneMap\Domains\server", http=TRUSTED),
        own(r"ZoneMap\Domains"),
    )
    assert zone(site, *changes) == found


@pytest.mark.parametrize(
    ("written", "address", "inside"),
    [
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.30", False),
        ("10.1.2.*", "10.1.2.255", True),
        ("10.1.2.*", "10.1.3.1", False),
        ("10.1-3.*.*", "10.3.0.9", True),
        ("10.1-3.*.*", "10.4.0.9", False),
        ("10.1-3.*.*", "10.0.0.9", False),
        ("10.1.2.3-10.1.2.9", "10.1.2.3", True),
        ("10.1.2.3-10.1.2.9", "10.1.2.9", True),
        ("10.1.2.3-10.1.2.9", "10.1.2.10", False),
        ("10.1.2.3-10.1.2.9", "10.1.2.2", False),
        ("10.1.2.*", "10.1.2.*", True),
        ("", "10.1.2.3", False),
        ("nonsense", "10.1.2.3", False),
    ],
)
def test_a_range_holds_the_addresses_that_it_says(written: str, address: str, inside: bool) -> None:
    assert zones.in_range(written, address) is inside
    if "*" not in address:
        changes = own(r"ZoneMap\Ranges\Range1", **{":Range": f'"{written}"', "http": TRUSTED}), own(r"ZoneMap\Ranges")
        assert zone(f"http://{address}:7001/jyjc", *changes) == (2 if inside else None)


def test_the_policy_of_the_machine_comes_before_the_persons_and_both_before_settings() -> None:
    site, list_name = "http://10.1.2.3", "http://10.1.2.3"
    setting = own(r"ZoneMap\Ranges\Range1", **{":Range": '"10.1.2.3"', "http": INTERNET}), own(r"ZoneMap\Ranges")
    persons = at(USER, POLICIES, "ZoneMapKey", **{list_name: '"4"'})
    machines = at(MACHINE, POLICIES, "ZoneMapKey", **{list_name: '"2"'})
    assert zone(site, *setting) == 3
    assert zone(site, *setting, persons) == 4
    assert zone(site, *setting, persons, machines) == 2


@pytest.mark.parametrize(
    ("listed", "site", "covered"),
    [
        ("example.gov.cn", "http://a.example.gov.cn", True),
        ("*.example.gov.cn", "https://a.example.gov.cn", True),
        ("https://a.example.gov.cn", "http://a.example.gov.cn", False),
        ("https://a.example.gov.cn", "https://a.example.gov.cn/x", True),
        ("https://example.gov.cn", "https://a.example.gov.cn", False),
        ("10.1.2.3", "http://10.1.2.3:7001", True),
        ("10.1.2.*", "http://10.1.2.9", True),
        ("http://10.1.2.3", "http://10.1.2.33", False),
    ],
)
def test_the_assignment_list_means_what_it_says(listed: str, site: str, covered: bool) -> None:
    assert (zone(site, at(MACHINE, POLICIES, "ZoneMapKey", **{listed: '"2"'})) == 2) is covered


def test_where_only_the_machine_counts_the_persons_settings_do_not() -> None:
    persons = own(r"ZoneMap\Domains\x.cn", any=TRUSTED), own(r"ZoneMap\Domains")
    machine_only = at(MACHINE, POLICIES, "", Security_HKLM_only="dword:00000001")
    assert zone("http://x.cn", *persons) == 2
    assert zone("http://x.cn", *persons, machine_only) is None
    assert zones.setting(exported(machine_only), 2, "1200").value is None
    assert zones.setting(exported(), 2, "1200").value == 0


def test_a_hardened_server_has_lists_of_its_own() -> None:
    hardened = own("ZoneMap", IEHarden="dword:00000001")
    plain = own(r"ZoneMap\Domains\x.cn", any=TRUSTED), own(r"ZoneMap\Domains")
    escaped = own(r"ZoneMap\EscDomains\x.cn", any=TRUSTED), own(r"ZoneMap\EscDomains")
    assert zone("http://x.cn", hardened, *plain) is None
    assert zone("http://x.cn", hardened, *escaped) == 2
    assert zone("http://x.cn", *escaped) is None


def test_a_planned_site_outside_its_zone_fails_and_is_named() -> None:
    there = own(r"ZoneMap\Domains\x.cn", any=TRUSTED), own(r"ZoneMap\Domains")
    assert browser(exported(*there), zone_sites=("http://x.cn",)).outcome is PASS
    verdict = browser(exported(*there), zone_sites=("http://x.cn", "http://y.cn"))
    assert verdict.outcome is FAIL and "http://y.cn" in verdict.reason and "http://x.cn" not in verdict.reason
    assert browser(exported(*there), zone_sites=("http://x.cn",), zone="intranet").outcome is FAIL


@pytest.mark.parametrize(
    ("wanted", "value", "outcome"),
    [
        ("enable", "dword:00000000", PASS),
        ("enable", "dword:00000001", WARN),
        ("enable", "dword:00000003", FAIL),
        ("enable", "dword:00010000", FAIL),
        ("prompt", "dword:00000001", PASS),
        ("prompt", "dword:00000000", WARN),
        ("prompt", "dword:00000003", FAIL),
        ("disable", "dword:00000003", PASS),
        ("disable", "dword:00000000", FAIL),
        ("disable", "dword:00000001", FAIL),
        ("enable", "dword:00000007", UNKNOWN),
        ("enable", '"yes"', UNKNOWN),
    ],
)
def test_a_setting_is_held_against_the_manual(wanted: str, value: str, outcome: Outcome) -> None:
    registry = exported(own(r"Zones\2", **{"1200": value}))
    assert browser(registry, activex={"1200": wanted}).outcome is outcome


def test_a_setting_that_nobody_set_is_unknown_and_a_policy_overrides_it() -> None:
    assert browser(exported(), activex={"1208": "enable"}).outcome is UNKNOWN
    policy = at(MACHINE, POLICIES, r"Zones\2", **{"1200": "dword:00000003"})
    assert browser(exported(policy), activex={"1200": "enable"}).outcome is FAIL
    assert browser(exported(), activex={"1200": "enable", "1405": "enable"}).outcome is PASS


EDGE = r"SOFTWARE\Policies\Microsoft\Edge"
LEVEL, LIST, CLOUD = (f"InternetExplorerIntegration{name}" for name in ("Level", "SiteList", "CloudSiteList"))
RELOAD = "InternetExplorerIntegrationReloadInIEModeAllowed"


@pytest.mark.parametrize(
    ("root", "values", "outcome"),
    [
        (MACHINE, {LEVEL: "dword:00000001", LIST: r'"C:\\sites.xml"'}, PASS),
        (USER, {LEVEL: "dword:00000001", LIST: r'"http://10.1.1.1/sites.xml"'}, PASS),
        (MACHINE, {LEVEL: "dword:00000001", CLOUD: '"0a1b"'}, PASS),
        (MACHINE, {LEVEL: "dword:00000001"}, WARN),
        (MACHINE, {LEVEL: "dword:00000000", LIST: '"x"', RELOAD: "dword:00000001"}, FAIL),
        (MACHINE, {LEVEL: "dword:00000002", LIST: '"x"'}, FAIL),
        (MACHINE, {RELOAD: "dword:00000001"}, WARN),
        (MACHINE, {}, FAIL),
    ],
)
def test_ie_mode_needs_the_level_and_a_list(root: str, values: Mapping[str, str], outcome: Outcome) -> None:
    assert browser(exported(at(root, EDGE, "", **values)), ie_mode=True).outcome is outcome


def test_the_machines_edge_policy_comes_first() -> None:
    persons = at(USER, EDGE, "", **{LEVEL: "dword:00000001", LIST: '"x"'})
    machines = at(MACHINE, EDGE, "", **{LEVEL: "dword:00000000"})
    assert browser(exported(persons), ie_mode=True).outcome is PASS
    assert browser(exported(persons, machines), ie_mode=True).outcome is FAIL


def test_a_registry_without_internet_settings_is_unknown() -> None:
    empty = ExportedRegistry({}, {"hkcu\\software": 99, "hklm\\software": 99})
    assert browser(empty, zone_sites=("http://x.cn",)).outcome is UNKNOWN


def test_elsewhere_than_on_windows_it_does_not_apply() -> None:
    assert browser(None, "Linux", zone_sites=("http://x.cn",)).outcome is Outcome.NOT_APPLICABLE


def test_a_plan_that_asks_nothing_of_the_browser_is_said() -> None:
    assert SETTINGS and browser(exported()).outcome is Outcome.NOT_APPLICABLE
