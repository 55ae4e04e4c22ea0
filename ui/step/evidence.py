"""The evidence of a step: files by choosing, dropping and pasting, with small pictures; and its 调整记录."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from app.workflow.model import Record, Slot, Step
from ui import records
from ui.look import theme
from ui.look.cards import Card, Text, button, clear, column, focus_kept, line, row
from ui.open_project import OpenProject

THUMB = QSize(96, 64)
ACCEPTS_WORDS = {"attachment": "附件", "adjustment": "调整记录", "form": "已签章的表单扫描件"}


class SlotView(QWidget):
    """One place for evidence: what it asks for, what is in it, and the ways to add."""

    def __init__(self, project: OpenProject, step: str, slot: Slot) -> None:
        super().__init__()
        self.slot = slot
        self._project, self._step, self._scope = project, step, project.scope_of(step)
        self._shown: tuple[Record, ...] | None = None
        writable = not project.workspace.read_only
        self.add = button("添加文件…", self._choose, "quiet", tip="选择文件作为证据，也可把文件拖到这里")
        self.paste = button("粘贴截图", self.paste_picture, "quiet", tip="把剪贴板里的截图存为证据（Ctrl+V）")
        self.write = button("写调整记录…", self._adjust, "quiet")
        self.add.setVisible(writable and slot.accepts != "adjustment")
        self.paste.setVisible(writable and slot.accepts != "adjustment")
        self.write.setVisible(writable and slot.accepts == "adjustment")
        title = Text(slot.title, bold=True, wrap=False)
        self._list = column(spacing=4)
        head = row(title, None, self.add, self.paste, self.write, spacing=0)
        parts: list[Any] = [head]
        if slot.hint:
            parts.append(Text(slot.hint, "muted", 9.5))
        self.setLayout(column(*parts, self._list, spacing=4))
        self.show_records()

    @property
    def takes_files(self) -> bool:
        return self.slot.accepts != "adjustment" and not self._project.workspace.read_only

    def show_records(self) -> None:
        """Shows what the journal holds for this slot."""
        kind = "adjustment" if self.slot.accepts == "adjustment" else "attachment"
        found = records.of_step(self._project.workspace, kind, self._step, self.slot.id, self._scope)
        if found == self._shown:
            return
        self._shown = found
        with focus_kept(self):
            clear(self._list)
            for record in found:
                self._list.addWidget(self._line(record, kind))
            if not found:
                self._list.addWidget(Text(self._empty(), "muted", 9.5))

    def take_files(self, paths: Sequence[Path]) -> None:
        """Stores files as evidence, one after another, off the window's thread."""
        for path in paths:
            self._store(path, path.name)

    def paste_picture(self) -> bool:
        """Stores the clipboard's picture (or files) as evidence; False when there is none."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime.hasImage():
            image = QGuiApplication.clipboard().image()
            self._store(png(image), f"截图-{datetime.now():%Y%m%d-%H%M%S}.png")
            return True
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        self.take_files(files)
        if not files:
            self._project.said.emit("剪贴板里没有截图。请先截图，再粘贴。", True)
        return bool(files)

    def _store(self, source: Path | bytes, name: str) -> None:
        from app.actions.recording import attach

        def work(cancellation: Any, _report: Any) -> Any:
            workspace = self._project.workspace
            return attach(
                workspace, self._step, self.slot.id, source, name, scope=self._scope, cancellation=cancellation
            )

        def done(_entry: Any) -> None:
            self._project.said.emit(f"已存为证据：{name}。", False)

        if not self._project.start(f"attach {self._step}/{self.slot.id}/{name}", f"正在存入 {name}", work, done):
            self._project.said.emit(f"{name} 正在存入，请稍候。", False)

    def _line(self, record: Record, kind: str) -> QWidget:
        holder = QWidget()
        content = record.payload
        if kind == "adjustment":
            words = f"{content.get('what', '')}　{content.get('before', '')} → {content.get('after', '')}"
            told = (record.number, str(content.get("by", "")), str(content.get("why", "")))
            note = " · ".join(part for part in told if part)
            holder.setLayout(column(Text(words).selectable(), Text(note, "muted", 9), spacing=0))
            return holder
        name = Text(str(content.get("name", "")), wrap=True)
        size = records.size_words(int(content.get("size", 0)))
        words = " · ".join(part for part in (record.number, size, str(content.get("note", ""))) if part)
        look = button("打开", lambda: self._open(record), "quiet", tip="用系统程序打开")
        out = button("撤回", lambda: self._withdraw(record), "quiet", tip="从本步骤撤回；文件和历史保留")
        out.setVisible(not self._project.workspace.read_only)
        text = column(name, Text(words, "muted", 9), spacing=0)
        parts = row(self._thumb(record), text, spacing=theme.GRID + 4)
        parts.setStretch(1, 1)
        parts.addWidget(look)
        parts.addWidget(out)
        holder.setLayout(parts)
        return holder

    def _thumb(self, record: Record) -> QLabel:
        label = QLabel()
        label.setFixedSize(THUMB if self.slot.accepts != "adjustment" else QSize(0, 0))
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        path = records.picture_of(self._project.workspace, record)
        picture = thumbnail(path) if path else None
        if picture:
            label.setPixmap(picture)
        else:
            label.setText(Path(str(record.payload.get("name", ""))).suffix.upper().lstrip(".")[:5] or "文件")
            label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _empty(self) -> str:
        if self.slot.accepts == "adjustment":
            return "还没有调整记录。没有调整过就不必写。"
        return f"还没有{ACCEPTS_WORDS.get(self.slot.accepts, '附件')}。可选择文件、拖到这里，或粘贴截图（Ctrl+V）。"

    def _choose(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, f"选择证据：{self.slot.title}")
        self.take_files([Path(path) for path in paths])

    def _adjust(self) -> None:
        from ui.dialogs.adjustment import ask_adjustment

        ask_adjustment(self, self._project, self._step, None, self.slot.id)

    def _open(self, record: Record) -> None:
        kept = self._project.workspace.project.attachment(str(record.payload.get("sha256", "")))
        name = Path(str(record.payload.get("name", ""))).name or "附件"

        def work(_cancellation: Any, _report: Any) -> Any:
            return shutil.copyfile(kept, Path(tempfile.mkdtemp(prefix="onsite-")) / name)

        def done(copy: Any) -> None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(copy)))

        self._project.start(f"open {kept.name}", f"正在打开 {name}", work, done)

    def _withdraw(self, record: Record) -> None:
        from app.actions.recording import withdraw_attachment
        from ui.dialogs.asking import confirm

        if confirm(
            self, "撤回证据", f"从本步骤撤回“{record.payload.get('name', '')}”？文件和历史仍保留在项目中。", "撤回"
        ):
            self._project.record(lambda: withdraw_attachment(self._project.workspace, record))


class EvidenceSection(Card):
    """All slots of a step. Files dropped on the page and pictures pasted on it go to the first that takes files."""

    def __init__(self, project: OpenProject, step: Step) -> None:
        super().__init__("证据")
        self.slots = [SlotView(project, step.id, slot) for slot in step.evidence]
        for index, slot in enumerate(self.slots):
            if index:
                self.body.addWidget(line())
            self.body.addWidget(slot)

    def slot_for(self, widget: QWidget | None) -> SlotView | None:
        """The slot that ``widget`` lies in, else the first that takes files."""
        takers = [slot for slot in self.slots if slot.takes_files]
        inside = [slot for slot in takers if widget and (slot is widget or slot.isAncestorOf(widget))]
        return next(iter([*inside, *takers]), None)

    def show_records(self) -> None:
        for slot in self.slots:
            slot.show_records()


def png(image: QImage) -> bytes:
    """A picture as PNG bytes."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def thumbnail(path: Path) -> QPixmap | None:
    """A small picture of a file, decoded at reduced size; None when it cannot be read as one."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > 64_000_000:
        return None
    reader.setScaledSize(size.scaled(THUMB * 2, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return None
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(2)
    return pixmap
