"""The journal's entries in words for people: of what each is, what it says in one line, and whole. No Qt here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.actions.no_access import SUBJECT
from app.base import clock
from app.checks.offline.marks import PROVIDED
from app.workflow.model import Field, Step

if TYPE_CHECKING:
    from ui.open_project import OpenProject

KINDS = {
    "project": "建立项目", "profile": "现场配置", "result": "检查结果", "field": "填写", "attachment": "附件",
    "adjustment": "调整记录", "signoff": "确认", "decision": "处置", "host_key": "主机密钥", "form": "表单版本",
    "form_file": "表单文件", "case": "服务事项",
}  # fmt: skip
DECISIONS = {"waive": "让步放行", "not_applicable": "不适用", "withdraw": "撤销处置"}
LABELS = {
    "title": "名称", "outcome": "结论", "expected": "应为", "actual": "实为", "reason": "原因", "advice": "建议",
    "clause": "依据", "vantage": "从哪里检查", "route": "途径", "started": "开始时间", "milliseconds": "用时（毫秒）",
    "offset_milliseconds": "时钟相差（毫秒）", "transcript": "检查过程的 SHA-256", "check_digest": "检查项定义的摘要",
    "target_digest": "检查对象配置的摘要", "value": "内容", "name": "名称", "size": "大小（字节）", "note": "说明",
    "sha256": "SHA-256", "taken": "脚本运行时间",
    "withdrawn": "已撤回", "what": "调整了什么", "before": "调整前", "after": "调整后",
    "by": "调整人", "why": "原因", "way_back": "回退办法", "check": "对应的检查项", "decision": "处置", "role": "身份",
    "expires": "到期", "result": "所指结果的哈希", "fingerprint": "指纹", "text": "配置全文", "version": "版次",
    "date": "日期", "key": "版本的摘要", "template": "模板的摘要", "form": "表单版本的哈希", "code": "核对码",
    "signer": "签名人", "opened": "登记时间", "closed": "已结束", "kind": "类别", "rehearsal": "演练", "format": "格式",
}  # fmt: skip
FOR_MACHINES = ("observed", "heads", "sources", "values")  # what forms and programs read; said above in words


class Wording:
    """Knows the titles of one project's steps, fields, checks, targets and cases."""

    def __init__(self, project: OpenProject) -> None:
        from app.actions.cases import cases

        workspace = project.workspace
        self._steps = {step.id: step for step in workspace.workflow.steps()}
        self._targets = {target.id: target.name for target in workspace.site.targets}
        bound = [state.bound for state in project.overview.checks]
        self._checks = {f"{one.check}@{one.target}": f"{one.title} · {one.target_title}" for one in bound}
        self._cases = {case.scope: f"{case.kind}“{case.title}”" for case in cases(workspace)}

    def subject(self, entry: Any) -> str:
        """Of what the entry is; with the service case it belongs to."""
        case = self._cases.get(entry.scope, entry.scope)
        return f"{self._of(entry)}（{case}）" if case else self._of(entry)

    def content(self, entry: Any) -> str:
        """What the entry says, in one line."""
        say: Callable[[Any], str] | None = getattr(self, f"_{entry.kind}", None)
        told = say(entry) if say else str(entry.payload.get("name") or entry.payload.get("title") or "")
        return " ".join(told.split())

    def whole(self, entry: Any) -> str:
        """Everything that the entry says to people, a line each, and the hash that it is known by."""
        lines = [self.subject(entry)]
        for key, value in entry.payload.items():
            if key not in FOR_MACHINES and value not in ("", None):
                lines.append(f"{LABELS.get(key, key)}：{self._value(entry, key, value)}")
        return "\n".join([*lines, f"本条的哈希：{entry.hash}"])

    def _of(self, entry: Any) -> str:
        subject, payload = str(entry.subject), entry.payload
        if entry.kind in ("result", "decision") and "@" in subject:
            target = subject.partition("@")[2]
            return self._checks.get(subject, f"{payload.get('title', subject)} · {self._targets.get(target, target)}")
        if subject in self._targets:
            return self._targets[subject]
        if subject.startswith(f"{SUBJECT}/"):
            target = subject.split("/")[1]
            return f"{PROVIDED} · {self._targets.get(target, target)}"
        step = self._steps.get(subject.removeprefix("step:").partition("/")[0])
        if step:
            return " · ".join(part for part in (step.title, self._part(step, subject)) if part)
        plain = {"project": "本项目", "profile": "现场配置 site.toml", "case": self._cases.get(subject, "服务事项")}
        return plain.get(entry.kind, str(payload.get("title") or subject))

    @staticmethod
    def _part(step: Step, subject: str) -> str:
        part = f"{subject}//".split("/")[1]
        titles = {field.id: field.title for field in step.fields}
        titles |= {slot.id: slot.title for slot in step.evidence} | {one.id: one.title for one in step.signoffs}
        return titles.get(part, "调整记录" if part == "adjust" else "")

    def _field_of(self, entry: Any) -> Field | None:
        step, _, part = str(entry.subject).partition("/")
        fields = self._steps[step].fields if step in self._steps else ()
        return next((field for field in fields if field.id == part), None)

    def _value(self, entry: Any, key: str, value: Any) -> str:
        match key:
            case "outcome":
                return outcome(value)
            case "decision":
                return DECISIONS.get(str(value), str(value))
            case "check":
                return self._checks.get(str(value), str(value))
            case "value":
                return value_words(value, self._field_of(entry), "\n")
        return ("否", "是")[value] if isinstance(value, bool) else value_words(value, None)

    def _result(self, entry: Any) -> str:
        payload = entry.payload
        return f"{outcome(payload['outcome'])}　{payload.get('title', '')}　{payload.get('actual', '')}"

    def _field(self, entry: Any) -> str:
        return value_words(entry.payload.get("value"), self._field_of(entry))

    def _decision(self, entry: Any) -> str:
        payload = entry.payload
        until = f"，有效至 {str(payload['expires'])[:10]}" if payload.get("expires") else ""
        word = DECISIONS.get(str(payload.get("decision")), "")
        return f"{word}：{payload.get('reason', '')}（{payload.get('role', '')}{until}）"

    def _signoff(self, entry: Any) -> str:
        payload = entry.payload
        return f"{payload.get('role', '')} {payload.get('name', '')}　{payload.get('note', '')}"

    def _adjustment(self, entry: Any) -> str:
        payload = entry.payload
        return f"{payload.get('what', '')}　{payload.get('before', '')} → {payload.get('after', '')}"

    def _attachment(self, entry: Any) -> str:
        return f"{entry.payload.get('name', '')}{'（已撤回）' if entry.payload.get('withdrawn') else ''}"

    def _host_key(self, entry: Any) -> str:
        return str(entry.payload.get("fingerprint", ""))

    def _form(self, entry: Any) -> str:
        return f"第 {entry.payload.get('version')} 版，{entry.payload.get('date', '')}"

    def _case(self, entry: Any) -> str:
        return f"{entry.payload.get('kind', '')}　{entry.payload.get('title', '')}{ended(entry.payload)}"

    def _profile(self, entry: Any) -> str:
        return f"共 {len(str(entry.payload.get('text', '')).splitlines())} 行"


def outcome(value: Any) -> str:
    """An outcome as people read it."""
    from app.checks.model import OUTCOME_WORDS, Outcome

    return OUTCOME_WORDS.get(Outcome(value), str(value))


def ended(payload: Mapping[str, Any]) -> str:
    return "（已结束）" if payload.get("closed") else ""


def value_words(value: Any, field: Field | None, between: str = "；") -> str:
    """A field's value: a file by its name, a table row by row, an organisation by its parts."""
    if isinstance(value, Mapping):
        titles = {column.id: column.title for column in field.columns} if field else {}
        cells = {key: cell for key, cell in value.items() if cell and key != "sha256"}
        return "，".join(f"{titles[key]} {cell}" if key in titles else str(cell) for key, cell in cells.items())
    if isinstance(value, list | tuple):
        return between.join(value_words(line, field) for line in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def moment(at: str) -> str:
    """An entry's time on this laptop's clock."""
    return f"{clock.parse(at).astimezone():%Y-%m-%d %H:%M:%S}"
