"""The command line: parse, call, print. No logic: what is done lives in ``app.actions``, imported per command."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from app.base.cancellation import cancelled_by_signals
from app.base.errors import CancelledError, DamagedError, InputError, OnsiteError
from app.base.files import cause
from app.base.log import start_logging
from app.terminal import (
    ask_password,
    emit,
    one_line,
    print_line,
    progress_line,
    say,
    say_result,
    show_results,
    show_status,
)

if TYPE_CHECKING:
    from app.actions.workspace import Workspace

BUG_STATUS = 70
# argparse's own sentences (its messages have no Chinese translation), and what is said instead.
WORDS = (
    (r"^the following arguments are required: (.*)", r"缺少 \1"),
    (r"^unrecognized arguments: (.*)", r"不认识 \1"),
    (r"invalid choice: (.*) \(choose from (.*)\)$", r"没有 \1，可用的有 \2"),
    (r"expected one argument$", "后面要写一个值"),
    (r"not allowed with argument (.*)", r"不能与 \1 同用"),
    (r"ignored explicit argument (.*)", r"后面不能写值 \1"),
    (r"^argument (\S+): ", r"\1："),
)


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in one Chinese line, as a known error. Options are written out in full: one that
    is short for another today may be short for two tomorrow.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.allow_abbrev = False

    def error(self, message: str) -> NoReturn:
        for pattern, words in WORDS:
            message = re.sub(pattern, words, message, flags=re.DOTALL)
        raise InputError(f"命令写法不对：{message}。用 onsite --help 查看用法。")


def place(text: str) -> Path:
    """A path of the command line. An empty one (a variable that was not set) would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("路径是空的")
    try:
        Path(text).exists()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"路径用不了（{cause(error)}）") from error
    return Path(text)


Command = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """The command line as contracted in the product's design."""
    top = Parser(prog="onsite", description="现场实施助手。不带参数时打开窗口。")
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="命令")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return cast(argparse.ArgumentParser, sub)

    for group in (add_checking, add_without_access, add_looking, add_paper, add_rehearsing):
        group(command)
    return top


def add_checking(command: Command) -> None:
    """A project, what is asked of its site, and the checks themselves."""
    new = command("new", run_new, "由现场配置文件建立项目")
    new.add_argument("dir", type=place, metavar="DIR")
    new.add_argument("--site", type=place, required=True, metavar="SITE.toml")

    check = command("check", run_check, "检查现场")
    check.add_argument("dir", type=place, metavar="DIR")
    add_selection(check)
    check.add_argument("--failed", action="store_true", help="只重测不合格和未能判定的")
    check.add_argument("--json", action="store_true")

    plan = command("plan", run_plan, "检查前打印将执行的内容与所需授权")
    plan.add_argument("dir", type=place, metavar="DIR")
    add_selection(plan)
    plan.add_argument("--out", type=place, metavar="OUT", help="另把权限申请单（Word）与授权脚本写到这个文件夹")
    plan.add_argument("--json", action="store_true")

    trust = command("trust", run_trust, "登记一台主机的公钥指纹")
    trust.add_argument("dir", type=place, metavar="DIR")
    trust.add_argument("target", metavar="TARGET")
    trust.add_argument("fingerprint", metavar="FINGERPRINT")


def add_selection(sub: argparse.ArgumentParser) -> None:
    """Which of the planned checks."""
    sub.add_argument("--only", action="append", default=[], metavar="KIND")
    sub.add_argument("--target", action="append", default=[], metavar="ID")
    sub.add_argument("--id", action="append", default=[], metavar="CHECK-ID")


def add_without_access(command: Command) -> None:
    """What others run or record for us, where we cannot connect."""
    script = command("script", run_script, "写一个只读脚本，由客户在本程序连不到的地方运行")
    script.add_argument("dir", type=place, metavar="DIR")
    script.add_argument("--for", dest="kind", required=True, metavar="database|host|client|weblogic")
    script.add_argument("--target", default="", metavar="ID", help="现场配置文件里的 id；该类只有一个时可以不写")
    script.add_argument("--out", type=place, required=True, metavar="FILE")

    take = command("import", run_import, "导入客户运行脚本的输出，或联调记录文件")
    take.add_argument("dir", type=place, metavar="DIR")
    take.add_argument("file", type=place, metavar="FILE")
    take.add_argument("--json", action="store_true")

    record = command("record", run_record, "记入或导出一条总线上报、下发的联调记录")
    record.add_argument("dir", type=place, metavar="DIR")
    record.add_argument("bus", metavar="BUS-ID")
    record.add_argument("--direction", required=True, choices=("report", "dispatch"))
    way = record.add_mutually_exclusive_group(required=True)
    way.add_argument("--file", type=place, metavar="FILE", help="记入这个记录文件（CSV 或 JSON Lines）")
    way.add_argument("--out", type=place, metavar="FILE", help="把本端的记录写成文件，交给对方导入")
    record.add_argument("--end", default="own", choices=("own", "other"), help="记录是哪一端的，默认本端")
    record.add_argument("--role", default="", metavar="ROLE", help="由谁（身份）给出，例如 部端工作人员")
    record.add_argument("--case", default="", metavar="CASE", help="一次维护服务，例如 case-…")


def add_looking(command: Command) -> None:
    """What the journal says."""
    status = command("status", run_status, "阶段、步骤与离场阻断项")
    status.add_argument("dir", type=place, metavar="DIR")
    status.add_argument("--json", action="store_true")

    changes = command("changes", run_changes, "与验收时或更早一次检查相比的变化")
    changes.add_argument("dir", type=place, metavar="DIR")
    changes.add_argument("--since", default="", metavar="WHEN", help="日期、证据编号或 previous；不写为部署确认时")
    changes.add_argument("--case", default="", metavar="CASE", help="一次维护服务，例如 case-…")
    changes.add_argument("--json", action="store_true")

    journal = command("journal", run_journal, "实施日志")
    journal.add_argument("dir", type=place, metavar="DIR")
    journal.add_argument("--json", action="store_true")


def add_paper(command: Command) -> None:
    """What leaves the project, and what comes back to it."""
    forms = command("forms", run_forms, "填写并导出表单")
    forms.add_argument("dir", type=place, metavar="DIR")
    forms.add_argument("--out", type=place, required=True, metavar="OUT")
    forms.add_argument("--only", action="append", default=[], metavar="附表1")
    signer = forms.add_mutually_exclusive_group()
    signer.add_argument("--sign", type=place, metavar="KEY.p12")
    signer.add_argument("--token", type=place, metavar="MODULE")
    forms.add_argument("--pdf", action="store_true")
    forms.add_argument("--json", action="store_true")

    package = command("package", run_package, "做成移交包")
    package.add_argument("dir", type=place, metavar="DIR")
    package.add_argument("--to", type=place, required=True, metavar="FOLDER")

    verify = command("verify", run_verify, "核验项目、移交包或签名文件")
    verify.add_argument("path", type=place, metavar="PATH")
    verify.add_argument("--json", action="store_true")

    merge = command("merge", run_merge, "并入另一台电脑的项目或移交包")
    merge.add_argument("dir", type=place, metavar="DIR")
    merge.add_argument("other", type=place, metavar="OTHER")


def add_rehearsing(command: Command) -> None:
    """The site on loopback."""
    rehearse = command("rehearse", run_rehearse, "在演练现场上完成主要工作")
    rehearse.add_argument("--list-faults", action="store_true")
    rehearse.add_argument("--fault", action="append", default=[], metavar="NAME")
    rehearse.add_argument("--oracle", default="19c", choices=("19c", "11.2"), help="演练现场的 Oracle 版本")
    rehearse.add_argument("--weblogic", default="12.2.1", choices=("12.2.1", "10.3.6"), help="演练现场的 WebLogic 版本")
    rehearse.add_argument("--out", type=place, metavar="DIR")
    rehearse.add_argument("--serve", action="store_true", help="保持运行，打印 site.toml 和口令变量")
    rehearse.add_argument("--json", action="store_true")


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit status (contract); every error is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            cast(Any, stream).reconfigure(encoding="utf-8", errors="backslashreplace")
    start_logging()
    try:
        options = parser().parse_args(arguments)
        return int(options.run(options))
    except OnsiteError as error:
        say(one_line(f"错误：{error}" if not isinstance(error, CancelledError) else str(error)))
        return error.exit_status
    except KeyboardInterrupt:
        say(str(CancelledError()))
        return CancelledError.exit_status
    except BrokenPipeError:
        return OnsiteError.exit_status
    except Exception:  # noqa: BLE001 - the boundary: anything not known is a bug, and its report is kept
        say(report_of_bug())
        return BUG_STATUS


def report_of_bug() -> str:
    """Keeps the error being handled as a report; the sentence that says where."""
    from app.base.log import save_report

    try:
        return f"程序内部错误。报告已保存：{save_report(sys.exc_info())}"
    except OSError:
        return f"程序内部错误（{sys.exc_info()[0]}），报告也没能写入磁盘。"


def run_new(options: argparse.Namespace) -> int:
    from app.actions import workspace

    made = workspace.create(options.dir, options.site)
    say(f"已建立项目：{options.dir}（{made.site.name}，检查对象 {len(made.site.targets)} 个）")
    made.close()
    return 0


def run_check(options: argparse.Namespace) -> int:
    from app.actions import checking

    selection = checking.Selection(tuple(options.only), tuple(options.target), tuple(options.id), failed=options.failed)
    with opened(options.dir) as here, cancelled_by_signals() as cancellation:
        results = checking.check(here, selection, on_result=say_result, cancellation=cancellation)
    if options.json:
        emit(checking.report_json(results))
    else:
        show_results(results)
    return checking.exit_status(results)


def run_plan(options: argparse.Namespace) -> int:
    from app.actions import approval, checking, forms

    selection = checking.Selection(tuple(options.only), tuple(options.target), tuple(options.id))
    with opened(options.dir) as here:
        found = approval.requests(here, selection)
        told = approval.lines(here, found)
        if options.out:
            say(f"授权脚本 {len(approval.write_grants(found, options.out))} 个，已写到 {options.out}")
            for form in forms.issue(here, options.out, only=(approval.FORM,)):
                say(f"{form.title}：{form.path}")
    if options.json:
        emit({"targets": [approval.request_json(request) for request in found]})
    else:
        for line in told:
            print_line(line)
    return 0


def run_script(options: argparse.Namespace) -> int:
    from app.actions import no_access

    with opened(options.dir) as here:
        made = no_access.write_script(here, options.kind, options.out, options.target)
    print_line(f"脚本已写好：{made.path}（{made.target.name}，证据 {made.number}）")
    print_line(
        f"它能回答 {len(made.covered)} 项检查。请客户运行后交回输出，再执行：onsite import {options.dir} 输出文件"
    )
    if made.not_covered:
        print_line(f"仍须从本机检查：{'、'.join(pair.check.title for pair in made.not_covered)}")
    return 0


def run_import(options: argparse.Namespace) -> int:
    from app.actions import checking, importing

    with opened(options.dir) as here, cancelled_by_signals() as cancellation:
        taken = importing.take(here, options.file, on_result=say_result, cancellation=cancellation)
    for note in taken.notes:
        say(note)
    if options.json:
        emit(checking.report_json(taken.results))
    elif taken.results:
        show_results(taken.results)
    return checking.exit_status(taken.results) if taken.results else taken.status


def run_trust(options: argparse.Namespace) -> int:
    from app.actions import recording

    with opened(options.dir) as here:
        entry = recording.trust(here, options.target, options.fingerprint)
        say(f"已登记 {options.target} 的主机公钥（证据 {here.project.number(entry)}）。")
    return 0


def run_record(options: argparse.Namespace) -> int:
    from app.actions import records

    with opened(options.dir) as here:
        leg = (here, options.bus, options.direction)
        if options.out:
            place_written = records.export(*leg, options.out, options.role, options.case)
            print_line(f"本端的联调记录已写到 {place_written}，请交给对方导入。")
            return 0
        entries = records.keep(*leg, options.file, options.end, options.role, options.case)
        for line in records.lines(here, entries):
            print_line(line)
    return records.exit_status(entries)


def run_status(options: argparse.Namespace) -> int:
    from app.actions import overview

    with opened(options.dir) as here:
        status = overview.status_json(here)
    if options.json:
        emit(status)
    else:
        show_status(status)
    return 0


def run_changes(options: argparse.Namespace) -> int:
    from app.actions import difference

    with opened(options.dir) as here:
        found = difference.difference(here, options.since, options.case)
        if options.json:
            emit(difference.difference_json(here, found))
        else:
            for line in difference.lines(here, found):
                print_line(line)
    return 0


def run_forms(options: argparse.Namespace) -> int:
    from app.actions import forms

    with opened(options.dir) as here, cancelled_by_signals() as cancellation:
        issued = forms.issue(
            here,
            options.out,
            only=tuple(options.only),
            pdf=options.pdf,
            sign=options.sign,
            token=options.token,
            ask_password=ask_password,
            cancellation=cancellation,
        )
        document = {"forms": [forms.issued_json(form) for form in issued]}
    if options.json:
        emit(document)
    else:
        for form in issued:
            print_line(f"{form.title}\t版本 {form.version}\t{form.path}")
    return 0


def run_package(options: argparse.Namespace) -> int:
    from app.actions import packaging

    with opened(options.dir) as here, cancelled_by_signals() as cancellation:
        report = packaging.package(here, options.to, on_progress=progress_line(), cancellation=cancellation)
    print_line(f"移交包已写好：{report.folder}（{'完整' if report.complete else '未完成'}）")
    for line in report.missing:
        print_line(f"  缺：{line}")
    return 0


def run_verify(options: argparse.Namespace) -> int:
    from app.actions import packaging

    with cancelled_by_signals() as cancellation:
        report = packaging.verify(options.path, cancellation)
    if options.json:
        emit(packaging.verify_json(report))
    else:
        print_line(f"{report.path}：{report.word}，{'完好' if report.sound else '有损坏'}{report.signature_line}")
        for fault in report.faults:
            print_line(f"  {fault.where}：{fault.what}")
    return report.exit_status


def run_merge(options: argparse.Namespace) -> int:
    from app.actions import packaging

    with opened(options.dir) as here:
        union = packaging.merge(here, options.other)
        print_line(f"并入 {union.added} 条记录。")
        for conflict in (*union.conflicts, *union.forks):
            print_line(f"  冲突：{conflict}")
    return 0


def run_journal(options: argparse.Namespace) -> int:
    from app.actions import packaging

    with opened(options.dir) as here:
        if options.json:
            emit(packaging.journal_json(here))
        else:
            for entry in here.project.entries():
                print_line(f"{here.project.number(entry)}\t{entry.at}\t{entry.kind}\t{entry.subject}\t{entry.author}")
    return 0


def run_rehearse(options: argparse.Namespace) -> int:
    from app.actions import checking, rehearsing

    if options.list_faults:
        faults = rehearsing.faults()
        if options.json:
            emit(
                {"faults": [{"name": f.name, "title": f.title, "description": f.description} for f in faults.values()]}
            )
        for fault in () if options.json else faults.values():
            print_line(f"{fault.name}\t{fault.title}\t{fault.description}")
        return 0
    names, releases = tuple(options.fault), rehearsing.Releases(options.oracle, options.weblogic)
    if options.serve:
        with cancelled_by_signals() as cancellation:
            rehearsing.serve(options.out, names, releases, print_line, cancellation)
        return 0
    with cancelled_by_signals() as cancellation:
        report = rehearsing.rehearse(
            options.out, names, releases, on_result=say_result, say=say, cancellation=cancellation
        )
    if options.json:
        emit(rehearsing.report_json(report))
    else:
        show_results(report.results)
        print_line(f"项目：{report.project}\n表单：{report.forms}\n移交包：{report.package}")
    return checking.exit_status(report.results) if report.sound else DamagedError.exit_status


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    from app.actions.workspace import open_workspace

    here = open_workspace(folder)
    try:
        yield here
    finally:
        here.close()
