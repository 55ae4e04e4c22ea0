"""service.port and service.answer: a page of the service itself passes, and nothing that only looks like one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import (
    CHECKS,
    Authority,
    Background,
    answer,
    authority,
    judged,
    raw,
    refused_port,
    session,
    silent,
    site,
)

from app.checks.http import HttpAnswer, Reached
from app.checks.model import Outcome, Undetermined
from app.checks.reading import judge_page, judge_tls
from app.rehearsal.services import TITLES, ServicePage
from app.site.model import Service

PORT, ANSWER = CHECKS["service.port"], CHECKS["service.answer"]


@pytest.fixture(params=sorted(TITLES))
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServicePage]:
    server = ServicePage(SmallWorld(tmp_path), 0, request.param)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def service(url: str, probe: str = "http") -> Service:
    return Service("auth", url=url, probe=probe)


def test_a_service_that_runs_passes(page: ServicePage) -> None:
    target, opened = service(f"http://127.0.0.1:{page.port}/"), session()
    port, shown = judged(PORT, target, opened), judged(ANSWER, target, opened)
    assert (port.outcome, shown.outcome) == (Outcome.PASS, Outcome.PASS)
    assert f"127.0.0.1:{page.port}" in port.actual and page.title in shown.actual


def test_a_page_that_is_not_deployed_fails(page: ServicePage) -> None:
    verdict = judged(ANSWER, service(f"http://127.0.0.1:{page.port}/missing"))
    assert verdict.outcome is Outcome.FAIL and "404" in verdict.reason


def titled(title: str, body: str = "") -> str:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


LOGIN = '<form><input name=j_password TYPE="password"></form>'


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (answer(titled("就业监测")), Outcome.PASS, ""),
        (answer(titled(" 就业\n 监测 &amp; 统计 ")), Outcome.PASS, ""),
        (answer(titled("就业监测", LOGIN)), Outcome.PASS, ""),
        (answer(titled("就业监测").encode("gb2312"), Content_Type="text/html; charset=gb2312"), Outcome.PASS, ""),
        (answer(titled("就业监测").encode("gbk")), Outcome.PASS, ""),
        (answer("<TITLE lang=zh>就业监测</TITLE >"), Outcome.PASS, ""),
        (answer(titled("")), Outcome.UNKNOWN, "没有标题"),
        (answer(titled(" \n")), Outcome.UNKNOWN, "没有标题"),
        (answer("<html>ok</html>"), Outcome.UNKNOWN, "没有标题"),
        (answer('{"status": "UP"}'), Outcome.UNKNOWN, "没有标题"),
        (answer(""), Outcome.UNKNOWN, "空"),
        (answer(titled("Error 404--Not Found")), Outcome.UNKNOWN, "出错页"),
        (answer(titled("系统出错")), Outcome.UNKNOWN, "出错页"),
        (answer(titled("Welcome to nginx!")), Outcome.UNKNOWN, "默认页"),
        (answer(titled("Apache Tomcat/8.5")), Outcome.UNKNOWN, "默认页"),
        (answer(titled("就业监测"), "201 Created"), Outcome.UNKNOWN, "201"),
        (answer("", "204 No Content"), Outcome.UNKNOWN, "204"),
        (answer(titled("就业监测", LOGIN), "401 Unauthorized"), Outcome.WARN, "登录页"),
        (answer(titled("就业监测", LOGIN), "403 Forbidden"), Outcome.WARN, "登录页"),
        (answer(LOGIN, "401 Unauthorized"), Outcome.UNKNOWN, "要求先登录"),
        (answer(titled("401"), "401 Unauthorized", WWW_Authenticate="Basic"), Outcome.UNKNOWN, "要求先登录"),
        (answer(titled("Forbidden"), "403 Forbidden"), Outcome.UNKNOWN, "拒绝访问"),
        (answer(titled("就业监测"), "302 Found", Location="/登录.jsp"), Outcome.UNKNOWN, "/登录.jsp"),
        (answer("", "304 Not Modified"), Outcome.UNKNOWN, "304"),
        (answer(titled("就业监测"), "404 Not Found"), Outcome.FAIL, "404"),
        (answer(titled("就业监测"), "500 Internal Server Error"), Outcome.FAIL, "500"),
        (answer(titled("就业监测"), "503 Service Unavailable"), Outcome.FAIL, "503"),
        (answer(titled("就业监测"))[:-9], Outcome.UNKNOWN, "只到一半"),
        (b"nonsense\n", Outcome.UNKNOWN, "不是 HTTP"),
        (b"", Outcome.UNKNOWN, "没有答复就断开"),
    ],
    ids=range(30),
)
def test_a_page_is_judged_by_status_and_title(content: bytes, outcome: Outcome, words: str) -> None:
    with raw(content) as server:
        verdict = judged(ANSWER, service(server.url))
    assert verdict.outcome is outcome and words in verdict.reason
    assert outcome is Outcome.PASS or verdict.advice


@pytest.mark.parametrize(
    "title",
    [
        "502 Bad Gateway", "Bad Gateway", "Gateway Timeout", "Access Denied", "Weblogic Bridge Message", "IIS7",
        "Microsoft Internet Information Services 8", "Welcome to JBoss AS", "Welcome to tengine!",
        "GlassFish Server - Server Running", "Apache2 Debian Default Page: It works", "Directory Listing For /",
        "系统维护中", "网站正在维护", "请求被拦截", "访问被拒绝", "上网认证页面", "网关超时",
    ],
)  # fmt: skip
def test_an_error_or_another_s_page_is_not_the_service(title: str) -> None:
    assert judge_page(HttpAnswer(200, "OK", {}, titled(title).encode(), 0.1)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "title", ["就业监测管理信息系统", "人社门户 Portal", "身份认证服务平台", "IIS 报表展示", "报表平台"]
)
def test_a_title_of_a_service_passes(title: str) -> None:
    assert judge_page(HttpAnswer(200, "OK", {}, titled(title).encode(), 0.1)).outcome is Outcome.PASS


def test_a_refused_port_fails_and_the_page_points_to_it() -> None:
    target, opened = service(f"http://127.0.0.1:{refused_port()}/"), session()
    assert judged(PORT, target, opened).outcome is Outcome.FAIL
    verdict = judged(ANSWER, target, opened)
    assert verdict.outcome is Outcome.UNKNOWN and "见 service.port" in verdict.reason


def test_a_silent_service_has_an_open_port_and_an_unknown_page() -> None:
    with raw(silent) as server:
        target, opened = service(server.url), session(patience=0.2)
        assert judged(PORT, target, opened).outcome is Outcome.PASS
        assert judged(ANSWER, target, opened).outcome is Outcome.UNKNOWN


def test_https_is_verified_by_the_sites_anchors(ca: Authority) -> None:
    with raw(answer(titled("就业监测")), ca.server()) as server:
        assert judged(ANSWER, service(server.url), session([ca.anchor])).outcome is Outcome.PASS
        verdict = judged(ANSWER, service(server.url))
        assert verdict.outcome is Outcome.UNKNOWN and "证书未通过验证" in verdict.reason
    with raw(answer(titled("就业监测")), ca.server(days=(-30, -1))) as server:
        verdict = judged(ANSWER, service(server.url), session([ca.anchor]))
        assert verdict.outcome is Outcome.UNKNOWN and "过期" in verdict.reason


def test_a_bad_anchor_file_is_named_and_costs_only_what_needs_it(tmp_path: Path) -> None:
    bad = tmp_path / "bad.cer"
    bad.write_bytes(b"nonsense")
    with raw(answer(titled("就业监测"))) as server:
        assert judged(ANSWER, service(server.url), session([bad])).outcome is Outcome.PASS
        verdict = judged(ANSWER, service(server.url.replace("http", "https")), session([bad]))
    assert verdict.outcome is Outcome.UNKNOWN and "bad.cer" in verdict.reason


def test_probe_tls_asks_for_a_verified_handshake(ca: Authority) -> None:
    with raw(answer(), ca.server()) as server:
        target = service(f"tls://127.0.0.1:{server.port}", "tls")
        assert judged(ANSWER, target, session([ca.anchor])).outcome is Outcome.PASS
        assert judged(ANSWER, target).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("version", "outcome"), [("TLSv1", "warn"), ("TLSv1.1", "warn"), ("TLSv1.2", "pass")])
def test_an_old_tls_version_is_a_warning(version: str, outcome: str) -> None:
    page = HttpAnswer(200, "OK", {}, titled("就业监测").encode(), 0.1, tls=version)
    assert judge_page(page).outcome == judge_tls(Reached(0.1, version)).outcome == outcome


def test_probe_tcp_judges_the_port_only() -> None:
    with raw(silent) as server:
        target = service(f"tcp://127.0.0.1:{server.port}", "tcp")
        assert judged(PORT, target).outcome is Outcome.PASS
    assert "方案未规定" in ANSWER.applies(target, site())
    assert ANSWER.applies(service("http://a/"), site()) == ""


DESCRIPTION = (
    '<d:definitions xmlns:d="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">'
    '<d:service name="a"><d:port name="b"><s:address location="{}"/></d:port></d:service></d:definitions>'
)


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (answer(DESCRIPTION.format("http://auth/a")), Outcome.PASS),
        (answer(DESCRIPTION.format("")), Outcome.FAIL),
        (answer(titled("就业监测")), Outcome.UNKNOWN),
        (answer(""), Outcome.UNKNOWN),
        (answer("", "500 Error"), Outcome.FAIL),
    ],
)
def test_probe_soap_echo_reads_the_description_and_sends_nothing(content: bytes, outcome: Outcome) -> None:
    with raw(content) as server:
        target = service(server.url, "soap-echo")
        assert judged(ANSWER, target).outcome is outcome
        assert [request.split()[:2] for request in server.requests] == [[b"GET", b"/?wsdl"]]
        assert f"GET {server.url}?wsdl" in ANSWER.shows(target)[0] and not ANSWER.sends


def test_a_probe_that_no_service_has_is_not_guessed_at() -> None:
    verdict = judged(ANSWER, service("http://127.0.0.1:1/", "sftp-roundtrip"))
    assert verdict.outcome is Outcome.UNKNOWN and "sftp-roundtrip" in verdict.reason


def test_a_url_that_is_none_is_unknown_and_named() -> None:
    for check in (PORT, ANSWER):
        verdict = judged(check, service("http://monitor:Geheim1@127.0.0.1/"))
        assert verdict.outcome is Outcome.UNKNOWN and "Geheim1" not in verdict.reason


def test_abort_ends_the_gathering_at_once() -> None:
    opened = session()
    with raw(silent) as server:
        running = Background(lambda: ANSWER.gather(opened, service(server.url)))
        assert server.asked.wait(5)
        opened.abort()
        assert isinstance(running.outcome(), Undetermined)


def test_what_is_shown_is_what_is_asked() -> None:
    with raw(answer(titled("就业监测"))) as server:
        target = service(f"{server.url}login.jsp?a=1")
        judged(ANSWER, target)
        assert server.requests[0].split()[1] == b"/login.jsp?a=1"
    assert ANSWER.shows(target)[0].startswith(f"GET {target.url}")
    assert target.url in PORT.shows(target)[0]
