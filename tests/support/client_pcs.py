"""Client PCs for the tests, with the registry and the outputs that the test gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.base import clock
from app.base.cancellation import Cancellation
from app.checks.client.checks import CHECKS
from app.checks.client.pc import Output
from app.checks.client.registry import Registry
from app.checks.client.session import ClientSession
from app.checks.lane import Answer, spared, trouble
from app.checks.model import Planned, Surroundings, Verdict
from app.checks.runner import judge
from app.site.model import Client, Site


class RecordedPc:
    """A PC whose answers were recorded."""

    given = False

    def __init__(self, system: str, registry: Registry | None, outputs: Mapping[str, Output]) -> None:
        self.system, self._registry, self._outputs = system, registry, outputs

    def registry(self) -> Registry:
        assert self._registry is not None
        return self._registry

    def run(self, command: str) -> Output:
        return self._outputs.get(command, Output("", 127, f"env: {command.split()[2]}: No such file or directory"))

    def abort(self) -> None:
        """Nothing runs here."""


def around(target: Client) -> Surroundings:
    """A site with nothing but that client."""
    site = Site("示例省就业监测节点", "510000", targets=(target,))
    return Surroundings(site, None, None, Cancellation())  # type: ignore[arg-type]


def judged(
    check: str,
    registry: Registry | None,
    system: str = "Windows",
    outputs: Mapping[str, Output] | None = None,
    **told: object,
) -> Verdict:
    """What a check says of the PC that this is, with those answers."""
    target = replace(Client("pc1", this=True), **told)  # type: ignore[arg-type]
    pair = Planned(next(one for one in CHECKS if one.id == check), target)
    there = around(target)
    session = ClientSession(there, RecordedPc(system, registry, outputs or {}))
    if verdict := spared(pair, there):
        return verdict
    try:
        facts = pair.check.gather(session, target)
    except Exception as error:  # noqa: BLE001 - as the runner does
        return trouble(error, pair)
    return judge(Answer(pair, clock.now(), 0.0, facts), there)
