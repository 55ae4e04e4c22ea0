"""What the window says without a box in the way: banners that stay, notices that can be closed, work under way."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QSizePolicy, QWidget

from ui.look import marks, palette, states, theme
from ui.look.cards import StateWord, Text, button, row
from ui.look.states import Look
from ui.tasks import Tasks

SHOWN_MS = 8000
GOOD, BAD = Look("消息", "disc_tick", "passed"), Look("注意", "octagon_cross", "failed")
SIGNS = {"warned": Look("演练", "triangle", "warned"), "unknown": Look("只读", "ring_bar", "unknown")}


class Tinted(QWidget):
    """A strip in the soft colour of a tone."""

    def __init__(self, tone: str) -> None:
        super().__init__()
        self.tone = tone
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), marks.tone(palette.current(), f"{self.tone}_soft"))


class Banner(Tinted):
    """Says what kind of project this is, always."""

    def __init__(self, text: str, tone: str) -> None:
        super().__init__(tone)
        word, _, rest = text.partition("　")
        self._parts = row(StateWord(SIGNS[tone], word), Text(rest, "text", 9.5, wrap=False), None)
        self._parts.setContentsMargins(2 * theme.GRID, 3, theme.GRID, 3)
        self.setLayout(self._parts)

    def add(self, part: QPushButton) -> None:
        self._parts.addWidget(part)


class NoticeBar(Tinted):
    """One sentence over the page: good news goes by itself after eight seconds, bad news stays until closed."""

    def __init__(self) -> None:
        super().__init__("passed")
        self.sign = StateWord(GOOD)
        self.sign.word.hide()
        self.words = Text("").selectable()
        self.close_button = button("知道了", self.hide, "quiet")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # pressed with the mouse, it leaves the focus alone
        parts = row(self.sign, self.words, self.close_button, spacing=theme.GRID + 4)
        parts.setStretch(1, 1)
        parts.setContentsMargins(3 * theme.GRID, 4, 2 * theme.GRID, 4)
        self.setLayout(parts)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, sentence: str, bad: bool) -> None:
        """Shows ``sentence``; the last one wins."""
        self.tone = "failed" if bad else "passed"
        self.sign.show_look(BAD if bad else GOOD)
        self.words.say(sentence)
        self._timer.stop()
        if not bad:
            self._timer.start()
        self.show()
        self.update()


class WorkBar(QWidget):
    """What runs now, how far it is, and its cancel; nothing when nothing runs."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: list[Tasks] = []
        self.mark = marks.Mark(states.RUNNING, 14)
        self.words = Text("", "muted", 9.5, wrap=False)
        self.bar = QProgressBar()
        self.bar.setFixedWidth(160)
        self.bar.setTextVisible(False)
        self.cancel = button("取消", self._cancel, "quiet")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setLayout(row(self.mark, self.words, self.bar, self.cancel))
        self.hide()

    def watch(self, tasks: Tasks) -> None:
        """Shows the work of these tasks too."""
        self._sources.append(tasks)
        tasks.changed.connect(self._refresh)
        tasks.destroyed.connect(lambda: self._forget(tasks))

    def progress(self, done: int, total: int) -> None:
        """Shows how far the work is; a total of 0 is unknown."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _forget(self, tasks: Tasks) -> None:
        self._sources = [source for source in self._sources if source is not tasks]

    def _refresh(self) -> None:
        running = [task for source in self._sources for task in source.running()]
        self.setVisible(bool(running))
        self.bar.setRange(0, 0)
        if running:
            more = f"（另有 {len(running) - 1} 项）" if len(running) > 1 else ""
            self.words.say(running[0].title + more)
            cancelled = running[0].cancellation.cancelled
            self.cancel.setEnabled(not cancelled)

    def _cancel(self) -> None:
        running = [task for source in self._sources for task in source.running()]
        if running:
            running[0].cancel()
            self.cancel.setEnabled(False)
            self.words.say(f"正在取消：{running[0].title}")
