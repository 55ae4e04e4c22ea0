"""Buses, the other end and pages that answer 200 and yet say no, say it twice, or never end."""

from __future__ import annotations

import json
from socket import socket
from typing import Any

import pytest
from joint_reporting import at, receipt
from web_servers import CHECKS, Raw, answer, judged, raw

from app.checks.bus import soap
from app.checks.bus.batches import measured
from app.checks.bus.joint import Fetched, judge_fetched
from app.checks.bus.pairing import leg_of
from app.checks.http import HttpAnswer
from app.checks.model import Outcome
from app.checks.reading import judge_page
from app.site.model import Bus, Client

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
MESSAGE = soap.fresh_message(1)


def http(body: bytes, **more: Any) -> HttpAnswer:
    return HttpAnswer(200, "OK", {}, body, 0.1, **more)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"accepted": True}, PASS),
        ({"status": "received"}, PASS),
        ({"error": ""}, PASS),
        ({"accepted": False, "reason": "格式不对"}, FAIL),
        ({"success": False}, FAIL),
        ({"accepted": "no"}, UNKNOWN),
        ({"error": "duplicate"}, UNKNOWN),
        ({"status": "REJECTED"}, UNKNOWN),
    ],
)
def test_a_receipt_with_true_figures_may_still_refuse_the_batch(said: dict[str, Any], outcome: Outcome) -> None:
    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(answer(json.dumps(receipt(request, **said)).encode()))

    with raw(talk) as server:
        verdict = judged(CHECKS["joint.report"], at(server.port))
    assert verdict.outcome is outcome and ("格式不对" in verdict.reason) is ("reason" in said)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({}, PASS),
        ({"id": None}, PASS),
        ({"count": 2, "id": "B1"}, PASS),
        ({"count": 1}, FAIL),
        ({"sha256": "0" * 64}, FAIL),
        ({"id": "B2"}, FAIL),
        ({"count": "two"}, FAIL),
        ({"error": "只入库 1 条"}, UNKNOWN),
    ],
)
def test_a_confirmation_with_other_figures_confirms_nothing(said: dict[str, Any], outcome: Outcome) -> None:
    batch = measured("B1", b"a\nb\n")
    told = http(json.dumps({"accepted": True} | said).encode())
    fetched = Fetched("HTTP 200 OK", announced=batch, arrived=batch, confirmation=told)
    assert judge_fetched(fetched, leg_of(Bus("bus1", peer="ministry"), "dispatch")).outcome is outcome


def echoed(*, headers: str = "", inside: str = "", behind: str = "", after: str = "") -> bool:
    sent = MESSAGE.envelope("http://bus/").decode()
    text = sent.partition("<e:text>")[2].partition("</e:text>")[0]
    body = (
        f'<S:Envelope xmlns:S="{soap.SOAP}" xmlns:w="{soap.ADDRESSING}" xmlns:e="{soap.ECHO}"><S:Header>'
        f"<w:RelatesTo>{MESSAGE.id}</w:RelatesTo>{headers}</S:Header><S:Body><e:echoResponse><e:text>{text}{inside}"
        f"</e:text>{behind}</e:echoResponse></S:Body>{after}</S:Envelope>"
    )
    return soap.read(MESSAGE, http(body.encode()), "HTTP 200 OK").sound


@pytest.mark.parametrize(
    "more",
    [
        {"headers": "<w:RelatesTo>urn:uuid:other</w:RelatesTo>"},
        {"inside": "<x/>"},
        {"behind": "<e:text>again</e:text>"},
        {"behind": "</e:echoResponse><e:echoResponse><e:text>again</e:text>"},
        {"after": "<S:Body/>"},
    ],
)
def test_an_echo_that_holds_more_than_went_out_is_not_as_it_went(more: dict[str, str]) -> None:
    assert echoed() and not echoed(**more)


def test_a_page_without_an_end_is_no_service() -> None:
    page = "<title>报表平台</title>".encode()
    assert judge_page(http(page)).outcome is PASS
    assert judge_page(http(page, truncated=True)).outcome is UNKNOWN


def test_an_error_page_with_status_200_is_not_the_page_of_the_client() -> None:
    with raw(answer("<title>404 Not Found</title>")) as wrong, raw(answer("<title>监测系统</title>")) as right:
        results = {url: judged(CHECKS["client.urls"], Client("pc1", urls=(url,))) for url in (wrong.url, right.url)}
    assert results[wrong.url].outcome is UNKNOWN and results[right.url].outcome is PASS
    assert results[wrong.url].observed["urls"][0]["status"] == 200
