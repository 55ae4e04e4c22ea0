"""The items of 附表2 就业监测系统实施提交资料单, in its order: what a handover consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One line of 资料内容 with its 资料形式; ``step`` is where its handover is recorded."""

    step: str
    title: str
    form: str


MEDIA, MANUALS, PAPERS = "handover.media", "handover.manuals", "handover.papers"
STEPS = (MEDIA, MANUALS, PAPERS)
SOFTWARE = "全国就业监测管理信息系统软件-"

ITEMS = (
    Item(MEDIA, "就业监测软件v1.1", "光盘"),
    Item(MEDIA, "就业接口软件v1.1", "光盘"),
    Item(MEDIA, "异地总线升级包v1.1", "光盘"),
    Item(MANUALS, f"{SOFTWARE}系统安装手册", "光盘"),
    Item(MANUALS, f"{SOFTWARE}系统维护手册", "光盘"),
    Item(MANUALS, "数据库安装手册", "光盘"),
    Item(MANUALS, "CA安全认证安装手册", "光盘"),
    Item(MANUALS, "异地总线安装手册", "光盘"),
    Item(MANUALS, "系统应用安装手册", "光盘"),
    Item(MANUALS, "报表平台安装手册", "光盘"),
    Item(MANUALS, "系统应用操作手册", "光盘"),
    Item(PAPERS, "实施方案和工作计划", "纸质"),
    Item(PAPERS, "培训方案和计划", "纸质"),
    Item(PAPERS, "软件安装配置汇总手册", "纸质"),
    Item(PAPERS, "统一实施确认报告", "纸质"),
    Item(PAPERS, "运维注意事项", "纸质"),
    Item(PAPERS, "服务指南", "纸质"),
)
