"""What is asked of Oracle databases, in the order in which it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.checks.clock import compare_clock
from app.checks.database import clock, instance, listener, login
from app.checks.model import Check, Facts, Verdict
from app.site.model import Database, Site

SECONDS = 60.0
ENVIRONMENT = "二、准备部署环境"
DEPLOYMENT = "三、部署应用系统（一）"


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
        seconds=SECONDS,
        definition="1",
    )


CHECKS: tuple[Check, ...] = (
    _check("listener", "监听", ENVIRONMENT, listener.gather, listener.compare, listener.shows),
    _check("login", "登录", ENVIRONMENT, login.gather_login, login.compare_login, login.shows_login),
    _check(
        "privileges", "账号权限", ENVIRONMENT, login.gather_privileges, login.compare_privileges, login.shows_privileges
    ),
    _check(
        "instance", "实例", ENVIRONMENT, instance.gather_instance, instance.compare_instance, instance.shows_instance
    ),
    _check(
        "database",
        "数据库状态",
        ENVIRONMENT,
        instance.gather_database,
        instance.compare_database,
        instance.shows_database,
    ),
    _check("clock", "数据库时钟", ENVIRONMENT, clock.gather, clock.compare, clock.shows, compare_all=compare_clock),
)
