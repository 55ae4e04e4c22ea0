"""Which statements may not be put to a customer's database: all but a single query that only reads and needs no
licence. Held for the data files when they are read, and by the tests for every statement of the checks.
"""

from __future__ import annotations

import re

LITERAL = re.compile(r"'(?:[^']|'')*'")
OTHERWISE_QUOTED = re.compile(r"(?<![\w$#])n?q''", re.IGNORECASE)  # q'[…]' may hold quotes that are not doubled
QUOTED = re.compile(r'"[^"]*"')
BEGINNING = re.compile(r"\(*\s*(SELECT|WITH)\b", re.IGNORECASE)
# Views and packages of the Diagnostics and Tuning Packs (Oracle Database Licensing Information).
LICENSED = re.compile(
    r"\w*_HIST_\w*|\w*ACTIVE_SESSION_HISTORY|\w*_ADDM_\w*|\w*_ADVISOR_\w*|\w*SQL(_PLAN)?_MONITOR\w*|WR[HIMR]\$_\w*"
    r"|DBMS_(WORKLOAD\w*|SQLTUNE\w*|ADDM\w*|ADVISOR\w*|SQLPA\w*)",
    re.IGNORECASE,
)
WORDS = (
    "INSERT", "UPDATE", "DELETE", "MERGE", "INTO", "CREATE", "DROP", "ALTER", "TRUNCATE", "GRANT", "REVOKE", "RENAME",
    "LOCK", "PURGE", "AUDIT", "BEGIN", "DECLARE", "EXECUTE", "CALL", "COMMIT", "ROLLBACK", "SAVEPOINT", "NEXTVAL",
    "FUNCTION", "PROCEDURE",
)  # fmt: skip
WRITING = re.compile(rf"(?<![\w$#.])({'|'.join(WORDS)})(?![\w$#])|\bFOR\s+UPDATE\b|\.\s*(NEXTVAL)\b", re.IGNORECASE)
CALL = re.compile(r"([\w$#.\"]+)\s*\(\s*(\+)?", re.ASCII)
# What may stand before an opening bracket: words of the grammar, and functions of SQL that change nothing.
GRAMMAR = (
    "SELECT FROM WHERE AND OR NOT IN EXISTS ANY ALL SOME ON USING BY OVER AS WHEN THEN ELSE CASE UNION INTERSECT MINUS"
    " HAVING BETWEEN LIKE JOIN WITH GROUP VALUES DISTINCT PARTITION IS LATERAL"
)
FUNCTIONS = (
    "ABS ADD_MONTHS ASCII AVG BITAND CAST CEIL CHR COALESCE CONCAT COUNT DECODE DENSE_RANK EXTRACT FIRST_VALUE FLOOR"
    " GREATEST INITCAP INSTR LAG LAST_DAY LAST_VALUE LEAD LEAST LENGTH LENGTHB LISTAGG LOWER LPAD LTRIM MAX MEDIAN MIN"
    " MOD MONTHS_BETWEEN NEW_TIME NLS_UPPER NULLIF NUMTODSINTERVAL NUMTOYMINTERVAL NVL NVL2 POWER RANK RAWTOHEX"
    " REGEXP_COUNT REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR REPLACE ROUND ROW_NUMBER RPAD RTRIM SIGN SQRT"
    " STDDEV SUBSTR SUBSTRB SUM SYS_CONTEXT SYS_EXTRACT_UTC TO_CHAR TO_DATE TO_DSINTERVAL TO_NUMBER TO_TIMESTAMP"
    " TO_TIMESTAMP_TZ TRANSLATE TRIM TRUNC UPPER USERENV VARCHAR2 CHAR NUMBER WITHIN"
)
BRACKETED = frozenset((*GRAMMAR.split(), *FUNCTIONS.split()))


def refused_sql(sql: str) -> str:
    """Why ``sql`` may not be run, as a Chinese sentence; empty for one query that only reads and needs no licence."""
    if found := LICENSED.search(sql):
        return f"{found.group()} 需要 Diagnostics Pack 或 Tuning Pack 许可，不能查询。"
    unquoted = LITERAL.sub("''", sql)
    if OTHERWISE_QUOTED.search(unquoted):
        return "不能用 q'…' 写法的文字。"
    bare = QUOTED.sub('""', unquoted)
    if bare.replace("''", "").count("'") or bare.replace('""', "").count('"'):
        return "引号没有成对。"
    if any(sign in bare for sign in ("--", "/*", ";", "@")):
        return "只能写一条查询，不能有分号、注释和数据库链接（@）。"
    if not BEGINNING.match(bare.lstrip()):
        return "只能以 SELECT 或 WITH 开头。"
    if found := WRITING.search(bare):
        return f"检查只查看，不能用 {' '.join(found.group().split()).upper()}。"
    return _refused_call(unquoted)


def _refused_call(unquoted: str) -> str:
    """Functions of others may write; so may a package's."""
    for found in CALL.finditer(unquoted):
        name = found.group(1).upper()
        if not found.group(2) and name not in BRACKETED:
            return f"不能调用 {found.group(1)}，只能用 SQL 自带的只读函数。"
    return ""
