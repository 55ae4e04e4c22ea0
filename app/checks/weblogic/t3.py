"""T3's greeting: whether a port speaks it, and which version greets. No log-in is made and nothing else is sent.

The shapes of the answers are those that public probes of T3 have recorded (facts sheet, section B).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.checks.http import NotHttp
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.web import WebSession

OURS = ("12.1.2", "11.1.2")  # what we say we are; a server that only echoes it is asked again as another
GREETING = "t3 {version}\nAS:2048\nHL:19\n\n"
HELO = re.compile(rb"HELO:?([0-9]+(?:\.[0-9]+)+)?(?:\.(?:true|false))?[ \t\r]*(?:\n|\Z)")
OLD = re.compile(rb"t3s? ([0-9]+(?:\.[0-9]+)+)")  # some old servers answer with their own greeting line
REFUSALS = {
    b"LGIN": "登录受限",
    b"UNAV": "服务器暂不接受连接",
    b"SERV": "服务端出错",
    b"LICN": "许可证限制",
    b"RESC": "资源不足",
    b"VERS": "协议版本不符",
    b"CATA": "出错",
    b"CMND": "命令不被接受",
}
EXPECTED = "端口接受连接并以 T3 应答"
FILTER_ADVICE = "服务器活着，但对本机过滤了 T3；需要时请管理员在连接筛选器中放行本机。"


@dataclass(frozen=True)
class Greeting:
    """``kind``: helo, refused, http, other or empty; ``version`` where one was named; ``text`` what came, cut."""

    kind: str
    version: str
    text: str


def greet(session: WebSession, url: str) -> Greeting:
    """Greets the port of a server; asks again where only our own version or none came back."""
    encrypted = url.lower().startswith("https")
    last = Greeting("empty", "", "")
    for ours in OURS:
        try:
            answer = session.exchange(url, GREETING.format(version=ours).encode(), b"\n\n", encrypted=encrypted)
        except NotHttp as error:
            raise Undetermined(str(error).replace("HTTP", "T3"), error.advice) from None
        last = read(answer)
        if answer.strip() == GREETING.format(version=ours).encode().strip():
            return Greeting("other", "", last.text)  # an echo of all that is sent to it
        if last.kind != "helo" or last.version not in ("", *OURS):
            return last
        if last.version and last.version != ours:
            return last
    return Greeting(last.kind, "", last.text)  # it says back whatever it is told


def read(answer: bytes) -> Greeting:
    """What an answer to the greeting says."""
    text = answer[:300].decode("latin-1").strip()
    if not answer.strip():
        return Greeting("empty", "", "")
    if found := HELO.match(answer):
        return Greeting("helo", (found[1] or b"").decode(), text)
    if found := OLD.match(answer):
        return Greeting("helo", found[1].decode(), text)
    if answer[:4] in REFUSALS:
        return Greeting("refused", "", text)
    is_web = answer.startswith(b"HTTP/") or b"<html" in answer[:300].lower()
    return Greeting("http" if is_web else "other", "", text)


def judge(greeting: Greeting, where: str) -> Verdict:
    """PASS for a greeting with a version, WARN for one that is filtered or names none; anything else is UNKNOWN."""
    if greeting.kind == "helo" and greeting.version:
        return Verdict(Outcome.PASS, EXPECTED, f"{where} 应答 T3，版本 {greeting.version}")
    if greeting.kind == "helo":
        return Verdict(Outcome.WARN, EXPECTED, f"{where} 应答 T3，未报版本", "应答里没有可读的版本")
    if greeting.kind == "refused":
        words = REFUSALS[greeting.text[:4].encode("latin-1")]
        shown = f"{where} 应答 {greeting.text[:120]!r}"
        return Verdict(Outcome.WARN, EXPECTED, shown, f"应答 T3 但拒绝（{words}）", FILTER_ADVICE)
    if greeting.kind == "empty":
        return Verdict(Outcome.UNKNOWN, EXPECTED, f"{where} 接受连接后没有应答就断开", "没有应答", "请核对端口与协议。")
    reason = "这个端口应答的是 HTTP，不是 T3" if greeting.kind == "http" else "应答的不是 T3"
    advice = "可能 T3 已关闭，或端口属于别的程序（如负载均衡）；请核对管理服务器的地址。"
    return Verdict(Outcome.UNKNOWN, EXPECTED, f"{where} 应答 {greeting.text[:120]!r}", reason, advice)
