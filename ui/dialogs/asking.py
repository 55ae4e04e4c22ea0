"""Short questions: are you sure, is this the host's key, what is the password."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from ui.dialogs.frame import Asking
from ui.look.cards import Text
from ui.look.theme import font
from ui.open_project import OpenProject


def confirm(parent: QWidget | None, title: str, words: str, yes: str) -> bool:
    """One question with the deed itself as the button's word."""
    dialog = Asking(parent, title, words, yes, lambda: "")
    dialog.no.setFocus()
    return bool(dialog.exec())


def ask_trust(parent: QWidget, project: OpenProject, target: str, title: str, fingerprint: str) -> bool:
    """Shows a host key's fingerprint and, when the person has compared it, records it as known."""
    from app.actions.recording import trust

    words = (
        f"主机 {title}（{target}）第一次连接，出示的密钥指纹如下。请与系统管理员从主机上查得的指纹逐字核对，"
        "一致才记录；记录后若再变化，检查会判为不合格且不发送任何口令。"
    )
    dialog = Asking(
        parent,
        "核对主机密钥",
        words,
        "一致，记录",
        lambda: project.record(lambda: trust(project.workspace, target, fingerprint)),
    )
    shown = Text(fingerprint).selectable()
    shown.setFont(font(mono=True))
    dialog.ask("指纹", shown)
    dialog.no.setFocus()
    return bool(dialog.exec())


class PasswordDialog(Asking):
    """Asks once for the password of one target. It goes to the system's keyring, and nowhere else."""

    def __init__(self, parent: QWidget | None, project: OpenProject, target: Any) -> None:
        user = str(getattr(target, "user", ""))
        words = f"{target.name}（{target.id}）需要口令才能检查。口令存入本机系统密钥环，不写入项目、日志和表单。"
        super().__init__(parent, "输入口令", words, "保存并继续", self._store)
        self._project, self._target = project, target
        self.no.setText("跳过此对象")
        self.no.setToolTip("不输入口令：需要登录的检查项将为“未能判定”")
        if user:
            self.ask("用户", Text(user).selectable())
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.ask("口令", self.password, "口令错误只会尝试一次，不会反复登录，以免锁定账户")
        self.password.setFocus()

    def _store(self) -> str:
        from app.actions.recording import set_password
        from app.base.errors import OnsiteError

        if not self.password.text():
            return "口令是空的。请输入，或选择跳过。"
        try:
            kept_only_here = set_password(self._project.workspace, self._target.id, self.password.text())
        except OnsiteError as error:
            return str(error)
        self.password.clear()
        if kept_only_here:
            self._project.said.emit(f"口令只在这次打开期间保留：{kept_only_here}", True)
        return ""


def ask_password(parent: QWidget, project: OpenProject, target: Any) -> bool:
    """Asks for a target's password; False when the person skips it."""
    return bool(PasswordDialog(parent, project, target).exec())
