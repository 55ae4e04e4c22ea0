"""Oracle's aggregate functions that SQLite does not have, registered by ``functions``."""

from __future__ import annotations

from app.rehearsal.oracle.values import Stored, number, text


class ListAggregate:
    """LISTAGG(value, separator) WITHIN GROUP (ORDER BY key)."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str]] = []
        self.separator = ""
        self.descending = False

    def step(self, value: Stored, separator: Stored, key: Stored, descending: int) -> None:
        self.descending = bool(descending)
        self.separator = "" if separator is None else str(separator)
        if value is not None:
            self.items.append(("" if key is None else f"{key:020}" if isinstance(key, int) else text(key), text(value)))

    def finalize(self) -> Stored:
        return self.separator.join(value for _, value in sorted(self.items, reverse=self.descending)) or None


class Median:
    def __init__(self) -> None:
        self.values: list[int | float] = []

    def step(self, value: Stored) -> None:
        if value is not None:
            self.values.append(number(value))

    def finalize(self) -> Stored:
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        if not ordered:
            return None
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class StandardDeviation(Median):
    def finalize(self) -> Stored:
        if not self.values:
            return None
        mean = sum(self.values) / len(self.values)
        squares = sum((value - mean) ** 2 for value in self.values)
        return float((squares / max(len(self.values) - 1, 1)) ** 0.5)


AGGREGATES = {"ORA_LISTAGG": ListAggregate, "MEDIAN": Median, "STDDEV": StandardDeviation}
