"""What each form says: every cell worked out from the journal, with the entries it came from. Nothing is invented.

What must stay blank (dates, signatures, 结果确认 that nobody entered) is never filled here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from app.actions.confirming import CONFIRMED_BY, unproved
from app.actions.fitting import Annex, fitted
from app.actions.overview import Overview, is_provided, overview
from app.actions.workspace import Workspace
from app.base import clock
from app.base.identity import mask_all
from app.checks.offline.marks import PROVIDED
from app.evidence.entry import Entry
from app.site.model import Bus, Database, Site, WebLogic
from app.workflow.cases import MAINTENANCE
from app.workflow.model import CheckState, Record, State

REHEARSAL_MARK = "演练——不是真实实施的文件"
MODES = {"centralised": "集中部署", "distributed": "分布部署"}
ROLES = {"monitoring": "监测库", "exchange": "交换库"}
PROVED = (State.PASS, State.WARN, State.FAIL)  # results whose facts are today's


@dataclass(frozen=True)
class FormValues:
    """``values`` fill the template; ``sources`` a cell's entries by their hashes; ``notes`` say what was withheld."""

    values: Mapping[str, Any]
    sources: Mapping[str, list[str]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """What one check saw at one target, and the entry that says so."""

    state: CheckState
    entry: Record

    @property
    def observed(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.entry.payload.get("observed") or {}
        return found


@dataclass(frozen=True)
class Source:
    """A project's state, read once for its forms. In a service case's ``scope`` the case's own records come first."""

    workspace: Workspace
    now: Overview
    scope: str = ""

    @classmethod
    def of(cls, workspace: Workspace, scope: str = "") -> Source:
        return cls(workspace, overview(workspace), scope)

    @property
    def site(self) -> Site:
        return self.workspace.site

    @cached_property
    def profile(self) -> tuple[Entry, ...]:
        return self.workspace.project.current("profile", "site")

    @cached_property
    def _fields(self) -> Mapping[tuple[str, str], Entry]:
        return {(entry.subject, entry.scope): entry for entry in self.workspace.project.current("field")}

    @cached_property
    def _checks(self) -> tuple[CheckState, ...]:
        """How each check stands: by the case's own result where that proves something, else by the project's."""
        if not self.scope:
            return self.now.checks
        own = overview(self.workspace, self.scope).checks
        return tuple(
            case if case.state in PROVED else project for case, project in zip(own, self.now.checks, strict=True)
        )

    def field(self, name: str) -> tuple[Any, tuple[Entry, ...]]:
        """A field's newest value (``step/field``) and its entry; an empty text when nothing was written.

        Of a maintenance step only what the case itself says counts.
        """
        entry = self._fields.get((name, self.scope))
        if entry is None and not name.startswith(f"{MAINTENANCE}."):
            entry = self._fields.get((name, ""))
        return (entry.payload["value"], (entry,)) if entry else ("", ())

    def rows(self, name: str) -> tuple[list[Mapping[str, str]], tuple[Entry, ...]]:
        """A table field's rows."""
        value, entries = self.field(name)
        return (list(value) if isinstance(value, list) else []), entries

    def facts(self, check: str) -> list[Fact]:
        """What the newest results of ``check`` saw, one a target; stale and undetermined ones are left out."""
        states = (state for state in self._checks if state.bound.check == check and state.state in PROVED)
        return [Fact(state, state.record) for state in states if state.record]


@dataclass
class Filling:
    """One form being filled: each cell's text and the entries behind it."""

    source: Source
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, cell: str, text: Any, entries: Iterable[Record] = ()) -> None:
        """Fills ``cell``; an empty text has no source."""
        self.values[cell] = text
        named = list(dict.fromkeys(entry.hash for entry in entries))
        if text and named:
            self.sources[cell] = named

    def from_field(self, cell: str, name: str) -> None:
        value, entries = self.source.field(name)
        self.put(cell, str(value).strip(), entries)

    def from_site(self, **cells: str) -> None:
        for cell, text in cells.items():
            self.put(cell, text, self.source.profile)

    def fit(self, cells: Mapping[str, tuple[str, int]], lines: int, least: int = 1) -> None:
        """Keeps ``cells`` (title, characters a line) within ``lines`` in all; what does not fit goes to annex pages."""
        texts = {cell: (title, str(self.values[cell]), width) for cell, (title, width) in cells.items()}
        shown, annexes = fitted(texts, lines, least)
        self.values |= shown
        self.values["annexes"] = [vars(annex) for annex in annexes]
        for annex in annexes:
            self._follow(annex, texts)

    def _follow(self, annex: Annex, texts: Mapping[str, tuple[str, str, int]]) -> None:
        cell = next(cell for cell, (title, _, _) in texts.items() if title == annex.title)
        if cell in self.sources:
            self.sources[f"annex_{annex.number}"] = self.sources[cell]

    def done(self) -> FormValues:
        self.values["rehearsal"] = REHEARSAL_MARK if self.source.workspace.rehearsal else ""
        self.values.setdefault("annexes", [])
        return FormValues(mask_all(self.values), self.sources, tuple(self.notes))


def values_of(name: str, source: Source) -> FormValues:
    """What the form whose declaration names ``name`` says now. Raises KeyError for a name that no form has."""
    filling = Filling(source)
    FORMS[name](filling)
    return filling.done()


def confirmation(filling: Filling) -> None:
    """附表1: 结果确认 and the conclusion are the responsible unit's own words; a row without proof stays open."""
    site = filling.source.site
    filling.from_site(
        user_unit=site.unit,
        user_phone=site.unit_phone,
        implementer=site.implementer,
        implementer_phone=site.implementer_phone,
    )
    filling.put("period", *_period(filling.source))
    for cell in CONFIRMED_BY:
        filling.from_field(cell, f"confirm.review/{cell}")
        reason = unproved(filling.source.now, cell)
        if filling.values[cell] and reason:
            filling.put(cell, "")
            filling.notes.append(f"第{cell[-1]}行留空：{reason}")
    filling.from_field("conclusion", "confirm.review/conclusion")
    rows = {cell: (f"第{cell[-1]}项结果确认", 9) for cell in CONFIRMED_BY}
    filling.fit({**rows, "conclusion": ("实施确认结论", 24)}, 22)


def _period(source: Source) -> tuple[str, Sequence[Record]]:
    """升级时间: from the first to the last day of the work, as entered."""
    days = [source.field(f"confirm.review/{name}") for name in ("started", "finished")]
    texts = [_paper_day(str(value)) for value, _ in days]
    return ("至".join(texts) if all(texts) else "", [entry for _, entries in days for entry in entries])


def _paper_day(text: str) -> str:
    """A day as it is written on paper; what is no date of the calendar stays as it was entered."""
    from datetime import date

    try:
        return clock.paper_date(date.fromisoformat(text)) if text else ""
    except ValueError:
        return text


def submission(filling: Filling) -> None:
    """附表2: the reference's own list; it has nothing to fill."""


def maintenance_record(filling: Filling) -> None:
    """附表3 of one visit; 填表时间 and the signature stay blank."""
    site = filling.source.site
    filling.from_site(user_unit=site.unit, user_phone=site.unit_phone)
    for cell in ("problem", "cause", "steps", "changes", "outcome", "engineer", "engineer_phone"):
        filling.from_field(cell, f"maintenance.visit/{cell}")
    titles = {
        "problem": "一、现状及问题描述",
        "cause": "二、问题原因",
        "steps": "三、实施维护步骤",
        "changes": "四、系统调整内容",
        "outcome": "五、结果描述",
    }
    filling.fit({cell: (title, 36) for cell, title in titles.items()}, 16, least=3)


def filing(filling: Filling) -> None:
    """附表4: what the checks saw of databases, application servers and bus; the rest as entered."""
    source = filling.source
    site = source.site
    filling.from_site(user_unit=site.unit, user_phone=site.unit_phone, mode=MODES.get(site.mode, site.mode))
    filling.put("db_server", *_servers(source, "env.inventory/database_servers", _database_hosts(site)))
    filling.put("db_cluster", *_joined(source, "oracle.instance", _cluster))
    filling.put("db_version", *_joined(source, "oracle.version", _version))
    filling.put("db_users", *_joined(source, "oracle.users", _users))
    filling.put("db_tablespaces", *_tablespaces(source))
    filling.put("db_exchange", *_joined(source, "oracle.exchange_tables", _tables))
    filling.put("app_server", *_servers(source, "env.inventory/application_servers", _application_hosts(site)))
    filling.put("app_address", *_application_address(source))
    filling.put("bus_port", *_bus_port(source))
    filling.put("bus_ip", *_bus_address(source))
    for cell, step in (("db_note", "deploy.schema"), ("app_note", "deploy.app"), ("bus_note", "deploy.bus")):
        filling.from_field(cell, f"{step}/note")
    titles = {
        "db_server": "二、1．数据库服务器类型、型号、IP地址",
        "db_cluster": "二、2．数据库服务器是否采用集群",
        "db_version": "二、3.数据库版本",
        "db_users": "二、4.数据库用户创建情况",
        "db_tablespaces": "二、5.数据库表空间创建情况",
        "db_exchange": "二、6.交换库表创建情况",
        "db_note": "二、7.备注",
        "app_server": "三、1．应用服务器类型、型号、IP地址",
        "app_address": "三、2．就业监测系统域名及应用默认端口",
        "app_note": "三、3.备注",
        "bus_ip": "四、2．异地总线服务器IP地址",
        "bus_note": "四、3．备注",
    }
    filling.fit({cell: (title, 20) for cell, title in titles.items()}, 30)


Text = tuple[str, Sequence[Record]]


def _servers(source: Source, name: str, hosts: Sequence[str]) -> Text:
    """Type, model and address of each server as entered; the profile's addresses where nothing was."""
    rows, entries = source.rows(name)
    lines = [" ".join(filter(None, (row.get(key, "").strip() for key in ("type", "model", "address")))) for row in rows]
    return ("\n".join(filter(None, lines)), entries) if any(lines) else ("\n".join(hosts), source.profile)


def _database_hosts(site: Site) -> list[str]:
    return list(dict.fromkeys(target.host for target in site.targets if isinstance(target, Database)))


def _application_hosts(site: Site) -> list[str]:
    found = (urlsplit(target.url).hostname or "" for target in site.targets if isinstance(target, WebLogic))
    return list(dict.fromkeys(found))


def _joined(source: Source, check: str, say: Callable[[Mapping[str, Any]], str]) -> Text:
    """One line a database, said by what ``check`` saw; the role in front where there is more than one."""
    facts = source.facts(check)
    lines = [(fact, _told(fact, say(fact.observed))) for fact in facts]
    several = len([line for _, line in lines if line]) > 1
    texts = [_of_role(fact, line) if several else line for fact, line in lines if line]
    return "\n".join(texts), [fact.entry for fact, line in lines if line]


def _told(fact: Fact, text: str) -> str:
    """``text``, with a mark where the customer brought what it says."""
    return f"{text}（{PROVIDED}）" if text and is_provided(fact.entry) else text


def _of_role(fact: Fact, text: str) -> str:
    return f"{ROLES.get(fact.state.bound.role, '')}：{text}"


def _cluster(observed: Mapping[str, Any]) -> str:
    if "cluster" not in observed:
        return ""
    return f"是（{len(observed.get('instances', ()))}个实例）" if observed["cluster"] else "否"


def _version(observed: Mapping[str, Any]) -> str:
    return " ".join(str(observed[key]) for key in ("edition", "version") if observed.get(key))


def _users(observed: Mapping[str, Any]) -> str:
    return "、".join(f"{user['name']}（{user['status']}，{user['tablespace']}）" for user in observed.get("users", ()))


def _tables(observed: Mapping[str, Any]) -> str:
    """The exchange tables by owner: ``共7张：JYJH 的 DY11、DY12…``."""
    owners: dict[str, list[str]] = {}
    for table in observed.get("tables", ()):
        owner, _, name = str(table["name"]).rpartition(".")
        owners.setdefault(owner, []).append(name)
    told = [f"{owner} 的 {'、'.join(names)}" if owner else "、".join(names) for owner, names in owners.items()]
    return f"共{sum(map(len, owners.values()))}张：{'；'.join(told)}" if told else ""


def _tablespaces(source: Source) -> Text:
    """The planned tablespaces with their sizes where those were seen."""
    sizes = {
        fact.state.bound.target: {row["name"]: row["size_mb"] for row in fact.observed.get("tablespaces", ())}
        for fact in source.facts("oracle.tablespace_usage")
    }
    facts = source.facts("oracle.tablespaces")
    several = len(facts) > 1
    lines = []
    for fact in facts:
        known = sizes.get(fact.state.bound.target, {})
        names = [
            f"{row['name']}（{known[row['name']]} MB）" if row["name"] in known else str(row["name"])
            for row in fact.observed.get("tablespaces", ())
        ]
        text = _told(fact, "、".join(names))
        lines += [_of_role(fact, text) if several else text] if names else []
    return "\n".join(lines), [fact.entry for fact in (*facts, *source.facts("oracle.tablespace_usage"))]


def _application_address(source: Source) -> Text:
    """域名 as entered, and the ports at which the application answers by the profile."""
    domain, entries = source.field("deploy.app/domain_name")
    urls = [url for target in source.site.targets if isinstance(target, WebLogic) for url in target.application_urls]
    ports = dict.fromkeys(str(_port(url)) for url in urls)
    parts = [str(domain).strip(), *([f"端口 {'、'.join(ports)}"] if ports else [])]
    return "　".join(filter(None, parts)), [*entries, *source.profile]


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _local_buses(source: Source) -> list[Bus]:
    return [target for target in source.site.targets if isinstance(target, Bus) and target.peer == "local"]


def _bus_port(source: Source) -> Text:
    entered, entries = source.field("env.bus/floating_port")
    if str(entered).strip():
        return str(entered).strip(), entries
    return "、".join(str(_port(bus.url)) for bus in _local_buses(source)), source.profile


def _bus_address(source: Source) -> Text:
    entered, entries = source.field("env.bus/bus_server")
    if str(entered).strip():
        return str(entered).strip(), entries
    return "、".join(urlsplit(bus.url).hostname or "" for bus in _local_buses(source)), source.profile


def receipt(filling: Filling) -> None:
    """资料移交签收单 (ours): the items of 附表2, each with what is recorded of it; nothing recorded is said so."""
    from app.actions.submission import ITEMS, STEPS

    source = filling.source
    filling.from_site(user_unit=source.site.unit, implementer=source.site.implementer)
    recorded: dict[str, Mapping[str, str]] = {}
    behind: list[Record] = []
    for step in STEPS:
        rows, entries = source.rows(f"{step}/items")
        recorded |= {row.get("title", "").strip(): row for row in rows}
        behind += entries
    lines = [_item(number, item.title, item.form, recorded) for number, item in enumerate(ITEMS, 1)]
    filling.put("items", lines, behind)
    filling.put("certificates", *_certificates(source))
    lacking = [line["title"] for line in lines if line["state"] == NOT_RECORDED]
    filling.put("remark", f"尚未登记移交的资料{len(lacking)}项。" if lacking else "")


NOT_RECORDED = "未登记"


def _item(number: int, title: str, form: str, recorded: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    row = recorded.get(title, {})
    state = row.get("state", "").strip() or ("已移交" if row else NOT_RECORDED)
    cells = {key: row.get(key, "").strip() for key in ("count", "receiver")}
    return {"number": str(number), "title": title, "form": row.get("form", "").strip() or form, "state": state, **cells}


def _certificates(source: Source) -> tuple[list[dict[str, str]], Sequence[Record]]:
    """The certificates as entered; those that the checks read where nothing was."""
    rows, entries = source.rows("handover.certificates/certificates")
    if rows:
        keys = ("title", "serial", "holder", "receiver")
        return [{key: row.get(key, "").strip() for key in keys} for row in rows], entries
    facts = source.facts("certificate.validity")
    seen = [
        {
            "title": fact.state.bound.target_title,
            "serial": str(fact.observed.get("serial", "")),
            "holder": str(fact.observed.get("holder", "")),
            "receiver": "",
        }
        for fact in facts
    ]
    return seen, [fact.entry for fact in facts]


def departure(filling: Filling) -> None:
    """离场核对单 (ours): every blocker and who can clear it."""
    source = filling.source
    blockers = source.now.progress.blockers
    filling.from_site(site_name=source.site.name, user_unit=source.site.unit)
    filling.put(
        "items",
        [
            {"number": str(number), "title": blocker.title, "clears": blocker.clears}
            for number, blocker in enumerate(blockers, 1)
        ],
    )
    count = len(blockers)
    filling.put("summary", f"离场阻断项{count}项，全部解除后方可离场。" if count else "没有离场阻断项。")


def permissions(filling: Filling) -> None:
    """权限申请单 (ours): what a run would do, from the checks themselves; the time window is left to a hand."""
    from app.actions import approval

    source = filling.source
    filling.from_site(site_name=source.site.name, user_unit=source.site.unit, implementer=source.site.implementer)
    filling.put("summary", approval.SUMMARY)
    for cell, rows in approval.tables(approval.requests(source.workspace)).items():
        filling.put(cell, rows, source.profile)


FORMS: Mapping[str, Callable[[Filling], None]] = {
    "confirmation": confirmation,
    "submission": submission,
    "maintenance_record": maintenance_record,
    "filing": filing,
    "receipt": receipt,
    "departure": departure,
    "permissions": permissions,
}
