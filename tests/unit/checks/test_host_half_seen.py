"""Hosts of which only a part is seen: what was not seen is neither there nor missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from host_paramiko import Temper, printed, ssh_server
from host_world import host, run, surroundings

from app.checks.host import commands, disk_checks, file_systems, parsers, process_checks, system_checks
from app.checks.host.disk_checks import Space
from app.checks.host.process_checks import Java, Listed
from app.checks.host.releases import System
from app.checks.model import Outcome
from app.site.model import Host, HostExpect, Site

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SITE = Site("演示", "510000")
HEADER = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
GOOD = "/dev/a 99999999 1 99999998 1% /\n"
INODES = file_systems.file_systems("Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 100 1 99 1% /\n")


def disk(rows: str, plan: dict[str, float] | None = None) -> Outcome:
    target = Host("h", expect=HostExpect(free_gb=plan or {}))
    return disk_checks.compare_disk(Space(file_systems.file_systems(HEADER + rows), INODES), target, SITE).outcome


@pytest.mark.parametrize("plan", [{}, {"/": 10}])
def test_a_line_of_df_that_is_not_understood_keeps_the_disks_from_passing(plan: dict[str, float]) -> None:
    assert disk(GOOD, plan) is PASS
    assert disk(GOOD + "/dev/b 10 ?? /data\n", plan) is UNKNOWN


def test_no_disk_at_all_is_no_good_disk() -> None:
    assert disk("tmpfs 100 1 99 1% /run\n") is UNKNOWN


@pytest.mark.parametrize("row", ["/dev/b - - - - /u01\n", "/dev/b 0 0 0 - /u01\n"])
def test_a_planned_mount_without_a_size_is_not_missing(row: str) -> None:
    assert disk(GOOD + row, {"/u01": 1}) is UNKNOWN
    assert disk(GOOD, {"/u01": 1}) is FAIL


@pytest.mark.parametrize(
    ("errors", "whole"),
    [
        ("df: /mnt/nfs: Stale file handle\n", False),
        ("df: ‘/mnt/nfs’: Stale file handle\n", False),
        ("df: /run/user/1000/doc: Operation not permitted\n", True),
        ("df: '/sys/kernel/debug/tracing': Permission denied\n", True),
        ("df: /sys/kernel/debug: Permission denied\ndf: /data: Input/output error\n", False),
        ("", False),
    ],
)
def test_df_may_complain_of_the_system_s_own_mounts_alone(errors: str, whole: bool) -> None:
    assert file_systems.df_whole(1, errors) is whole


@pytest.mark.parametrize(
    ("version", "wanted", "outcome"),
    [
        ("7", ">=7.6", UNKNOWN),
        ("7", "7.6", UNKNOWN),
        ("7", "==7.0", UNKNOWN),
        ("7", ">=7.0", PASS),
        ("7", "7", PASS),
        ("8", ">=7.6", PASS),
        ("6", ">=7.6", FAIL),
    ],
)
def test_a_release_without_its_minor_number_is_not_below_the_plan(version: str, wanted: str, outcome: Outcome) -> None:
    target = Host("h", expect=HostExpect(os=wanted))
    assert system_checks.compare_os(System("Linux 4 x86_64", "系统", version), target, SITE).outcome is outcome


def processes(planned: str, *lines: str) -> Outcome:
    found = parsers.processes("  PID COMMAND\n" + "".join(f"{line}\n" for line in lines))
    return process_checks.compare_processes(
        Listed(found), Host("h", expect=HostExpect(processes=(planned,))), SITE
    ).outcome


@pytest.mark.parametrize(
    "line",
    [
        "/bin/sh -c ps -ef | grep -- -Dweblogic.Name=jyjc1 | wc -l",
        "bash -lc tail -f x -Dweblogic.Name=jyjc1",
        "awk /-Dweblogic.Name=jyjc1 /",
        "[java -Dweblogic.Name=jyjc1] <defunct>",
    ],
)
def test_what_looks_for_a_process_or_has_died_is_not_it(line: str) -> None:
    assert processes("-Dweblogic.Name=jyjc1", "1 init", f"7 {line}") is FAIL


def test_a_user_who_sees_only_his_own_processes_cannot_miss_another_s() -> None:
    assert processes("ora_pmon_", "4312 -bash", "4313 sshd: weblogic@notty") is UNKNOWN
    assert processes("ora_pmon_", "4312 -bash", "4313 ora_pmon_JYJC") is PASS
    assert processes("ora_pmon_", "1 init", "4312 -bash") is FAIL


def test_a_version_in_the_options_is_not_java_s() -> None:
    assert parsers.java('Picked up JAVA_TOOL_OPTIONS: -Dapp version "99.0"\njava version "1.6.0_45"\n') == "1.6.0_45"


def test_a_fifth_java_that_was_not_asked_keeps_the_others_from_passing(tmp_path: Path) -> None:
    paths = [f"/opt/jdk{number}/bin/java" for number in range(5)]
    lines = [f"{pid} {path} -Dweblogic.Name=s{pid} weblogic.Server" for pid, path in enumerate(paths, 1)]
    answers = {
        commands.KERNEL: printed("Linux 4.19 x86_64\n"),
        commands.PROCESSES: printed("  PID COMMAND\n" + "\n".join(lines) + "\n"),
        **{f"{path} -version": printed('java version "1.8.0_202"\n') for path in paths},
    }
    with ssh_server(tmp_path, Temper(answers)) as server:
        target = host(server.port, host_key=server.key)
        assert run(surroundings(target), "java")["java"].outcome is UNKNOWN


def test_every_java_is_needed_only_where_one_is_unknown() -> None:
    javas = tuple(Java(f"/j{number}/bin/java", "1.8.0_202") for number in range(5))
    assert process_checks.compare_java(javas, Host("h", expect=HostExpect(java="8")), SITE).outcome is PASS
