"""The grants that an Oracle account needs for given statements, worked out from the statements themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.site.model import Database

LITERAL = re.compile(r"'(?:[^']|'')*'")
# Views of SYS that are granted one by one. ALL_*, USER_*, SESSION_*, ROLE_*, NLS_* and DUAL are everybody's.
VIEW = re.compile(r"(?<![\w$#.\"])(?:SYS\.)?(G?V\$\w+|DBA_\w+)(?![\w$#\"])", re.IGNORECASE)
NAME = r'(?:"[^"]+"|[A-Za-z][\w$#]*)'
TABLE = re.compile(rf"\b(?:FROM|JOIN)\s+({NAME}\.{NAME})(?![\w$#\"@])", re.IGNORECASE)


def grants(target: Database, statements: Iterable[str]) -> tuple[str, ...]:
    """``GRANT`` statements that let the account of ``target`` run ``statements``, each once, in order of need.

    A dynamic view ``V$X`` is the public synonym of ``SYS.V_$X``, on which alone it can be granted (Oracle Database
    Administrator's Guide, dynamic performance views).
    """
    account = _quoted(target.user)
    objects: dict[str, None] = {}
    for statement in statements:
        bare = LITERAL.sub("''", statement)
        objects |= dict.fromkeys(_base(view.upper()) for view in VIEW.findall(bare))
        objects |= dict.fromkeys(name for name in TABLE.findall(bare) if not name.upper().startswith("SYS."))
    return (f"GRANT CREATE SESSION TO {account};", *(f"GRANT SELECT ON {name} TO {account};" for name in objects))


def script(target: Database, statements: Iterable[str]) -> str:
    """The grants as a script for the DBA, ends of lines as both systems read them."""
    lines = (
        f"-- 授权脚本：{target.name}（{target.host}:{target.port}/{target.service or target.sid}），由 DBA 审核后执行",
        f"-- 只给账号 {target.user} 登录与逐个视图、表的查询权限；可用一句代替逐个授权（9i 及以上）：",
        f"--   GRANT CREATE SESSION, SELECT ANY DICTIONARY TO {_quoted(target.user)};  另加各业务表的 SELECT",
        "-- 该版本没有的视图会报 ORA-00942，跳过即可；检查结束后可用同样的名单 REVOKE 收回。",
        *grants(target, statements),
    )
    return "\r\n".join(lines) + "\r\n"


def _base(view: str) -> str:
    """The object of SYS behind a view's name."""
    return f"SYS.{view.replace('V$', 'V_$', 1)}" if "V$" in view[:3] else f"SYS.{view}"


def _quoted(user: str) -> str:
    """A user's name as SQL writes it: plain names as they are, others in quotes."""
    return user.upper() if re.fullmatch(r"[A-Za-z][\w$#]*", user, re.ASCII) else '"' + user.replace('"', "") + '"'
