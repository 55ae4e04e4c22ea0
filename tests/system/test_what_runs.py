"""What runs is what was printed: every statement, command and request that the site's servers received stands, word for
word, in the permission request; told by the servers, not by the program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from app.actions import approval, checking, rehearsing
from app.actions.rehearsing import Releases

PLACE = re.compile(r"\\\{[^}]*\\\}|<[^>]*>")  # of an escaped text: {server}, <path of the running java>

BETWEEN = re.compile(r"^SSH [a-z0-9-]+：")  # over which host a command is run


@pytest.fixture(scope="module", params=[Releases(), Releases("11.2", "10.3.6")], ids=["today", "2011"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[str], list[str]]]:
    """What was printed before, and what the servers were asked during one whole run."""
    place = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSITE_HOME", str(place / "home"))
        running = rehearsing.start_rehearsal(place / "project", (), request.param)
        try:
            printed = [one.text for each in approval.requests(running.workspace) for one in each.asked]
            log = running.site.folder / "asked.log"
            before = len(log.read_text(encoding="utf-8").splitlines())
            checking.check(running.workspace, checking.Selection())
            lines = log.read_text(encoding="utf-8").splitlines()[before:]
        finally:
            running.stop()
    yield printed, [as_printed(**json.loads(line)) for line in lines]


def as_printed(what: str, port: int, text: str) -> str:
    """A request line with its address, anything else as it came."""
    method, _, target = text.partition(" ")
    return f"{method} http://127.0.0.1:{port}{target}" if what == "request" else text


def matches(printed: str, asked: str) -> bool:
    """Whether ``asked`` is what ``printed`` announces: the same text, its named places filled; a note may follow."""
    line = BETWEEN.sub("", printed.split("\n")[0]).replace("https://", "http://")  # the log does not say which
    pattern = PLACE.sub(r"[^\\s&?]+", re.escape(line.split("（")[0].split("，")[0]))
    return re.fullmatch(pattern, asked) is not None


def test_nothing_reaches_a_server_that_was_not_printed_beforehand(told: tuple[list[str], list[str]]) -> None:
    printed, asked = told
    exact = set(printed)
    patterns = [one for one in printed if not one.startswith(("SELECT", "WITH"))]
    unannounced = {text for text in asked if text not in exact and not any(matches(one, text) for one in patterns)}
    assert unannounced == set()
    assert len(asked) > 150  # the servers did tell


def test_no_statement_that_a_database_received_changes_anything(told: tuple[list[str], list[str]]) -> None:
    _, asked = told
    changing = re.compile(
        r"\s*(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|GRANT|TRUNCATE|LOCK|CALL)\b", re.IGNORECASE
    )
    assert [text for text in asked if changing.match(text)] == []
