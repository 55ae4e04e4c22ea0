"""AIX, HP-UX, Solaris and old Linux behind a real sshd: each in its own format, with noise, in Chinese, in part."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from host_sshd import CAN_MOUNT
from host_systems import AIX, HP_UX, LINUX, MACHINES, SOLARIS, Machine, Said, running
from host_world import run

from app.checks.model import Outcome, Result

PASS, WARN, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def asked(folder: Path, machine: Machine, *ids: str, port: int = 0) -> dict[str, Result]:
    with running(folder, machine, port) as (_, around):
        return run(around, *ids)


def outcomes(results: dict[str, Result]) -> dict[str, Outcome]:
    return {name: result.outcome for name, result in results.items()}


@pytest.mark.parametrize("name", MACHINES)
def test_a_healthy_host_of_each_system_passes(tmp_path: Path, port: int, name: str) -> None:
    with running(tmp_path, MACHINES[name], port) as (server, around):
        results = run(around)
    expected = dict.fromkeys(results, PASS) | ({} if name == "Linux" else {"limits": NONE})
    assert {
        check: (one.outcome, one.reason) for check, one in results.items() if one.outcome is not expected[check]
    } == {}
    assert server.log.count("Accepted password") == 1


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_log_in_prints_of_its_own_is_not_taken_for_an_answer(tmp_path: Path, name: str) -> None:
    noise = (
        "Last login: Mon\\n\033[32m欢迎\033[0m\r\nFilesystem 1024-blocks Used Available Capacity Mounted on\n"
        "/dev/old 100 99 1 99% /u01\n load average: 99.00, 99.00, 99.00\nMemory size: 1 Megabytes\n"
    )
    machine = Machine(MACHINES[name].says, MACHINES[name].plan, noise, "仅限授权用户\n")
    results = asked(tmp_path, machine)
    bad = {name: (one.outcome, one.reason) for name, one in results.items() if one.outcome not in (PASS, NONE)}
    assert bad == {}


CHINESE = (
    "文件系统         1024-块      已用      可用 容量 挂载点\n"
    "/dev/sda1     104857600  20971520  83886080  20% /\n"
    "/dev/sdb1     104857600  15491256  89366344  15% /u01\n"
    "/dev/sdc1     209715200 104857600 104857600  50% /u02\n"
    "/dev/sdd1       1048576    104857    943719  10% /数据\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_chinese_table_is_read_in_either_encoding(tmp_path: Path, encoding: str) -> None:
    disk = asked(tmp_path, LINUX.saying("df -kP", Said(CHINESE.encode(encoding))), "disk")["disk"]
    assert disk.outcome is PASS and "/u01 可用 85.2 GiB" in disk.actual


SICK: list[tuple[Machine, str, Said, str, Outcome, str]] = [
    (AIX, "oslevel -s", Said("6100-09-03-1415\n"), "os", FAIL, "6.1.9.3"),
    (AIX, "oslevel -s", Said("usage\n", status=1), "os", UNKNOWN, "oslevel"),
    (AIX, "lsps -s", Said("Total Paging Space   Percent Used\n      16384MB              70%\n"), "swap", WARN, "70%"),
    (AIX, "lsps -s", Said("Total Paging Space   Percent Used\n      16384MB              69%\n"), "swap", PASS, ""),
    (AIX, "vmstat -v", Said("1 memory pages\n"), "memory", UNKNOWN, ""),
    (AIX, "uptime", Said("up 1 day, load average: 1.00, 12.00, 3.00\n"), "load", WARN, "12.00"),
    (AIX, "uptime", Said("up 1 day, load average: 99.00, 11.99, 3.00\n"), "load", PASS, ""),
    (AIX, "host jyjcapp1", Said("", "host: 0827-801 Host name does not exist.\n", 1), "network", WARN, "jyjcapp1"),
    (AIX, "host jyjcapp1", Said("", "not found\n", 127), "network", UNKNOWN, "没有解析"),
    (HP_UX, "swlist -l bundle", Said("", "denied\n", 1), "os", UNKNOWN, "11.31"),
    (HP_UX, "bdf -i", Said("", "bdf: command not found\n", 127), "disk", UNKNOWN, ""),
    (HP_UX, "swapinfo -tam", Said("", "swapinfo: must be root\n", 1), "swap", UNKNOWN, "must be root"),
    (SOLARIS, "cat /etc/release", Said("  Oracle Solaris 10 8/07 s10s_u4wos_12b SPARC\n"), "os", FAIL, "10.4"),
    (SOLARIS, "swap -l", Said("", "No swap devices configured\n", 1), "swap", WARN, "没有交换空间"),
    (SOLARIS, "df -F ufs -o i", Said("", "df: no ufs\n", 1), "disk", UNKNOWN, "inode"),
    (SOLARIS, "psrinfo", Said("", "no\n", 1), "load", PASS, ""),
    (LINUX, "sysctl kernel.shmmax kernel.shmall kernel.shmmni kernel.sem fs.file-max",
     Said("kernel.shmmax = 33554432\nkernel.shmall = 4294967296\nkernel.shmmni = 4096\n"
          "kernel.sem = 250\t32000\t32\t128\nfs.file-max = 6815744\n"),
     "limits", WARN, "shmmax 是 33554432，低于 536870912；kernel.sem 的 SEMOPM 是 32"),
    (LINUX, "cat /proc/5308/limits", Said("", "cat: Permission denied\n", 1), "limits", UNKNOWN, "Permission denied"),
    (LINUX, "netstat -an", Said(""), "ports", UNKNOWN, "看不到"),
]  # fmt: skip


@pytest.mark.parametrize(("machine", "command", "said", "check", "outcome", "words"), SICK)
def test_what_one_command_says_turns_its_check(
    tmp_path: Path, port: int, machine: Machine, command: str, said: Said, check: str, outcome: Outcome, words: str
) -> None:
    result = asked(tmp_path, machine.saying(command, said), check, port=port)[check]
    assert result.outcome is outcome, result
    assert words in result.reason


BOOT_FILE = "/u01/domains/jyjc/servers/jyjc1/security/boot.properties"


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("-rw-------", PASS), ("-rw-------.", PASS), ("-r--------", PASS), ("-rw-r-----", FAIL), ("-rw----r--", FAIL),
     ("-rw-------+", UNKNOWN), ("drw-------", UNKNOWN)],
)  # fmt: skip
def test_boot_properties_is_its_owner_s_alone(tmp_path: Path, mode: str, outcome: Outcome) -> None:
    said = LINUX.says["ls -lLd BOOT"]
    changed = Said(str(said.stdout).replace("-rw-------", mode), said.stderr, 2)
    result = asked(tmp_path, LINUX.saying("ls -lLd BOOT", changed), "boot_properties")["boot_properties"]
    assert result.outcome is outcome, result


@pytest.mark.parametrize(
    ("stdout", "errors", "outcome"),
    [
        ("drwxr-x--- 1 w w 1 Nov 1 1:1 /u01/domains/jyjc\n", "{}: No such file or directory", FAIL),
        ("drwxr-x--- 1 w w 1 Nov 1 1:1 /u01/domains/jyjc\n", "{}: Permission denied", UNKNOWN),
        ("", "{}: No such file or directory", UNKNOWN),
    ],
)
def test_a_missing_boot_properties_is_told_from_one_that_cannot_be_seen(
    tmp_path: Path, stdout: str, errors: str, outcome: Outcome
) -> None:
    places = (
        "boot.properties",
        "servers/jyjc1/security/boot.properties",
        "servers/jyjc1/data/nodemanager/boot.properties",
    )
    said = Said(stdout, "".join(f"ls: {errors.format(f'/u01/domains/jyjc/{place}')}\n" for place in places), 2)
    result = asked(tmp_path, LINUX.saying("ls -lLd BOOT", said), "boot_properties")["boot_properties"]
    assert result.outcome is outcome, result


def test_a_file_system_that_hangs_is_undetermined_and_the_others_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.checks.host import disk_checks

    for name in ("ALL", "ONE"):
        monkeypatch.setattr(disk_checks, name, 0.5)
    local = Said(str(LINUX.says["df -kP"].stdout))
    machine = LINUX.hanging("df -kP").saying("df -klP", local)
    disk = asked(tmp_path, machine, "disk")["disk"]
    assert disk.outcome is UNKNOWN and "没有结束" in disk.reason and "/u01 可用 31.9 GiB" in disk.actual
    full = Said(str(local.stdout).replace(" 33493444", "  1048576"))
    (tmp_path / "full").mkdir()
    disk = asked(tmp_path / "full", machine.saying("df -klP", full), "disk")["disk"]
    assert disk.outcome is FAIL and "/u01 可用 1.0 GiB" in disk.reason


HEADER = "Filesystem 1024-blocks Used Available Capacity Mounted on\n"


@pytest.mark.parametrize(
    ("holder", "outcome", "words"),
    [
        (Said(f"{HEADER}/dev/sde1 104857600 1048576 103809024 1% /data\n"), PASS, ""),
        (Said(f"{HEADER}/dev/sde1 104857600 94857600 10000000 91% /data\n"), FAIL, "/u01（在 /data 上） 可用 9.5 GiB"),
        (Said(f"{HEADER}/dev/sda1 104857600 1048576 103809024 1% /\n"), WARN, "没有单独挂载"),
        (Said("", "df: '/u01': No such file or directory\n", 1), FAIL, "没有 /u01"),
        (Said("", "df: '/u01': Stale file handle\n", 1), UNKNOWN, "Stale"),
    ],
)
def test_a_planned_directory_that_is_no_mount_point_is_judged_by_what_holds_it(
    tmp_path: Path, holder: Said, outcome: Outcome, words: str
) -> None:
    rows = [line for line in str(LINUX.says["df -kP"].stdout).splitlines() if not line.endswith("/u01")]
    machine = LINUX.saying("df -kP", Said("\n".join(rows) + "\n")).saying("df -kP /u01", holder)
    disk = asked(tmp_path, machine, "disk")["disk"]
    assert disk.outcome is outcome, disk
    assert words in disk.reason and ("/data" in disk.actual) == ("/data" in str(holder.stdout))


@pytest.mark.parametrize("said", ["", "ok\n", "0 0 0\n", "\x1b[2J\x1b[H"], ids=["nothing", "ok", "zeros", "escapes"])
@pytest.mark.parametrize("name", MACHINES)
def test_a_host_that_answers_nothing_of_use_has_nothing_that_passes(
    tmp_path: Path, port: int, name: str, said: str
) -> None:
    machine = MACHINES[name]
    silent = Machine({command: Said(said) for command in machine.says} | {"date": Said(said)}, machine.plan)
    results = asked(tmp_path, silent.saying("uname -srm", machine.says["uname -srm"]), port=port)
    told = {check: one.outcome for check, one in results.items() if check not in ("port", "key", "login", "clock")}
    assert set(told.values()) <= {UNKNOWN, NONE} and told.pop("limits") in (
        UNKNOWN,
        NONE if name != "Linux" else UNKNOWN,
    )
    assert NONE not in told.values()
