"""What is no TNS packet ends a connection before the driver sees it, in whatever pieces; packets pass as they are."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback_lines import Server
from oracle_small import results, target_of

from app.checks.database import routes
from app.checks.database.packet_guard import LARGEST, Frames, NotFramed
from app.checks.model import Outcome

BODIES = st.lists(st.tuples(st.sampled_from([1, 4, 5, 6, 11, 12]), st.binary(max_size=300)), max_size=6)


def narrow(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHBBH", len(body) + 8, 0, kind, 0, 0) + body


def wide(kind: int, body: bytes) -> bytes:
    return struct.pack(">IBBH", len(body) + 8, kind, 0, 0) + body


def accept(version: int) -> bytes:
    return narrow(2, struct.pack(">HHHH", version, 0, 8192, 32767) + bytes(20))


def fed(frames: Frames, data: bytes, cuts: list[int]) -> None:
    ends = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in itertools.pairwise(ends):
        frames.see(data[begin:end])


@given(BODIES, st.sampled_from([0, 300, 314, 315, 319]), BODIES, st.lists(st.integers(0, 5000), max_size=9))
def test_packets_of_either_form_pass_in_any_pieces_and_what_follows_them_does_not(
    before: list[tuple[int, bytes]], version: int, after: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    form = wide if version >= 315 else narrow
    data = b"".join(narrow(*one) for one in before) + accept(version) + b"".join(form(*one) for one in after)
    frames = Frames()
    fed(frames, data, cuts)
    with pytest.raises(NotFramed):
        fed(frames, bytes(8), cuts)


@pytest.mark.parametrize("size", [0, 7, LARGEST + 1])
def test_a_length_that_no_packet_has_is_refused_and_its_neighbour_passes(size: int) -> None:
    for length, refused in ((size, True), (8, False), (LARGEST, False)):
        frames = Frames()
        frames.see(accept(319))
        if not refused:
            frames.see(struct.pack(">IBBH", length, 6, 0, 0))
            continue
        with pytest.raises(NotFramed):
            frames.see(struct.pack(">IBBH", length, 6, 0, 0))


def zeros(connection: socket.socket, over: threading.Event) -> None:
    """For whatever is said to it: nothing but zeros, which the driver would take for packets without end."""
    connection.recv(8192)
    connection.sendall(bytes(4096))
    over.wait()


def test_a_server_that_answers_with_zeros_costs_neither_memory_nor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 5.0)
    routes.load("thin")
    server, before, began = Server(zeros), psutil.Process().memory_info().rss, time.monotonic()
    login = results(target_of(server.port, route="thin"), "oracle.login")["oracle.login"]
    server.close()
    assert login.outcome is Outcome.UNKNOWN and "DPY-4011" in login.reason
    assert time.monotonic() - began < 4
    assert psutil.Process().memory_info().rss - before < 64 << 20
