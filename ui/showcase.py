"""The main job without a screen: the rehearsal site checked, its documents, and a picture of every page."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from app.actions import checking, rehearsing
from app.actions.overview import overview
from app.actions.rehearsing import RehearsalReport
from app.actions.workspace import Workspace, open_workspace
from app.base.errors import InputError, OnsiteError
from app.checks.model import OUTCOME_WORDS, Outcome
from app.terminal import print_line, say, say_result

MARKER = "project/journal.sqlite"  # what shows that a folder is an earlier showcase, which a new one may replace


def main(arguments: list[str]) -> int:
    """``python -m ui.showcase OUT``: status 0 when every check passed and the package verified."""
    out = Path(arguments[0] if arguments else "out").resolve()
    try:
        clear_earlier(out)
        report = rehearsing.rehearse(out, on_result=say_result, say=say)
        say("正在为每一页拍照……")
        workspace = open_workspace(report.project, write=False)
        try:
            pictures = take_pictures(workspace, out / "pictures")
            show(workspace, report, pictures, out)
        finally:
            workspace.close()
    except OnsiteError as error:
        say(f"错误：{error}")
        return error.exit_status
    return checking.exit_status(report.results) if report.sound else 1


def clear_earlier(out: Path) -> None:
    """Makes room in ``out``: only what an earlier showcase left is removed. Raises InputError for anything else."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / MARKER).exists():
        raise InputError(f"{out} 里有别的内容，没有动它。请给一个新的或空的文件夹。")
    shutil.rmtree(out)


def take_pictures(workspace: Workspace, folder: Path) -> list[Path]:
    from ui.gallery import pictures

    folder.mkdir(parents=True, exist_ok=True)
    return pictures(workspace, folder)


def show(workspace: Workspace, report: RehearsalReport, pictures: list[Path], out: Path) -> None:
    """The closing table: results by kind of target, the steps that only people can complete, and where to look."""
    print_line("\n检查结果")
    for kind in dict.fromkeys(result.kind for result in report.results):
        of_kind = [result for result in report.results if result.kind == kind]
        print_line(f"  {kind:<12}" + "　".join(f"{OUTCOME_WORDS[o]} {checking.counts(of_kind)[o]:>2}" for o in Outcome))
    now = overview(workspace).progress
    steps = [state for phase in now.phases for state in phase.steps]
    done = [state for state in steps if state.done]
    print_line(f"\n步骤：检查已证明 {len(done)} 个，等待人完成 {len(steps) - len(done)} 个")
    for state in steps:
        print_line(f"  {'✓' if state.done else '○'} {state.step.title}（{state.step.responsible}）　{state.line}")
    print_line("\n到哪里看")
    for title, place in (
        ("项目", report.project),
        ("表单", report.forms),
        ("移交包", report.package),
        (f"页面图片 {len(pictures)} 张", out / "pictures"),
    ):
        print_line(f"  {title}：{place}")
    print_line(f"移交包核验：{'完好' if report.sound else '有损坏'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
