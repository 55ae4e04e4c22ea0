"""The handover package: where it goes, what it will hold, what is still missing, its writing and its verification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDate, QStorageInfo, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLineEdit, QProgressBar, QWidget

from ui import journey
from ui.journey import Place
from ui.look import states, theme
from ui.look.cards import Card, StateWord, Text, button, clear, column, row, take_turns
from ui.look.inputs import Choice, Tick
from ui.open_project import OpenProject
from ui.pages.page import Page
from ui.records import size_words

EXPLAINED = (
    "把项目写成一个任何人都能校验的文件夹（BagIt 1.0），放到U盘交给责任单位。未完成的项目也能写，但会标明“未完成”。"
)
CONTENTS = (
    ("表单", "全部表单的当前版本（Word）"),
    ("证据", "附件原件、检查结果与检查过程"),
    ("实施日志", "逐条可校验的记录，每台笔记本一个文件"),
    ("现场配置", "site.toml 与公开的证书、吊销列表；口令、私钥从不写入"),
    ("目录", "用浏览器打开的 index.html"),
)
SYSTEM = ("/", "/boot", "/boot/efi", "/home", "/dev", "/run", "/sys", "/proc", "/snap", "/tmp", "/var")


def drives() -> list[tuple[str, str]]:
    """(root path, words) of writable volumes that may be drives to hand over, the system's own left out."""
    found = []
    for volume in QStorageInfo.mountedVolumes():
        root = volume.rootPath()
        system = root.startswith(("/sys", "/proc", "/dev", "/run/user", "/snap", "/boot", "/etc")) or root in SYSTEM
        if volume.isValid() and volume.isReady() and not volume.isReadOnly() and not system:
            found.append((root, f"{volume.displayName()}（剩余 {size_words(volume.bytesAvailable())}）"))
    return found


class PackagePage(Page):
    """Choice of the place, the list of what is missing, progress and cancel, and the verdict of the verification."""

    def __init__(self, project: OpenProject, go: Callable[[Place], None]) -> None:
        super().__init__("移交包", EXPLAINED)
        self._project, self._go = project, go
        self.written: Path | None = None
        self._destination()
        self._contents()
        self._missing_card = Card("还缺什么")
        self._missing = column(spacing=4)
        self._missing_card.body.addLayout(self._missing)
        self.body.addWidget(self._missing_card)
        project.changed.connect(self.refresh)
        self._known: tuple[str, ...] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Shows what is missing now."""
        from app.actions.packaging import lacking

        found = lacking(self._project.workspace)
        if found == self._known:
            return
        self._known = found
        self._missing_card.note.say(f"{len(found)} 项" if found else "")
        clear(self._missing)
        if not found:
            self._missing.addWidget(StateWord(states.DONE, "都已齐全，移交包将标为“完整”"))
        for text in found[:60]:
            self._missing.addWidget(Text(f"·　{text}"))
        if found:
            see = button("查看离场阻断项", lambda: self._go(Place(journey.BLOCKERS)), "quiet")
            self._missing.addLayout(row(see, None))

    def write_to(self, folder: Path) -> bool:
        """Writes the package into ``folder`` and, if ticked, verifies it; False when one is being written."""
        from app.actions import packaging

        workspace, verify = self._project.workspace, self.verify.isChecked()

        def work(cancellation: Any, report: Any) -> Any:
            made = packaging.package(workspace, folder, lambda *at: report(at), cancellation)
            report("verify")
            return made, packaging.verify(folder, cancellation) if verify else None

        started = self._project.start(
            "package", "正在写移交包", work, self._done, self._progress, lambda trouble: self._busy(False), self
        )
        if started:
            self.verdict.hide()
            self._busy(True)
        return started

    def _destination(self) -> None:
        card = Card("写到哪里")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        self.drive = Choice()
        self.drive.setAccessibleName("U盘或磁盘")
        for root, words in drives():
            self.drive.addItem(words, root)
        self.drive.addItem("其他文件夹", "")
        self.drive.activated.connect(self._suggest)
        self.place = QLineEdit()
        self.place.setAccessibleName("文件夹")
        choose = button("浏览…", self._choose)
        grid.addWidget(Text("U盘", wrap=False), 0, 0)
        grid.addWidget(self.drive, 0, 1)
        grid.addWidget(Text("文件夹", wrap=False), 1, 0)
        grid.addLayout(row(self.place, choose), 1, 1)
        grid.addWidget(Text("必须是新的或空的文件夹；它本身就成为移交包。", "muted", 9.5), 2, 1)
        self.verify = Tick("写完后逐个文件校验")
        self.verify.setChecked(True)
        self.write = button("写移交包", self._write, "primary", "Ctrl+E")
        self.write.setEnabled(not self._project.workspace.read_only)
        self.cancel = button("取消", lambda: self._project.tasks.cancel("package"), "", "Esc")
        self.cancel.hide()
        self.open = button("打开文件夹", self._open)
        self.open.hide()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.verdict = QWidget()
        self.verdict.hide()
        self._verdict = column(spacing=4)
        self.verdict.setLayout(self._verdict)
        card.body.addLayout(grid)
        card.body.addLayout(row(self.verify, None, self.open, self.cancel, self.write))
        card.body.addWidget(self.bar)
        card.body.addWidget(self.verdict)
        self.body.addWidget(card)
        self._suggest()

    def _contents(self) -> None:
        card = Card("里面有什么")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setColumnStretch(1, 1)
        for number, (title, words) in enumerate(CONTENTS):
            grid.addWidget(Text(title, bold=True, wrap=False), number, 0)
            grid.addWidget(Text(words), number, 1)
        card.body.addLayout(grid)
        self.body.addWidget(card)

    def _suggest(self) -> None:
        day = QDate.currentDate().toString("yyyyMMdd")
        mark = "演练-" if self._project.rehearsal or self._project.workspace.rehearsal else ""
        name = "".join("_" if letter in '\\/:*?"<>|' else letter for letter in self._project.title)
        root = self.drive.currentData() or str(self._project.workspace.folder.parent)
        self.place.setText(str(Path(root) / f"{mark}移交包-{name}-{day}"))

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "选择新的或空的文件夹", str(Path(self.place.text()).parent))
        if chosen:
            self.place.setText(chosen)

    def _write(self) -> None:
        if self.place.text().strip():
            self.write_to(Path(self.place.text().strip()))
        else:
            self._project.said.emit("请先选择移交包写到哪个文件夹。", True)

    def _progress(self, at: Any) -> None:
        if at == "verify":
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(at[0] * 1000 // at[1] if at[1] else 0)

    def _done(self, outcome: Any) -> None:
        made, checked = outcome
        self._busy(False)
        self.written = made.folder
        self.open.show()
        clear(self._verdict)
        word = (
            "移交包已写好，标为“完整”" if made.complete else f"移交包已写好，标为“未完成”（缺 {len(made.missing)} 项）"
        )
        self._verdict.addWidget(StateWord(states.DONE if made.complete else states.STARTED, word))
        if checked is not None:
            told = "逐个文件校验：完好" if checked.sound else f"校验发现 {len(checked.faults)} 处问题"
            self._verdict.addWidget(StateWord(states.SOUND if checked.sound else states.DAMAGED, told))
            for fault in checked.faults[:50]:
                self._verdict.addWidget(Text(f"{fault.where}：{fault.what}", "failed").selectable())
        self.verdict.show()

    def _busy(self, busy: bool) -> None:
        self.bar.setRange(0, 0)
        self.bar.setVisible(busy)
        take_turns(*((self.cancel, self.write) if busy else (self.write, self.cancel)))
        self.place.setReadOnly(busy)

    def _open(self) -> None:
        if self.written:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.written)))
