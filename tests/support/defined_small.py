"""The small Oracle with what the checks that are data ask for, and a check put to it from the text of its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from oracle_small import NOW, PLAN, SmallOracle, serving, surroundings_of, target_of

from app.base.toml_lines import parse
from app.checks import catalogue, definitions, runner
from app.checks.database.defined import made
from app.checks.definition import Definition, read
from app.checks.model import Check, Planned, Result

Row = dict[str, Any]
FILE = """
id = "oracle.sample"
title = "示例"
clause = "三、部署应用系统（一）"
expected = "都好"

[advice]
fail = "请改正。"

[[question]]
title = "取值"
empty = "unknown"
empty_words = "没有行"

[[question.query]]
sql = "SELECT NAME, VALUE FROM V$SAMPLE"

[[question.column]]
name = "name"
label = "名称"

[[question.column]]
name = "value"
label = "值"
type = "number"
unit = "%"
warn = ">= 85"
fail = ">= 97"
"""


def definition(text: str = FILE) -> Definition:
    """The whole definition in ``text``."""
    found = read(parse(Path("sample.toml"), text.encode()), text)
    assert isinstance(found, Definition)
    return found


def shipped(name: str) -> Check:
    """The shipped check ``oracle.<name>``."""
    return next(check for check in catalogue.all_checks() if check.id == f"oracle.{name}")


def put(oracle: SmallOracle, check: Check, **expect: Any) -> Result:
    """``check`` put to ``oracle`` by the runner; ``expect`` changes the plan."""
    with serving(oracle) as port:
        target = target_of(port, expect=replace(PLAN, **expect))
        found: list[Result] = []
        runner.run([Planned(check, target)], surroundings_of(target), found.append)
    return found[0]


def sample(rows: list[Row], text: str = FILE, **expect: Any) -> Result:
    """The check in ``text`` put to a database whose V$SAMPLE has ``rows``."""
    oracle = SmallOracle()
    oracle.views["V$SAMPLE"] = rows
    oracle.columns["V$SAMPLE"] = ("NAME", "VALUE")
    return put(oracle, made(definition(text)), **expect)


def table_row(owner: str, name: str, **more: Any) -> Row:
    return {
        "OWNER": owner, "TABLE_NAME": name, "LAST_ANALYZED": NOW, "TEMPORARY": "N", "IOT_NAME": None, "NUM_ROWS": 100,
        "MONITORING": "YES", **more,
    }  # fmt: skip


def index_row(owner: str, name: str, **more: Any) -> Row:
    return {
        "OWNER": owner, "TABLE_OWNER": owner, "INDEX_NAME": name, "STATUS": "VALID", "FUNCIDX_STATUS": None,
        "DOMIDX_OPSTATUS": None, **more,
    }  # fmt: skip


def session_row(sid: int, **more: Any) -> Row:
    return {
        "INST_ID": 1, "SID": sid, "USERNAME": "JYJC", "TYPE": "USER", "BLOCKING_INSTANCE": None,
        "BLOCKING_SESSION": None, "BLOCKING_SESSION_STATUS": "NO HOLDER", "EVENT": "SQL*Net message from client",
        "WAIT_CLASS": "Idle", "STATE": "WAITING", "SECONDS_IN_WAIT": 500, **more,
    }  # fmt: skip


def blocked_row(seconds: Any, **more: Any) -> Row:
    return session_row(131, BLOCKING_INSTANCE=1, BLOCKING_SESSION=77, BLOCKING_SESSION_STATUS="VALID",
                       EVENT="enq: TX - row lock contention", WAIT_CLASS="Application", SECONDS_IN_WAIT=seconds,
                       **more)  # fmt: skip


def job_row(owner: str, name: str, **more: Any) -> Row:
    return {
        "OWNER": owner, "JOB_NAME": name, "STATE": "SCHEDULED", "LOGGING_LEVEL": "RUNS", "FAILURE_COUNT": 0, **more
    }  # fmt: skip


def old_job_row(user: str, **more: Any) -> Row:
    return {"SCHEMA_USER": user, "PRIV_USER": user, "LOG_USER": user, "JOB": 21, "BROKEN": "N", "FAILURES": 0, **more}


def kept_up(release: str = "19.0.0.0.0") -> SmallOracle:
    """A healthy database of ``release`` which the shipped checks that are data pass."""
    oracle = SmallOracle()
    oracle.views["V$INSTANCE"][0] |= {"VERSION": release, "VERSION_FULL": release}
    oracle.views |= {
        "GV$SESSION": [session_row(11), session_row(12)],
        "GV$LOCK": [],
        "DBA_USERS_WITH_DEFPWD": [{"USERNAME": "OUTLN"}],
        "DBA_USERS": [*oracle.views["DBA_USERS"], {**oracle.views["DBA_USERS"][0], "USERNAME": "OUTLN",
                                                  "ACCOUNT_STATUS": "EXPIRED & LOCKED"}],
        "DBA_TABLES": [table_row("JYJC", "AA10"), table_row("OTHER", "T", LAST_ANALYZED=None)],
        "DBA_EXTERNAL_TABLES": [],
        "DBA_TAB_STATISTICS": [{"OWNER": "JYJC", "TABLE_NAME": "AA10", "OBJECT_TYPE": "TABLE", "STALE_STATS": "NO"}],
        "DBA_TAB_MODIFICATIONS": [],
        "DBA_INDEXES": [index_row("SYS", "I_OBJ1"), index_row("JYJC", "PK_AA10"),
                        index_row("OTHER", "I_T", STATUS="UNUSABLE"), index_row("JYJC", "IX_P", STATUS="N/A")],
        "DBA_IND_PARTITIONS": [{"INDEX_OWNER": "JYJC", "INDEX_NAME": "IX_P", "PARTITION_NAME": "P1",
                                "STATUS": "USABLE"}],
        "DBA_IND_SUBPARTITIONS": [{"INDEX_OWNER": "JYJC", "INDEX_NAME": "IX_P", "SUBPARTITION_NAME": "S1",
                                   "STATUS": "USABLE"}],
        "DBA_SCHEDULER_JOBS": [job_row("SYS", "PURGE_LOG"), job_row("JYJC", "TJ")],
        "DBA_SCHEDULER_JOB_RUN_DETAILS": [run_row("SYS", "PURGE_LOG", "SUCCEEDED"), run_row("JYJC", "TJ", "SUCCEEDED")],
        "DBA_JOBS": [old_job_row("JYJC")],
    }  # fmt: skip
    oracle.columns |= {name: tuple(rows[0]) for name, rows in oracle.views.items() if rows} | {
        "GV$LOCK": ("INST_ID", "SID", "TYPE", "CTIME", "REQUEST"),
        "DBA_EXTERNAL_TABLES": ("OWNER", "TABLE_NAME"),
        "DBA_TAB_MODIFICATIONS": ("TABLE_OWNER", "TABLE_NAME", "PARTITION_NAME", "INSERTS", "UPDATES", "DELETES"),
    }
    return oracle


def run_row(owner: str, name: str, status: str, **more: Any) -> Row:
    return {"OWNER": owner, "JOB_NAME": name, "STATUS": status, "ERROR#": 0, "LOG_DATE": NOW, **more}


def folder_of(project: Path, **files: str) -> Path:
    """``project`` with check definitions of these names; gives it back."""
    (project / definitions.FOLDER).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (project / definitions.FOLDER / f"{name}.toml").write_text(text, encoding="utf-8")
    return project
