"""Which routes to a database are tried, in which order, when the next one may be, and how each is opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.checks.database import errors, routes
from app.checks.database.driver_loop import Cut
from app.checks.database.errors import Trouble
from app.checks.database.routes import Attempt, Open, Unspent
from app.checks.model import Surroundings, Transcript, Undetermined
from app.site.model import Database

if TYPE_CHECKING:
    from app.checks.host.lent import Lent

INSTANT_CLIENT = "ONSITE_INSTANT_CLIENT"
NO_VIA = "没有写 via，不知道在哪台主机上运行 sqlplus"


def client(target: Database, surroundings: Surroundings) -> str:
    """The Instant Client's folder: the target's own (beside the profile unless absolute), else this computer's."""
    if not target.client:
        return os.environ.get(INSTANT_CLIENT, "").strip()
    return str(surroundings.site.path.absolute().parent / Path(target.client).expanduser())


def order(target: Database, surroundings: Surroundings) -> tuple[str, ...]:
    """The routes for ``target``; of ``auto`` those for which there is what they need."""
    if target.route != "auto":
        return (target.route,)
    more = [("thick", client(target, surroundings)), ("sqlplus", target.via)]
    return ("thin", "legacy", *(route for route, needed in more if needed))


def goes_on(route: str, error: Exception, trouble: Trouble, attempt: Attempt) -> bool:
    """Whether ``auto`` may take the next route after ``route`` ended so: never where a password may have been counted.

    From thin only for what thin itself cannot do. From the others for what is no answer of the database, as long as no
    password has gone out, and for what the database says before it looks at one.
    """
    if route == "thin":
        return trouble.code in errors.OLDER_ROUTE
    if trouble.code in errors.UNCOUNTED:
        return True
    return not attempt.spent and not isinstance(error, Cut) and not trouble.code.startswith("ORA-")


def title(route: str, target: Database) -> str:
    """What a result calls the route."""
    return f"{routes.TITLES[route]} 经 {target.via}" if route == "sqlplus" and target.via else routes.TITLES[route]


def connect(route: str, attempt: Attempt, surroundings: Surroundings, note: Transcript) -> Open:
    """Logs in over ``route``. Raises Unspent, Undetermined, Cut, TimeoutError, and what the route's driver raises."""
    target = attempt.account.target
    match route:
        case "thick":
            from app.checks.database import thick

            return thick.connect(attempt, client(target, surroundings))
        case "sqlplus":
            from app.checks.database import sqlplus

            lent = lent_to(target, surroundings)
            lent.transcript = note
            return sqlplus.connect(attempt, lent)
        case _:
            return routes.connect(route, attempt)


def lent_to(target: Database, surroundings: Surroundings) -> Lent:
    """A borrower of the connection to the ``via`` host. Raises Unspent where there is none."""
    from app.checks.host.lent import lend

    if not target.via:
        raise Unspent(NO_VIA)
    try:
        return lend(surroundings, target.via)
    except ValueError as error:
        raise Undetermined(f"现场配置里没有 via 主机 {target.via}：{error}") from None


def shows(target: Database) -> Sequence[str]:
    """What the routes of ``target`` run beside the checks' own statements."""
    from app.checks.database import sqlplus_input

    return sqlplus_input.shows(target) if target.via and target.route in ("auto", "sqlplus") else ()
