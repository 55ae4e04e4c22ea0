"""What a verification found: sound or not, and every fault with its place."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from ui.look import states, theme
from ui.look.cards import StateWord, Text, button, column, row
from ui.look.states import Look

UNTRUSTED = Look("完好，签名人不在信任名单中", "diamond", "unknown")


def look_of(report: Any) -> Look:
    """Sound, damaged, or whole but signed by no one trusted."""
    if not report.sound:
        return Look(f"有 {len(report.faults)} 处问题", "octagon_cross", "failed")
    return states.SOUND if report.trusted else UNTRUSTED


class VerificationDialog(QDialog):
    """Shows one report; its faults can be copied."""

    def __init__(self, parent: QWidget | None, report: Any) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"校验{report.word}")
        self.setMinimumWidth(640)
        look = look_of(report)
        faults = "\n".join(f"{fault.where}：{fault.what}" for fault in report.faults)
        layout = column(spacing=2 * theme.GRID, margin=3 * theme.GRID)
        layout.addLayout(row(StateWord(look, size=24, points=14), None))
        layout.addWidget(Text(str(report.path), "muted", 9.5).selectable())
        told = "每个文件都与写入时一致，没有多出也没有缺少。" if report.sound else "下列各处与写入时不一致："
        layout.addWidget(Text(report.signature_line or told))
        close = button("关闭", self.accept, "primary", tip="Esc")
        close.setDefault(True)
        copy = button("复制清单", lambda: QGuiApplication.clipboard().setText(faults))
        copy.setVisible(bool(faults))
        if faults:
            self.view = QPlainTextEdit(faults)
            self.view.setReadOnly(True)
            self.view.setMinimumHeight(240)
            layout.addWidget(self.view)
        layout.addLayout(row(None, copy, close))
        self.setLayout(layout)
