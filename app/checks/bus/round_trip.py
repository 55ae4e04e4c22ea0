"""bus.round_trip: three messages of ours in a row, each of which must come back as it went and as the answer to itself.

Answers are paired with messages by their correlation ids alone; what is late, double, swapped or changed is named so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.checks.bus import sftp, soap
from app.checks.bus.differing import bytes_difference, text_difference
from app.checks.bus.session import BusSession
from app.checks.http import ConnectionRefused
from app.checks.model import SEVERITY, Outcome, Verdict
from app.checks.pages import named_status
from app.checks.web import seen_elsewhere
from app.site.model import Bus, Site

ECHOES = 3
XML_LIMIT = 1 << 20  # bytes of an echo
FILE_SECONDS = 50.0  # for everything over SFTP, so that a file that may be left is still named
SENDER = "请与总线维护人员核对消息回送服务的配置与日志。"
CHARSET = "请核对途中各环节的字符集。"
ADDRESS = "请核对 url 是否为消息回送服务的地址。"
Judged = tuple[Outcome, str, str]  # outcome, reason, advice
Echoes = tuple[soap.Echo, ...] | tuple[sftp.FileEcho, ...]


def no_echo_planned(target: Bus, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return f"方案未规定：探测方式 {target.probe} 没有往返报文" if target.probe in ("tcp", "tls", "http") else ""


def gather(session: BusSession, target: Bus) -> Echoes:
    """Three messages, one after the other; none further once it is plain that the bus is not well."""
    session.begin()
    if target.probe == "sftp-roundtrip":
        messages = (soap.fresh_message(number) for number in range(1, ECHOES + 1))
        return sftp.fetched(session.sftp(target), target, messages, time.monotonic() + FILE_SECONDS)
    echoes: list[soap.Echo] = []
    for number in range(1, ECHOES + 1):
        echoes.append(_echo(session, target, soap.fresh_message(number)))
        if not _worth_another(echoes[-1]):
            break
    return tuple(echoes)


def _worth_another(echo: soap.Echo) -> bool:
    """Whether the next answer may tell more: one that is not there yet, or is another's, may come late."""
    astray = echo.envelope and echo.fault is None and bool(echo.related) and echo.related != echo.message.id
    return echo.sound or (200 <= echo.code < 300 and (echo.empty or astray))


def _echo(session: BusSession, target: Bus, message: soap.Message) -> soap.Echo:
    session.note(f"报文 {message.id}\n{message.text}")
    try:
        answer = session.ask(
            "POST", target.url, headers=soap.HEADERS, body=message.envelope(target.url), limit=XML_LIMIT
        )
    except ConnectionRefused as error:
        raise seen_elsewhere(error, "bus.port") from None
    return soap.read(message, answer, named_status(answer))


def compare(echoes: Echoes, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    if target.probe == "sftp-roundtrip":
        return compare_files([echo for echo in echoes if isinstance(echo, sftp.FileEcho)])
    return compare_messages([echo for echo in echoes if isinstance(echo, soap.Echo)])


# SOAP


def compare_messages(echoes: Sequence[soap.Echo]) -> Verdict:
    expected = f"连续 {ECHOES} 个报文原样带回，关联号一致"
    judged = [judge(place, echoes) for place in range(len(echoes))]
    wrong = [(place, one) for place, one in enumerate(judged, 1) if one[0] is not Outcome.PASS]
    if wrong:
        return _worst(
            expected, wrong, "；".join(f"第 {place} 个报文：{echoes[place - 1].status}" for place, _ in wrong)
        )
    if len(echoes) < ECHOES or len({echo.message.id for echo in echoes}) < ECHOES:
        return Verdict(Outcome.UNKNOWN, expected, f"只发出 {len(echoes)} 个报文", "往返没有做完", "请再检查一次。")
    seconds = "、".join(f"{echo.seconds:.3f}" for echo in echoes)
    encodings = "、".join(dict.fromkeys(echo.declared for echo in echoes if echo.declared))
    also = f"；答复声明的编码是 {encodings}，内容不变" if encodings else ""
    return Verdict(Outcome.PASS, expected, f"{ECHOES} 个报文全部原样带回，用时 {seconds} 秒{also}")


def _worst(expected: str, wrong: Sequence[tuple[int, Judged]], actual: str) -> Verdict:
    outcome = max((one[0] for _, one in wrong), key=SEVERITY.index)
    gravest = [(place, one) for place, one in wrong if one[0] is outcome]
    reason = "；".join(f"第 {place} 个报文：{one[1]}" for place, one in gravest)
    return Verdict(outcome, expected, actual, reason, gravest[0][1][2])


def judge(place: int, echoes: Sequence[soap.Echo]) -> Judged:
    """The answer to the message at ``place``, seen among those to the others."""
    echo = echoes[place]
    if echo.fault is not None:
        return Outcome.FAIL, f"总线答复 SOAP 错误：{echo.fault}", SENDER
    if not 200 <= echo.code < 300:
        return refused_code(echo)
    if not echo.envelope:
        reason = "总线只收下报文，没有带回内容" if echo.empty else "答复不是 SOAP 1.1 报文"
        return Outcome.UNKNOWN, reason, ADDRESS
    if echo.misdeclared:
        return Outcome.FAIL, f"答复以 {echo.misdeclared} 编码，却没有声明（按 UTF-8 不可读）", CHARSET
    if echo.related != echo.message.id:
        return Outcome.FAIL, astray(place, echoes), SENDER
    if echo.text is None:
        return Outcome.FAIL, "答复中没有带回的正文", SENDER
    if not echo.alone:
        return Outcome.FAIL, "答复中除带回的正文外还有别的内容", SENDER
    if echo.text != echo.message.text:
        return Outcome.FAIL, changed(place, echoes), CHARSET
    return Outcome.PASS, "", ""


def astray(place: int, echoes: Sequence[soap.Echo]) -> str:
    """What an answer is that does not name its own message: late, double, swapped, another's, or nobody's."""
    echo, numbers = echoes[place], {one.message.id: number for number, one in enumerate(echoes)}
    if not echo.related:
        return f"答复没有带回关联号 {echo.message.id}"
    other = numbers.get(echo.related)
    if other is None:
        return f"答复属于另一个报文：关联号是 {echo.related[:200]}，应为 {echo.message.id}"
    if echoes[other].related == echo.message.id:
        return f"答复与第 {other + 1} 个报文的互换（关联号 {echo.related}）"
    if other > place:
        return f"答复属于后面的第 {other + 1} 个报文（关联号 {echo.related}）"
    if any(one.related == echo.related for one in echoes[:place]):
        return f"第 {other + 1} 个报文的答复重复出现（关联号 {echo.related}）"
    return f"来的是第 {other + 1} 个报文的答复，迟到（关联号 {echo.related}）"


def changed(place: int, echoes: Sequence[soap.Echo]) -> str:
    """What became of a text that came back under its own id."""
    echo = echoes[place]
    other = next((number for number, one in enumerate(echoes, 1) if one.message.text == echo.text), 0)
    if other:
        return f"关联号对，正文却是第 {other} 个报文的（串报）"
    return f"正文被改动：{text_difference(echo.message.text, echo.text or '')}"


def refused_code(echo: soap.Echo) -> Judged:
    if echo.code in (401, 403, 407) or echo.code < 400:
        return Outcome.UNKNOWN, f"总线没有处理报文：{echo.status}", "请核对 url 与访问权限。"
    return Outcome.FAIL, f"总线没有接受报文：{echo.status}", SENDER


# SFTP


def compare_files(echoes: Sequence[sftp.FileEcho]) -> Verdict:
    expected = f"连续 {ECHOES} 个文件写入后原样读回，关联号一致，并已删除"
    left = "；".join(f"{echo.path} 可能遗留在对方：{echo.left}" for echo in echoes if echo.left)
    advice_left = "请与总线维护人员一起删除该文件。"
    wrong = [(n, one) for n, one in enumerate(map(judge_file, echoes), 1) if one[0] is not Outcome.PASS]
    if wrong:
        verdict = _worst(expected, wrong, f"第 {len(echoes)} 个文件：{echoes[-1].path}")
        reason = verdict.reason.replace("个报文", "个文件")
        advice = verdict.advice + (advice_left if left else "")
        return Verdict(verdict.outcome, expected, verdict.actual, "；".join(filter(None, (reason, left))), advice)
    told = f"{len(echoes)} 个文件原样读回，用时 {'、'.join(f'{echo.seconds:.3f}' for echo in echoes)} 秒"
    if left:
        return Verdict(Outcome.WARN, expected, told, left, advice_left)
    if len({echo.message.id for echo in echoes}) < ECHOES:
        return Verdict(Outcome.UNKNOWN, expected, f"只写入 {len(echoes)} 个文件", "往返没有做完", "请再检查一次。")
    return Verdict(Outcome.PASS, expected, f"{told}，并已删除")


def judge_file(echo: sftp.FileEcho) -> Judged:
    if echo.refused:
        return Outcome.FAIL, f"{echo.path} {echo.trouble}", "请核对目录与检查用户的权限、磁盘空间。"
    if echo.back is None:
        return Outcome.UNKNOWN, echo.trouble or "没有读回", "请另给一个不被取走、可读可写的目录，或查看该服务器的日志。"
    content = sftp.content_of(echo.message)
    if echo.back == content:
        return Outcome.PASS, "", ""
    if echo.back and echo.message.id.encode() not in echo.back and echo.back not in content:
        return Outcome.FAIL, f"读回的内容里没有关联号 {echo.message.id}：{bytes_difference(content, echo.back)}", SENDER
    return Outcome.FAIL, f"内容被改动：{bytes_difference(content, echo.back)}", CHARSET
