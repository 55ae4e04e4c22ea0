"""What the command line says: results, status and messages, so that nothing in them is obeyed by the terminal."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from app.base.visible import UNSEEN

if TYPE_CHECKING:
    from app.checks.model import Result


def ask_password(question: str) -> str | None:
    """Asks the person at the terminal; None where there is none."""
    return getpass.getpass(question) if sys.stdin.isatty() else None


def progress_line() -> Callable[[int, int], None]:
    """Progress on standard error, one line that is written over; silent where that is no terminal."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done * 100 // max(total, 1):3d}%" + ("\n" if done >= total else ""))

    return show


def say_result(result: Result) -> None:
    from app.checks.model import OUTCOME_WORDS

    heads = (OUTCOME_WORDS[result.outcome], result.check, result.target)
    say("　".join((*heads, one_line(result.actual or result.reason))))


def show_results(results: Sequence[Result]) -> None:
    """The results once more, those that need a person first, each with its reason and advice."""
    from app.actions.checking import counts
    from app.checks.model import OUTCOME_WORDS, SEVERITY, Outcome

    for result in sorted(results, key=lambda result: -SEVERITY.index(result.outcome)):
        heads = (OUTCOME_WORDS[result.outcome], result.check, result.target, result.title, one_line(result.actual))
        print_line("\t".join(heads))
        for line in (result.reason, result.advice) if result.outcome is not Outcome.PASS else ():
            if line:
                print_line(f"\t{one_line(line)}")
    summary = counts(results)
    print_line("　".join(f"{OUTCOME_WORDS[outcome]} {summary[str(outcome)]}" for outcome in Outcome))


def show_status(status: dict[str, Any]) -> None:
    print_line(f"{status['title']}{'（演练）' if status['rehearsal'] else ''}")
    for phase in status["phases"]:
        print_line(f"{phase['number']} {phase['title']}　{'已完成' if phase['done'] else '未完成'}")
        for step in phase["steps"]:
            print_line(f"  {'✓' if step['done'] else '○'} {step['id']}　{step['title']}　{step['line']}")
    print_line(f"离场阻断项 {len(status['blockers'])} 个")
    for blocker in status["blockers"]:
        print_line(f"  {blocker['title']}　由{blocker['clears']}解除")
    for conflict in status["conflicts"]:
        print_line(f"  冲突：{conflict}")


def emit(document: dict[str, Any]) -> None:
    """Prints the one JSON document of this call; what a terminal might obey stands in it as JSON's own escapes."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    print_line(UNSEEN.sub(lambda sign: json.dumps(sign[0])[1:-1], text))


def print_line(text: str) -> None:
    write_line(sys.stdout, text)


def say(text: str) -> None:
    """A message to the person: standard error, so that standard output holds only what was asked for."""
    write_line(sys.stderr, text)


def one_line(text: str) -> str:
    """``text`` on one line, without control characters: it may quote what the call or a file said."""
    return "".join(character if character.isprintable() else " " for character in text)


def write_line(stream: TextIO, text: str) -> None:
    """What a site's servers said may stand in ``text``: nothing that the terminal would obey gets there."""
    stream.write(UNSEEN.sub("·", text) + "\n")
    stream.flush()
