"""How single values of a site profile have to look. Each reader raises InputError naming file, line and key."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from app.base.toml_table import REQUIRED, Table

ID = re.compile(r"[a-z][a-z0-9-]*")
RESERVED_IDS = ("signer",)  # its variable, ONSITE_SECRET_SIGNER, is the PKCS#12 file's password or the token's PIN
DIVISION = re.compile(r"\d{6}(?:\d{3}(?:\d{3})?)?")  # GB/T 2260; with street and village GB/T 10114
NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")  # a last label that makes all of it an address (URL Standard, 3.5)
HOST = re.compile(r"(?!-)[\w.:%-]+")
HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
VERSION = re.compile(r"(?:>=|==)?\s*\d+(?:[._-]\d+)*(?:u\d+)?")
IDENTIFIER = re.compile(r"[^\W\d][\w$#]{0,127}")  # Oracle, Database Object Names: no quotes, no blanks
QUALIFIED = re.compile(r"[^\W\d][\w$#]{0,127}(?:\.[^\W\d][\w$#]{0,127})?")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
WEB = ("http", "https")
PORT_NEEDED = ("tcp", "tls")  # schemes without a usual port


def text(table: Table, key: str, default: str | None = "") -> str:
    """Text of one line."""
    value = table.text(key, default)
    if CONTROLS.search(value):
        raise table.error(key, f"{called(table, key)} 里不能有换行等控制字符。")
    return value


def texts(table: Table, key: str) -> tuple[str, ...]:
    """A list of texts, each of one line and not blank."""
    values = table.texts(key)
    for place, value in enumerate(values):
        if not value.strip() or CONTROLS.search(value):
            raise _item_error(table, key, place, "不能为空，也不能有控制字符")
    return values


def target_id(table: Table) -> str:
    """The ``id`` of a target."""
    value = table.text("id", REQUIRED)
    if not ID.fullmatch(value):
        raise table.error("id", f"{called(table, 'id')} 应以小写字母开头，只含小写字母、数字和 -，不能是“{value}”。")
    if value in RESERVED_IDS:
        raise table.error("id", f"{called(table, 'id')} 不能用 {value}，这个名字留给签名口令。")
    return value


def division(table: Table, key: str, default: str | None) -> str:
    """An administrative division code; the default may be empty."""
    return _matching(table, key, default, DIVISION, "应是行政区划代码（6 位数字，如 510000）")


def host(table: Table, key: str) -> str:
    """A host's name or address, required."""
    value = _matching(table, key, REQUIRED, HOST, "应是主机名或 IP 地址，不带 http:// 和端口")
    if half_address(value):
        raise table.error(key, f"{called(table, key)} 应是四段、不以 0 开头的 IP 地址，或主机名，不能是“{value}”。")
    return value


def half_address(host: str) -> bool:
    """Whether ``host`` is digits, but no IPv4 address: systems take 10.1.20 for 10.1.0.20 and 010.1.1.1 for 8.1.1.1,
    and the checks would judge another machine.
    """
    if ":" in host or not NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def fingerprint(table: Table, key: str) -> str:
    """A host key's fingerprint as OpenSSH prints it; may be empty."""
    return _matching(table, key, "", FINGERPRINT, "应是 SHA256: 加 43 个字符，可留空")


def version(table: Table, key: str) -> str:
    """A version comparison, may be empty; what it means is ``app.checks.versions``' business."""
    return _matching(table, key, "", VERSION, "应写成 >=11.2、==11.2.0.4 或 11.2 这样的版本")


def names(
    table: Table, key: str, pattern: re.Pattern[str] = IDENTIFIER, what: str = "数据库对象的名字"
) -> tuple[str, ...]:
    """A list of names, of database objects unless ``what`` says otherwise."""
    values = table.texts(key)
    for place, value in enumerate(values):
        if not pattern.fullmatch(value):
            raise _item_error(table, key, place, f"应是{what}，不能是“{value}”")
    return values


def counts(table: Table, key: str) -> dict[str, int]:
    """A table of names of database tables and numbers of rows."""
    inside = table.table(key)
    for name, value in inside.values.items():
        if isinstance(value, dict):
            raise inside.error(name, f'{called(table, key)} 里带点的表名要加引号，如 {{ "JYJC.AA10" = 300 }}。')
        if not QUALIFIED.fullmatch(name):
            raise inside.error(name, f"{called(table, key)} 里的“{name}”不是表名，应写成 用户.表名。")
    return {name: int(value) for name, value in table.amounts(key, whole=True).items()}


def url(table: Table, key: str, schemes: Collection[str] = WEB, default: str | None = REQUIRED) -> str:
    """An address with a host; one of ``schemes``. An empty default makes it optional."""
    value = table.text(key, default)
    if value and (fault := url_fault(value, schemes)):
        raise table.error(key, f"{called(table, key)} {fault}：{value}。")
    return value


def urls(table: Table, key: str) -> tuple[str, ...]:
    """A list of web addresses."""
    values = table.texts(key)
    for place, value in enumerate(values):
        if fault := url_fault(value, WEB):
            raise _item_error(table, key, place, f"{fault}：{value}")
    return values


def url_fault(value: str, schemes: Collection[str]) -> str:
    """What is wrong with an address, in a few words; "" when nothing is. A password is never part of one."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "的地址或端口不对"
    if CONTROLS.search(value) or " " in value or not parts.hostname or parts.scheme not in schemes:
        return f"应是 {'、'.join(f'{scheme}://' for scheme in schemes)} 开头的地址"
    if parts.password is not None or (parts.username is not None and (parts.scheme != "sftp" or not parts.username)):
        return "里不能写用户和口令（口令存在系统密钥环里）"
    if port == 0 or (port is None and parts.scheme in PORT_NEEDED):
        return "缺少端口" if port is None else "的端口不对"
    return "" if HOST.fullmatch(parts.hostname) and not half_address(parts.hostname) else "的主机名不对"


def called(table: Table, key: str) -> str:
    """How a key is named in messages."""
    return f"{table.name} 的 {key}" if table.name else key


def _matching(table: Table, key: str, default: str | None, pattern: re.Pattern[str], wanted: str) -> str:
    value = table.text(key, default)
    if (value or default is REQUIRED) and not pattern.fullmatch(value):
        raise table.error(key, f"{called(table, key)} {wanted}，不能是“{value}”。")
    return value


def _item_error(table: Table, key: str, place: int, wanted: str) -> Exception:
    message = f"{called(table, key)} 第 {place + 1} 个{wanted}。"
    return table.document.error((*table.path, key, place), message)
