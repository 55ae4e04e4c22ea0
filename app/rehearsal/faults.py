"""The faults that can be switched on at the rehearsal site: their names, and what each is for people.

What a fault does belongs to the server that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """``title`` and ``description`` are shown to people."""

    name: str
    title: str
    description: str


FAULTS: Mapping[str, Fault] = {
    name: Fault(name, title, description)
    for name, title, description in (
        ("db-down", "数据库监听未启动", "数据库端口没有程序监听，连接被拒绝。"),
        ("db-silent", "数据库无应答", "数据库端口能连上，但监听一直不说话，像被防火墙吞掉一样。"),
        ("db-wrong-password", "数据库口令已被改", "检查账号的口令在数据库里换成了另一个，登录报 ORA-01017。"),
        ("account-locked", "检查账号被锁", "检查账号在数据库里被锁定，登录报 ORA-28000。"),
        ("tablespace-full", "表空间将满", "监测库的 JYJC_DATA 已用 99%，数据文件不能再自动扩展。"),
        ("undo-manual", "回滚段手工管理", "undo_management 为 MANUAL，靠 RBS 里的回滚段工作。"),
        ("invalid-objects", "应用对象失效", "监测库 JYJC 用户下的包体编译出错，状态 INVALID。"),
        ("exchange-table-missing", "缺少交换表", "交换库里没有 DY17 就业扶持政策享受信息表。"),
        ("server-down", "受管服务器停机", "WebLogic 的 jyjc2 没有启动，它的端口无人监听。"),
        ("stuck-threads", "线程阻塞", "jyjc1 有 12 个线程长时间没有完成。"),
        ("datasource-suspended", "数据源挂起", "jyjc1 上的数据源 jyjcDS 处于 Suspended 状态。"),
        ("low-heap", "堆内存不足", "jyjc1 的堆已涨到上限，只剩 8% 可用。"),
        ("app-failed", "应用启动失败", "jyjc2 上的应用 jyjc 没有激活，页面返回 404。"),
        ("not-integrated", "没有集成部署", "jyjc2 自成一个 Domain，不在 jyjc_domain 里。"),
        ("bus-silent", "总线无应答", "总线端口能连上，但对任何请求都不回答。"),
        ("bus-corrupts", "总线改动报文", "总线回送的报文里有一个字与发出的不同。"),
        ("ministry-no-receipt", "部端不给回执", "上报的数据部端收下了，但不返回回执。"),
        ("cert-expired", "设备证书已过期", "服务器设备证书三天前到期。"),
        ("cert-expiring", "设备证书即将到期", "服务器设备证书还有 20 天到期。"),
        ("cert-revoked", "设备证书已吊销", "服务器设备证书列在签发机构的吊销列表里。"),
        ("cert-wrong-host", "设备证书主机名不符", "服务器设备证书签给了另一台主机。"),
        ("host-key-changed", "主机密钥变了", "应用主机的 SSH 密钥与登记的不一致。"),
        ("disk-full", "磁盘空间不足", "应用主机的根分区只剩 1 GB。"),
        ("clock-skewed", "主机时钟不准", "应用主机的时钟快了 10 分钟。"),
        ("slow", "响应缓慢", "数据库登录、应用页面和总线都比平时慢。"),
    )
}
