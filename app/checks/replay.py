"""Sessions over what a customer's script brought: the same gathering asks them, by the text of each question.

A question that the output does not answer, or whose answer did not come through whole, is Undetermined. Nothing here
connects anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from app.base.identity import mask
from app.checks.client.pc import Output as PcOutput
from app.checks.client.pc import Pc
from app.checks.client.reg_file import parse
from app.checks.client.registry import ExportedRegistry, Key, Registry, normal
from app.checks.client.session import ClientSession
from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused, Trouble, asked_of
from app.checks.database.session import MOST_ROWS, NOTED_ROWS
from app.checks.host.channels import Printed, decoded
from app.checks.host.lent import SYSTEMS, Lent
from app.checks.host.session import HostSession
from app.checks.host.stages import Job
from app.checks.host.text import plain
from app.checks.model import Session, Surroundings, Transcript, Undetermined
from app.checks.offline import shell, sqlplus, weblogic_script
from app.checks.offline.marks import PROVIDED
from app.checks.offline.output import Block, Output
from app.checks.offline.sqlplus import Refusal
from app.checks.weblogic.session import WebLogicSession
from app.site.model import Client, Database, Host, Target, WebLogic

MISSING = "请客户用本程序新写的脚本重新运行，再导入；也可以附上其他证据。"
FROM_HERE = "这一项要从本机连接才能判断，客户提供的输出不能代替"


@dataclass(frozen=True)
class Given:
    """The answers by question; one that did not come through whole is None."""

    statements: Mapping[str, list[tuple[Any, ...]] | Refusal | None] = field(default_factory=dict)
    commands: Mapping[str, Printed | None] = field(default_factory=dict)
    late: frozenset[str] = frozenset()  # commands that did not come to an end there
    registry: ExportedRegistry | None = None
    system: str = ""
    ran: datetime | None = None  # by the clock there


def given(output: Output) -> Given:
    """What an output answers."""
    statements = {sql: sqlplus.answer(block) for block in output.blocks if (sql := sqlplus.statement(block))}
    commands: dict[str, Printed | None] = {}
    late = set()
    for block in output.blocks:
        if command := shell.command(block):
            commands.setdefault(command, _printed(block))
            late |= {command} if shell.LATE in block.words else set()
    system = output.facts.get("system", "")
    return Given(statements, commands, frozenset(late), _registry(output), system, output.time)


def _printed(block: Block) -> Printed | None:
    status = block.words.get("status", "")
    broken = (
        not block.whole or not re.fullmatch("[0-9]{1,3}", status) or {shell.LATE, shell.TOO_LONG} & set(block.words)
    )
    if broken or not {"out", "err"} <= set(block.texts):
        return None
    out, errors = block.texts["out"].body, block.texts["err"].body
    return Printed(decoded(out), decoded(errors), int(status), 0.0, out, errors)


def _registry(output: Output) -> ExportedRegistry | None:
    """The keys that were exported whole; None where the output has none at all."""
    keys: dict[str, Key] = {}
    roots: dict[str, int] = {}
    for block in output.blocks:
        depth, _, path = block.words.get("key", "").partition(" ")
        state = block.words.get("state", "").strip()
        if (
            not block.whole
            or not re.fullmatch("[0-9]{1,2}", depth)
            or state != ("present" if "reg" in block.texts else "absent")
        ):
            continue
        with suppress(Undetermined, ValueError):
            keys |= parse(block.texts["reg"].text) if state == "present" else {}
            roots[normal(path)] = int(depth)
    return ExportedRegistry(keys, roots) if roots else None


class ReplayedDatabase:
    """See ``app.checks.model.Session``; ``select`` as OracleSession has it."""

    route = PROVIDED
    offset_seconds: float | None = None

    def __init__(self, target: Database, surroundings: Surroundings, brought: Given) -> None:
        self.target = target
        self.transcript = Transcript()
        self._surroundings = surroundings
        self._given = brought

    def connect(self) -> None:
        """There is nothing to log in to."""

    def log_in(self) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def via(self) -> NoReturn:
        """No host either."""
        raise Undetermined("客户提供的数据库输出里没有主机上的文件", "请另外附上记录，或给主机也运行脚本。")

    def since_adjusted(self, check: str) -> timedelta | None:
        """How long before the script ran the last 调整 because of this check was recorded; None for never."""
        at = self._surroundings.adjusted.get(f"{check}@{self.target.id}")
        return None if at is None or self._given.ran is None else self._given.ran - at

    def select(self, *variants: str, most: int = MOST_ROWS) -> list[tuple[Any, ...]]:
        """The rows of the first of ``variants`` that ran there. Raises SqlRefused, Undetermined."""
        for sql in variants[:-1]:
            try:
                return self._rows(sql, most)
            except SqlRefused as error:
                if error.code not in (COLUMN_MISSING, VIEW_MISSING):
                    raise
        return self._rows(variants[-1], most)

    def _rows(self, sql: str, most: int) -> list[tuple[Any, ...]]:
        self.transcript.note(f"SQL> {sql}")
        answer = self._given.statements.get(sql)
        if answer is None:
            broken = "的答复不完整或被改动" if sql in self._given.statements else "没有答复"
            raise Undetermined(f"客户提供的输出里，{asked_of(sql)} {broken}", MISSING)
        if isinstance(answer, Refusal):
            self.transcript.note(answer.text)
            raise SqlRefused(Trouble(answer.code, answer.text), sql)
        for row in answer[:NOTED_ROWS]:
            self.transcript.note(mask("  " + " | ".join("" if item is None else str(item) for item in row)))
        if len(answer) > most:
            raise Undetermined(f"答复超过 {most} 行，无法完整判断：{asked_of(sql)}")
        return answer

    def abort(self) -> None:
        """Nothing blocks."""

    def close(self) -> None:
        """Nothing is open."""


class ReplayedHost(HostSession):
    """What a host's commands printed there. It has no connection, so what would ask for one is Undetermined."""

    route = PROVIDED

    def __init__(self, surroundings: Surroundings, brought: Given) -> None:
        self.transcript = Transcript()
        self.offset_seconds = None
        self._surroundings = surroundings
        self._given = brought

    def begin(self) -> None:
        self._surroundings.cancellation.check()

    def going_on(self) -> None:
        self._surroundings.cancellation.check()

    def heard(self, job: Job) -> None:
        """What came of it is said in the result."""

    def abort(self) -> None:
        """Nothing blocks."""

    def close(self) -> None:
        """Nothing is open."""

    def greeting(self) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def host_key(self) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def log_in(self) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def open(self, command: str, *, seconds: float = 0.0) -> NoReturn:  # noqa: ARG002
        raise Undetermined(FROM_HERE)

    def reaching(self, port: int, seconds: float) -> Job:  # noqa: ARG002
        def unreached(job: Job) -> None:  # noqa: ARG001
            raise Undetermined("没有从本机连接")

        return Job(unreached)

    def system(self) -> str:
        from app.checks.host import commands

        said = self.run(commands.KERNEL).stdout.splitlines()
        known = [line for line in said if line.split(" ")[0] in SYSTEMS]
        if not known:
            raise Undetermined(f"uname 的答复无法理解：{(said or ['（空）'])[0][:80]}", MISSING)
        return known[-1].strip()

    def run(
        self,
        command: str,
        *,
        seconds: float = 0.0,  # noqa: ARG002
        stdin: bytes = b"",  # noqa: ARG002
        most: int | None = None,
        kept: Callable[[str], str] = lambda text: text,
    ) -> Printed:
        self.transcript.note(mask(f"$ {command}"))
        printed = self._given.commands.get(command)
        if command in self._given.late:
            raise Undetermined(f"命令 {command} 在该主机上没有在时限内结束")
        if printed is None:
            broken = "的输出不完整或被改动" if command in self._given.commands else "没有输出"
            raise Undetermined(f"客户提供的输出里，命令 {command} {broken}", MISSING)
        if most is not None and len(printed.output) > most:
            raise Undetermined(f"输出超过 {most} 字节，没有读完", "")
        out, errors = plain(printed.stdout), plain(printed.stderr)
        for text in (kept(out), kept(errors), f"（状态 {printed.status}）"):
            if text:
                self.transcript.note(mask(text.rstrip("\n")))
        return Printed(out, errors, printed.status, 0.0, printed.output, printed.errors)


class GivenPc:
    """The PC that a script was run on."""

    given = True

    def __init__(self, brought: Given) -> None:
        self._given = brought
        self.system = brought.system

    def registry(self) -> Registry:
        if self._given.registry is None:
            raise Undetermined("客户提供的输出里没有注册表的内容", MISSING)
        return self._given.registry

    def run(self, command: str) -> PcOutput:
        printed = self._given.commands.get(command)
        if printed is None:
            raise Undetermined(f"客户提供的输出里没有命令 {command} 的完整输出", MISSING)
        return PcOutput(printed.stdout, printed.status, printed.stderr)

    def abort(self) -> None:
        """Nothing blocks."""


class ReplayedClient(ClientSession):
    """A client PC as its script told of it; what is asked over the network is not asked at all."""

    def __init__(self, surroundings: Surroundings, brought: Given) -> None:
        super().__init__(surroundings, GivenPc(brought))
        self.route = PROVIDED

    def pc(self, target: Client) -> Pc:  # noqa: ARG002 - whose output it is was looked at before
        if not self._pc.system:
            raise Undetermined("客户提供的输出里没有写该终端的系统", MISSING)
        return self._pc

    def ask(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def reach(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def exchange(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def driver(self) -> NoReturn:
        raise Undetermined(FROM_HERE)


class ReplayedWebLogic(WebLogicSession):
    """A domain as its host's script told of it: nobody is logged in to, nothing is connected."""

    def __init__(self, target: WebLogic, surroundings: Surroundings, brought: Given) -> None:
        super().__init__(target, surroundings)
        self._brought = brought
        self._lent = ReplayedHost(surroundings, brought)

    def now(self) -> float:
        return self._brought.ran.timestamp() if self._brought.ran else super().now()

    def lent(self) -> Lent:
        self.host()
        assert self._lent is not None
        self._lent.transcript = self.transcript
        return self._lent

    def credentials(self) -> tuple[str, str]:
        """The user's name, where the script was given the password there. Raises Undetermined."""
        if not any(command.endswith(weblogic_script.WLST) for command in self._brought.commands):
            raise Undetermined("客户运行脚本时没有输入监视用户的口令，没有 WLST 的结果", MISSING)
        return self.target.user, ""

    def _rest(self) -> NoReturn:
        raise Undetermined("客户提供的输出里没有 REST 管理接口")

    def pause(self, seconds: float) -> None:
        """Nothing changes any more."""

    def ask(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def reach(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)

    def exchange(self, *_: Any, **__: Any) -> NoReturn:
        raise Undetermined(FROM_HERE)


def replayed(target: Target, surroundings: Surroundings, brought: Given) -> Session:
    """The session of a target over what was brought. ValueError for a kind that no script is for."""
    match target:
        case Database():
            return ReplayedDatabase(target, surroundings, brought)
        case Host():
            return ReplayedHost(surroundings, brought)
        case Client():
            return ReplayedClient(surroundings, brought)
        case WebLogic():
            return ReplayedWebLogic(target, surroundings, brought)
    raise ValueError(f"no script for {target.kind!r}")
