"""The known ORA-, TNS- and DPY- errors: what each means for a connection, in Chinese, and what to do next.

Sources: Oracle Database Error Messages (8.1.7 to 23ai); python-oracledb's error reference for DPY. Reading a code out
of what a driver raised is here too; raising it is the session's and the listener's work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.checks.model import Outcome, Undetermined

FAIL, UNKNOWN = Outcome.FAIL, Outcome.UNKNOWN
ORACLE_CODE = re.compile(r"\b(?:ORA|TNS)-(\d{4,5})\b")
VIEW = re.compile(r"\bFROM (\S+)")
DRIVER_CODE = re.compile(r"\b(?:DPY|DPI|SP2)-\d{4}\b")
# What the newer driver cannot do and the older one can; each stands only in the text of DPY-6005.
OLDER_ROUTE: Mapping[str, str] = {
    "DPY-3010": "服务器版本早于 12.1",
    "DPY-3015": "账号只有 10G 口令验证符",
    "DPY-3001": "服务器要求本机网络加密（NNE）",
}
COLUMN_MISSING = "ORA-00904"
VIEW_MISSING = "ORA-00942"
NO_PRIVILEGE = "ORA-01031"
LOST = frozenset(
    ("ORA-03113", "ORA-03114", "ORA-03135", "ORA-02396", "ORA-00028", "ORA-01012", "DPY-4011", "DPY-1001", "DPI-1010",
     "DPI-1080", "SP2-0640")
)  # fmt: skip
# Said by the server, or by the client to itself, before any password is looked at.
UNCOUNTED = frozenset(("ORA-28040", "ORA-12650", "ORA-12660"))


@dataclass(frozen=True)
class Known:
    """What an error means when connecting: ``outcome`` is FAIL where the refusal itself is the answer."""

    outcome: Outcome
    cause: str
    advice: str


@dataclass(frozen=True)
class Trouble:
    """An error as it came: ``code`` such as ``ORA-01017`` (TNS- is written ORA-), empty when there is none."""

    code: str
    text: str

    @property
    def lost(self) -> bool:
        """Whether the connection is of no use any more; so it is after anything that is no database error at all."""
        return not self.code or self.code in LOST or any(code in LOST for code in DRIVER_CODE.findall(self.text))


REGISTER = (
    "数据库刚重启时服务注册最多需要 60 秒，请稍后再查；否则在服务器上执行 lsnrctl services，核对 site.toml 的 {what}。"
)
RESET = "请 DBA 执行 ALTER USER 用户 ACCOUNT UNLOCK，并查清锁定原因；核对密钥环里的口令后再检查。"
FIREWALL = "请核对地址和端口，并请网络管理员核对本机到数据库端口之间的防火墙。"
OLDER = '请在 site.toml 写 route = "legacy" 或 "auto" 后再检查。'
CLIENT = (
    "请下载与本程序位数相同的 Oracle Instant Client（19 或以上；Linux 还要 libaio），解压后在 site.toml 该数据库处写"
    ' client = "文件夹"，或设环境变量 ONSITE_INSTANT_CLIENT；也可以改用 sqlplus 路线（写 via）。'
)
SQLPLUS = "请确认 via 主机上装有 sqlplus，登录用户能执行它（如加入 oinstall 或 dba 组），/etc/oratab 写有 ORACLE_HOME。"
EXHAUSTED = "请 DBA 核对 processes、sessions 是否用尽，再看 lsnrctl services。"
HUNG_UP = "可能限制了来源地址（tcp.validnode_checking）或中间设备切断；请 DBA 看监听日志。"
ALERT_LOG = "请 DBA 查看服务器的告警日志和监听日志（listener.log）。"

KNOWN: Mapping[str, Known] = {
    "ORA-00018": Known(FAIL, "会话数已到上限", "请 DBA 核对 sessions 参数，释放空闲会话后再检查。"),
    "ORA-00020": Known(FAIL, "进程数已到上限", "请 DBA 核对 processes 参数，释放空闲会话后再检查。"),
    "ORA-01005": Known(UNKNOWN, "口令为空", "请在系统密钥环里为该对象存入口令。"),
    "ORA-01017": Known(FAIL, "用户名或口令不对", "请核对用户名和密钥环里的口令；本次不再尝试，以免账号被锁定。"),
    "ORA-01033": Known(FAIL, "实例正在启动或关闭，或只到 MOUNT", "请 DBA 确认实例已 OPEN 后再检查。"),
    "ORA-01034": Known(FAIL, "实例没有启动", "请 DBA 在服务器上启动实例（STARTUP）后再检查。"),
    "ORA-01035": Known(FAIL, "实例处于受限模式", "请 DBA 执行 ALTER SYSTEM DISABLE RESTRICTED SESSION 后再检查。"),
    "ORA-01045": Known(FAIL, "账号没有 CREATE SESSION 权限", "请 DBA 执行 GRANT CREATE SESSION TO 检查账号。"),
    "ORA-01089": Known(FAIL, "实例正在关闭", "请 DBA 确认实例状态后再检查。"),
    "ORA-01109": Known(FAIL, "数据库没有打开", "请 DBA 执行 ALTER DATABASE OPEN 后再检查。"),
    "ORA-02391": Known(FAIL, "账号的并发会话数已到上限", "请 DBA 核对 SESSIONS_PER_USER，断开旧会话。"),
    "ORA-12154": Known(UNKNOWN, "连接串无法解析", "请核对 site.toml 的 host、port、service 或 sid。"),
    "ORA-12170": Known(UNKNOWN, "连接超时", FIREWALL),
    "ORA-12500": Known(FAIL, "监听无法启动服务进程", ALERT_LOG),
    "ORA-12504": Known(FAIL, "监听没有收到服务名", "请核对 site.toml 的 service 或 sid。"),
    "ORA-12505": Known(FAIL, "监听不认识这个 SID", REGISTER.format(what="sid")),
    "ORA-12506": Known(FAIL, "监听按服务的访问控制列表拒绝了本机", "请 DBA 把本机地址加入该服务的访问控制列表。"),
    "ORA-12514": Known(FAIL, "监听不认识这个服务名", REGISTER.format(what="service")),
    "ORA-12516": Known(FAIL, "监听没有可用的服务处理程序", EXHAUSTED),
    "ORA-12518": Known(FAIL, "监听无法把连接交给服务进程", ALERT_LOG),
    "ORA-12519": Known(FAIL, "监听没有合适的服务处理程序", EXHAUSTED),
    "ORA-12520": Known(FAIL, "监听没有该类型的服务处理程序", EXHAUSTED),
    "ORA-12521": Known(FAIL, "监听不认识这个实例名", "请核对 site.toml 的 service 与实例名。"),
    "ORA-12525": Known(UNKNOWN, "监听等待连接请求超时", FIREWALL),
    "ORA-12526": Known(FAIL, "实例都处于受限模式", "请 DBA 执行 ALTER SYSTEM DISABLE RESTRICTED SESSION。"),
    "ORA-12527": Known(FAIL, "实例都处于受限模式或阻塞新连接", "请 DBA 核对实例状态后再检查。"),
    "ORA-12528": Known(FAIL, "实例都阻塞新连接（尚未打开）", "请 DBA 确认实例已 OPEN 后再检查。"),
    "ORA-12535": Known(UNKNOWN, "连接超时", FIREWALL),
    "ORA-12537": Known(UNKNOWN, "连接被对方关闭", HUNG_UP),
    "ORA-12541": Known(FAIL, "没有监听", "请 DBA 在服务器上执行 lsnrctl start，并核对端口。"),
    "ORA-12543": Known(UNKNOWN, "网络不可达", FIREWALL),
    "ORA-12545": Known(UNKNOWN, "目标主机名或地址无法连接", "请核对主机名能否解析；SCAN 或 VIP 名要能从本机解析。"),
    "ORA-12547": Known(UNKNOWN, "连接建立后失去联系", HUNG_UP),
    "ORA-12560": Known(UNKNOWN, "协议适配器错误", ALERT_LOG),
    "ORA-12564": Known(FAIL, "连接被拒绝", ALERT_LOG),
    "ORA-12570": Known(UNKNOWN, "读取网络数据失败", FIREWALL),
    "ORA-12571": Known(UNKNOWN, "写入网络数据失败", FIREWALL),
    "ORA-12637": Known(UNKNOWN, "网络安全协商中断", "请 DBA 核对服务器 sqlnet.ora 的加密与认证设置。"),
    "ORA-12660": Known(UNKNOWN, "加密或校验参数不兼容", "请 DBA 核对服务器 sqlnet.ora 的加密设置。"),
    "ORA-27101": Known(FAIL, "实例没有启动（共享内存不存在）", "请 DBA 在服务器上启动实例（STARTUP）后再检查。"),
    "ORA-28000": Known(FAIL, "账号已锁定", RESET),
    "ORA-28001": Known(FAIL, "口令已过期", "请 DBA 重设该账号的口令，并更新密钥环后再检查。"),
    "ORA-28009": Known(UNKNOWN, "SYS 只能以 SYSDBA 身份登录", "请改用只读检查账号，不要用 SYS。"),
    "ORA-28040": Known(UNKNOWN, "服务器不接受这个版本的认证协议", "请在 site.toml 把 route 改为另一条路线后再检查。"),
    "ORA-28759": Known(UNKNOWN, "TLS 钱包打不开", "请 DBA 核对服务器的 TCPS 设置。"),
    "DPI-1047": Known(UNKNOWN, "找不到可用的 Oracle Instant Client 库", CLIENT),
    "DPI-1050": Known(UNKNOWN, "Oracle Instant Client 版本过旧", CLIENT),
    "DPI-1072": Known(UNKNOWN, "不支持这个版本的 Oracle Instant Client", CLIENT),
    "SP2-0306": Known(UNKNOWN, "sqlplus 不接受 CONNECT 命令的写法", SQLPLUS),
    "SP2-0640": Known(UNKNOWN, "sqlplus 没有连上数据库", SQLPLUS),
    "SP2-0667": Known(UNKNOWN, "sqlplus 找不到消息文件", SQLPLUS),
    "SP2-0734": Known(UNKNOWN, "sqlplus 不认识 CONNECT 命令", SQLPLUS),
    "SP2-0750": Known(UNKNOWN, "sqlplus 需要设置 ORACLE_HOME", SQLPLUS),
    "DPY-3001": Known(UNKNOWN, "服务器要求本机网络加密（NNE）", OLDER),
    "DPY-3010": Known(UNKNOWN, "服务器版本早于 12.1", OLDER),
    "DPY-3015": Known(UNKNOWN, "账号只有 10G 口令验证符", OLDER),
    "DPY-4011": Known(UNKNOWN, "连接被数据库或网络切断", ALERT_LOG),
    "DPY-6000": Known(UNKNOWN, "监听拒绝了连接", ALERT_LOG),
    "DPY-6005": Known(UNKNOWN, "无法建立连接", FIREWALL),
}  # fmt: skip
# What a statement may run into; the reason is told with the view's name.
STATEMENT_CAUSES: Mapping[str, str] = {
    "DPI-1010": "连接已断开",
    "DPI-1080": "连接被数据库或网络切断",
    "SP2-0640": "连接已断开",
    "ORA-00904": "该版本没有所查的列",
    "ORA-00942": "看不到所查的视图或表（该版本没有，或账号没有查询权限）",
    "ORA-01013": "语句被取消",
    "ORA-01031": "账号权限不足",
    "ORA-01219": "数据库没有打开，只能查固定视图",
    "ORA-01555": "快照过旧",
    "ORA-01722": "答复里的数字无法转换",
    "ORA-03113": "连接中断",
    "ORA-03114": "连接已断开",
    "ORA-03135": "连接失去联系",
    "ORA-03136": "语句超过时限",
    "ORA-04031": "共享内存不足",
    "ORA-00028": "会话被 DBA 中止",
    "ORA-01012": "会话已不在",
    "ORA-02396": "会话超过空闲时限",
    "DPY-4011": "连接被数据库或网络切断",
    "DPY-4024": "语句超过时限",
    "DPY-1001": "连接已断开",
}
GRANT = "请 DBA 执行 GRANT SELECT ANY DICTIONARY 或 GRANT SELECT_CATALOG_ROLE 给检查账号，再检查。"


def trouble_of(error: BaseException, password: str = "") -> Trouble:
    """What a driver raised; ``password`` is taken out of its text.

    oracledb wraps a listener's refusal and its own limits into DPY-6005: the code that says why stands in the text.
    """
    text = masked(str(error), password)
    code = getattr(error, "code", None)
    if isinstance(code, int) and code:
        return Trouble(f"ORA-{code:05d}", text)
    if found := ORACLE_CODE.search(text):
        return Trouble(f"ORA-{int(found.group(1)):05d}", text)
    inner = [found for found in DRIVER_CODE.findall(text) if found != "DPY-6005"]
    wrapped = [found for found in inner if found in OLDER_ROUTE]
    codes = wrapped or inner or DRIVER_CODE.findall(text)
    return Trouble(codes[0] if codes else "", text)


def masked(text: str, password: str) -> str:
    """``text`` without the password."""
    return text.replace(password, "******") if password else text


def words(trouble: Trouble) -> str:
    """The error's own words, short enough for a result."""
    return " ".join(trouble.text.split())[:300] or "没有错误信息"


def known(trouble: Trouble) -> Known:
    """What the trouble means when connecting; of a code that is not in the table UNKNOWN with its own words."""
    return KNOWN.get(trouble.code) or Known(UNKNOWN, f"数据库报错：{words(trouble)}", "请把错误号交给 DBA 核对。")


def said(trouble: Trouble) -> str:
    """Cause with code, for people."""
    cause = known(trouble).cause
    return f"{trouble.code} {cause}" if trouble.code in KNOWN else cause


def statement_cause(trouble: Trouble) -> str:
    """Why a statement brought no rows, with its code."""
    cause = STATEMENT_CAUSES.get(trouble.code)
    return f"{trouble.code} {cause}" if cause else words(trouble)


def asked_of(sql: str) -> str:
    """What a statement asks, for a reason: its view or table, else its beginning; the transcript has it whole."""
    found = VIEW.search(sql)
    return found.group(1) if found else " ".join(sql.split())[:60]


class SqlRefused(Undetermined):
    """A statement that the database did not run; ``code`` such as ``ORA-00942``, empty when there is none."""

    def __init__(self, trouble: Trouble, sql: str) -> None:
        advice = GRANT if trouble.code in (VIEW_MISSING, NO_PRIVILEGE) else ""
        super().__init__(f"{statement_cause(trouble)}：{asked_of(sql)}", advice)
        self.code = trouble.code
