"""The application's schema: code tables, exchange tables, their rows and objects, and the dictionary's view of them.

Names of the exchange tables follow 《就业监测基础数据库（表）结构及代码》; every person in them is invented and masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.rehearsal.oracle.instance import MIB, Instance, Row, Rows
from app.rehearsal.oracle.storage import BLOCK, tablespaces

CODE_COLUMNS = ("AAA100", "AAA101", "AAA102", "AAA103", "AAE100", "AAE013")
EXCHANGE = {  # name -> title, number of fields, number of rows
    "DY11": ("劳动者基本信息", 24, 240),
    "DY12": ("劳动者证件信息", 10, 231),
    "DY13": ("就业登记信息", 13, 187),
    "DY14": ("失业登记信息", 12, 64),
    "DY16": ("就业援助对象信息", 11, 28),
    "DY17": ("就业扶持政策享受信息", 18, 45),
    "DY31": ("用人单位信息", 13, 52),
}
FIELDS = (
    "AAC001", "AAC002", "AAC003", "AAC004", "AAC005", "AAC006", "AAC009", "AAC010", "AAC011", "AAC017", "AAC024",
    "AAC025",
    "AAB001", "AAB003", "AAB004", "AAE005", "AAE006", "AAE007", "AAE011", "AAE013", "AAE015", "AAE017", "AAE036",
    "AAA027",
)  # fmt: skip
CODES = {  # code kind -> its title and values; AA10 holds one row for each value
    "AAC004": ("性别", ("未知的性别", "男", "女", "未说明的性别")),
    "AAC009": ("户口性质", ("非农业户口", "农业户口")),
    "AAC017": ("婚姻状况", ("未婚", "已婚", "丧偶", "离婚", "其他")),
    "AAC011": ("文化程度", ("博士研究生", "硕士研究生", "大学本科", "大学专科", "中等专科", "职业高中", "技工学校",
                        "普通高中", "初中", "小学", "其他")),
    "AAC024": ("政治面貌", ("中共党员", "预备党员", "共青团员", "民主党派", "无党派人士", "群众")),
}  # fmt: skip
INVALID = ("PKG_JYJC_REPORT", "PACKAGE BODY")  # under the fault invalid-objects


@dataclass(frozen=True)
class Table:
    owner: str
    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    size: int = 65_536  # bytes of its segment

    @cached_property
    def full_name(self) -> str:
        return f"{self.owner}.{self.name}"


def tables(instance: Instance) -> tuple[Table, ...]:
    """Codes in both databases, the exchange tables where data is exchanged."""
    owner = instance.name
    codes = (
        Table(owner, "AA10", CODE_COLUMNS, tuple(code_rows())),
        Table(owner, "AA26", CODE_COLUMNS, tuple(division_rows())),
    )
    if owner != "JYJH":
        return (*codes, *(Table(owner, name, FIELDS[:12], people_rows(12, 90)) for name in ("JY01", "JY02", "JY03")))
    missing = {"DY17"} if "exchange-table-missing" in instance.faults else set()
    return (*codes, *(Table(owner, name, FIELDS[:fields], people_rows(fields, count), 4 * MIB)
                      for name, (_, fields, count) in EXCHANGE.items() if name not in missing))  # fmt: skip


def code_rows() -> Sequence[tuple[str, ...]]:
    """384 codes of 28 and more kinds."""
    named = [
        (kind, title, str(number), value, "1", "")
        for kind, (title, values) in CODES.items()
        for number, value in enumerate(values)
    ]
    nations = [("AAC005", "民族", f"{number:02d}", f"民族{number:02d}", "1", "") for number in range(1, 57)]
    kinds = [(f"ADC{kind:03d}", f"监测代码{kind:03d}", str(value), f"代码{kind:03d}-{value}", "1", "")
             for kind in range(1, 31) for value in range(1, 11)]  # fmt: skip
    return named + nations + kinds


def division_rows() -> Sequence[tuple[str, ...]]:
    """An administrative division's code for each of 21 cities and their parts."""
    return [("AAA027", "行政区划", f"51{city:02d}{part:02d}", f"示例市{city:02d}-{part:02d}", "1", "")
            for city in range(1, 22) for part in range(10)]  # fmt: skip


def people_rows(fields: int, count: int) -> tuple[tuple[str, ...], ...]:
    fixed = ("1", "01", "19850101", "1", "510104", "21", "2", "6", "示例市人力资源和社会保障局")
    return tuple(
        (f"51{number:08d}", f"5101**********{number % 10_000:04d}", "演*", *fixed, *("演练",) * fields)[:fields]
        for number in range(1, count + 1)
    )


def rows(instance: Instance) -> Rows:
    """The dictionary's views of the schema, of a few of Oracle's own objects, and of the segments."""
    own = tables(instance)
    described = [described_table(instance, table) for table in own]
    columns = [described_column(table, number, name) for table in own for number, name in enumerate(table.columns, 1)]
    indexes = [described_index(instance, table) for table in own]
    objects = list(objects_of(instance, own))
    seen = [row for row in objects if row["OWNER"] == "SYS" or row["OBJECT_TYPE"] == "TABLE"]
    errors = errors_of(instance)
    return {
        "DUAL": [{"DUMMY": "X"}],
        "DBA_TABLES": described, "ALL_TABLES": described,
        "DBA_TAB_COLUMNS": columns, "ALL_TAB_COLUMNS": columns,
        "DBA_INDEXES": indexes, "ALL_INDEXES": indexes,
        "DBA_OBJECTS": objects, "ALL_OBJECTS": seen,
        "DBA_ERRORS": errors, "ALL_ERRORS": [],
        "DBA_SEGMENTS": segments(instance, own),
        "DBA_RECYCLEBIN": [], "USER_RECYCLEBIN": [],
    }  # fmt: skip


def described_table(instance: Instance, table: Table) -> Row:
    return {
        "OWNER": table.owner, "TABLE_NAME": table.name, "TABLESPACE_NAME": f"{table.owner}_DATA", "STATUS": "VALID",
        "PCT_FREE": 10, "INI_TRANS": 1, "MAX_TRANS": 255, "LOGGING": "YES", "BACKED_UP": "N",
        "NUM_ROWS": len(table.rows),
        "BLOCKS": 5, "AVG_ROW_LEN": 87, "DEGREE": "         1", "INSTANCES": "         1", "CACHE": "    N",
        "TABLE_LOCK": "ENABLED", "SAMPLE_SIZE": len(table.rows), "LAST_ANALYZED": instance.days_ago(1, 22),
        "PARTITIONED": "NO",
        "TEMPORARY": "N", "SECONDARY": "N", "NESTED": "NO", "BUFFER_POOL": "DEFAULT", "ROW_MOVEMENT": "DISABLED",
        "GLOBAL_STATS": "YES", "USER_STATS": "NO", "MONITORING": "YES", "COMPRESSION": "DISABLED", "DROPPED": "NO",
        "READ_ONLY": "NO", "SEGMENT_CREATED": "YES", "INMEMORY": "DISABLED", "EXTERNAL": "NO",
    }  # fmt: skip


def described_column(table: Table, number: int, name: str) -> Row:
    return {
        "OWNER": table.owner, "TABLE_NAME": table.name, "COLUMN_NAME": name, "DATA_TYPE": "VARCHAR2",
        "DATA_LENGTH": 200,
        "NULLABLE": "N" if number == 1 else "Y", "COLUMN_ID": number, "CHARACTER_SET_NAME": "CHAR_CS",
        "CHAR_LENGTH": 200,
        "CHAR_COL_DECL_LENGTH": 200, "CHAR_USED": "B", "GLOBAL_STATS": "YES", "USER_STATS": "NO", "HISTOGRAM": "NONE",
        "DEFAULT_ON_NULL": "NO", "IDENTITY_COLUMN": "NO",
    }  # fmt: skip


def described_index(instance: Instance, table: Table) -> Row:
    return {
        "OWNER": table.owner, "INDEX_NAME": f"PK_{table.name}", "INDEX_TYPE": "NORMAL", "TABLE_OWNER": table.owner,
        "TABLE_NAME": table.name, "TABLE_TYPE": "TABLE", "UNIQUENESS": "UNIQUE",
        "TABLESPACE_NAME": f"{table.owner}_INDEX",
        "LOGGING": "YES", "BLEVEL": 1, "LEAF_BLOCKS": 2, "DISTINCT_KEYS": len(table.rows), "STATUS": "VALID",
        "NUM_ROWS": len(table.rows), "LAST_ANALYZED": instance.days_ago(1, 22), "PARTITIONED": "NO",
        "VISIBILITY": "VISIBLE",
        "DROPPED": "NO",
    }  # fmt: skip


def objects_of(instance: Instance, own: Sequence[Table]) -> list[Row]:
    """All VALID, but for one package's body under invalid-objects."""
    owner = instance.name
    broken = INVALID if "invalid-objects" in instance.faults and owner == "JYJC" else None
    named = [(table.owner, table.name, "TABLE") for table in own]
    named += [(table.owner, f"PK_{table.name}", "INDEX") for table in own]
    named += [(owner, f"V_{owner}_TJ", "VIEW"), (owner, f"SEQ_{owner}", "SEQUENCE")]
    named += [(owner, f"PKG_{owner}_REPORT", kind) for kind in ("PACKAGE", "PACKAGE BODY")]
    named += [("SYS", name, "TABLE") for name in ("DUAL",)] + [
        ("SYS", name, "PACKAGE") for name in ("STANDARD", "DBMS_OUTPUT")
    ]
    named += [("SYS", "DBA_USERS", "VIEW"), ("SYS", "V_$INSTANCE", "VIEW"), ("SYS", "V_$DATABASE", "VIEW")]
    named += [("PUBLIC", name, "SYNONYM") for name in ("DUAL", "DBA_USERS", "V$INSTANCE", "V$DATABASE")]
    return [
        object_row(instance, number, *name, valid=broken is None or name[1:] != broken)
        for number, name in enumerate(named, 73_001)
    ]


def object_row(instance: Instance, number: int, owner: str, name: str, kind: str, *, valid: bool) -> Row:
    oracle = owner in ("SYS", "PUBLIC")
    made = instance.created if oracle else instance.days_ago(398)
    return {
        "OWNER": owner, "OBJECT_NAME": name, "OBJECT_ID": number, "DATA_OBJECT_ID": number if kind in ("TABLE",
        "INDEX") else None,
        "OBJECT_TYPE": kind, "CREATED": made, "LAST_DDL_TIME": made, "TIMESTAMP": f"{made:%Y-%m-%d:%H:%M:%S}",
        "STATUS": "VALID" if valid else "INVALID", "TEMPORARY": "N", "GENERATED": "N", "SECONDARY": "N", "NAMESPACE": 1,
        "ORACLE_MAINTAINED": "Y" if oracle else "N", "SHARING": "NONE", "APPLICATION": "N", "DUPLICATED": "N",
        "SHARDED": "N",
    }  # fmt: skip


def errors_of(instance: Instance) -> list[Row]:
    if "invalid-objects" not in instance.faults or instance.name != "JYJC":
        return []
    texts = ("PL/SQL: ORA-00942: table or view does not exist", "PL/SQL: SQL Statement ignored")
    return [
        {"OWNER": instance.name, "NAME": INVALID[0], "TYPE": INVALID[1], "SEQUENCE": number, "LINE": 214,
        "POSITION": position,
         "TEXT": text, "ATTRIBUTE": "ERROR", "MESSAGE_NUMBER": 0}
        for number, (text, position) in enumerate(zip(texts, (22, 7), strict=True), 1)]  # fmt: skip


def segments(instance: Instance, own: Sequence[Table]) -> list[Row]:
    """One segment a table and index, and one large one that makes up what each tablespace has in use."""
    found = [(t.owner, t.name, "TABLE", f"{t.owner}_DATA", t.size) for t in own]
    found += [(t.owner, f"PK_{t.name}", "INDEX", f"{t.owner}_INDEX", 65_536) for t in own]
    large = {"SYSTEM": ("SYS", "C_OBJ#", "CLUSTER"), "SYSAUX": ("SYS", "WRI$_OPTSTAT_HISTGRM_HISTORY", "TABLE"),
             "USERS": (instance.name, "JY_LOG", "TABLE"), "UNDOTBS1": ("SYS", "_SYSSMU1_3312904101$", "TYPE2 UNDO"),
             "RBS": ("SYS", "RBS01", "ROLLBACK"), f"{instance.name}_DATA": (instance.name, "JY_HIS", "TABLE"),
             f"{instance.name}_INDEX": (instance.name, "IX_JY_HIS", "INDEX")}  # fmt: skip
    for tablespace in tablespaces(instance):
        if tablespace.name in large:
            rest = tablespace.used * MIB - sum(size for *_, name, size in found if name == tablespace.name)
            found.append((*large[tablespace.name], tablespace.name, rest))
    return [
        {"OWNER": owner, "SEGMENT_NAME": name, "SEGMENT_TYPE": kind, "TABLESPACE_NAME": tablespace, "BYTES": size,
         "BLOCKS": size // BLOCK, "EXTENTS": max(size // MIB, 1), "INITIAL_EXTENT": 65_536, "BUFFER_POOL": "DEFAULT"}
        for owner, name, kind, tablespace, size in found]  # fmt: skip
