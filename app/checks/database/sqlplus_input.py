"""What a sqlplus on the ``via`` host is given on its standard input besides the statements: settings and CONNECT."""

from __future__ import annotations

import re

from app.checks.database import sqlplus_text
from app.checks.database.routes import Account, Unspent
from app.checks.host import commands, sqlplus_commands
from app.site.model import Database

# All that a site's glogin.sql may have set otherwise; sent again after CONNECT, which runs it again (10g and later).
SETTINGS = (
    "SET DEFINE OFF", "SET ECHO OFF", "SET TERMOUT ON", "SET HEADING OFF", "SET PAGESIZE 0", "SET LINESIZE 4000",
    "SET WRAP ON", "SET TRIMOUT ON", "SET TAB OFF", "SET FEEDBACK 1", "SET VERIFY OFF", "SET PAUSE OFF",
    "SET TIME OFF", "SET TIMING OFF", "SET AUTOTRACE OFF", "SET SERVEROUTPUT OFF", "SET MARKUP HTML OFF",
    "SET NULL ''", "SET COLSEP ' '", "SET RECSEP OFF", "SET ESCAPE OFF", "SET SQLTERMINATOR ';'", "SET SQLCASE MIXED",
    "SET SQLPROMPT ''", "SET CMDSEP OFF", "SET SQLNUMBER OFF", "SET ARRAYSIZE 500", "SET AUTOCOMMIT OFF",
    "SET FLUSH ON", "CLEAR COLUMNS", "CLEAR BREAKS", "CLEAR COMPUTES", "WHENEVER SQLERROR CONTINUE NONE",
    "WHENEVER OSERROR CONTINUE NONE",
)  # fmt: skip
IDENTIFIER = re.compile(r"[^\W\d][\w$#]{0,127}|\"[^\"\x00-\x1f]{1,128}\"")
HOST = re.compile(r"[\w.:%-]+")
SERVICE = re.compile(r"[\w.$#-]+")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MOST_PASSWORD = 1024  # bytes (ORA-28218)


def require_sendable(account: Account) -> None:
    """Raises Unspent for what cannot stand in a CONNECT command without being misread."""
    target, password = account.target, account.password
    if '"' in password:
        raise Unspent("口令里有双引号，sqlplus 无法接受（Oracle 的口令本不能有双引号），没有登录")
    if CONTROLS.search(password) or len(password.encode("utf-8", "replace")) > MOST_PASSWORD:
        raise Unspent("口令里有控制字符或过长，不能交给 sqlplus，没有登录")
    if not IDENTIFIER.fullmatch(target.user):
        raise Unspent(f"用户名“{target.user}”不能用于 sqlplus 的 CONNECT 命令，没有登录")
    if not HOST.fullmatch(target.host) or not SERVICE.fullmatch(target.service or target.sid):
        raise Unspent(f"{target.host} 或 {target.service or target.sid} 不能写进连接串，没有登录")


def connect_line(account: Account) -> str:
    """In double quotes a password may hold anything but these; DEFINE is off, so that & is nothing special."""
    return f'CONNECT {account.target.user}/"{account.password}"@{dsn(account.target)}\n'


def dsn(target: Database) -> str:
    """The whole descriptor, which every release takes, 9i too."""
    name = f"(SERVICE_NAME={target.service})" if target.service else f"(SID={target.sid})"
    address = f"(ADDRESS=(PROTOCOL=TCP)(HOST={target.host})(PORT={target.port}))"
    return f"(DESCRIPTION={address}(CONNECT_DATA={name}))"


def shows(target: Database) -> tuple[str, ...]:
    """What runs on the ``via`` host, and what its sqlplus is given, the password left out."""
    one = sqlplus_text.Select("<检查项所列的语句>", 1, True)
    longer = one.wrapped(20001, sqlplus_text.SLICES)
    return (
        *commands.shows(commands.KERNEL, *commands.of_systems("processes"), *sqlplus_commands.SHOWN),
        "sqlplus> " + "\n".join(SETTINGS),
        f'sqlplus> CONNECT {target.user}/"******"@{dsn(target)}（口令由标准输入给出，只试一次）',
        f"sqlplus> {one.wrapped(20001)}（各列都这样取，第二列起为 C2……；行数上限随检查项）",
        f"sqlplus> {longer}（有超过 {sqlplus_text.SLICE} 字节的值时改用）",
        "sqlplus> PROMPT、ROLLBACK、EXIT",
    )
