"""Where the person is in a project and the way back: a stack of places and the workflow's order. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STEP, BLOCKERS, FORMS, PACKAGE, JOURNAL = "step", "blockers", "forms", "package", "journal"
APPROVAL, CHANGES, CERTIFICATES = "approval", "changes", "certificates"
PAGES = (STEP, BLOCKERS, APPROVAL, CHANGES, CERTIFICATES, FORMS, PACKAGE, JOURNAL)


@dataclass(frozen=True)
class Place:
    """One page; ``step`` is the step's id on a step page."""

    page: str
    step: str = ""


class Journey:
    """Back goes to where the person was; without a past, to the step before. Next is the workflow's next step."""

    def __init__(self, steps: Sequence[str], start: Place | None = None) -> None:
        self._order = tuple(steps)
        self._past: list[Place] = []
        self.here = start if start and self._known(start) else Place(STEP, self._order[0])

    def go(self, place: Place) -> bool:
        """Moves to ``place``; False when it is where we are, or no such place."""
        if place == self.here or not self._known(place):
            return False
        self._past.append(self.here)
        self.here = place
        return True

    def back(self) -> Place | None:
        """Moves back and says where to; None only at the very first step with no past."""
        target = self._past.pop() if self._past else self._neighbour(-1)
        if target:
            self.here = target
        return target

    def next(self) -> Place | None:
        """Moves to the next step of the workflow (from another page: back to the steps); None after the last."""
        target = self._neighbour(1)
        if target:
            self.go(target)
        return target

    @property
    def can_go_back(self) -> bool:
        return bool(self._past) or self._neighbour(-1) is not None

    @property
    def can_go_next(self) -> bool:
        return self._neighbour(1) is not None

    def position(self) -> tuple[int, int]:
        """The step's number and how many there are; (0, n) on another page."""
        number = self._order.index(self.here.step) + 1 if self.here.page == STEP else 0
        return number, len(self._order)

    def _neighbour(self, distance: int) -> Place | None:
        if self.here.page != STEP:
            return self._last_step()
        index = self._order.index(self.here.step) + distance
        return Place(STEP, self._order[index]) if 0 <= index < len(self._order) else None

    def _last_step(self) -> Place:
        visited = [place for place in self._past if place.page == STEP]
        return visited[-1] if visited else Place(STEP, self._order[0])

    def _known(self, place: Place) -> bool:
        return place.page in PAGES and (place.page != STEP or place.step in self._order)


def to_text(place: Place) -> str:
    """A place as it is kept between two runs."""
    return f"{place.page}:{place.step}"


def from_text(text: str) -> Place | None:
    """The place that ``to_text`` wrote; None for anything else."""
    page, colon, step = text.partition(":")
    return Place(page, step) if colon and page in PAGES else None
