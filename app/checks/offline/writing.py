"""Which checks a script can answer, and the script of a target: the questions are those that the checks show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.checks.client import pc
from app.checks.model import Check, Planned
from app.checks.offline import host_script, powershell, shell, sqlplus, weblogic_script
from app.checks.offline.host_script import EVERYWHERE
from app.site.model import Client, Database, Host, Target, WebLogic

KINDS = ("database", "host", "client", "weblogic")
SELECT = "SELECT "
# What is about our own way there (log-in, account, time on the way), or wants a driver to be loaded.
FROM_HERE = frozenset(
    (
        *(f"oracle.{name}" for name in ("listener", "login", "privileges", "clock")),
        *(f"host.{name}" for name in ("port", "key", "login", "clock")),
        *(f"client.{name}" for name in ("urls", "driver", "clock")),
        *(f"weblogic.{name}" for name in ("port", "clock", "console", "application_url")),
    )
)


def covers(check: Check, target: Target) -> bool:
    """Whether a script can bring what ``check`` asks of ``target``."""
    if check.id in FROM_HERE or check.sends or check.kind != target.kind:
        return False
    match target:
        case Database():
            return bool(statements([Planned(check, target)]))
        case Host() | Client():
            return bool(check.shows(target))
        case WebLogic():
            return bool(target.via)
    return False


def statements(pairs: Sequence[Planned]) -> tuple[str, ...]:
    """Every statement of these checks, each once."""
    shown = (text for pair in pairs for text in pair.check.shows(pair.target))
    return tuple(dict.fromkeys(text for text in shown if text.startswith(SELECT)))


def script(target: Target, pairs: Sequence[Planned], head: Mapping[str, str], nonce: str, suffix: str = "") -> bytes:
    """The script for ``target`` as it is written to a file; of a client PC with ``suffix`` .sh for Linux desktops."""
    name = f"onsite-{target.id}-{nonce[:6]}.txt"
    titles = "、".join(pair.check.title for pair in pairs)
    match target:
        case Database():
            comment = _comment(
                "sqlplus 用户@库 @本文件（9.2 及以上；账号要能查询数据字典，也可以 / as sysdba）", name, titles
            )
            return sqlplus.script(nonce, head, comment, statements(pairs), name).encode()
        case Host():
            comment = _comment("sh 本文件（用平时运行业务的用户；root 看得最全）", name, titles)
            shown = [text for pair in pairs for text in pair.check.shows(target)]
            return shell.script(nonce, head, comment, host_script.body(target, shown), name).encode()
        case WebLogic():
            comment = _comment(
                "sh 本文件（在管理服务器所在主机上，用运行 WebLogic 的用户；会问监视用户的口令，直接回车则不登录）",
                name,
                titles,
            )
            return shell.script(nonce, head, comment, weblogic_script.body(target), name).encode()
        case Client() if suffix == ".sh":
            comment = _comment("sh 本文件（用平时使用该终端的用户）", name, titles)
            asked = [shell.ask(command) for command in (*EVERYWHERE[:1], *pc.COMMANDS)]
            return shell.script(nonce, head, comment, asked, name).encode()
        case Client():
            way = "powershell -ExecutionPolicy Bypass -File 本文件（用平时使用该终端的用户，不要以管理员身份）"
            return powershell.script(nonce, head, _comment(way, name, titles), name).encode("utf-8-sig")
    raise ValueError(f"no script for {target.kind!r}")


def _comment(way: str, out: str, titles: str) -> tuple[str, ...]:
    """Lines for the one who runs it; none ends in a sign that a shell or SQL*Plus reads anything into."""
    return (
        "就业监测系统现场检查脚本：只查看，不修改任何数据和设置；不含口令。",
        f"运行：{way}。",
        f"输出：当前目录下的 {out}，请原样交回（不要用编辑器打开另存）。",
        f"用于检查：{titles}。",
    )
