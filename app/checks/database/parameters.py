"""Initialisation parameters, per instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.checks.database.reading import literal, require, text

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

Parameters = Mapping[str, Mapping[str, str]]  # instance number -> parameter -> value ("" for NULL)


def statements(names: Sequence[str]) -> tuple[str, str]:
    """GV$PARAMETER for the whole cluster, V$PARAMETER where it cannot be seen."""
    wanted = ", ".join(map(literal, names))
    return (
        f"SELECT INST_ID, NAME, VALUE FROM GV$PARAMETER WHERE NAME IN ({wanted})",
        f"SELECT 1, NAME, VALUE FROM V$PARAMETER WHERE NAME IN ({wanted})",
    )


def read(session: OracleSession, names: Sequence[str]) -> Parameters:
    """The values of ``names`` by instance; one that a version does not know is left out. Raises Undetermined."""
    rows = session.select(*statements(names))
    require(rows, "V$PARAMETER")
    found: dict[str, dict[str, str]] = {}
    for number, name, value in rows:
        found.setdefault(text(number), {})[text(name).lower()] = text(value)
    return found
