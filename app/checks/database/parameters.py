"""Initialisation parameters, per instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused
from app.checks.database.reading import literal, require, text
from app.checks.model import Undetermined

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

Parameters = Mapping[str, Mapping[str, str]]  # instance number -> parameter -> value ("" for NULL)


CLUSTER = "SELECT PARALLEL FROM V$INSTANCE"


def statements(names: Sequence[str]) -> tuple[str, str, str]:
    """GV$PARAMETER for the whole cluster; V$PARAMETER where it cannot be seen, and whether that is all there is."""
    wanted = ", ".join(map(literal, names))
    return (
        f"SELECT INST_ID, NAME, VALUE FROM GV$PARAMETER WHERE NAME IN ({wanted})",
        f"SELECT 1, NAME, VALUE FROM V$PARAMETER WHERE NAME IN ({wanted})",
        CLUSTER,
    )


def read(session: OracleSession, names: Sequence[str]) -> Parameters:
    """The values of ``names`` by instance; one that a version does not know is left out.

    Raises Undetermined, also where only one instance of a cluster can be seen.
    """
    everywhere, here, _ = statements(names)
    try:
        rows = session.select(everywhere)
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING):
            raise
        rows = session.select(here)
        if any(text(row[0]).upper() != "NO" for row in session.select(CLUSTER)):
            raise Undetermined(f"集群数据库，只看得到本实例的参数（{error.reason}）", error.advice) from None
    require(rows, "V$PARAMETER")
    found: dict[str, dict[str, str]] = {}
    for number, name, value in rows:
        found.setdefault(text(number), {})[text(name).lower()] = text(value)
    return found
