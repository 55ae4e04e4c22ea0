"""What Linux commands print, in all its shapes; and what is made of it, at each boundary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from app.checks.host import (
    checks,
    commands,
    disk_checks,
    memory_checks,
    memory_reports,
    parsers,
    process_checks,
    system_checks,
)
from app.checks.host.disk_checks import Space
from app.checks.host.file_systems import Table, file_systems
from app.checks.host.process_checks import Java, Listed
from app.checks.host.releases import System, linux
from app.checks.model import Outcome, Undetermined
from app.site.model import Host, HostExpect, Site

SITE = Site("演示", "510000")
PASS, WARN, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
GIB = 1 << 20  # KiB
HEADER = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"
INODES = file_systems("Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 100 1 99 1% /\n")


def disk(text: str, plan: dict[str, float] | None = None, inodes: Table = INODES, whole: bool = True) -> Outcome:
    target = Host("h", expect=HostExpect(free_gb=plan or {}))
    return disk_checks.compare_disk(Space(file_systems(text, whole), inodes), target, SITE).outcome


class TestDisk:
    def test_a_long_device_name_may_wrap_its_line(self) -> None:
        text = HEADER + "/dev/mapper/a-very-long-volume-name\n" + "      1000 400 600 40% /u01\n/dev/b 10 1 9 10% /\n"
        table = file_systems(text)
        assert table.whole and [row.mount for row in table.rows] == ["/u01", "/"]
        assert table.rows[0].device == "/dev/mapper/a-very-long-volume-name" and table.rows[0].available == 600 * 1024

    def test_mount_points_and_devices_may_have_blanks(self) -> None:
        table = file_systems(HEADER + "//srv/my share 1000 400 600 40% /mnt/备份 盘 2\n")
        assert table.rows[0].mount == "/mnt/备份 盘 2" and table.rows[0].device == "//srv/my share"

    @pytest.mark.parametrize(("unit", "size"), [("512-blocks", 512), ("1024-blocks", 1024), ("1K-blocks", 1024)])
    def test_blocks_have_the_size_that_the_header_says(self, unit: str, size: int) -> None:
        text = f"Filesystem {unit} Used Available Capacity Mounted on\n/dev/a 1000 400 600 40% /\n"
        assert file_systems(text).rows[0].available == 600 * size

    @pytest.mark.parametrize(
        "text", ["", "df: command not found\n", HEADER, "Filesystem Size Used Avail Use% Mounted on\n"]
    )
    def test_an_empty_or_strange_answer_is_undetermined(self, text: str) -> None:
        with pytest.raises(Undetermined):
            file_systems(text)

    def test_noise_of_the_login_shell_before_the_table_is_passed_over(self) -> None:
        assert disk("Welcome to Kylin\n" + HEADER + "/dev/a 1000 400 600 40% /\n") is PASS

    @pytest.mark.parametrize(("available", "outcome"), [(10 * GIB, PASS), (10 * GIB - 1, FAIL)])
    def test_a_planned_mount_below_its_plan_fails_to_the_block(self, available: int, outcome: Outcome) -> None:
        text = HEADER + f"/dev/a {100 * GIB} {50 * GIB} {available} 50% /u01\n"
        assert disk(text, {"/u01": 10}) is outcome
        assert disk(text, {"/u01/": 10}) is outcome

    def test_a_planned_mount_that_is_missing_fails_only_where_the_table_is_whole(self) -> None:
        text = HEADER + "/dev/a 1000 400 600 40% /\n"
        assert disk(text, {"/u02": 0.001}) is FAIL
        assert disk(text, {"/u02": 0.001}, whole=False) is UNKNOWN
        assert disk(text + "/dev/u02 half a line\n", {"/u02": 0.001}) is UNKNOWN

    @pytest.mark.parametrize(("used", "outcome"), [(900, WARN), (899, PASS)])
    def test_nine_tenths_are_a_warning_and_never_more(self, used: int, outcome: Outcome) -> None:
        row = f"/dev/a 1000 {used} {1000 - used} 90% "
        assert disk(HEADER + row + "/data\n") is outcome
        full = HEADER + f"/dev/b {100 * GIB} 1 {50 * GIB} 1% /\n" + row + "/data\n"
        assert disk(full, {"/": 10}) is outcome  # a full one beside a good planned one

    @pytest.mark.parametrize(("used", "outcome"), [(90, WARN), (89, PASS)])
    def test_inodes_run_out_too(self, used: int, outcome: Outcome) -> None:
        table = file_systems(f"Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 100 {used} {100 - used} 9% /\n")
        assert disk(HEADER + "/dev/a 1000 400 600 40% /\n", inodes=table) is outcome

    @pytest.mark.parametrize(
        "row",
        [
            "tmpfs 1000 1000 0 100% /run",
            "devtmpfs 1000 1000 0 100% /dev",
            "/dev/sr0 1000 1000 0 100% /media/cdrom",
            "/dev/loop3 1000 1000 0 100% /snap/core/1",
            "none 0 0 0 - /proc/fs",
            "/dev/x - - - - /mnt/strange",
        ],
    )
    def test_what_is_no_disk_is_left_out(self, row: str) -> None:
        assert disk(HEADER + "/dev/a 1000 400 600 40% /\n" + row + "\n") is PASS

    def test_a_planned_mount_counts_whatever_it_is(self) -> None:
        assert disk(HEADER + "tmpfs 1000 1000 0 100% /u01\n", {"/u01": 1}) is FAIL

    def test_the_last_of_two_on_one_mount_point_counts(self) -> None:
        text = HEADER + f"rootfs 9 9 0 100% /\n/dev/a {99 * GIB} {GIB} {98 * GIB} 2% /\n"
        assert disk(text, {"/": 10}) is PASS

    def test_without_inodes_there_is_nothing_to_say_of_them(self) -> None:
        table = file_systems(
            "Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 9 1 8 1% /\n/dev/b 0 0 0 - /btrfs\n"
        )
        assert [row.mount for row in table.rows] == ["/"]


class TestMemory:
    @pytest.mark.parametrize(("available", "outcome"), [(101, PASS), (100, WARN), (0, WARN)])
    def test_it_warns_at_most(self, available: int, outcome: Outcome) -> None:
        facts = memory_reports.linux_memory(f"MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n")
        assert memory_checks.compare_memory(facts, Host("h"), SITE).outcome is outcome

    def test_old_kernels_do_not_say_what_is_available(self) -> None:
        text = "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nShmem: 40 kB\n"
        assert memory_reports.linux_memory(text) == memory_reports.Memory(1000, 410)

    @pytest.mark.parametrize(
        "text",
        ["", "MemTotal: 1000 kB\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", "MemTotal: 9 kB\nMemAvailable: 10 kB\n"],
    )
    def test_nonsense_is_undetermined(self, text: str) -> None:
        with pytest.raises(Undetermined):
            memory_reports.linux_memory(text)


class TestSystem:
    @pytest.mark.parametrize(
        ("version", "wanted", "outcome"),
        [("V10", ">=10", PASS), ("7.9", ">=8", FAIL), ("7.9", "7", PASS), ("", ">=7", UNKNOWN), ("7", "", NONE)],
    )
    def test_the_release_against_the_plan(self, version: str, wanted: str, outcome: Outcome) -> None:
        target = Host("h", expect=HostExpect(os=wanted))
        verdict = system_checks.compare_os(System("Linux 4 x86_64", "某系统", version), target, SITE)
        assert verdict.outcome is outcome and verdict.observed == {"os": "某系统", "kernel": "Linux 4 x86_64"}

    def test_values_of_os_release_may_be_quoted(self) -> None:
        text = "NAME=\"CentOS Linux\"\nVERSION_ID='7'\nPRETTY_NAME=CentOS\n# x\n"
        assert linux("Linux 3.10", text) == System("Linux 3.10", "CentOS", "7")


class TestJava:
    @pytest.mark.parametrize(
        ("text", "version"),
        [
            ('java version "1.8.0_202"\nJava(TM) SE', "1.8.0_202"),
            ('Picked up JAVA_TOOL_OPTIONS: -Dx="y"\nopenjdk version "17.0.2" 2022-01-18', "17.0.2"),
            ("bash: java: command not found", ""),
        ],
    )
    def test_its_version_is_found(self, text: str, version: str) -> None:
        assert parsers.java(text) == version

    @pytest.mark.parametrize(
        ("versions", "wanted", "outcome"),
        [
            (["1.8.0_202"], ">=1.6", PASS),
            (["1.8.0_202"], "8", PASS),
            (["1.6.0_45"], ">=1.8", FAIL),
            (["1.8.0_202", "1.6.0_45"], ">=1.8", FAIL),
            (["1.8.0_202", ""], ">=1.8", UNKNOWN),
            (["17.0.2"], "", NONE),
        ],
    )
    def test_every_java_that_runs_weblogic_counts(self, versions: list[str], wanted: str, outcome: Outcome) -> None:
        javas = tuple(Java(f"/j{place}/bin/java", one, "" if one else "?") for place, one in enumerate(versions))
        verdict = process_checks.compare_java(javas, Host("h", expect=HostExpect(java=wanted)), SITE)
        assert verdict.outcome is outcome and isinstance(verdict.observed["java"], str)

    @pytest.mark.parametrize(
        "path",
        [
            "java",
            "bin/java",
            "/opt/jdk/bin/java;id",
            "/opt/$(id)/bin/java",
            "/opt/a b/bin/java",
            "/opt/../tmp/bin/java",
            "/tmp/x/bin/java",
            "/dev/shm/bin/java",
            "/opt/jdk/bin/java\nid",
            "/opt/jdk/bin/javac",
            "/opt/jdk/java",
            "/opt/'/bin/java",
            "-version",
            "",
        ],
    )
    def test_only_a_plain_absolute_path_is_ever_run(self, path: str) -> None:
        assert commands.java_version(path) == "" and not commands.is_allowed(f"{path} -version")

    def test_a_usual_path_is(self) -> None:
        for path in ("/usr/java/jdk1.8.0_202/bin/java", "/u01/jrockit-R28.3+x/jre/bin/java"):
            assert commands.is_allowed(f"{path} -version")
            assert not commands.is_allowed(f"{path} -jar") and not commands.is_allowed(f"{path} -version ")


def listed(*arguments: str) -> Listed:
    text = "  PID COMMAND\n    1 init\n" + "".join(f"{pid:>5} {line}\n" for pid, line in enumerate(arguments, 100))
    return Listed(parsers.processes(text + "  999 ps -eo pid,args\n 998 bash -c env LC_ALL=C ps -eo pid,args\n"))


class TestProcesses:
    def judged(self, planned: str, *arguments: str) -> Outcome:
        target = Host("h", expect=HostExpect(processes=(planned,)))
        return process_checks.compare_processes(listed("init", *arguments), target, SITE).outcome

    @pytest.mark.parametrize(
        ("planned", "line", "outcome"),
        [
            ("-Dweblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc1 weblogic.Server", PASS),
            ("-Dweblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc1", PASS),
            ("-Dweblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc10 weblogic.Server", FAIL),
            ("-Dweblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc1-test weblogic.Server", FAIL),
            ("-Dweblogic.Name=jyjc1", "/usr/bin/perl /opt/agent/check -Dweblogic.Name=jyjc1", FAIL),
            ("-Dweblogic.Name=jyjc1", "java -Dweblogic.Name=jyjc1 weblogic.Server", PASS),
            ("weblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc1 weblogic.Server", PASS),
            ("weblogic.Name=jyjc1", "/j/bin/java -Dweblogic.Name=jyjc10 weblogic.Server", FAIL),
            ("weblogic.Name=jyjc1", "/usr/bin/perl /opt/agent/check -Dweblogic.Name=jyjc1", FAIL),
            ("ora_pmon_JYJC", "python agent.py ora_pmon_JYJC", FAIL),
            ("ora_pmon_", "ora_pmon_JYJC", PASS),
            ("ora_pmon_JYJC", "ora_pmon_JYJC2", FAIL),
            ("ora_pmon_JYJC", "ora_pmon_JYJC", PASS),
            ("tnslsnr", "/u02/bin/tnslsnr LISTENER -inherit", PASS),
            ("-Dweblogic.Name=jyjc1", "grep -Dweblogic.Name=jyjc1", FAIL),
            ("-Dweblogic.Name=jyjc1", "vi /tmp/-Dweblogic.Name=jyjc1", FAIL),
            ("httpd", "/usr/sbin/lighttpd -D", FAIL),
            ("httpd", "/usr/sbin/httpd -DFOREGROUND", PASS),
            ("pmon_JYJC", "ora_pmon_JYJC", PASS),
            ("ps -eo pid,args", "sshd", FAIL),
        ],
    )
    def test_a_planned_one_is_looked_for_in_the_arguments(self, planned: str, line: str, outcome: Outcome) -> None:
        assert self.judged(planned, line) is outcome

    def test_arguments_cut_off_by_the_kernel_prove_no_absence(self) -> None:
        long = "/j/bin/java " + "-Da=b " * 800
        assert self.judged("-Dweblogic.Name=jyjc1", long[:4095]) is UNKNOWN
        assert self.judged("-Dweblogic.Name=jyjc1", long[:4000]) is FAIL
        assert self.judged("-Da=b", long[:4095]) is PASS

    def test_arguments_cut_off_at_a_screen_s_width_prove_no_absence(self) -> None:
        lines = [("x" * 10 + f" {number} " + "-Da=b " * 30)[:72] for number in range(4)]
        assert self.judged("-Dweblogic.Name=jyjc1", *lines) is UNKNOWN

    def test_an_answer_that_is_no_list_of_processes_is_undetermined(self) -> None:
        for text in ("", "ps: bad syntax\n", "  PID COMMAND\n", "  PID COMMAND\n  1 ps -eo pid,args\n"):
            with pytest.raises(Undetermined):
                parsers.processes(text)

    @pytest.mark.parametrize(
        "text",
        [
            "java -Dweblogic.management.password=hunter2 x",
            "java -Djavax.net.ssl.keyStorePassword=hunter2",
            "exp system/hunter2@JYJC full=y",
            "sqlplus JYJC/hunter2@//h:1521/s",
            "curl --password hunter2 u",
            "x db_pwd:hunter2",
        ],
    )
    def test_passwords_in_arguments_are_not_recorded(self, text: str) -> None:
        assert "hunter2" not in parsers.without_secrets(text)


class TestClock:
    def test_the_answer_of_date_is_read_to_the_nanosecond(self) -> None:
        assert parsers.seconds("1795540000.250000000\n") == 1795540000.25
        assert parsers.seconds("Welcome\n1795540000.5\n") == 1795540000.5

    @pytest.mark.parametrize("text", ["", "1795540000.%N\n", "1795540000.N\n", "Mon Nov 23\n", "-5.1\n", "1e9.5"])
    def test_anything_else_is_undetermined(self, text: str) -> None:
        with pytest.raises(Undetermined):
            parsers.seconds(text)


def test_no_command_has_signs_that_one_of_the_login_shells_takes_for_its_own() -> None:
    """To csh ``$PATH:/sbin`` is a variable with a modifier, ``!`` its history; Bourne's knows neither ``$( )``."""
    for command in commands.ALLOWED:
        assert not re.search(r"\$\w+:|[!`*?~\[]|\$\(|(?<!\$)\{", command), command


@pytest.mark.parametrize("shell", [one for one in ("sh", "csh", "tcsh", "ksh", "bash") if shutil.which(one)])
def test_the_wider_path_is_understood_by_every_shell(shell: str) -> None:
    done = subprocess.run([shell, "-c", f"{commands.WIDE} printenv PATH"], check=False, capture_output=True, text=True)
    assert done.stdout.strip() == f"{os.environ['PATH']}:/usr/sbin:/sbin:/usr/contrib/bin" and not done.stderr


def test_what_is_shown_is_exactly_what_may_be_run() -> None:
    target = Host("h", host="10.1.1.1", user="weblogic", jump="gate", expect=HostExpect(ports=(7001,)))
    shown = {line for check in checks.CHECKS for line in check.shows(target)}
    assert {line for line in shown if commands.is_allowed(line)} == set(commands.ALLOWED)
    assert {line for line in shown if not commands.is_allowed(line)} == {
        "SSH 连接 10.1.1.1:22（经跳板机 gate）",
        "TCP 连接 10.1.1.1:7001（经跳板机 gate），不发送内容",
        "以用户 weblogic 用口令登录一次",
        commands.JAVA_SHOWN,
        commands.LIMITS_SHOWN,
        commands.BOOT_SHOWN,
        commands.MARKED_SHOWN,
        *commands.HOLDERS_SHOWN,
        *commands.LOOK_UPS_SHOWN,
        *commands.DIRECTORIES_SHOWN,
    }
    assert [check.id.removeprefix("host.") for check in checks.CHECKS] == [
        "port", "key", "login", "os", "disk", "memory", "swap", "load", "java", "limits", "network", "ports",
        "processes", "clock", "boot_properties",
    ]  # fmt: skip


@pytest.mark.parametrize("command", ["id", "uname -a", "uname -srm; id", "cat /etc/passwd", " uname -srm", "", "date"])
def test_nothing_else_is_allowed(command: str) -> None:
    assert not commands.is_allowed(command)
