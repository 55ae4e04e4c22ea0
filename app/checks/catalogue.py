"""All checks there are, and which of them a site plans. What a check asks is written in its own folder, or is data."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from app.base.errors import InputError
from app.checks import definitions
from app.checks.bus.checks import CHECKS as BUS
from app.checks.certificate.checks import CHECKS as CERTIFICATE
from app.checks.client.checks import CHECKS as CLIENT
from app.checks.database.checks import CHECKS as DATABASE
from app.checks.host.checks import CHECKS as HOST
from app.checks.model import Check, Planned
from app.checks.service.checks import CHECKS as SERVICE
from app.checks.weblogic.checks import CHECKS as WEBLOGIC
from app.site.model import KINDS as TABLES
from app.site.model import Site, Target

CHECKS: tuple[Check, ...] = (*DATABASE, *WEBLOGIC, *HOST, *BUS, *SERVICE, *CERTIFICATE, *CLIENT)
KINDS: tuple[str, ...] = (*(table.kind for table in TABLES), "joint")


def all_checks(project: Path | None = None) -> tuple[Check, ...]:
    """Every check, in the order in which they are put to a target; those that are data stand before the first heavy
    one of databases.

    ``project`` is a project's folder, whose own definitions count. Raises InputError for a mistake in one of those.
    """
    data = definitions.checks(project, [one.id for one in CHECKS])
    heavy = [place for place, one in enumerate(CHECKS) if one.table == "database" and one.heavy]
    place = heavy[0] if heavy else len(CHECKS)
    return (*CHECKS[:place], *sorted(data, key=lambda one: one.heavy), *CHECKS[place:])


def check(check_id: str, project: Path | None = None) -> Check:
    """The check of that id. Raises InputError when there is none, and as ``all_checks``."""
    known = {one.id: one for one in all_checks(project)}
    _require_known("检查项", [check_id], known)
    return known[check_id]


def plan(
    site: Site,
    kinds: Collection[str] = (),
    targets: Collection[str] = (),
    ids: Collection[str] = (),
    *,
    project: Path | None = None,
) -> tuple[Planned, ...]:
    """The checks to be put to the site's targets, of ``all_checks(project)``; the rest as ``plan_of``."""
    return plan_of(all_checks(project), site, kinds, targets, ids)


def plan_of(
    checks: Sequence[Check],
    site: Site,
    kinds: Collection[str] = (),
    targets: Collection[str] = (),
    ids: Collection[str] = (),
) -> tuple[Planned, ...]:
    """Which of ``checks`` are to be put to which targets: the file's order of targets, that of ``checks`` within each.

    ``kinds`` (tables of ``site.toml``, or ``joint``), ``targets`` and ``ids`` narrow it; empty means all. A heavy check
    is planned only where the target allows it or ``ids`` names it. Raises InputError for a name that does not exist.
    """
    _require_known("检查类别", kinds, KINDS)
    _require_known("检查对象", targets, [target.id for target in site.targets])
    _require_known("检查项", ids, [one.id for one in checks])
    asked = [one for one in checks if (not kinds or one.kind in kinds) and (not ids or one.id in ids)]
    chosen = [target for target in site.targets if not targets or target.id in targets]
    return tuple(
        Planned(one, target) for target in chosen for one in asked if _is_planned(one, target, site, one.id in ids)
    )


def _is_planned(one: Check, target: Target, site: Site, named: bool) -> bool:
    if one.table != target.kind or not one.concerns(target, site):
        return False
    return named or not one.heavy or bool(getattr(target, "heavy", False))


def _require_known(thing: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f"是不是 {near[0]}？" if near else f"可用的有：{'、'.join(known) or '（无）'}。"
            raise InputError(f"没有叫 {name} 的{thing}。{hint}")
