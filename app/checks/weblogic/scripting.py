"""One run of WLST (9.0 on), the server's own scripting tool: the script, and what is made of the lines it prints.

The script only reads. It goes in by standard input, the password with it; each line it prints is a mark and URL-quoted
words, so that no name can be taken for another line. Bean and attribute names are those of the MBean references of 9.0
to 15.1; what a version lacks comes back as ``-``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import unquote_plus

from app.checks.model import Failed, Undetermined
from app.checks.weblogic.config_xml import Meant
from app.checks.weblogic.facts import (
    ConfiguredServer,
    KeyStore,
    Lockout,
    Module,
    Pool,
    Reading,
    Security,
    Topology,
)
from app.checks.weblogic.interface import HEALTH, states_of
from app.checks.weblogic.snapshot import Snapshot

T = TypeVar("T")
NAME = "WLST"
MARK = "@onsite"
NOTHING = "-"
ACTIVE = "2"
REFUSED = re.compile(
    r"failed to be authenticated|authentication[ \w]*(?:denied|failed)|\b090304\b|LoginException", re.IGNORECASE
)
BODY = """
import sys
from java.lang import Thread
from java.net import URLEncoder
def quoted(value):
    if value is None:
        return '-'
    return URLEncoder.encode(u'%s' % (value,), 'UTF-8')
def say(*values):
    print('@onsite ' + ' '.join([quoted(value) for value in values]))
def of(bean, name, verb='get'):
    try:
        return getattr(bean, verb + name)()
    except:
        return None
def every(bean, name):
    return of(bean, name) or []
def named(bean):
    if bean is None:
        return None
    return of(bean, 'Name')
def health(bean):
    return of(of(bean, 'HealthState'), 'State')
def stuck(pool):
    count = of(pool, 'StuckThreadCount')
    if count is None and pool is not None:
        threads = of(pool, 'ExecuteThreads')
        if threads is not None:
            count = len([one for one in threads if of(one, 'Stuck', 'is')])
    return count
def targets(bean):
    return [named(one) for one in every(bean, 'Targets')]
def look():
    domainConfig()
    domain = cmo
    say('domain', named(domain), of(domain, 'AdminServerName'), of(domain, 'DomainVersion'), of(domain, 'ProductionModeEnabled', 'is'))
    for one in every(domain, 'Servers'):
        say('configured', named(one), of(one, 'ListenAddress'), of(one, 'ListenPort'), named(of(one, 'Machine')), named(of(one, 'Cluster')), of(one, 'ListenPortEnabled', 'is'), of(one, 'KeyStores'))
    lockout = of(of(of(domain, 'SecurityConfiguration'), 'DefaultRealm'), 'UserLockoutManager')
    say('lockout', of(lockout, 'LockoutEnabled', 'is'), of(lockout, 'LockoutThreshold'))
    for one in every(domain, 'JDBCSystemResources'):
        say('source', named(one), of(of(of(one, 'JDBCResource'), 'JDBCConnectionPoolParams'), 'MaxCapacity'), *targets(one))
    for one in every(domain, 'AppDeployments'):
        say('deployment', named(one), *targets(one))
    domainRuntime()
    for one in every(cmo, 'ServerLifeCycleRuntimes'):
        say('state', named(one), of(one, 'State'))
    for turn in range(3):
        for one in every(domainRuntimeService, 'ServerRuntimes'):
            jvm = of(one, 'JVMRuntime')
            pool = of(one, 'ThreadPoolRuntime')
            say('reading', named(one), of(one, 'State'), health(one), of(one, 'WeblogicVersion'), of(jvm, 'JavaVersion'), of(jvm, 'HeapSizeCurrent'), of(jvm, 'HeapFreeCurrent'), of(jvm, 'HeapSizeMax'), of(jvm, 'HeapFreePercent'), stuck(pool), of(pool, 'HoggingThreadCount'), of(pool, 'QueueLength'))
        if turn < 2:
            Thread.sleep(400)
    for one in every(domainRuntimeService, 'ServerRuntimes'):
        for pool in every(of(one, 'JDBCServiceRuntime'), 'JDBCDataSourceRuntimeMBeans'):
            say('pool', named(one), named(pool), of(pool, 'State'), of(pool, 'WaitingForConnectionCurrentCount'), of(pool, 'ActiveConnectionsHighCount'), of(pool, 'ConnectionsTotalCount'), of(pool, 'CurrCapacityHighCount'))
        for module in every(one, 'ApplicationRuntimes'):
            say('module', named(one), of(module, 'ApplicationName') or named(module), of(module, 'ActiveVersionState'), health(module))
    say('end')
"""  # noqa: E501 - Python 2.1 of the server, one statement a line
PROLOGUE = "try:\n    connect(%s, %s, %s)\n    say('connected')\nexcept:\n    say('refused', sys.exc_info()[1])\n"
EPILOGUE = "try:\n    look()\nexcept:\n    say('broken', sys.exc_info()[0])\n"
COUNTS = {"domain": 4, "configured": 7, "lockout": 2, "state": 2, "reading": 12, "pool": 7, "module": 4}


def script(user: str, password: str, url: str) -> bytes:
    """What WLST reads: one line that does it all, and the one that ends it."""
    program = BODY + PROLOGUE % (literal(user), literal(password), literal(url)) + EPILOGUE
    return f"exec({literal(program)})\nexit()\n".encode("ascii")


def shown(user: str, url: str) -> str:
    """The script as it is shown for approval and recorded: without the password."""
    return BODY + PROLOGUE % (literal(user), "***", literal(url)) + EPILOGUE


def literal(text: str) -> str:
    """A Python literal that every version since 2.1 reads alike: all but letters and digits escaped."""
    return "u'" + "".join(sign if sign.isascii() and sign.isalnum() else _escaped(sign) for sign in text) + "'"


def _escaped(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def kept(printed: str) -> str:
    """Of what WLST prints the lines of the script, and the first of its own complaints."""
    lines = printed.splitlines()
    ours = [unquote_plus(line) for line in lines if MARK in line]
    others = [line[:200] for line in lines if MARK not in line and re.search(r"rror|xception", line)]
    return "\n".join([*ours, *others[:10]])


def read(printed: str) -> Snapshot:
    """Raises Failed where the log-in was refused, Undetermined where it did not come to its end."""
    rows = _rows(printed)
    kinds = [row[0] for row in rows]
    refusal = next((row for row in rows if row[0] == "refused"), None)
    if refusal or "connected" not in kinds:
        raise _not_connected(" ".join(refusal[1:]) if refusal else "", printed)
    if kinds.count("end") != 1:
        raise Undetermined("WLST 没有做完就结束了", "请在该主机上用同一用户运行 WLST 核对。")
    if any(len(row) - 1 != COUNTS[row[0]] for row in rows if row[0] in COUNTS):
        raise Undetermined("WLST 的输出不完整", "请再检查一次。")
    return _snapshot(rows)


def _not_connected(words: str, printed: str) -> Failed | Undetermined:
    if REFUSED.search(words) or REFUSED.search(printed):
        return Failed("登录被拒绝（WLST）", "只试了这一次，没有重试，以免锁定账户。请核对用户和口令。")
    advice = "请核对 url 从该主机可以到达，且该主机的 WLST 能用。"
    return Undetermined(f"WLST 没有连上管理服务器（{words[:200] or '没有输出'}）", advice)


def _rows(printed: str) -> list[list[str]]:
    """The words of each marked line; a prompt may stand before the mark."""
    lines = [line.partition(f"{MARK} ")[2].strip() for line in printed.splitlines() if f"{MARK} " in line]
    return [[unquote_plus(word) for word in line.split(" ")] for line in lines if line]


def _snapshot(rows: Sequence[Sequence[str]]) -> Snapshot:
    of: dict[str, list[list[str]]] = {}
    for row in rows:
        of.setdefault(row[0], []).append([_text(word) for word in row[1:]])
    domain = of.get("domain", [["", "", "", ""]])[0]
    configured = of.get("configured", [])
    lockout = of.get("lockout", [["", ""]])[0]
    topology = Topology(domain[0], domain[1], domain[2], tuple(_configured(row) for row in configured), telling=NAME)
    members: dict[str, list[str]] = {}
    for server in topology.servers:
        members.setdefault(server.cluster, []).append(server.name)
    sources = _meant([(row[0], _number(row[1]), row[2:]) for row in of.get("source", [])], members)
    maxima = {name: meant.maximum for name, meant in sources.items()}
    return Snapshot(
        states=states_of([{"name": row[0], "state": row[1]} for row in of.get("state", [])]),
        readings=grouped((row[0], _reading(row)) for row in of.get("reading", [])),
        pools=grouped((row[1], replace(_pool(row), maximum=maxima.get(row[1]))) for row in of.get("pool", [])),
        modules=grouped((row[1].partition("#")[0], _module(row)) for row in of.get("module", [])),
        running={row[0]: row[1].upper() for row in of.get("reading", [])},
        topology=topology,
        sources=sources,
        applications=_meant([(row[0].partition("#")[0], None, row[1:]) for row in of.get("deployment", [])], members),
        security=Security(
            _truth(domain[3]),
            tuple(KeyStore(row[0], row[6]) for row in configured),
            Lockout(_truth(lockout[0]), _number(lockout[1])),
            NAME,
        ),
    )


def _configured(row: Sequence[str]) -> ConfiguredServer:
    return ConfiguredServer(row[0], row[1], _number(row[2]), row[3], row[4], _truth(row[5]) is not False)


def _reading(row: Sequence[str]) -> Reading:
    health = _number(row[2])
    return Reading(
        row[0],
        health=HEALTH[health] if health is not None and health < len(HEALTH) else None,
        version=row[3] or None,
        java=row[4] or None,
        heap_current=_number(row[5]),
        heap_free=_number(row[6]),
        heap_max=_number(row[7]),
        heap_free_percent=_number(row[8]),
        stuck=_number(row[9]),
        hogging=_number(row[10]),
        queue=_number(row[11]),
    )


def _pool(row: Sequence[str]) -> Pool:
    return Pool(
        row[0], row[2].upper(), _number(row[3]), _number(row[4]), None, _number(row[5]), _number(row[6])
    )  # fmt: skip


def _module(row: Sequence[str]) -> Module:
    health = _number(row[3])
    return Module(
        row[0],
        row[2] == ACTIVE if row[2] else None,
        HEALTH[health] if health is not None and health < len(HEALTH) else None,
    )


def _meant(rows: Sequence[tuple[str, int | None, Sequence[str]]], members: dict[str, list[str]]) -> dict[str, Meant]:
    found: dict[str, Meant] = {}
    for name, maximum, targets in rows:
        servers = [server for target in targets for server in members.get(target, [target])]
        before = found[name].targets if name in found else ()
        found[name] = Meant(tuple(dict.fromkeys((*before, *servers))), maximum)
    return found


def grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    """The values of each key, in their order."""
    found: dict[str, tuple[T, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return found


def _text(word: str) -> str:
    return "" if word == NOTHING else word.strip()


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _truth(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
