"""The readable index of a package: one page of plain HTML that opens on any computer, without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from app.actions.forms import IssuedForm
from app.actions.no_access import SUBJECT
from app.actions.overview import is_provided, overview
from app.actions.workspace import Workspace
from app.base import clock
from app.base.identity import mask
from app.checks.offline.marks import PROVIDED
from app.evidence.entry import Entry
from app.workflow.model import STATE_WORDS, CheckState

STYLE = """
body { font: 15px/1.7 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #c9ced6; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; vertical-align: top;
  border-bottom: 1px solid #e3e6ea; } .note { border: 2px solid; padding: .6rem 1rem; font-weight: bold; }
"""


def index_page(workspace: Workspace, forms: Sequence[IssuedForm], missing: Sequence[str]) -> bytes:
    """The page's bytes: what the package holds, how every check stands, what is missing. All text is escaped, identity
    numbers are masked.
    """
    now = overview(workspace)
    title = f"{workspace.site.name}　实施移交包"
    sections = [
        f"<h1>{escape(title)}</h1>",
        _notes(workspace, missing),
        _table("现场", ("项目", "内容"), _facts(workspace)),
        _forms(forms),
        _table("检查", ("结论", "检查项", "检查对象", "期望", "实际", "时间", "证据"), map(_check_row, now.checks)),
        _table("附件", ("名称", "步骤", "文件"), map(_attachment_row, workspace.project.current("attachment"))),
        _table("未完成", ("事项",), ([line] for line in missing)),
        f"<p>核验：用“现场实施助手”的核验功能，或任何 BagIt（RFC 8493）工具核验本文件夹。"
        f"项目编号 {escape(workspace.project.id)}。</p>",
    ]
    head = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    )
    return mask(head + "\n".join(sections) + "</html>\n").encode()


def _notes(workspace: Workspace, missing: Sequence[str]) -> str:
    notes = [
        *(["演练：本包出自演练现场，不是真实实施的证据。"] if workspace.rehearsal else []),
        *([f"未完成：还有 {len(missing)} 项，见文末。"] if missing else []),
    ]
    return "".join(f'<p class="note">{escape(note)}</p>' for note in notes)


def _facts(workspace: Workspace) -> Iterable[Sequence[str]]:
    site = workspace.site
    yield "用户单位", site.unit
    yield "实施单位", site.implementer
    yield "行政区划代码", site.node
    yield "部署方式", {"centralised": "集中部署", "distributed": "分布部署"}.get(site.mode, site.mode)
    yield "制作日期", clock.paper_date(clock.china_date(clock.now()))


def _forms(forms: Sequence[IssuedForm]) -> str:
    rows = "".join(
        f'<tr><td><a href="forms/{quote(form.file_name)}">{escape(form.file_name)}</a></td><td>第{form.version}版</td>'
        f"<td>{escape(form.number)}</td></tr>"
        for form in forms
    )
    return f"<h2>表单</h2><table><tr><th>文件</th><th>版本</th><th>证据</th></tr>{rows}</table>"


def _check_row(check: CheckState) -> Sequence[str]:
    seen = check.record.payload if check.record else {}
    word = STATE_WORDS[check.state] + _decided(check) + (f"（{PROVIDED}）" if is_provided(check.record) else "")
    values = (str(seen.get(key, "")) for key in ("expected", "actual", "started"))
    return (word, check.bound.title, check.bound.target_title, *values, check.record.number if check.record else "")


def _attachment_row(entry: Entry) -> Sequence[str]:
    step, _, _ = entry.subject.partition("/")
    step = f"{PROVIDED}（脚本与输出）" if step == SUBJECT else step
    return str(entry.payload["name"]), step, f"attachments/{entry.payload['sha256']}"


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return ""
    return f"<h2>{title}</h2><table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{body}</table>"


def _decided(check: CheckState) -> str:
    if check.decision is None:
        return ""
    return {"waive": "（让步放行）", "not_applicable": "（处置为不适用）"}.get(check.decision.payload["decision"], "")
