"""The alert log's last day, from the view of 12.2 and later and from the file on its host, which a real SSH serves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from host_paramiko import Seen, Temper, printed, ssh_server
from host_world import PASSWORD as HOST_PASSWORD
from host_world import Held, host
from hypothesis import given
from hypothesis import strategies as st
from oracle_operation import alert
from oracle_small import LEGACY, NOW, PASSWORD, NoKeys, SmallOracle, judged, serving, target_of

from app.base.cancellation import Cancellation
from app.checks import runner
from app.checks.database import alert_log
from app.checks.database.alert_log import Clock
from app.checks.database.checks import CHECKS
from app.checks.host import commands
from app.checks.model import Outcome, Planned, Result, Surroundings
from app.site.model import Site

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
CHECK = next(check for check in CHECKS if check.id == "oracle.alerts")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOLDER = "/u01/app/oracle/diag/rdbms/jyjc/jyjc1/trace"
TAIL = f"tail -c 2000000 {FOLDER}/alert_jyjc1.log"
CONTAINER = "SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"


def viewed(*lines: str | tuple[datetime, str]) -> SmallOracle:
    oracle = SmallOracle()
    rows = [line if isinstance(line, tuple) else (NOW - HOUR, line) for line in lines]
    oracle.views["V$DIAG_ALERT_EXT"] = [alert(NOW - HOUR, "Starting ORACLE instance"), *(alert(*row) for row in rows)]
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (viewed(), PASS, ""),
        (viewed("ORA-01555 caused by SQL statement below"), WARN, "ORA-01555"),
        (viewed("Errors in file /u01/x.trc:\nORA-07445: exception encountered"), FAIL, "ORA-07445"),
        (viewed("ORA-00600: internal error code", "ORA-01555"), FAIL, "ORA-01555"),
        (viewed("ORA-04031: unable to allocate 4096 bytes"), FAIL, "ORA-04031"),
        (viewed("ORA-600 encountered"), FAIL, "ORA-600"),
        (viewed("WARNING: inbound connection timed out (ORA-3136)"), PASS, ""),
        (viewed("aborting process unknown ospid (31) as a result of ORA-609", "ORA-00609: could not attach"), PASS, ""),
        (viewed("ORA-00000: normal, successful completion"), PASS, ""),
        (viewed((NOW - DAY - HOUR, "ORA-00600: old")), PASS, ""),
        (viewed((NOW - DAY, "ORA-00600: a day old to the second")), FAIL, ""),
    ],
)
def test_errors_of_the_last_day_are_told(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "alerts")
    assert result.outcome is outcome
    assert said in result.reason


def test_of_very_many_errors_the_grave_ones_are_still_found() -> None:
    oracle = viewed(*["ORA-01555"] * 6000, "ORA-00600: internal error code")
    assert judged(oracle, "alerts").outcome is FAIL
    oracle.views["V$DIAG_ALERT_EXT"].pop()
    result = judged(oracle, "alerts")
    assert result.outcome is UNKNOWN
    assert "没有全看" in result.reason


def test_an_empty_view_and_one_of_other_programs_is_no_clean_log() -> None:
    oracle = viewed()
    oracle.views["V$DIAG_ALERT_EXT"] = [alert(NOW, "started", "tnslsnr")]
    result = judged(oracle, "alerts")
    assert result.outcome is UNKNOWN
    assert "空的" in result.reason


@pytest.mark.parametrize(("line", "outcome"), [("", UNKNOWN), ("ORA-00600: x", FAIL), ("ORA-01555", UNKNOWN)])
def test_a_pluggable_database_does_not_see_the_whole_log(line: str, outcome: Outcome) -> None:
    oracle = viewed(line)
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers[CONTAINER] = lambda: "P1"
    result = judged(oracle, "alerts")
    assert result.outcome is outcome
    assert "PDB P1" in result.reason


@pytest.mark.parametrize(("everywhere", "outcome"), [(False, UNKNOWN), (True, PASS)])
def test_one_instance_of_a_cluster_does_not_stand_for_the_logs_of_the_others(
    everywhere: bool, outcome: Outcome
) -> None:
    oracle = viewed()
    oracle.views["V$INSTANCE"][0]["PARALLEL"] = "YES"
    if everywhere:
        oracle.views["GV$DIAG_ALERT_EXT"] = oracle.views["V$DIAG_ALERT_EXT"]
    assert judged(oracle, "alerts").outcome is outcome


def test_without_the_view_and_without_a_host_it_is_unknown() -> None:
    oracle = SmallOracle(LEGACY)
    oracle.drop_view("V$DIAG_ALERT_EXT")
    result = judged(oracle, "alerts")
    assert result.outcome is UNKNOWN
    assert "via" in result.advice


def filed(diag: str = FOLDER, dump: str = "") -> SmallOracle:
    """11.2, where the alert log is but a file."""
    oracle = SmallOracle(LEGACY)
    oracle.drop_view("V$DIAG_ALERT_EXT")
    oracle.views["V$INSTANCE"][0]["HOST_NAME"] = "db1.example.cn"
    if diag:
        oracle.views["V$DIAG_INFO"] = [{"NAME": "Diag Trace", "VALUE": diag}]
    if dump:
        oracle.views["V$PARAMETER"].append({"NAME": "background_dump_dest", "VALUE": dump})
    return oracle


def stamped(ago: timedelta, *lines: str, iso: bool = False) -> str:
    at = NOW - ago
    first = f"{at:%Y-%m-%dT%H:%M:%S}.123456" if iso else f"{at:%a %b} {at.day:2d} {at:%H:%M:%S %Y}"
    return "".join(f"{line}\n" for line in (first, *lines))


def asked(
    oracle: SmallOracle,
    folder: Path,
    log: str | bytes = "",
    system: str = "Linux 4.19.90 x86_64\n",
    answers: Mapping[str, Any] | None = None,
) -> tuple[Result, Seen]:
    """The check put to ``oracle`` with a ``via`` host that has this alert log."""
    said = {"uname -srm": printed(system), "uname -n": printed("db1\n"), TAIL: printed(log), **(answers or {})}
    found: list[Result] = []
    with serving(oracle) as port, ssh_server(folder, Temper(said)) as server:
        via = host(server.port, id="db-host", host_key=server.key)
        target = target_of(port, via="db-host", heavy=True)
        site = Site("示例省节点", "510000", targets=(target, via))
        held = Held({"db1": PASSWORD, "db-host": HOST_PASSWORD})
        runner.run([Planned(CHECK, target)], Surroundings(site, held, NoKeys(), Cancellation()), found.append)
        shown = [text for text in CHECK.shows(target) if not text.startswith("SELECT")]
    fixed = [one for one in server.commands if "tail" not in one]
    assert set(fixed) <= set(shown)
    assert any("tail -c 2000000 <" in one for one in shown)
    return found[0], server


@pytest.mark.parametrize("iso", [False, True])
@pytest.mark.parametrize(
    ("log", "outcome", "said"),
    [
        ([(2 * DAY, "ORA-00600: old"), (HOUR, "Thread 1 advanced")], PASS, ""),
        ([(2 * DAY, "x"), (HOUR, "ORA-00600: internal error code")], FAIL, "ORA-00600: internal"),
        ([(2 * DAY, "x"), (HOUR, "ORA-1652: unable to extend temp segment")], WARN, "ORA-1652"),
        ([(2 * DAY, "x"), (HOUR, "WARNING: inbound connection timed out (ORA-3136)")], PASS, ""),
        ([(DAY + timedelta(seconds=1), "ORA-00600: just too old")], PASS, ""),
        ([(DAY, "ORA-00600: a day old")], FAIL, ""),
        ([(HOUR, "ORA-00600: in a young file")], FAIL, ""),
    ],
)
def test_the_file_on_its_host_is_read_by_the_times_in_it(
    tmp_path: Path, iso: bool, log: list[tuple[timedelta, str]], outcome: Outcome, said: str
) -> None:
    result, server = asked(filed(), tmp_path, "".join(stamped(ago, line, iso=iso) for ago, line in log))
    assert result.outcome is outcome
    assert said in result.reason
    assert TAIL in server.commands


def test_lines_in_the_characters_of_old_hosts_are_read(tmp_path: Path) -> None:
    log = stamped(HOUR, "ORA-01653: 表 JYJC.AC01 无法通过 8192 (在表空间 就业数据 中) 扩展").encode("gb18030")
    result, _ = asked(filed(), tmp_path, log)
    assert result.outcome is WARN
    assert "就业数据" in result.reason


BUSY = "".join(stamped(HOUR, "Thread 1 advanced to log sequence") for _ in range(40_000))


@pytest.mark.parametrize(("extra", "outcome"), [("", UNKNOWN), (stamped(HOUR, "ORA-07445: x"), FAIL)])
def test_a_tail_that_does_not_reach_back_a_day_proves_no_clean_log(
    tmp_path: Path, extra: str, outcome: Outcome
) -> None:
    result, _ = asked(filed(), tmp_path, (BUSY + extra)[-commands.ALERT_TAIL :])
    assert result.outcome is outcome
    assert "尾部只有" in result.reason


@pytest.mark.parametrize(
    ("system", "command", "outcome"),
    [
        ("HP-UX B.11.31 ia64\n", TAIL, UNKNOWN),
        ("SunOS 5.10 sun4v\n", f"/usr/xpg4/bin/{TAIL}", PASS),
        ("AIX 1 x\n", TAIL, PASS),
    ],
)
def test_each_system_has_its_own_tail(tmp_path: Path, system: str, command: str, outcome: Outcome) -> None:
    """That of HP-UX gives a few lines, however much is asked for."""
    log = {command: printed(stamped(HOUR, "Thread 1 advanced"))}
    result, server = asked(filed(), tmp_path, system=system, answers=log)
    assert result.outcome is outcome
    assert command in server.commands


@pytest.mark.parametrize(
    ("oracle", "answers", "said"),
    [
        (filed(), {TAIL: printed("", 1, b"tail: cannot open: Permission denied")}, "Permission denied"),
        (filed(), {TAIL: printed("")}, "文件是空的"),
        (filed(), {TAIL: printed("ORA-00600\n" * 3)}, "没有能认出的时间"),
        (filed(), {"uname -n": printed("app1\n")}, "via 主机是 app1"),
        (filed(), {TAIL: printed(stamped(31 * DAY, "shutting down"))}, "早于实例的启动"),
        (filed("/u01/x; rm -rf /"), {}, "不能用作命令的参数"),
        (filed("/u01/../etc"), {}, "不能用作命令的参数"),
        (filed("?/rdbms/log"), {}, "不能用作命令的参数"),
        (filed(""), {}, "读不到告警日志的目录"),
    ],
)
def test_a_file_that_cannot_be_read_is_unknown(
    tmp_path: Path, oracle: SmallOracle, answers: Mapping[str, Any], said: str
) -> None:
    result, _ = asked(oracle, tmp_path, answers=answers)
    assert result.outcome is UNKNOWN
    assert said in result.reason


def test_before_11g_the_folder_is_a_parameter(tmp_path: Path) -> None:
    log = {"tail -c 2000000 /oracle/admin/jyjc/bdump/alert_jyjc1.log": printed(stamped(HOUR, "ok"))}
    result, _ = asked(filed("", "/oracle/admin/jyjc/bdump/"), tmp_path, answers=log)
    assert result.outcome is PASS


def test_what_a_pluggable_database_does_not_see_stands_in_the_file(tmp_path: Path) -> None:
    oracle = viewed("ORA-01555: in the pluggable database")
    oracle.views["V$INSTANCE"][0]["HOST_NAME"] = "db1"
    oracle.views["V$DIAG_INFO"] = [{"NAME": "Diag Trace", "VALUE": FOLDER}]
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers[CONTAINER] = lambda: "P1"
    result, _ = asked(oracle, tmp_path, stamped(HOUR, "ORA-00600: in the root"))
    assert result.outcome is FAIL
    assert "ORA-01555" in result.reason


CLOCK = Clock(NOW, alert_log.in_utc(1_795_500_000))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1)))
def test_both_forms_of_a_time_are_read(at: datetime) -> None:
    at = at.replace(microsecond=0)
    month = alert_log.MONTHS[at.month - 1]
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.weekday()]
    assert alert_log.stamp(f"{day} {month} {at.day:2d} {at:%H:%M:%S} {at.year}") == at
    assert alert_log.stamp(f"{at.isoformat()}.123456") == at
    zoned = alert_log.stamp(f"{at.isoformat()}.123456+08:00")
    assert zoned is not None and zoned.utcoffset() == timedelta(hours=8)


@given(st.text(alphabet=st.characters(), max_size=400), st.booleans())
def test_no_log_breaks_the_reading(text: str, whole: bool) -> None:
    alert_log.read(text, CLOCK, whole)
    alert_log.noted(text)
    alert_log.read(f"Tue Nov 31 10:00:00 2026\n{text}\n2026-02-30T00:00:00+99:99\n", CLOCK, whole)


@pytest.mark.parametrize("zone", ["+08:00", "Z", "-11:30"])
def test_a_zone_in_the_log_is_heeded(zone: str) -> None:
    at = CLOCK.utc - 23 * HOUR
    shift = alert_log.stamp(f"2026-01-01T00:00:00{zone}")
    assert shift is not None and shift.tzinfo is not None
    local = at.astimezone(shift.tzinfo)
    text = f"{local:%Y-%m-%dT%H:%M:%S}.000001{zone}\nORA-00600: x\n"
    assert alert_log.read(text, CLOCK, whole=True).errors.serious == (600,)
    earlier = local - 2 * HOUR
    text = f"{earlier:%Y-%m-%dT%H:%M:%S}.000001{zone}\nORA-00600: x\n"
    assert alert_log.read(text, CLOCK, whole=True).errors.serious == ()
