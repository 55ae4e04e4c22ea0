"""What is asked of Oracle databases, in the order in which it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.checks.clock import compare_clock
from app.checks.database import (
    alerts,
    archive,
    backup,
    clock,
    components,
    dataguard,
    instance,
    listener,
    login,
    memory,
    objects,
    pga,
    redo,
    tables,
    tablespaces,
    temp,
    undo,
    usage,
    users,
    version,
)
from app.checks.model import Check, Facts, Verdict
from app.site.model import Database, Site

SECONDS = 60.0
ENVIRONMENT = "二、准备部署环境"
DEPLOYMENT = "三、部署应用系统（一）"
INITIALISING = "三、部署应用系统（二）3"
DEBUGGING = "三、部署应用系统（三）"


def _check(
    name: str,
    title: str,
    clause: str,
    gather: Callable[[Any, Database], Facts],
    compare: Callable[[Any, Database, Site], Verdict],
    shows: Callable[[Database], Sequence[str]],
    applies: Callable[[Database, Site], str] = lambda target, site: "",
    concerns: Callable[[Database, Site], bool] = lambda target, site: True,
    compare_all: Callable[[Mapping[str, Facts], Database, Site], Verdict] | None = None,
    heavy: bool = False,
    definition: str = "1",
) -> Check:
    return Check(
        id=f"oracle.{name}",
        kind="database",
        table="database",
        title=title,
        clause=clause,
        gather=gather,
        compare=compare,
        shows=shows,
        concerns=concerns,
        applies=applies,
        compare_all=compare_all,
        heavy=heavy,
        seconds=SECONDS,
        definition=definition,
    )


CHECKS: tuple[Check, ...] = (
    _check(
        "listener", "监听", ENVIRONMENT,
        listener.gather, listener.compare, listener.shows,
    ),
    _check(
        "login", "登录", ENVIRONMENT,
        login.gather_login, login.compare_login, login.shows_login,
    ),
    _check(
        "privileges", "账号权限", ENVIRONMENT,
        login.gather_privileges, login.compare_privileges, login.shows_privileges,
        definition="3",
    ),
    _check(
        "instance", "实例", DEPLOYMENT,
        instance.gather_instance, instance.compare_instance, instance.shows_instance,
        definition="2",
    ),
    _check(
        "database", "数据库状态", DEPLOYMENT,
        instance.gather_database, instance.compare_database, instance.shows_database,
    ),
    _check(
        "version", "版本与版次", DEPLOYMENT,
        version.gather_version, version.compare_version, version.shows_version,
        definition="2",
    ),
    _check(
        "components", "组件与 SQL 补丁", DEPLOYMENT,
        components.gather, components.compare, components.shows,
    ),
    _check(
        "sga", "SGA", DEPLOYMENT,
        memory.gather_sga, memory.compare_sga, memory.shows_sga,
    ),
    _check(
        "pga", "PGA", DEPLOYMENT,
        pga.gather, pga.compare, pga.shows,
    ),
    _check(
        "shared_pool", "共享池", DEPLOYMENT,
        memory.gather_shared_pool, memory.compare_shared_pool, memory.shows_shared_pool,
    ),
    _check(
        "limits", "进程与会话上限", DEPLOYMENT,
        memory.gather_limits, memory.compare_limits, memory.shows_limits,
        definition="2",
    ),
    _check(
        "charset", "字符集", DEPLOYMENT,
        version.gather_charset, version.compare_charset, version.shows_charset,
    ),
    _check(
        "tablespaces", "表空间", DEPLOYMENT,
        tablespaces.gather, tablespaces.compare, tablespaces.shows,
        definition="2",
    ),
    _check(
        "tablespace_usage", "表空间使用率", DEPLOYMENT,
        usage.gather, usage.compare, usage.shows,
    ),
    _check(
        "temp", "临时表空间", DEPLOYMENT,
        temp.gather, temp.compare, temp.shows,
        definition="3",
    ),
    _check(
        "undo", "回滚段（撤销表空间）", DEPLOYMENT,
        undo.gather, undo.compare, undo.shows,
        definition="3",
    ),
    _check(
        "redo", "联机日志", DEPLOYMENT,
        redo.gather, redo.compare, redo.shows,
    ),
    _check(
        "archive", "归档与恢复区", DEPLOYMENT,
        archive.gather, archive.compare, archive.shows,
        definition="2",
    ),
    _check(
        "users", "数据库用户", DEPLOYMENT,
        users.gather, users.compare, users.shows,
    ),
    _check(
        "invalid_objects", "失效对象", DEPLOYMENT,
        objects.gather, objects.compare, objects.shows,
        applies=objects.applies,
        definition="2",
    ),
    _check(
        "exchange_tables", "交换库表", DEBUGGING,
        tables.gather_exchange, tables.compare_exchange, tables.shows_exchange,
        applies=tables.exchange_applies, concerns=tables.is_exchange,
    ),
    _check(
        "code_tables", "基础代码表", INITIALISING,
        tables.gather_codes, tables.compare_codes, tables.shows_codes,
        applies=tables.codes_apply,
    ),
    _check(
        "clock", "数据库时钟", ENVIRONMENT,
        clock.gather, clock.compare, clock.shows,
        compare_all=compare_clock,
    ),
    _check(
        "dataguard", "备库同步", DEPLOYMENT,
        dataguard.gather, dataguard.compare, dataguard.shows,
    ),
    _check(
        "backup", "数据库备份", DEPLOYMENT,
        backup.gather, backup.compare, backup.shows,
        heavy=True,
    ),
    _check(
        "alerts", "告警日志", DEPLOYMENT,
        alerts.gather, alerts.compare, alerts.shows,
        heavy=True,
    ),
)  # fmt: skip
