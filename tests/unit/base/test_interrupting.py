"""Ctrl-C and a termination request: cancelled with status 130, whatever the main thread is at."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator

import pytest

from app.base.cancellation import Cancellation, Interrupted, cancelled_by_signals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGALRM to end a test that hangs")
BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def no_hanging() -> Iterator[None]:
    """A handler that takes a lock which its own thread holds would wait for ever."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, 20)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def cancelled(cancellation: Cancellation) -> bool:
    heard = threading.Event()
    cancellation.on_cancel(heard.set)
    return heard.wait(10)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_cancels(number: int) -> None:
    with cancelled_by_signals() as cancellation:
        signal.raise_signal(number)
        assert cancelled(cancellation)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_that_comes_while_a_closing_function_is_registered_does_not_hang(number: int) -> None:
    with cancelled_by_signals() as cancellation:
        with cancellation._lock:
            signal.raise_signal(number)
        assert cancelled(cancellation)


def test_a_second_ctrl_c_interrupts() -> None:
    with cancelled_by_signals():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)


def test_the_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in BOTH]
    with cancelled_by_signals():
        pass
    assert [signal.getsignal(number) for number in BOTH] == before
