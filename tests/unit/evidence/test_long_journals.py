"""100,000 entries cost little more than none: opening, writing, numbering, conflicts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from evidence_examples import fill

from app.evidence.project import Draft, Project

COUNT = 100_000
SUBJECTS = 3000
SLACK = 0.02  # seconds; what a busy machine may add


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    place = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSITE_HOME", str(place / "home"))
        for name, count in (("empty", 10), ("short", SUBJECTS), ("long", COUNT)):
            project = Project.create(place / name, title=name)
            fill(project, count, SUBJECTS)
            project.close()
    yield {name: place / name for name in ("empty", "short", "long")}


@pytest.fixture(autouse=True)
def same_laptop(places: dict[str, Path], laptops: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSITE_HOME", str(places["long"].parent / "home"))


def seconds(work: Callable[[], object], times: int = 7) -> float:
    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(times))


def compared(places: dict[str, Path], use: Callable[[Project], object]) -> tuple[float, float]:
    """The median of the same use in the long and in the empty project."""
    found = []
    for name in ("long", "empty"):
        project = Project.open(places[name])
        use(project)
        found.append(seconds(lambda opened=project: use(opened)))  # type: ignore[misc]
        project.close()
    return found[0], found[1]


def test_the_journals_of_these_tests_are_sound_and_as_long_as_they_should_be(places: dict[str, Path]) -> None:
    with closing(Project.open(places["empty"], write=False)) as made_the_same_way:
        assert made_the_same_way.verify() == ()
    with closing(Project.open(places["long"], write=False)) as project:
        assert sum(1 for _ in project.entries()) >= COUNT


def test_opening_costs_little_more(places: dict[str, Path]) -> None:
    long, empty = (seconds(lambda: Project.open(places[name]).close()) for name in ("long", "empty"))  # noqa: B023
    assert long < 3 * empty + SLACK


def test_an_overview_costs_what_its_subjects_cost_and_not_their_history(places: dict[str, Path]) -> None:
    def overview(name: str) -> float:
        def opened() -> None:
            project = Project.open(places[name])
            assert len(project.current("result")) == SUBJECTS
            project.close()

        return seconds(opened, 3)

    assert overview("long") < 3 * overview("short") + SLACK


@pytest.mark.parametrize(
    "use",
    [
        lambda project: project.append(Draft("field", "x", {"value": 1})),
        lambda project: project.current("result", "oracle.login@db7", ""),
        lambda project: project.number(project.current("result", "oracle.login@db7", "")[0]),
        lambda project: project.entry(f"{project.chain[:3]}-5"),
        lambda project: project.heads(),
        lambda project: project.conflicts(),
    ],
    ids=["append", "current", "number", "entry", "heads", "conflicts"],
)
def test_daily_use_costs_little_more(places: dict[str, Path], use: Callable[[Project], object]) -> None:
    long, empty = compared(places, use)
    assert long < 5 * empty + SLACK


def test_the_first_entry_after_opening_does_not_keep_a_person_waiting(places: dict[str, Path]) -> None:
    project = Project.open(places["long"])
    assert seconds(lambda: project.append(Draft("field", "x", {})), 1) < 2
    project.close()
