"""The plain building blocks of every page: labels that never read rich text, buttons, cards, rows, empty states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeySequence, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.look import palette, theme
from ui.look.marks import Mark, tone
from ui.look.states import Look

LONGEST = 4000  # what a label shows of a server's answer; the transcript has it whole


class Text(QLabel):
    """A label for text of any origin: always plain, wrapped, selectable with mouse and keyboard."""

    def __init__(
        self,
        text: str = "",
        tone_name: str = "text",
        points: float = theme.POINTS,
        bold: bool = False,
        wrap: bool = True,
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setFont(theme.font(points, bold))
        self._tone = tone_name
        self._colour()
        self.say(text)

    def say(self, text: str, tone_name: str = "") -> None:
        """Shows other text, cut when it is endless."""
        self.setText(text if len(text) <= LONGEST else text[:LONGEST] + "……")
        if tone_name and tone_name != self._tone:
            self._tone = tone_name
            self._colour()

    def selectable(self) -> Text:
        """Lets a person mark and copy the text."""
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return self

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        wanted = getattr(palette.current(), self.__dict__.get("_tone", "text"))
        if self.__dict__.get("_coloured", wanted) != wanted:  # the desktop turned light or dark
            self._colour()

    def _colour(self) -> None:
        self._coloured = str(getattr(palette.current(), self._tone))
        changed = self.palette()
        changed.setColor(QPalette.ColorRole.WindowText, tone(palette.current(), self._tone))
        self.setPalette(changed)


def button(
    text: str, act: Callable[[], object], look: str = "", shortcut: str = "", tip: str = "", show_keys: bool = False
) -> QPushButton:
    """A push button; its shortcut works everywhere on its page and is shown in its tool tip, or on it."""
    made = QPushButton(text)
    made.setAutoDefault(False)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    if look:
        made.setProperty("look", look)
    if shortcut:
        tip = f"{tip or text}（{keys_words(shortcut)}）"
        if show_keys:
            made.setText(f"{text}  {keys_words(shortcut)}")
        made.setShortcut(QKeySequence(shortcut))
    made.setToolTip(tip)
    made.clicked.connect(lambda: act())
    return made


def keys_words(shortcut: str) -> str:
    """A key sequence as it stands on the keys, arrows as arrows (Qt's Chinese calls them 左方向)."""
    return shortcut.replace("+Left", " ←").replace("+Right", " →")


def retitle(made: QAbstractButton, text: str) -> None:
    """Changes a button's words and keeps its shortcut, which Qt would forget."""
    shortcut = made.shortcut()
    made.setText(text)
    made.setShortcut(shortcut)


def row(*parts: QWidget | QLayout | int | None, spacing: int = theme.GRID) -> QHBoxLayout:
    """Parts side by side; a number is a stretch, None a stretch of one."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None or isinstance(part, int):
            layout.addStretch(1 if part is None else part)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    return layout


def column(*parts: QWidget | QLayout | None, spacing: int = theme.GRID, margin: int = 0) -> QVBoxLayout:
    """Parts one below the other; None is a stretch."""
    layout = QVBoxLayout()
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    return layout


def line() -> QFrame:
    """A thin rule between rows."""
    rule = QFrame()
    rule.setObjectName("line")
    return rule


class Card(QFrame):
    """A titled surface; ``body`` takes the content, ``head`` the buttons that stand right of the title."""

    def __init__(self, title: str = "", note: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.head = row(spacing=theme.GRID)
        self.body = column(spacing=theme.GRID)
        self.title = Text(title, points=11.5, bold=True, wrap=False)
        self.note = Text(note, "muted", 9.5, wrap=False)
        outer = column(margin=2 * theme.GRID, spacing=theme.GRID + 4)
        if title:
            self.head.addWidget(self.title)
            self.head.addWidget(self.note)
            self.head.addStretch(1)
            outer.addLayout(self.head)
        outer.addLayout(self.body)
        self.setLayout(outer)


class StateWord(QWidget):
    """A shape with its word, both in the state's colour."""

    def __init__(self, look: Look, text: str = "", size: int = 16, points: float = theme.POINTS) -> None:
        super().__init__()
        self.mark = Mark(look, size)
        self.word = Text(text or look.word, look.tone, points, wrap=False)
        self.setLayout(row(self.mark, self.word, spacing=6))

    def show_look(self, look: Look, text: str = "") -> None:
        """Shows another state."""
        self.mark.show_look(look)
        self.word.say(text or look.word, look.tone)


def empty(title: str, line_text: str, *buttons: QPushButton) -> QWidget:
    """What a page shows while it has nothing: what it is for, and what to do first."""
    holder = QWidget()
    heading = Text(title, points=12, bold=True)
    words = Text(line_text, "muted")
    for label in (heading, words):
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    holder.setLayout(column(heading, words, row(None, *buttons, None), margin=4 * theme.GRID))
    return holder


def scrolled(content: QWidget, name: str = "page") -> QScrollArea:
    """A page (or a ``panel`` on a side's own ground) that scrolls vertically and never sideways."""
    content.setObjectName(name)
    area = QScrollArea()
    area.setObjectName(name)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


def take_turns(shown: QWidget, hidden: QWidget) -> None:
    """Shows one part in another's place; the keyboard goes along, else Qt would jump to some other end of the page."""
    followed = hidden.hasFocus()
    shown.show()
    if followed:
        shown.setFocus()
    hidden.hide()


@contextmanager
def focus_kept(holder: QWidget) -> Iterator[None]:
    """Around a rebuilding: the keyboard stays at the button in the same place, or at the last one there is."""
    before = [made for made in holder.findChildren(QPushButton) if not made.isHidden()]
    place = next((index for index, made in enumerate(before) if made.hasFocus()), None)
    yield
    if place is not None:
        QTimer.singleShot(0, holder, lambda: _focus_button(holder, place))


def _focus_button(holder: QWidget, place: int) -> None:
    there = [made for made in holder.findChildren(QPushButton) if made.isVisible()]
    if there:
        there[min(place, len(there) - 1)].setFocus()


def clear(layout: QLayout) -> None:
    """Takes everything out of a layout and lets it go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)
