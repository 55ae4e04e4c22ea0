"""Forms issued: values worked out from the journal, one version a content, its first issue an entry, its file kept."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions.cases import big_cases, cases
from app.actions.form_values import FormValues, Source, values_of
from app.actions.workspace import Workspace, require_writable
from app.base import clock, resources
from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, InputError, UnavailableError
from app.base.files import cause, make_folder, read_bounded, write_atomic
from app.evidence.entry import Entry, canonical
from app.evidence.project import Draft

if TYPE_CHECKING:
    from app.documents.signer import KeySigner

TEMPLATE_LIMIT = 32 << 20
SIGNER_SECRET = "ONSITE_SECRET_SIGNER"
RESTORE = "请先核验项目，再用移交包或另一台电脑的项目并入（merge）找回。"


@dataclass(frozen=True)
class Form:
    """One document of ``resources/forms.toml``; ``values`` names what fills it.

    ``per_case``: one for each service case; ``per_big_case``: one for the project and one for each 大的调整.
    """

    id: str
    title: str
    values: str
    stamped: bool = False
    per_case: bool = False
    per_big_case: bool = False
    ours: bool = False


@dataclass(frozen=True)
class IssuedForm:
    """One version of one form. ``path`` is the file handed out; ``number`` its first issue's evidence number."""

    id: str
    title: str
    scope: str
    version: int
    code: str
    number: str
    path: Path

    @property
    def file_name(self) -> str:
        return file_name(self.title, self.scope)


@dataclass(frozen=True)
class FormState:
    """How a form stands: ``version`` 0 when never issued; ``current`` when that version still says what is true now."""

    id: str
    title: str
    scope: str
    version: int
    current: bool
    stamped: bool
    line: str


def catalogue(folder: Path | None = None) -> tuple[Form, ...]:
    """The forms that can be issued, in the order of paper."""
    with resources.find("forms.toml", folder).open("rb") as file:
        return tuple(Form(**row) for row in tomllib.load(file)["form"])


def file_name(title: str, scope: str = "") -> str:
    """A form's file: its title, and the case where it belongs to one."""
    return f"{title}{f' {scope}' if scope else ''}.docx"


def one_of(form: str, scope: str) -> str:
    """The name by which one form of one case is asked for: ``附表3 case-…``; the form's id where it has no case."""
    return f"{form} {scope}".strip()


class Draughtsman:
    """Works out the forms of one project: what each would say now, and the version that says it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.forms = catalogue(workspace.folder)

        self._sources: dict[str, Source] = {}

    def source(self, scope: str) -> Source:
        if scope not in self._sources:
            self._sources[scope] = Source.of(self.workspace, scope)
        return self._sources[scope]

    def due(self, only: Sequence[str] = ()) -> tuple[tuple[Form, str], ...]:
        """The forms named by ``only`` (ids, or ``<id> <case>`` for one case's; empty means all), each with its scope.

        A form has one scope per case, or a blank one. Raises InputError for a name that no form has.
        """
        every = [(form, scope) for form in self.forms for scope in self._scopes(form)]
        known = {form.id for form in self.forms} | {one_of(form.id, scope) for form, scope in every}
        unknown = [name for name in only if name not in known]
        if unknown:
            raise InputError(
                f"没有这种表单：{'、'.join(unknown)}。可用的有：{'、'.join(form.id for form in self.forms)}。"
            )
        return tuple(
            (form, scope) for form, scope in every if not only or {form.id, one_of(form.id, scope)} & set(only)
        )

    def _scopes(self, form: Form) -> Sequence[str]:
        if form.per_case:
            return [case.scope for case in cases(self.workspace)] or [""]
        return ["", *(case.scope for case in big_cases(self.workspace))] if form.per_big_case else [""]

    def template(self, form: Form) -> bytes:
        return read_bounded(template_path(form, self.workspace.folder), TEMPLATE_LIMIT, "表单模板")

    def values(self, form: Form, scope: str) -> FormValues:
        return values_of(form.values, self.source(scope))

    def standing(self, form: Form, scope: str, values: FormValues) -> Entry | None:
        """The first issue of the version that says exactly ``values`` with today's template, if there was one."""
        key = version_key(values, self.template(form))
        issues = self.workspace.project.history("form", form.id, scope)
        return next((entry for entry in issues if entry.payload["key"] == key), None)

    def issue(self, form: Form, scope: str) -> IssuedForm:
        """The form's current version: the kept file when there is one, else a new version with its entry."""
        values = self.values(form, scope)
        entry = self.standing(form, scope, values) or self._first_issue(form, scope, values)
        kept = self._file(form, scope, entry) or self._keep_file(form, scope, entry, values)
        return IssuedForm(
            id=form.id,
            title=form.title,
            scope=scope,
            version=entry.payload["version"],
            code=code(entry),
            number=self.workspace.project.number(entry),
            path=self.workspace.project.attachment(kept.payload["sha256"]),
        )

    def state(self, form: Form, scope: str) -> FormState:
        issues = self.workspace.project.history("form", form.id, scope)
        newest = issues[-1] if issues else None
        values = self.values(form, scope)
        standing = self.standing(form, scope, values)
        current = newest is not None and standing is not None
        line = "尚未导出" if newest is None else "与现状一致" if current else "内容已有变化，需重新导出"
        version = (standing or newest).payload["version"] if newest is not None else 0
        return FormState(form.id, form.title, scope, version, current, form.stamped, "；".join([line, *values.notes]))

    def _first_issue(self, form: Form, scope: str, values: FormValues) -> Entry:
        require_writable(self.workspace)
        template = self.template(form)
        content = {
            "key": version_key(values, template),
            "version": len(self.workspace.project.history("form", form.id, scope)) + 1,
            "title": form.title,
            "values": values.values,
            "sources": values.sources,
            "template": hashlib.sha256(template).hexdigest(),
            "heads": dict(self.workspace.project.heads()),
            "date": clock.china_date(clock.now()).isoformat(),
        }
        (entry,) = self.workspace.append(Draft("form", form.id, content, scope))
        return entry

    def _file(self, form: Form, scope: str, entry: Entry) -> Entry | None:
        files = self.workspace.project.history("form_file", form.id, scope)
        return next((file for file in files if file.payload["form"] == entry.hash), None)

    def _keep_file(self, form: Form, scope: str, entry: Entry, values: FormValues) -> Entry:
        from app.documents.fill import fill
        from app.documents.mark import letters

        name = file_name(form.title, scope)
        shown = {
            **values.values,
            "form_name": form.id,
            "version": entry.payload["version"],
            "code": letters(code(entry)),
        }
        body = fill(f"{form.id}.docx", self.template(form), shown, code(entry))
        kept = self.workspace.project.attach(body, name)
        content = {"form": entry.hash, "sha256": kept.sha256, "name": name, "size": kept.size}
        (file,) = self.workspace.append(Draft("form_file", form.id, content, scope))
        return file


def template_path(form: Form, folder: Path) -> Path:
    return resources.find(f"forms/{form.id}.docx", folder)


def version_key(values: FormValues, template: bytes) -> str:
    """SHA-256 (hex) of the filled values and the template: equal keys are one version."""
    return hashlib.sha256(canonical(values.values) + hashlib.sha256(template).digest()).hexdigest()


def code(entry: Entry) -> str:
    """The mark of the version whose first issue is ``entry``."""
    from app.documents.mark import code_of

    return code_of(entry.hash)


def form_list(workspace: Workspace) -> tuple[FormState, ...]:
    """Every form of the project and how it stands."""
    draughtsman = Draughtsman(workspace)
    return tuple(draughtsman.state(form, scope) for form, scope in draughtsman.due())


def issue_current(workspace: Workspace, cancellation: Cancellation) -> tuple[IssuedForm, ...]:
    """The current version of every form; ``path`` is the kept file inside the project."""
    draughtsman = Draughtsman(workspace)
    issued = []
    for form, scope in draughtsman.due():
        cancellation.check()
        issued.append(draughtsman.issue(form, scope))
    return tuple(issued)


def issue(
    workspace: Workspace,
    out: Path,
    only: Sequence[str] = (),
    *,
    pdf: bool = False,
    sign: Path | None = None,
    token: Path | None = None,
    ask_password: Callable[[str], str | None] = lambda question: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cancellation: Cancellation | None = None,
) -> tuple[IssuedForm, ...]:
    """Issues forms into the folder ``out``; ``pdf`` also makes a PDF of each, by LibreOffice; ``sign`` a signed copy.

    Raises InputError for an unknown form, a broken template, a wrong signer's password, or a file in ``out`` that a
    person has changed; DamagedError when a kept version is not what was issued; UnavailableError when a PDF is
    wanted and no office program is there. All before anything is written.
    """
    from app.documents.pdf import convert, require_office

    cancellation = cancellation or Cancellation()
    office = require_office() if pdf else None
    signer = signer_of(sign, token, ask_password)
    draughtsman = Draughtsman(workspace)
    due = draughtsman.due(only)
    places = [out / file_name(form.title, scope) for form, scope in due]
    refuse_changed(workspace, [*places, *(map(signed_name, places) if signer else ())])
    make_folder(out)
    issued: list[IssuedForm] = []
    for form, scope in due:
        cancellation.check()
        made = draughtsman.issue(form, scope)
        place = out / made.file_name
        write_atomic(place, kept_bytes(made))
        if signer:
            write_atomic(signed_name(place), sign_form(workspace, form, scope, made, signer))
        if office:
            convert(office, place, cancellation)
        issued.append(IssuedForm(**{**vars(made), "path": place}))
        on_progress(len(issued), len(due))
    return tuple(issued)


def signer_of(sign: Path | None, token: Path | None, ask: Callable[[str], str | None]) -> KeySigner | None:
    """Who signs: the PKCS#12 file ``sign``, its password from ``ONSITE_SECRET_SIGNER``, else asked for once."""
    from app.documents.signer import from_pkcs12

    if token:
        raise UnavailableError("这个版本还不能用证书介质（--token）签名，请用 --sign 指定 PKCS#12 文件。")
    if not sign:
        return None
    password = os.environ.get(SIGNER_SECRET) or ask(f"签名证书 {sign.name} 的口令：")
    if password is None:
        raise InputError(f"没有签名证书的口令。请设置变量 {SIGNER_SECRET} 后重试。")
    return from_pkcs12(sign, password)


def sign_form(workspace: Workspace, form: Form, scope: str, made: IssuedForm, signer: KeySigner) -> bytes:
    """A signed copy of an issued version; it becomes an attachment of that version before it is handed out."""
    from app.documents.sign import sign as sign_document

    require_writable(workspace)
    body = sign_document(kept_bytes(made), signer, clock.now())
    kept = workspace.project.attach(body, signed_name(Path(made.file_name)).name)
    subject = signer.certificate.subject.rfc4514_string()
    content = {"code": made.code, "sha256": kept.sha256, "name": kept.name, "size": kept.size, "signer": subject}
    workspace.append(Draft("form_signed", form.id, content, scope))
    return body


def signed_name(place: Path) -> Path:
    """A signed copy stands beside the unsigned file: a clerk may have to correct a word in that one by hand."""
    return place.with_name(f"{place.stem}（已签名）{place.suffix}")


def kept_bytes(made: IssuedForm) -> bytes:
    """The kept file of an issued version. Raises DamagedError when it is not what was issued."""
    try:
        body = made.path.read_bytes()
    except OSError as error:
        raise DamagedError(f"{made.title} 第{made.version}版的文件读不了：{cause(error)}。{RESTORE}") from error
    if hashlib.sha256(body).hexdigest() != made.path.name:
        raise DamagedError(f"{made.title} 第{made.version}版的文件已被改动，没有导出。{RESTORE}")
    return body


def refuse_changed(workspace: Workspace, places: Sequence[Path]) -> None:
    """Raises InputError when a file that would be replaced is not one we issued: a clerk may have corrected it, or
    another person have signed it too.
    """
    ours = ("form_file", "form_signed")
    known = {entry.payload["sha256"] for entry in workspace.project.entries() if entry.kind in ours}
    for place in places:
        if place.exists() and hashlib.sha256(read_bounded(place, TEMPLATE_LIMIT, "已有文件")).hexdigest() not in known:
            raise InputError(f"{place} 已被人改动过，没有覆盖。请把它移走，或导出到另一个文件夹。")


def issued_json(form: IssuedForm) -> Mapping[str, Any]:
    """One form in the document of ``onsite forms --json``."""
    return {
        "id": form.id,
        "title": form.title,
        "scope": form.scope,
        "version": form.version,
        "code": form.code,
        "evidence": form.number,
        "path": str(form.path),
    }
