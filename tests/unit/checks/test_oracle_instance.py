"""Instances, database mode, release, character sets, privileges and clock, each seen over a real connection."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oracle_small import LEGACY, THIN, SmallOracle, judged, results, serving, target_of

from app.checks.database import clock
from app.checks.model import Outcome, Undetermined

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
Change = Callable[[SmallOracle], Any]


def instances(*rows: dict[str, Any]) -> Change:
    first = {
        "INST_ID": 1, "INSTANCE_NAME": "rac1", "HOST_NAME": "n1", "STATUS": "OPEN", "LOGINS": "ALLOWED",
        "PARALLEL": "YES", "DATABASE_TYPE": "RAC",
    }  # fmt: skip
    return lambda oracle: oracle.views.update({"GV$INSTANCE": [first | row for row in rows]})


def threads(*states: tuple[str, str]) -> Change:
    rows = [
        {"THREAD#": n, "STATUS": status, "ENABLED": enabled, "INSTANCE": f"rac{n}"}
        for n, (status, enabled) in enumerate(states, 1)
    ]
    return lambda oracle: oracle.views.update({"V$THREAD": rows})


def first_row(view: str, **values: Any) -> Change:
    def change(oracle: SmallOracle) -> None:
        oracle.views[view] = [{**oracle.views[view][0], **values}, *oracle.views[view][1:]]

    return change


def all_of(*changes: Change) -> Change:
    def change(oracle: SmallOracle) -> None:
        for one in changes:
            one(oracle)

    return change


def without(*names: str) -> Change:
    return lambda oracle: oracle.drop_view(*names)


def without_columns(view: str, *names: str) -> Change:
    return lambda oracle: oracle.drop_column(view, *names)


ONE_NODE: Change = instances({"DATABASE_TYPE": "RACONENODE"})
TWO: Change = instances({}, {"INST_ID": 2, "INSTANCE_NAME": "rac2", "HOST_NAME": "n2"})


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        (first_row("GV$INSTANCE"), PASS, ""),
        (without_columns("GV$INSTANCE", "DATABASE_TYPE"), PASS, ""),
        (without("GV$INSTANCE"), PASS, ""),
        (first_row("GV$INSTANCE", STATUS="MOUNTED"), FAIL, "MOUNTED"),
        (first_row("GV$INSTANCE", STATUS="STARTED"), FAIL, "STARTED"),
        (first_row("GV$INSTANCE", LOGINS="RESTRICTED"), FAIL, "受限"),
        (first_row("GV$INSTANCE", STATUS=None), UNKNOWN, "状态为空"),
        (first_row("GV$INSTANCE", LOGINS=None), UNKNOWN, "无法理解"),
        (first_row("GV$INSTANCE", STATUS="閉"), UNKNOWN, "无法理解"),
        (all_of(TWO, threads(("OPEN", "PUBLIC"), ("OPEN", "PUBLIC"))), PASS, ""),
        (all_of(TWO, threads(("OPEN", "PUBLIC"), ("OPEN", "PUBLIC"), ("CLOSED", "DISABLED"))), PASS, ""),
        (all_of(instances({}), threads(("OPEN", "PUBLIC"), ("CLOSED", "PRIVATE"))), FAIL, "rac2"),
        (all_of(instances({}), threads(("OPEN", "PUBLIC"), ("OPEN", "PUBLIC"))), UNKNOWN, "只看得到 1 个实例"),
        (all_of(TWO, without("V$THREAD")), UNKNOWN, "V$THREAD"),
        (all_of(ONE_NODE, threads(("OPEN", "PUBLIC"), ("CLOSED", "PUBLIC"))), PASS, ""),
        (
            all_of(
                instances({}), threads(("OPEN", "PUBLIC"), ("CLOSED", "PUBLIC")),
                first_row("V$DATABASE", DATABASE_ROLE="PHYSICAL STANDBY"),
            ),
            UNKNOWN, "主库的线程",
        ),
        (instances({}, {"INST_ID": 2, "INSTANCE_NAME": "rac2", "STATUS": "MOUNTED"}), FAIL, "rac2"),
    ],
)  # fmt: skip
def test_each_instance_must_be_open_and_let_people_in(change: Change, outcome: Outcome, said: str) -> None:
    oracle = SmallOracle()
    change(oracle)
    result = judged(oracle, "instance")
    assert result.outcome is outcome
    assert said in result.reason


def test_what_the_form_needs_of_the_instances_is_recorded() -> None:
    oracle = SmallOracle()
    all_of(TWO, threads(("OPEN", "PUBLIC"), ("OPEN", "PUBLIC")))(oracle)
    assert judged(oracle, "instance").observed == {
        "host": "n1、n2",
        "cluster": True,
        "instances": [{"name": "rac1", "status": "OPEN"}, {"name": "rac2", "status": "OPEN"}],
    }


def pdb(name: str, mode: str, restricted: str = "NO") -> Change:
    def change(oracle: SmallOracle) -> None:
        first_row("V$DATABASE", CDB="YES")(oracle)
        oracle.views["V$PDBS"] = [{"NAME": "OTHER", "OPEN_MODE": "MOUNTED", "RESTRICTED": "NO"}] + (
            [{"NAME": name, "OPEN_MODE": mode, "RESTRICTED": restricted}] if mode else []
        )
        oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: name

    return change


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        (first_row("V$DATABASE"), PASS, ""),
        (without_columns("V$DATABASE", "CDB"), PASS, ""),
        (without_columns("V$DATABASE", "CDB", "DATABASE_ROLE"), PASS, ""),
        (first_row("V$DATABASE", LOG_MODE="NOARCHIVELOG"), WARN, "归档"),
        (first_row("V$DATABASE", LOG_MODE="MANUAL"), WARN, "MANUAL"),
        (first_row("V$DATABASE", LOG_MODE=None), UNKNOWN, "归档模式"),
        (first_row("V$DATABASE", OPEN_MODE="READ ONLY"), FAIL, "READ ONLY"),
        (first_row("V$DATABASE", OPEN_MODE="MOUNTED"), FAIL, "MOUNTED"),
        (first_row("V$DATABASE", OPEN_MODE=None), UNKNOWN, "无法理解"),
        (first_row("V$DATABASE", DATABASE_ROLE="主"), UNKNOWN, "无法理解"),
        (first_row("V$DATABASE", DATABASE_ROLE="PHYSICAL STANDBY", OPEN_MODE="READ ONLY WITH APPLY"), PASS, ""),
        (first_row("V$DATABASE", DATABASE_ROLE="PHYSICAL STANDBY", OPEN_MODE="MOUNTED"), PASS, ""),
        (first_row("V$DATABASE", DATABASE_ROLE="PHYSICAL STANDBY", OPEN_MODE="READ WRITE"), FAIL, "READ WRITE"),
        (first_row("V$DATABASE", DATABASE_ROLE="SNAPSHOT STANDBY"), PASS, ""),
        (first_row("V$DATABASE", DATABASE_ROLE="LOGICAL STANDBY", OPEN_MODE="READ ONLY"), PASS, ""),
        (pdb("JYJCPDB", "READ WRITE"), PASS, ""),
        (pdb("CDB$ROOT", ""), PASS, ""),
        (pdb("JYJCPDB", "READ ONLY"), FAIL, "JYJCPDB"),
        (pdb("JYJCPDB", "READ WRITE", "YES"), FAIL, "受限"),
        (pdb("JYJCPDB", ""), UNKNOWN, "JYJCPDB"),
        (all_of(pdb("JYJCPDB", "READ WRITE"), without("V$PDBS")), UNKNOWN, "V$PDBS"),
    ],
)  # fmt: skip
def test_the_open_mode_must_fit_the_role(change: Change, outcome: Outcome, said: str) -> None:
    oracle = SmallOracle()
    change(oracle)
    result = judged(oracle, "database")
    assert result.outcome is outcome
    assert said in result.reason


SE_11 = "Oracle Database 11g Release 11.2.0.4.0 - 64bit Production"
EE_19 = "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production"
SE2_19 = "Oracle Database 19c Standard Edition 2 Release 19.0.0.0.0 - Production"
FREE_23 = "Oracle Database 23ai Free Release 23.0.0.0.0 - Develop, Learn, and Run for Free"


@pytest.mark.parametrize(
    ("version", "full", "banner", "wanted", "edition", "outcome"),
    [
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "19.3", "EE", PASS),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, ">=19.4", "", FAIL),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "==19.3.0.0.0", "企业版", PASS),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "11.2", "", FAIL),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "19.0.0.0.0", "", PASS),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "==19.0.0.0.0", "", FAIL),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "18.0.0.0.0", "", FAIL),
        ("19.0.0.0.0", None, EE_19, "19", "", PASS),
        ("19.0.0.0.0", None, EE_19, "19.3", "", UNKNOWN),
        ("9.2.0.8.0", None, "Oracle9i Enterprise Edition Release 9.2.0.8.0 - Production", ">=9.2", "Enterprise", PASS),
        ("11.2.0.4.0", None, SE_11, ">=11.2", "SE", PASS),
        ("11.2.0.4.0", None, SE_11, ">=11.2", "SE2", FAIL),
        ("11.2.0.4.0", None, SE_11, ">=11.2", "Enterprise Edition", FAIL),
        ("19.0.0.0.0", "19.3.0.0.0", SE2_19, "", "Standard Edition 2", PASS),
        ("19.0.0.0.0", "19.3.0.0.0", SE2_19, "", "标准版", PASS),
        ("23.0.0.0.0", "23.9.0.25.07", FREE_23, "23", "Free", PASS),
        ("19.0.0.0.0", "19.3.0.0.0", "某数据库", "19", "Enterprise Edition", UNKNOWN),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "19", "特别版", UNKNOWN),
        ("版本", None, EE_19, "19", "", UNKNOWN),
        (None, None, EE_19, "19", "", UNKNOWN),
        ("19.0.0.0.0", "19.3.0.0.0", EE_19, "", "", NOT_APPLICABLE),
    ],
)  # fmt: skip
def test_release_and_edition_are_compared_with_the_plan(
    version: str | None, full: str | None, banner: str, wanted: str, edition: str, outcome: Outcome
) -> None:
    oracle = SmallOracle()
    first_row("V$INSTANCE", VERSION=version, VERSION_FULL=full)(oracle)
    if full is None:
        oracle.drop_column("V$INSTANCE", "VERSION_FULL")
    oracle.views["V$VERSION"] = [{"BANNER": "PL/SQL Release"}, {"BANNER": banner}]
    assert judged(oracle, "version", version=wanted, edition=edition).outcome is outcome


def test_release_edition_and_banner_are_recorded() -> None:
    assert judged(SmallOracle(), "version", version="", edition="").observed == {
        "version": "19.3.0.0.0", "edition": "Enterprise Edition", "banner": EE_19,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "nseen", "plan", "nplan", "outcome"),
    [
        ("ZHS16GBK", "AL16UTF16", "ZHS16GBK", "AL16UTF16", PASS),
        ("ZHS16GBK", "AL16UTF16", "zhs16gbk", "", PASS),
        ("AL32UTF8", "AL16UTF16", "ZHS16GBK", "", FAIL),
        ("ZHS16GBK", "UTF8", "ZHS16GBK", "AL16UTF16", FAIL),
        ("US7ASCII", "AL16UTF16", "US7ASCII", "", WARN),
        ("US7ASCII", "AL16UTF16", "", "", WARN),
        ("US7ASCII", "AL16UTF16", "ZHS16GBK", "", FAIL),
        ("ZHS16GBK", "AL16UTF16", "", "", NOT_APPLICABLE),
        (None, "AL16UTF16", "ZHS16GBK", "", UNKNOWN),
        (None, None, "", "", UNKNOWN),
        ("ZHS16GBK", None, "ZHS16GBK", "AL16UTF16", UNKNOWN),
    ],
)
def test_character_sets_are_compared_with_the_plan(
    seen: str | None, nseen: str | None, plan: str, nplan: str, outcome: Outcome
) -> None:
    oracle = SmallOracle()
    pairs = (("NLS_CHARACTERSET", seen), ("NLS_NCHAR_CHARACTERSET", nseen))
    oracle.views["NLS_DATABASE_PARAMETERS"] = [{"PARAMETER": name, "VALUE": value} for name, value in pairs]
    result = judged(oracle, "charset", charset=plan, ncharset=nplan)
    assert result.outcome is outcome
    if seen and nseen:
        assert result.observed == {"charset": seen, "ncharset": nseen}


def adding(view: str, **row: Any) -> Change:
    return lambda oracle: oracle.views.update({view: [*oracle.views[view], row]})


@pytest.mark.parametrize(
    ("change", "outcome", "said"),
    [
        (without(), PASS, ""),
        (without("DBA_UNDO_EXTENTS"), FAIL, "DBA_UNDO_EXTENTS"),
        (without("V$PARAMETER", "DBA_USERS"), FAIL, "V$PARAMETER、DBA_USERS"),
        (lambda oracle: oracle.errors.update({"FROM DBA_USERS": (1031, "insufficient privileges")}), FAIL, "DBA_USERS"),
        (lambda oracle: oracle.errors.update({"FROM DBA_USERS": (4031, "out of memory")}), UNKNOWN, "ORA-04031"),
        (adding("SESSION_ROLES", ROLE="DBA"), WARN, "角色 DBA"),
        (adding("SESSION_PRIVS", PRIVILEGE="UPDATE ANY TABLE"), WARN, "UPDATE ANY TABLE"),
        (adding("SESSION_PRIVS", PRIVILEGE="CREATE TABLE"), WARN, "CREATE TABLE"),
        (adding("SESSION_PRIVS", PRIVILEGE="SELECT ANY TABLE"), PASS, ""),
        (adding("SESSION_PRIVS", PRIVILEGE="ALTER SESSION"), PASS, ""),
        (adding("USER_TAB_PRIVS_RECD", OWNER="JYJC", TABLE_NAME="就业", PRIVILEGE="DELETE"), WARN, "JYJC.就业"),
        (adding("ROLE_TAB_PRIVS", OWNER="JYJC", TABLE_NAME="AA10", PRIVILEGE="INSERT"), WARN, "INSERT ON JYJC.AA10"),
        (lambda oracle: oracle.views.update({"SESSION_PRIVS": []}), UNKNOWN, "SESSION_PRIVS"),
    ],
)  # fmt: skip
def test_the_account_sees_what_is_needed_and_can_do_no_more(change: Change, outcome: Outcome, said: str) -> None:
    oracle = SmallOracle()
    change(oracle)
    result = judged(oracle, "privileges")
    assert result.outcome is outcome
    assert said in result.reason
    assert outcome is not FAIL or "GRANT" in result.advice


def ahead(seconds: float) -> Callable[[], str]:
    return lambda: (
        (datetime.now(UTC) + timedelta(seconds=seconds, hours=8)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " +08:00"
    )


@pytest.mark.parametrize("version", [THIN, LEGACY])
@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0.0, PASS), (50.0, PASS), (70.0, WARN), (-290.0, WARN), (310.0, FAIL), (-28800.0, FAIL)]
)
def test_the_clock_is_compared_in_utc(version: int, seconds: float, outcome: Outcome) -> None:
    oracle = SmallOracle(version)
    oracle.answers[clock.SQL] = ahead(seconds)
    result = judged(oracle, "clock")
    assert result.outcome is outcome
    assert result.offset_seconds == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize("answer", ["2026-11-24 20:27:25", "昨天", "", "2026-13-24 20:27:25.123 +08:00"])
def test_a_time_without_a_zone_or_no_time_is_unknown(answer: str) -> None:
    oracle = SmallOracle()
    oracle.answers[clock.SQL] = lambda: answer
    result = judged(oracle, "clock")
    assert result.outcome is UNKNOWN
    assert result.reason


def test_a_version_without_systimestamp_says_so() -> None:
    oracle = SmallOracle(LEGACY)
    oracle.errors["SYSTIMESTAMP"] = (904, '"SYSTIMESTAMP": invalid identifier')
    result = judged(oracle, "clock")
    assert result.outcome is UNKNOWN
    assert "SYSTIMESTAMP" in result.reason and "9i" in result.reason


def test_the_offset_is_taken_at_the_middle_of_the_round_trip() -> None:
    row = [("1970-01-01 08:01:40.500 +08:00",)]
    assert clock.offset(row, 90.0, 100.0) == pytest.approx(5.5)
    assert clock.offset([("1969-12-31 19:00:00.000 -05:00",)], 0.0, 2.0) == pytest.approx(-1.0)
    with pytest.raises(Undetermined):
        clock.offset([], 0.0, 1.0)


def test_a_slow_log_in_is_a_warning() -> None:
    from app.checks.database import login
    from app.checks.database.session import LoggedIn

    oracle = SmallOracle()
    with serving(oracle) as port:
        target = target_of(port)
        assert results(target, "oracle.login")["oracle.login"].outcome is PASS
    for seconds, outcome in ((1.0, PASS), (1.001, WARN)):
        assert login.compare_login(LoggedIn("oracledb thin", seconds), target, None).outcome is outcome  # type: ignore[arg-type]
