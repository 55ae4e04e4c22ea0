"""Every planned pair gets one result whatever the targets do, and Cancel ends everything at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from loopback_lines import Line, Offline, Scene, Server, a_check, dripping, greeting, never, pairs, silent

from app.base import redaction
from app.base.errors import CancelledError, UnavailableError
from app.checks import lane, runner
from app.checks.clock import compare_clock
from app.checks.model import OUTCOME_WORDS, Failed, Outcome, Planned, Result, Surroundings, Undetermined, Verdict
from app.site.model import Bus, Certificate, Client, Database, Host, Service, Target, WebLogic

AT_ONCE = 2.0  # seconds; far below every deadline that is not part of a test, far above what a busy machine needs

Start = Callable[[Callable[..., None]], Server]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Server] = []

    def started(speak: Callable[..., None]) -> Server:
        servers.append(Server(speak))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def run(scene: Scene, planned: Sequence[Planned]) -> list[Result]:
    results: list[Result] = []
    runner.run(planned, scene.surroundings, results.append, scene.open_session)
    return results


@pytest.mark.parametrize("speak", [silent, dripping])
def test_the_deadline_ends_a_blocked_answer_at_once_and_the_next_check_goes_on(
    scene: Scene, start: Start, speak: Callable[..., None]
) -> None:
    stuck = Line(start(speak).port)
    other = Line(start(greeting).port)

    def both(session: Line, target: Target) -> str:
        return other.ask()

    began = time.monotonic()
    first, second = run(
        scene, pairs(scene.target("bus1", stuck), a_check("bus.service", seconds=0.1), a_check("bus.page", both))
    )
    assert time.monotonic() - began < AT_ONCE
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.PASS)
    assert first.reason == "0.1 秒内没有完成，已中止"
    assert 0.1 <= first.seconds < AT_ONCE
    assert first.transcript == "hello?"
    other.close()


def test_a_gathering_that_not_even_abort_ends_costs_its_target_only(
    scene: Scene, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "GRACE", 0.05)
    release = threading.Event()
    deaf = scene.target("bus1", Offline())
    well = scene.target("bus2", Line(start(greeting).port))
    wait = a_check("bus.service", lambda session, target: release.wait(), seconds=0.05)
    try:
        results = run(scene, [*pairs(deaf, wait, a_check("bus.page", never)), *pairs(well, a_check("bus.page"))])
    finally:
        release.set()
    answers = {(one.target, one.check): one for one in results}
    assert answers["bus1", "bus.service"].outcome is Outcome.UNKNOWN
    assert answers["bus1", "bus.page"].outcome is Outcome.UNKNOWN
    assert "bus.service" in answers["bus1", "bus.page"].reason
    assert answers["bus2", "bus.page"].outcome is Outcome.PASS


def test_an_abort_that_hangs_gives_its_target_up_and_the_run_ends(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "GRACE", 0.05)
    monkeypatch.setattr(lane, "CLOSING", 0.05)
    release = threading.Event()

    class Hanging(Offline):
        def abort(self) -> None:
            release.wait()

        def close(self) -> None:
            release.wait()

    wait = a_check("bus.service", lambda session, target: release.wait(), seconds=0.05)
    try:
        results = run(scene, pairs(scene.target("bus1", Hanging()), wait, a_check("bus.page", never)))
    finally:
        release.set()
    assert [one.outcome for one in results] == [Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_cancel_returns_promptly_while_five_targets_block(scene: Scene, start: Start) -> None:
    server = start(silent)
    lines = [Line(server.port) for _ in range(5)]
    planned = [pair for nth, line in enumerate(lines) for pair in pairs(scene.target(f"bus{nth}", line), a_check("a"))]
    failure: list[BaseException] = []
    results: list[Result] = []

    def go() -> None:
        try:
            runner.run(planned, scene.surroundings, results.append, scene.open_session)
        except CancelledError as error:
            failure.append(error)

    running = threading.Thread(target=go)
    running.start()
    for _ in lines:
        assert server.accepted.acquire(timeout=10)
    began = time.monotonic()
    scene.cancellation.cancel()
    running.join(10)
    assert time.monotonic() - began < AT_ONCE
    assert failure and not results
    assert all(line.closed.wait(10) for line in lines)


def test_cancel_does_not_wait_for_a_gathering_that_cannot_be_ended(scene: Scene) -> None:
    release, blocked = threading.Event(), threading.Event()

    def block(session: Any, target: Target) -> None:
        blocked.set()
        release.wait()

    def cancel() -> None:
        blocked.wait(10)
        scene.cancellation.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(CancelledError):
        run(scene, pairs(scene.target("bus1", Offline()), a_check("a", block)))
    release.set()


def test_what_was_delivered_before_cancel_stays_and_nothing_follows(scene: Scene) -> None:
    results: list[Result] = []

    def keep(result: Result) -> None:
        results.append(result)
        scene.cancellation.cancel()

    quick = [a_check(f"bus.{nth}", lambda session, target: "") for nth in range(20)]
    with pytest.raises(CancelledError):
        runner.run(pairs(scene.target("bus1", Offline()), *quick), scene.surroundings, keep, scene.open_session)
    assert [one.check for one in results] == ["bus.0"]


def test_a_run_cancelled_beforehand_opens_nothing(scene: Scene) -> None:
    scene.cancellation.cancel()
    with pytest.raises(CancelledError):
        runner.run(pairs(scene.target("bus1", Offline()), a_check("a", never)), scene.surroundings, print, unopenable)


def test_one_targets_trouble_hides_no_other(scene: Scene, start: Start) -> None:
    dead = Line(_free_port())
    well = Line(start(greeting).port)
    planned = [
        *pairs(scene.target("bus1", dead), a_check("bus.port"), a_check("bus.page")),
        *pairs(scene.target("bus2", well), a_check("bus.port"), a_check("bus.page")),
    ]
    results = run(scene, planned)
    found = {(one.target, one.check): one.outcome for one in results}
    assert found["bus2", "bus.port"] is found["bus2", "bus.page"] is Outcome.PASS
    assert found["bus1", "bus.port"] is found["bus1", "bus.page"] is Outcome.UNKNOWN


def test_results_arrive_as_they_come_on_the_calling_thread(scene: Scene, start: Start) -> None:
    """The slow target waits for the quick one's result to be delivered, so it could not end if they were kept back."""
    seen, threads = threading.Event(), set()
    slow = a_check("slow", lambda session, target: seen.wait(10))
    quick = a_check("quick", lambda session, target: "")

    def keep(result: Result) -> None:
        threads.add(threading.current_thread())
        if result.check == "quick":
            seen.set()
        else:
            assert result.actual == "True"

    planned = [*pairs(scene.target("bus1", Offline()), slow), *pairs(scene.target("bus2", Offline()), quick)]
    runner.run(planned, scene.surroundings, keep, scene.open_session)
    assert seen.is_set() and threads == {threading.current_thread()}


def test_the_checks_of_a_target_are_put_in_order_on_one_session(scene: Scene, start: Start) -> None:
    line = Line(start(greeting).port)
    names = [f"bus.{nth}" for nth in range(10)]
    results = run(scene, pairs(scene.target("bus1", line), *(a_check(name) for name in names)))
    assert [one.check for one in results] == names
    assert line.connected == 1 and line.closed.is_set()


def test_each_result_has_its_own_transcript(scene: Scene) -> None:
    def note(word: str) -> Callable[[Offline, Target], None]:
        return lambda session, target: session.transcript.note(word)

    results = run(scene, pairs(scene.target("bus1", Offline()), a_check("a", note("one")), a_check("b", note("two"))))
    assert [one.transcript for one in results] == ["one", "two"]


@pytest.mark.parametrize("error", [ZeroDivisionError(), RecursionError(), KeyError("x"), SystemExit(1), MemoryError()])
def test_a_gathering_that_breaks_is_unknown_and_the_next_one_runs(scene: Scene, error: BaseException) -> None:
    def broken(session: Offline, target: Target) -> None:
        raise error

    results = run(scene, pairs(scene.target("bus1", Offline()), a_check("a", broken), a_check("b", lambda s, t: "")))
    assert [one.outcome for one in results] == [Outcome.UNKNOWN, Outcome.PASS]
    assert results[0].reason == f"答复无法理解（{type(error).__name__}）"


@pytest.mark.parametrize(
    "verdict",
    [
        None,
        Verdict("fine", "", ""),  # type: ignore[arg-type]
        Verdict(Outcome.PASS, "", 3),  # type: ignore[arg-type]
        Verdict(Outcome.PASS, "", "", observed={"share": 0.5}),
        Verdict(Outcome.PASS, "", "", observed={"名": 1}),
        Verdict(Outcome.PASS, "", "", observed={"many": [{"n": 2**53}]}),
        Verdict(Outcome.PASS, "", "", observed={"when": object()}),
    ],
)
def test_a_comparison_that_says_nothing_the_journal_can_hold_is_unknown(scene: Scene, verdict: Verdict) -> None:
    check = a_check("a", lambda session, target: 1, compare=lambda facts, target, site: verdict)
    (result,) = run(scene, pairs(scene.target("bus1", Offline()), check))
    assert (result.outcome, dict(result.observed)) == (Outcome.UNKNOWN, {})


def test_a_comparison_that_breaks_is_unknown(scene: Scene) -> None:
    check = a_check("a", lambda session, target: [], compare=lambda facts, target, site: facts[0])
    (result,) = run(scene, pairs(scene.target("bus1", Offline()), check))
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "答复无法理解（IndexError）")


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (Undetermined("没有权限", "请授权"), Outcome.UNKNOWN, "没有权限"),
        (Failed("ORA-01017", "请核对密码", "能登录"), Outcome.FAIL, "ORA-01017"),
        (UnavailableError("读不了文件。"), Outcome.UNKNOWN, "读不了文件。"),
    ],
)
@pytest.mark.parametrize("where", ["gather", "compare"])
def test_only_a_refusal_fails_all_other_trouble_is_unknown(
    scene: Scene, error: Exception, outcome: Outcome, reason: str, where: str
) -> None:
    def raised(*_: Any) -> Any:
        raise error

    check = a_check("a", **{"gather": lambda session, target: "", where: raised})
    (result,) = run(scene, pairs(scene.target("bus1", Offline()), check))
    assert (result.outcome, result.reason) == (outcome, reason)
    assert result.advice == getattr(error, "advice", "")
    assert result.expected == getattr(error, "expected", "")


def test_a_session_that_cannot_be_made_gives_each_check_its_unknown(scene: Scene, start: Start) -> None:
    well = scene.target("bus2", Line(start(greeting).port))

    def opened(target: Target, surroundings: Surroundings) -> Any:
        return unopenable(target, surroundings) if target.id == "bus1" else scene.sessions[target.id]

    results: list[Result] = []
    planned = [*pairs(scene.target("bus1", Offline()), a_check("a"), a_check("b")), *pairs(well, a_check("a"))]
    runner.run(planned, scene.surroundings, results.append, opened)
    outcomes = {(one.target, one.check): one.outcome for one in results}
    unknown = {("bus1", "a"): Outcome.UNKNOWN, ("bus1", "b"): Outcome.UNKNOWN}
    assert outcomes == {**unknown, ("bus2", "a"): Outcome.PASS}


def test_what_is_not_applicable_is_said_without_connecting(scene: Scene) -> None:
    check = a_check("a", never, applies=lambda target, site: "没有备库")
    results: list[Result] = []
    runner.run(pairs(scene.target("bus1", Offline()), check), scene.surroundings, results.append, unopenable)
    assert [(one.outcome, one.reason) for one in results] == [(Outcome.NOT_APPLICABLE, "没有备库")]


def test_what_leaves_something_behind_runs_only_where_the_customer_agreed(scene: Scene, start: Start) -> None:
    line = Line(start(greeting).port)
    sending = a_check("bus.round_trip", sends=True)
    results: list[Result] = []
    closed = scene.target("bus1", Offline())
    runner.run(pairs(closed, sending), scene.surroundings, results.append, unopenable)
    runner.run(
        pairs(scene.target("bus2", line, send=True), sending), scene.surroundings, results.append, scene.open_session
    )
    assert [one.outcome for one in results] == [Outcome.UNKNOWN, Outcome.PASS]
    assert "未获准发送" in results[0].reason and line.connected == 1


def test_a_result_says_what_was_asked_of_whom_from_where_and_how_long_it_took(scene: Scene, start: Start) -> None:
    check = a_check("bus.page", clause="三.1", definition="1")
    target = scene.target("bus1", Line(start(greeting).port))
    (result,) = run(scene, pairs(target, check))
    assert (result.check, result.target, result.title, result.kind) == ("bus.page", "bus1", "bus.page", "bus")
    assert (result.expected, result.actual, result.route, result.vantage) == ("hello", "hello", "tcp", "本机 laptop")
    assert (result.target_digest, result.check_digest, result.clause) == (target.digest(), check.digest(), "三.1")
    assert result.started.utcoffset() is not None and 0 <= result.seconds < AT_ONCE


def test_broken_bytes_of_a_target_do_not_keep_a_result_from_the_journal(scene: Scene) -> None:
    broken = b"\xff".decode("utf-8", "surrogateescape")
    said = Verdict(Outcome.FAIL, broken, broken, broken, broken, {"name": broken})
    check = a_check("a", lambda session, target: session.transcript.note(broken), compare=lambda f, t, s: said)
    (result,) = run(scene, pairs(scene.target("bus1", Offline()), check))
    texts = (result.expected, result.actual, result.reason, result.advice, result.transcript, result.observed["name"])
    assert texts == ("?",) * 6


def test_a_password_that_a_driver_tells_reaches_no_result(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_forbidden", ())
    redaction.forbid("Pass-1")

    def told(session: Offline, target: Target) -> None:
        session.transcript.note("connect user/Pass-1@db")
        raise Failed("refused: user/Pass-1@db", "Pass-1?", "Pass-1!")

    (result,) = run(scene, pairs(scene.target("bus1", Offline()), a_check("a", told)))
    assert result.actual == f"refused: user/{redaction.MARK}@db"
    assert "Pass-1" not in repr(result)


def test_trouble_in_keeping_a_result_ends_the_run_with_that_trouble(scene: Scene, start: Start) -> None:
    line = Line(start(silent).port)

    def full(result: Result) -> None:
        raise UnavailableError("磁盘已满。")

    planned = [
        *pairs(scene.target("bus1", line), a_check("a", seconds=60)),
        *pairs(scene.target("bus2", Offline()), a_check("a", lambda session, target: "")),
    ]
    with pytest.raises(UnavailableError):
        runner.run(planned, scene.surroundings, full, scene.open_session)
    assert line.closed.wait(10)


def clock(name: str, offsets: dict[str, float]) -> Any:
    def gather(session: Offline, target: Target) -> float:
        if target.id not in offsets:
            raise Undetermined("没有登录")
        session.offset_seconds = offsets[target.id]
        return offsets[target.id]

    return a_check(name, gather, compare_all=compare_clock)


def test_all_clocks_of_a_run_are_judged_together(scene: Scene) -> None:
    """Two targets agree with each other and not with this laptop: it is the laptop that is wrong, not they."""
    offsets = {"db1": 400.0, "app-host": 400.5}
    planned = [
        *pairs(scene.target("db1", Offline()), clock("oracle.clock", offsets)),
        *pairs(scene.target("app-host", Offline()), clock("host.clock", offsets)),
        *pairs(scene.target("wls1", Offline()), clock("weblogic.clock", offsets)),
    ]
    results = {one.target: one for one in run(scene, planned)}
    assert results["db1"].outcome is results["app-host"].outcome is Outcome.PASS
    assert (results["wls1"].outcome, results["wls1"].reason) == (Outcome.UNKNOWN, "没有登录")
    assert results["db1"].offset_seconds == 400.0 and results["wls1"].offset_seconds is None


def test_one_clock_alone_is_judged_against_this_laptop(scene: Scene) -> None:
    (result,) = run(scene, pairs(scene.target("db1", Offline()), clock("oracle.clock", {"db1": 400.0})))
    assert result.outcome is Outcome.FAIL


def test_a_target_without_a_clock_does_not_wait_for_the_others(scene: Scene) -> None:
    """The other's gathering ends only once the failed one was delivered."""
    delivered = threading.Event()

    def waiting(session: Offline, target: Target) -> float:
        assert delivered.wait(10)
        return 0.0

    results: list[Result] = []

    def keep(result: Result) -> None:
        results.append(result)
        delivered.set()

    planned = [
        *pairs(scene.target("db1", Offline()), a_check("oracle.clock", waiting, compare_all=compare_clock)),
        *pairs(scene.target("app-host", Offline()), clock("host.clock", {})),
    ]
    runner.run(planned, scene.surroundings, keep, scene.open_session)
    assert [(one.target, one.outcome) for one in results] == [("app-host", Outcome.UNKNOWN), ("db1", Outcome.PASS)]


def test_a_time_that_is_no_number_is_not_stored(scene: Scene) -> None:
    (result,) = run(scene, pairs(scene.target("db1", Offline()), clock("oracle.clock", {"db1": float("nan")})))
    assert (result.outcome, result.offset_seconds) == (Outcome.UNKNOWN, None)


def test_nothing_planned_is_no_trouble(scene: Scene) -> None:
    assert run(scene, []) == []


def test_every_outcome_has_its_word() -> None:
    assert set(OUTCOME_WORDS) == set(Outcome) and all(OUTCOME_WORDS.values())


REACHABLE = (
    Database(id="one", host="127.0.0.1", port=1, service="X", user="u"),
    WebLogic(id="one", url="http://127.0.0.1:1", user="u"),
    Host(id="one", host="127.0.0.1", port=1, user="u"),
    Bus(id="one", url="http://127.0.0.1:1/"),
    Service(id="one", url="http://127.0.0.1:1/"),
    Certificate(id="one", source="tls://127.0.0.1:1"),
    Client(id="one"),
)


@pytest.mark.parametrize("target", REACHABLE, ids=lambda target: target.kind)
def test_each_kind_of_target_has_its_session_and_opening_it_connects_nothing(scene: Scene, target: Target) -> None:
    session = runner.open_session(target, scene.surroundings)
    assert session.offset_seconds is None
    session.abort()
    session.close()


def unopenable(target: Target, surroundings: Surroundings) -> Any:
    raise OSError("no session was to be opened")


def _free_port() -> int:
    with contextlib.closing(Server(silent)) as server:
        return server.port
