"""A new project: the site profile and the folder it will live in. Making it is the window's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QWidget

from ui.dialogs.frame import Asking
from ui.look.cards import button, row

EXPLAINED = (
    "项目放在一个文件夹里，可以整个移动和备份。现场配置文件会复制进去，公开的证书和吊销列表一并复制；口令和私钥不会。"
)


class NewProjectDialog(Asking):
    """Asks for both paths; ``chosen`` holds them once accepted."""

    def __init__(self, parent: QWidget | None, before: tuple[str, str] = ("", "")) -> None:
        super().__init__(parent, "新建项目", EXPLAINED, "建立项目", self._check)
        self.profile, self.folder = (QLineEdit(text) for text in before)
        self.ask(
            "现场配置文件",
            self._with(self.profile, button("选择…", self._choose_profile)),
            "site.toml，写明节点、数据库、应用服务器、主机、总线与证书",
        )
        self.ask("项目文件夹", self._with(self.folder, button("选择…", self._choose_folder)), "新的或空的文件夹")
        self.chosen: tuple[Path, Path] | None = None
        self.profile.setFocus()

    def _with(self, edit: QLineEdit, choose: QPushButton) -> QWidget:
        holder = QWidget()
        holder.setLayout(row(edit, choose))
        holder.setFocusProxy(edit)
        return holder

    def _choose_profile(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "选择现场配置文件", "", "现场配置文件 (*.toml)")
        if path:
            self.profile.setText(path)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "选择新的或空的文件夹")
        if path:
            self.folder.setText(path)

    def _check(self) -> str:
        if not self.profile.text().strip() or not self.folder.text().strip():
            return "请选择现场配置文件和项目文件夹。"
        profile, folder = Path(self.profile.text().strip()), Path(self.folder.text().strip())
        if not profile.is_file():
            return f"找不到文件 {profile}。"
        self.chosen = (profile, folder)
        return ""


def ask_new_project(
    parent: QWidget, make: Callable[[Path, Path], object], before: tuple[str, str] = ("", "")
) -> tuple[str, str]:
    """Asks, and hands (folder, profile) to ``make``. Returns what was written, for asking again when that fails."""
    dialog = NewProjectDialog(parent, before)
    if dialog.exec() and dialog.chosen:
        profile, folder = dialog.chosen
        make(folder, profile)
    return dialog.profile.text(), dialog.folder.text()
