"""What a check run will do, told beforehand for the customer's approval (权限申请单), from the checks themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.actions.checking import Selection, plan
from app.actions.workspace import Workspace
from app.base.errors import InputError
from app.base.files import make_folder, read_bounded, write_atomic
from app.checks.model import Planned
from app.site.model import Bus, Certificate, Client, Database, Host, Service, Site, Target, WebLogic

KIND_WORDS: Mapping[str, str] = {
    "database": "数据库",
    "weblogic": "WebLogic",
    "host": "主机",
    "bus": "总线",
    "service": "服务",
    "certificate": "证书",
    "client": "客户端",
}
WAYS = {"http": 80, "https": 443, "sftp": 22, "t3": 7001, "t3s": 7002}
FORM = "权限申请单"
SHOWN = 2  # titles of checks beside a statement on paper
LARGEST_SCRIPT = 4 << 20  # bytes
READ_ONLY = "只读"
SUMMARY = (
    "为检查就业监测系统的运行环境，申请在下列时间段内对下列对象进行检查。检查只查看、不修改：数据库在只读事务中查询，"
    "网页只用 GET 请求，主机只运行名单内的命令；每个对象每次检查只登录一次，口令不写入任何文件。"
    "会留下数据的检查在“性质”中注明。"
)
VISIBLE = {code: repr(chr(code))[1:-1] for code in range(32) if chr(code) != "\n"}  # control characters as escapes
LEAVES_DATA = "会留下数据（客户同意后才执行）"


@dataclass(frozen=True)
class Asked:
    """One thing that will be run, word for word, and by which checks (ids)."""

    text: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What is asked for at one target: the way there, the account, the checks, everything run, and the grants.

    ``sends`` are the titles of checks that leave something behind and may run there (``send = true``).
    """

    target: Target
    reached: tuple[str, ...]
    account: str
    checks: tuple[Planned, ...]
    asked: tuple[Asked, ...]
    sends: tuple[str, ...]
    grants: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """How far it goes, for a person: 只读, or what leaves data behind."""
        return f"{LEAVES_DATA}：{'、'.join(self.sends)}" if self.sends else READ_ONLY


def requests(workspace: Workspace, selection: Selection | None = None) -> tuple[Request, ...]:
    """One request a target, in the profile's order, of what ``selection`` (default: everything planned) would run.

    Raises InputError as ``checking.plan`` does.
    """
    by_target: dict[str, list[Planned]] = {}
    for pair in plan(workspace, selection or Selection()):
        by_target.setdefault(pair.target.id, []).append(pair)
    return tuple(_request(pairs, workspace.site) for pairs in by_target.values())


def _request(pairs: Sequence[Planned], site: Site) -> Request:
    target = pairs[0].target
    run = [pair for pair in pairs if not pair.check.applies(target, site)]
    kept = [pair for pair in run if not pair.check.sends or getattr(target, "send", False)]
    asked = _asked(kept)
    return Request(
        target=target,
        reached=_reached(target, site),
        account=account_of(target),
        checks=tuple(kept),
        asked=asked,
        sends=tuple(pair.check.title for pair in kept if pair.check.sends),
        grants=_grants(target, asked),
    )


def account_of(target: Target) -> str:
    """The user that is logged in with; that of an SFTP bus stands in its address."""
    return str(getattr(target, "user", "")) or (urlsplit(target.url).username or "" if isinstance(target, Bus) else "")


def _asked(pairs: Iterable[Planned]) -> tuple[Asked, ...]:
    by_text: dict[str, dict[str, None]] = {}
    for pair in pairs:
        for text in pair.check.shows(pair.target):
            by_text.setdefault(text.translate(VISIBLE), {})[pair.check.id] = None
    return tuple(Asked(text, tuple(checks)) for text, checks in by_text.items())


def _grants(target: Target, asked: Iterable[Asked]) -> tuple[str, ...]:
    from app.checks.database import grants

    return grants.grants(target, [one.text for one in asked]) if isinstance(target, Database) else ()


def _reached(target: Target, site: Site) -> tuple[str, ...]:
    """The addresses and ports that are connected to, the host in between included."""
    own = _addresses(target)
    between = site.target(str(getattr(target, "via", "") or getattr(target, "jump", "")))
    return (*own, *(f"{address}（经 {between.id}）" for address in _addresses(between))) if between else own


def _addresses(target: Target) -> tuple[str, ...]:
    match target:
        case Database() | Host():
            return (f"{target.host}:{target.port}",)
        case WebLogic():
            return _of_urls(target.url, *target.application_urls, *_console(target), *target.managed.values())
        case Bus():
            return _of_urls(target.url, target.exchange.report, target.exchange.dispatch, target.authentication.url)
        case Service():
            return _of_urls(target.url)
        case Client():
            return _of_urls(*target.urls)
        case Certificate() if target.source.startswith("tls://"):
            return _of_urls(target.source)
    return ()


def _console(target: WebLogic) -> tuple[str, ...]:
    """The console's address where the plan gives one (it may also say yes or no)."""
    return (target.expect.console,) if "://" in target.expect.console else ()


def _of_urls(*urls: str) -> tuple[str, ...]:
    found = []
    for url in filter(None, urls):
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        found.append(f"{host}:{parts.port or WAYS.get(parts.scheme, 443)}")
    return tuple(dict.fromkeys(found))


def lines(workspace: Workspace, found: Sequence[Request]) -> list[str]:
    """The requests as text for the terminal: one block a target."""
    told = [f"权限申请　{workspace.site.name}　检查对象 {len(found)} 个"]
    for request in found:
        told += ["", f"{request.target.id}　{request.target.name}（{KIND_WORDS[request.target.kind]}）　{request.word}"]
        told += [f"  连接：{'、'.join(request.reached)}"] if request.reached else []
        told += [f"  账号：{request.account}"] if request.account else []
        told += [f"  检查：{'、'.join(pair.check.title for pair in request.checks)}"]
        told += [f"  执行：{one.text}" for one in request.asked]
        told += [f"  授权：{grant}" for grant in request.grants]
    return told


def tables(found: Sequence[Request]) -> dict[str, list[dict[str, str]]]:
    """The rows of the form: targets, grants, and everything run, what several targets have in common once."""
    named = [
        {
            "number": str(number),
            "title": f"{request.target.name}（{request.target.id}）",
            "reached": "\n".join(request.reached) or "—",
            "account": request.account or "—",
            "word": request.word,
        }
        for number, request in enumerate(found, 1)
    ]
    granted = [
        {
            "title": request.target.id,
            "account": request.account,
            "grant": f"CREATE SESSION；逐个对象的 SELECT：{objects}",
        }
        for request in found
        if (objects := ", ".join(_granted(request.grants)))
    ]
    return {"targets": named, "grants": granted, "asked": _shared(found)}


def _granted(statements: Iterable[str]) -> list[str]:
    """The objects of ``GRANT SELECT ON … TO …;``, for paper; the script for the DBA has the statements."""
    wanted = "GRANT SELECT ON "
    return [text.removeprefix(wanted).rpartition(" TO ")[0] for text in statements if text.startswith(wanted)]


def _shared(found: Sequence[Request]) -> list[dict[str, str]]:
    targets: dict[str, dict[str, None]] = {}
    titles: dict[str, dict[str, None]] = {}
    for request in found:
        known = {pair.check.id: pair.check.title for pair in request.checks}
        for one in request.asked:
            targets.setdefault(one.text, {})[request.target.id] = None
            titles.setdefault(one.text, {}).update(dict.fromkeys(known[check] for check in one.checks))
    return [
        {"number": str(number), "text": text, "targets": "\n".join(targets[text]), "checks": _few(list(titles[text]))}
        for number, text in enumerate(targets, 1)
    ]


def _few(titles: Sequence[str]) -> str:
    return "、".join(titles) if len(titles) <= SHOWN else f"{titles[0]}等 {len(titles)} 项"


def request_json(request: Request) -> dict[str, Any]:
    """One target in the document of ``onsite plan --json``."""
    return {
        "id": request.target.id,
        "title": request.target.name,
        "kind": request.target.kind,
        "reached": list(request.reached),
        "account": request.account,
        "checks": [{"id": pair.check.id, "title": pair.check.title} for pair in request.checks],
        "sends": list(request.sends),
        "asked": [{"text": one.text, "checks": list(one.checks)} for one in request.asked],
        "grants": list(request.grants),
    }


def write_grants(found: Sequence[Request], folder: Path) -> tuple[Path, ...]:
    """One script of grants a database into ``folder``, for the DBA; gives the files. Raises OnsiteError.

    A file of that name with other content is left as it is and refused: the DBA may have worked on it.
    """
    from app.checks.database import grants

    scripts = {
        folder / f"授权脚本 {request.target.id}.sql": grants.script(request.target, [one.text for one in request.asked])
        for request in found
        if isinstance(request.target, Database)
    }
    bodies = {place: text.encode() for place, text in scripts.items()}
    for place, body in bodies.items():
        if place.exists() and read_bounded(place, LARGEST_SCRIPT, "已有文件") != body:
            raise InputError(f"{place} 已经存在且内容不同，没有覆盖。请把它移走，或导出到另一个文件夹。")
    make_folder(folder)
    for place, body in bodies.items():
        write_atomic(place, body)
    return tuple(bodies)
