"""Megabytes of a host's output made to cost their reader hours: read in a moment, or refused in one."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from app.checks.host import (
    file_systems,
    limit_checks,
    memory_reports,
    network_reports,
    parsers,
    releases,
)
from app.checks.model import Undetermined
from app.checks.weblogic import config_xml

SIZE = 1 << 20
PUMPS = [
    "\n", " ", "\t", "1", "1.", "11\n", "a\n", '"', "/", ":", "total:", "= 1k used,", "kernel.sem = ", "df: /", "- ",
    "sh -c ", "release V1", "x release 1", "::", "1:1 ", "Swap: ", "0 0 ",
]  # fmt: skip
HEADS = ["", "PID COMMAND\n 1 a\n", "USER PID %CPU COMMAND\n", "kernel.sem = 1 ", "df: /", "total: ", "11.", "Memory ",
         "a release 1", "Filesystem 1024-blocks Used Available Capacity Mounted on\n", "MemTotal: 1 kB\n"]  # fmt: skip


def read_all(text: str) -> list[Callable[[], Any]]:
    patterns = [
        value
        for module in (file_systems, limit_checks, memory_reports, network_reports, parsers, releases)
        for name, value in vars(module).items()
        if hasattr(value, "finditer") and name in SEARCHED[module.__name__.rpartition(".")[2]]
    ]
    return [
        lambda: parsers.processes(text),
        lambda: network_reports.listeners(f"Local Address\n{text}"),
        lambda: file_systems.df_whole(1, text),
        lambda: parsers.without_secrets(text[:20_000]),
        lambda: config_xml.without_secrets(text),
        *(lambda pattern=pattern: list(pattern.finditer(text)) for pattern in patterns),
    ]


# The patterns that are looked for anywhere in an output, not held against one line or word.
SEARCHED = {
    "file_systems": (),
    "limit_checks": ("LINE", "LIMIT"),
    "memory_reports": (
        "MEMINFO", "AIX_LINE", "SVMON", "SVMON_IN_USE", "MACHINFO", "PRTCONF", "ARC", "LSPS", "SWAPINFO", "SWAP_LIST",
        "SWAP_SUMMARY", "AVERAGES",
    ),
    "network_reports": ("INET", "LAN", "DEFAULT", "ROUTES"),
    "parsers": ("SECONDS", "DATE_IN_WORDS", "JAVA"),
    "releases": (
        "RED_HAT", "SUSE", "KYLIN", "AIX_SERVICE", "AIX_PLAIN", "HP_UX_BASE", "HP_UX", "SOLARIS", "SOLARIS_UPDATE",
        "UPDATE", "AIX_ZEROS", "OS_LINE",
    ),
}  # fmt: skip


@pytest.mark.parametrize("pump", PUMPS)
def test_output_without_end_is_read_in_a_moment(pump: str) -> None:
    for head in HEADS:
        text = head + pump * (SIZE // len(pump) // 8)
        for number, read in enumerate(read_all(text)):
            began = time.process_time()
            with suppress(Undetermined):
                read()
            assert time.process_time() - began < 1.0, (head, number)
