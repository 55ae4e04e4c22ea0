"""What each system's commands print, taken apart; and what is made of it, at each boundary."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.checks.host import (
    commands,
    file_systems,
    memory_checks,
    memory_reports,
    network_reports,
    parsers,
    releases,
    text,
)
from app.checks.host.limit_checks import HARD, LEAST, Limits, compare_limits, read_kernel, read_user
from app.checks.host.memory_reports import Load, Memory, Swap
from app.checks.host.network_reports import Listener
from app.checks.host.process_checks import Listed, compare_processes
from app.checks.host.system_checks import compare_os
from app.checks.model import Outcome, Undetermined
from app.site.model import Host, HostExpect, Site

PASS, WARN, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
SITE = Site("演示", "510000")
HOST = Host("h")
HEADER = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"


class TestFileSystems:
    def test_a_line_that_is_not_understood_is_never_swallowed_by_the_next(self) -> None:
        table = file_systems.file_systems(HEADER + "/dev/b 10 20 ?? /data\n/dev/c 1000 400 600 40% /x\n")
        assert not table.whole and [(row.device, row.mount) for row in table.rows] == [("/dev/c", "/x")]

    def test_a_device_alone_on_its_line_at_the_end_is_not_whole(self) -> None:
        assert not file_systems.file_systems(HEADER + "/dev/c 1000 400 600 40% /x\n/dev/mapper/long\n").whole

    @pytest.mark.parametrize("row", ["/dev/a 1000 400 1600 40% /", "/dev/a 1000 2000 10 40% /", "/dev/a -5 1 1 1% /"])
    def test_figures_that_cannot_be_are_no_size(self, row: str) -> None:
        table = file_systems.file_systems(f"{HEADER}{row}\n/dev/b 1000 400 600 40% /x\n")
        assert not table.whole and table.unread == ("/",)

    def test_aix_tells_space_and_inodes_in_one(self) -> None:
        printed = (
            "Filesystem    512-blocks      Free %Used    Iused %Iused Mounted on\n"
            "/dev/hd4         1048576    104857   91%    11284    90% /\n/proc - - - - -  /proc\n"
        )
        space, inodes = file_systems.tables(printed)
        assert inodes is not None
        assert space.rows[0].available == 104857 * 512 and space.rows[0].full
        assert inodes.rows[0].full and inodes.rows[0].percent == 90 and space.whole
        assert not file_systems.tables(printed.replace("90% /", "89% /"))[1].rows[0].full  # type: ignore[union-attr]

    def test_bdf_tells_space_and_inodes_in_one_and_wraps(self) -> None:
        space, inodes = file_systems.tables(
            "Filesystem          kbytes    used   avail %used  iused  ifree %iuse Mounted on\n"
            "/dev/vg00/a_long_logical_volume\n                   1000 400 600   40%   9 1    90% /u01\n"
        )
        assert inodes is not None and inodes.rows[0].full and not space.rows[0].full
        assert space.rows[0].device == "/dev/vg00/a_long_logical_volume"

    @pytest.mark.parametrize(
        "header",
        [
            "Filesystem Size Used Avail Use% Mounted on",
            "Filesystem MB blocks Free %Used Iused %Iused Mounted on",
            "Dateisystem 1K-Blöcke Benutzt Verfügbar Verw% Eingehängt auf",
        ],
    )
    def test_a_header_of_an_unknown_form_is_undetermined(self, header: str) -> None:
        with pytest.raises(Undetermined):
            file_systems.file_systems(f"{header}\n/dev/a 1000 400 600 40% /\n")

    @given(st.text(alphabet="/dev ab019-%\n\t", max_size=200))
    @example("x\n 1 0 1 1% /")
    def test_no_output_is_both_garbled_and_whole(self, garbage: str) -> None:
        table = file_systems.file_systems(f"{HEADER}/dev/a 1000 400 600 40% /\n{garbage}\n")
        described = len(table.rows) + len(table.unread)
        lines = [line for line in garbage.splitlines() if line.strip()]
        assert not table.whole or described >= 1 + len(lines) // 2
        assert all(row.used >= 0 and row.available >= 0 for row in table.rows)


class TestText:
    @pytest.mark.parametrize(
        ("said", "plain"),
        [
            ("\x1b[31mred\x1b[0m\r\nx", "red\nx"),
            ("\x1b]0;title\x07a\x00b", "ab"),
            ("\x1b]8;;http://x\x1b\\link", "link"),
            ("\x1b(Babc\x08", "abc"),
            ("表\t头", "表\t头"),
        ],
    )
    def test_what_a_terminal_would_eat_is_taken_out(self, said: str, plain: str) -> None:
        assert text.plain(said) == plain

    @given(st.text())
    def test_nothing_unprintable_is_left(self, said: str) -> None:
        assert "\x1b" not in text.plain(said) and "\r" not in text.plain(said)


class TestReleases:
    @pytest.mark.parametrize(
        ("level", "wanted", "outcome"),
        [
            ("7100-04-02-1614", ">=7.1", PASS),
            ("7100-04-02-1614", "7.1", PASS),
            ("7100-04-02-1614", "7.1.0.0", PASS),
            ("7100-04-02-1614", ">=7.1.4.2", PASS),
            ("7100-04-02-1614", ">=7.1.4.3", FAIL),
            ("7100-04-02-1614", ">=7100-04-02", PASS),
            ("7100-04-02-1614", ">=7100-05", FAIL),
            ("5300-12", ">=6.1", FAIL),
            ("5200-10", ">=5.2.10.1", UNKNOWN),
        ],
    )
    def test_aix(self, level: str, wanted: str, outcome: Outcome) -> None:
        system = releases.aix("AIX 1 00F6", f"{level}\n")
        assert compare_os(system, Host("h", expect=HostExpect(os=wanted)), SITE).outcome is outcome

    @pytest.mark.parametrize(
        ("release", "build", "wanted", "outcome"),
        [
            ("Oracle Solaris 10 1/13 s10s_u11wos_24a SPARC", "Generic_150400-61", ">=10u11", PASS),
            ("Oracle Solaris 10 1/13 s10s_u11wos_24a SPARC", "Generic_150400-61", ">=5.10", PASS),
            ("Solaris 10 5/09 s10x_u7wos_08 X86", "Generic_139556-08", ">=10u9", FAIL),
            ("Solaris 10 5/09 s10x_u7wos_08 X86", "Generic_139556-08", "11", FAIL),
            ("Oracle Solaris 11.3 SPARC", "11.3.35.6.0", ">=11.3.30", PASS),
            ("Oracle Solaris 11.3 SPARC", "11.3", ">=11.3.30", UNKNOWN),
            ("", "Generic", ">=10", UNKNOWN),
        ],
    )
    def test_solaris(self, release: str, build: str, wanted: str, outcome: Outcome) -> None:
        kernel = "SunOS 5.11 sun4v" if "11." in build else "SunOS 5.10 sun4v"
        system = releases.solaris(kernel, f"   {release}\n  Copyright\n", f"{build}\n")
        assert compare_os(system, Host("h", expect=HostExpect(os=wanted)), SITE).outcome is outcome

    @pytest.mark.parametrize(
        ("release", "older", "version"),
        [
            ('VERSION_ID="7"\n', "CentOS Linux release 7.9.2009 (Core)\n", "7.9.2009"),
            ('VERSION_ID="V10"\n', "Kylin Linux Advanced Server\nrelease V10 (SP2) /(Sword)-x86_64\n", "10.2"),
            ("", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 3\n", "11.3"),
            ('VERSION_ID="8"\n', "CentOS Linux release 7.9.2009 (Core)\n", "8"),
            ("", "", ""),
        ],
    )
    def test_linux(self, release: str, older: str, version: str) -> None:
        assert releases.linux("Linux 4", release, older).version == version

    @pytest.mark.parametrize(("wanted", "outcome"), [("11.31", PASS), (">=11.31.1303", UNKNOWN), ("11.23", FAIL)])
    def test_hp_ux_without_its_quality_pack(self, wanted: str, outcome: Outcome) -> None:
        system = releases.hp_ux("HP-UX B.11.31 ia64", "")
        assert compare_os(system, Host("h", expect=HostExpect(os=wanted)), SITE).outcome is outcome


class TestMemory:
    @pytest.mark.parametrize(("free", "outcome"), [(101, PASS), (100, UNKNOWN)])
    def test_what_may_be_a_cache_warns_of_nothing(self, free: int, outcome: Outcome) -> None:
        assert memory_checks.compare_memory(Memory(1000, free, whole=False), HOST, SITE).outcome is outcome

    @pytest.mark.parametrize(
        ("swap", "outcome"),
        [
            (Swap(1000, 699), PASS),
            (Swap(1000, 700), WARN),
            (Swap(0, 0), WARN),
            (Swap(1000, 0, 89), PASS),
            (Swap(1000, 0, 90), WARN),
        ],
    )
    def test_swap_warns_at_most(self, swap: Swap, outcome: Outcome) -> None:
        assert memory_checks.compare_swap(swap, HOST, SITE).outcome is outcome

    @pytest.mark.parametrize(
        ("five", "processors", "outcome"),
        [(1199, 8, PASS), (1200, 8, WARN), (149, 0, PASS), (150, 0, UNKNOWN), (150, 1, WARN)],
    )
    def test_load_is_judged_per_processor(self, five: int, processors: int, outcome: Outcome) -> None:
        assert memory_checks.compare_load(Load((1, five, 9999), processors), HOST, SITE).outcome is outcome

    def test_svmon_stands_in_for_vmstat(self) -> None:
        printed = (
            "               size       inuse        free         pin     virtual\n"
            "memory      1048576     1020000       28576      300000      700000\n"
            "pg space    1048576        5000\n\n"
            "               work        pers        clnt       other\n"
            "in use       680000           0      340000\n"
        )
        assert memory_reports.aix_memory(printed) == Memory(1048576 * 4, 368576 * 4)

    def test_zfs_gives_its_cache_back(self) -> None:
        table = "r b w swap free re sr\n0 0 0 1 100 0 0\n0 0 0 1 1024 0 0\n"
        low = memory_reports.solaris_memory("Memory size: 100 Megabytes\n", table)
        assert (low.available, low.whole) == (1024, False)
        known = memory_reports.solaris_memory("Memory size: 100 Megabytes\n", table, "zfs:0:arcstats:size\t52428800\n")
        assert (known.available, known.whole) == (1024 + 51200, True)

    @pytest.mark.parametrize("said", ["", "Memory size: 0 Megabytes\n", "Memory size: lots\n"])
    def test_nonsense_is_undetermined(self, said: str) -> None:
        with pytest.raises(Undetermined):
            memory_reports.solaris_memory(said, "r b w swap free re sr\n0 0 0 1 100 0 0\n")

    @pytest.mark.parametrize("said", ["", "free sr\n", "free sr\n1\n", "free sr\n1 x\n", "no header\n1 2\n"])
    def test_a_vmstat_without_its_line_is_undetermined(self, said: str) -> None:
        with pytest.raises(Undetermined):
            memory_reports.hp_ux_memory("Memory: 100 MB (0.1 GB)\n", said)

    @pytest.mark.parametrize(
        ("system", "said", "number"),
        [
            ("Linux", "8\n", 8),
            ("Linux", "undefined\n", 0),
            ("AIX", "The available processors are:  0 1 2 3 \n", 4),
            ("SunOS", "0\ton-line   since 1\n1\toff-line  since 1\n", 1),
            ("HP-UX", "Number of CPUs = 4\n", 4),
            ("HP-UX", "?\n", 0),
        ],
    )
    def test_processors_are_counted(self, system: str, said: str, number: int) -> None:
        assert memory_reports.processors(system, said) == number


class TestProcesses:
    def judged(self, planned: str, *lines: str) -> Outcome:
        rows = "".join(f"{pid:>5} {line}\n" for pid, line in enumerate(("init", *lines), 1))
        seen = Listed(parsers.processes(f"  PID COMMAND\n{rows}"), narrow=True)
        return compare_processes(seen, Host("h", expect=HostExpect(processes=(planned,))), SITE).outcome

    JAVA = "/usr/java/bin/java -Xms1024m -Xmx2048m -Djava.security.policy=/u01/x -Dfile"

    def test_what_may_have_been_cut_off_is_not_missing(self) -> None:
        assert self.judged("-Dweblogic.Name=jyjc1", self.JAVA) is UNKNOWN
        assert self.judged("-Dweblogic.Name=jyjc2", f"{self.JAVA} -Dweblogic.Name=jyjc1 weblogic.Server") is FAIL
        assert self.judged("ora_pmon_JYJC", self.JAVA) is FAIL
        assert self.judged("-Dweblogic.Name=jyjc1", "/usr/bin/java -version") is FAIL

    def test_a_line_that_begins_no_process_goes_on_with_the_one_before(self) -> None:
        found = parsers.processes("  PID COMMAND\n 1 init\n 7 java -Da=b\n-Dweblogic.Name=jyjc1\n")
        assert found[1].arguments == "java -Da=b -Dweblogic.Name=jyjc1"

    def test_berkeley_s_columns_may_run_together(self) -> None:
        found = parsers.processes(
            "USER       PID %CPU %MEM   SZ  RSS TT       S    START  TIME COMMAND\n"
            "root         1  0.0  0.0 2560 1512 ?        S   Oct 09  0:41 /sbin/init\n"
            "weblogic  4604  0.1  6.624161842061512 ?    S 10:20:30 12:41 /j/bin/java -Da=1:2 x\n"
        )
        assert [(one.pid, one.arguments) for one in found] == [(1, "/sbin/init"), (4604, "/j/bin/java -Da=1:2 x")]


class TestClock:
    def test_a_date_in_words_means_the_middle_of_its_second(self) -> None:
        assert parsers.seconds("2026-11-23T02:21:07\n") == 1795400467.5

    @pytest.mark.parametrize("said", ["2026-13-23T02:21:07", "2026-11-23 02:21:07", "+%Y-%m-%dT", "99-1-1T1:1:1"])
    def test_anything_else_is_undetermined(self, said: str) -> None:
        with pytest.raises(Undetermined):
            parsers.seconds(said)


class TestLimits:
    KERNEL = "\n".join(f"{name} = {least}" for name, least in LEAST.items()) + "\nkernel.sem = 250 32000 100 128\n"

    def user(self, files: int = 65536, processes: int = 16384) -> str:
        return f"Max processes 1 {processes} p\nMax open files 1 {files} f\n"

    def outcome(self, kernel: str, user: str) -> Outcome:
        return compare_limits(Limits(read_kernel(kernel), {"ora_pmon_X": read_user(user)}), HOST, SITE).outcome

    def test_the_least_passes_and_one_less_warns(self) -> None:
        assert self.outcome(self.KERNEL, self.user()) is PASS
        assert self.outcome(self.KERNEL, self.user(files=65535)) is WARN
        assert self.outcome(self.KERNEL, self.user(processes=16383)) is WARN
        for name, least in LEAST.items():
            assert self.outcome(self.KERNEL.replace(f"{name} = {least}", f"{name} = {least - 1}"), self.user()) is WARN
        assert self.outcome(self.KERNEL.replace("250 32000", "249 32000"), self.user()) is WARN

    def test_unlimited_is_enough(self) -> None:
        said = "Max processes unlimited unlimited processes\nMax open files 1 unlimited files\n"
        assert self.outcome(self.KERNEL, said) is PASS and set(HARD) == set(read_user(said))

    def test_a_value_that_is_missing_is_undetermined(self) -> None:
        with pytest.raises(Undetermined, match="file-max"):
            read_kernel(self.KERNEL.replace("fs.file-max", "fs.file-nr"))
        with pytest.raises(Undetermined):
            read_kernel(self.KERNEL.replace("100 128", "100"))
        with pytest.raises(Undetermined):
            read_user("Max processes 1 2 processes\n")


class TestNetwork:
    @pytest.mark.parametrize(
        ("said", "found"),
        [
            ("    inet 10.1.1.5/24 brd 10.1.1.255 scope global eth0\n", ("10.1.1.5",)),
            ("  inet addr:10.1.1.5  Bcast:10.1.1.255  Mask:255.255.255.0\n", ("10.1.1.5",)),
            ("\tinet 10.1.1.5 netmask 0xffffff00 broadcast 10.1.1.255\n\tinet6 ::1%1/0\n", ("10.1.1.5", "::1")),
            ("\tinet6 fe80::1/10\n\tinet 127.0.0.1 netmask ff000000\n", ("fe80::1", "127.0.0.1")),
            ("lan0      1500 10.1.1.0        10.1.1.5        1839212            0     15\n", ("10.1.1.5",)),
        ],
    )
    def test_addresses(self, said: str, found: tuple[str, ...]) -> None:
        assert network_reports.addresses(said) == found

    @pytest.mark.parametrize(
        ("status", "stdout", "stderr", "found"),
        [
            (0, "10.1.1.5      db1 db1.example\n", "", ("10.1.1.5",)),
            (0, "db1 is 10.1.1.5,  Aliases:   db1.example\n", "", ("10.1.1.5",)),
            (0, "db1.example has address 10.1.1.5\n", "", ("10.1.1.5",)),
            (2, "", "", ()),
            (1, "", "host: 0827-801 Host name db1 does not exist.\n", ()),
            (0, 'Using "dns files" for the hosts policy.\n\nSearching dns for db1\ndb1 was NOTFOUND\n', "", ()),
        ],
    )
    def test_names(self, status: int, stdout: str, stderr: str, found: tuple[str, ...]) -> None:
        assert network_reports.looked_up(status, stdout, stderr) == found

    @pytest.mark.parametrize("answer", [(127, "", "sh: getent: not found"), (1, "", "timed out"), (0, "", "")])
    def test_a_tool_that_does_not_tell_is_undetermined(self, answer: tuple[int, str, str]) -> None:
        with pytest.raises(Undetermined):
            network_reports.looked_up(*answer)

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("LISTEN 0 128 0.0.0.0:7001 0.0.0.0:*", Listener("", 7001)),
            ("LISTEN 0 128 [::]:7001 [::]:*", Listener("", 7001)),
            ("LISTEN 0 128 127.0.0.53%lo:53 0.0.0.0:*", Listener("127.0.0.53", 53)),
            ("LISTEN 0 100 [::ffff:10.1.1.5]:7001 *:*", Listener("10.1.1.5", 7001)),
            ("tcp        0      0 :::7001    :::*     LISTEN      4604/java", Listener("", 7001)),
            ("tcp6       0      0 ::1:631    :::*     LISTEN", Listener("::1", 631)),
            ("tcp4       0      0  10.1.1.5.7001     *.*    LISTEN", Listener("10.1.1.5", 7001)),
            ("      *.7001               *.*                0      0 49152      0 LISTEN", Listener("", 7001)),
            ("127.0.0.1.7001             *.*                0      0 49152      0 LISTEN", Listener("127.0.0.1", 7001)),
        ],
    )
    def test_listeners(self, line: str, found: Listener) -> None:
        assert network_reports.listeners(f"Local Address\n{line}\nunix 2 [ ACC ] STREAM LISTENING 1 /x.7001\n") == (
            found,
        )

    @pytest.mark.parametrize(
        "said", ["", "ss: not found\n", "Local Address\n", "Local Address\nLISTEN 0 128 nonsense x\n"]
    )
    def test_no_listener_at_all_is_undetermined(self, said: str) -> None:
        with pytest.raises(Undetermined):
            network_reports.listeners(said)


class TestCommands:
    @given(st.text(alphabet="/abz.$`;|&<>(){}'\"\\*?~# \n\t-_09", max_size=40))
    @example("/u01; id")
    @example("/u01/../etc")
    @example("/u01\n")
    @example("/-rf")
    def test_no_argument_says_more_than_a_path_or_a_name(self, said: str) -> None:
        for system in commands.SYSTEMS.values():
            for command in (commands.holder(system, said), commands.look_up(system, said)):
                extra = command.removeprefix(system.holder if command.startswith(system.holder) else system.look_up)
                assert not set(extra) & set("$`;|&<>(){}'\"\\*?~#\n\t") and ".." not in extra.split("/")
                assert not any(word.startswith("-") for word in extra.split())
        assert set(commands.boot_properties(said, "s")) <= set(commands.boot_properties("/abz09._-", "s") + said)

    def test_every_shown_command_of_a_system_is_allowed(self) -> None:
        for system in commands.SYSTEMS.values():
            assert all(commands.is_allowed(one) and commands.is_allowed(commands.marked(one)) for one in system.fixed())
        assert not commands.is_allowed("echo --onsite--; id")
