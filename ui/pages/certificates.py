"""Every certificate of the site on one time line: what ends next stands on top, with the days that are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.base import clock
from app.workflow.model import State
from ui.look import palette, states, theme
from ui.look.cards import Card, StateWord, Text, clear, empty, line
from ui.look.marks import tone
from ui.look.states import Look
from ui.open_project import OpenProject
from ui.pages.page import Page

if TYPE_CHECKING:
    from app.actions.dossier import DossierRow

EXPLAINED = "现场全部证书的有效期，先到期的在上。90 天内到期须关注，30 天内要落实续期安排；日期来自最近一次检查。"
SOON, NOW = 90.0, 30.0  # days; the design's limits of certificate.validity
ENDED = Look("已过期", "octagon_cross", "failed")
NEARLY = Look("30 天内到期", "octagon_cross", "failed")
NEAR = Look("90 天内到期", "triangle", "warned")
GOOD = Look("有效", "disc_tick", "passed")
NOT_YET = Look("尚未生效", "octagon_cross", "failed")
NOT_SEEN = Look("未检查", "ring", "idle")
BEFORE = timedelta(days=183)  # how much of the past the line shows
LABEL = 40.0  # pixels that a word on the axis needs
LAST = datetime(9999, 12, 31, tzinfo=UTC)
LEAST = timedelta(days=365)
LONGEST = timedelta(days=20 * 366)  # a certificate that ends later runs off the line


def look_of(row: DossierRow, now: datetime) -> Look:
    """How a certificate stands in time, by word and shape; what is no longer known, or fails for another reason, is not
    called valid.
    """
    if row.days_left is None:
        return NOT_SEEN
    if row.outcome in (State.STALE, State.OPEN):
        return states.LOOKS[row.outcome]
    if row.not_before and row.not_before > now:
        return NOT_YET
    if row.days_left < 0:
        return ENDED
    if row.days_left <= SOON:
        return NEARLY if row.days_left <= NOW else NEAR
    return GOOD if row.outcome is State.PASS else states.LOOKS[row.outcome]


def left(days: float | None) -> str:
    """The days that are left, in words."""
    if days is None:
        return "—"
    whole = int(abs(days))
    if days < 0:
        return f"已过期 {whole} 天" if whole else "今天已过期"
    return f"还有 {whole} 天" if whole else "不到 1 天"


def _day(moment: datetime) -> str:
    """The day in China; RFC 5280 says "no end" with the last second of the year 9999, which no zone can move."""
    return f"{min(moment, LAST).astimezone(clock.CHINA):%Y-%m-%d}"


@dataclass(frozen=True)
class Scale:
    """The stretch of time that all lines share."""

    start: datetime
    end: datetime
    now: datetime

    @classmethod
    def of(cls, rows: Sequence[DossierRow], now: datetime) -> Scale:
        ends = [row.not_after for row in rows if row.not_after]
        last = min(max([*ends, now + LEAST]), now + LONGEST)
        return cls(now - BEFORE, last + timedelta(days=30), now)

    def place(self, moment: datetime, width: float) -> float:
        """Where ``moment`` stands on a line of that width, kept within it."""
        share = (moment - self.start) / (self.end - self.start)
        return min(max(share, 0.0), 1.0) * width

    def years(self) -> list[datetime]:
        """The turns of the years to mark, at most about eight."""
        first, last = self.start.year + 1, self.end.year
        every = max(1, (last - first) // 8 + 1)
        return [datetime(year, 1, 1, tzinfo=clock.CHINA) for year in range(first, last + 1, every)]


class Line(QWidget):
    """One certificate's time on the shared scale; without a row the axis with its years."""

    def __init__(self, scale: Scale, row: DossierRow | None = None) -> None:
        super().__init__()
        self._scale, self._row = scale, row
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(220)
        self.setFixedHeight(22)

    def sizeHint(self) -> QSize:
        return QSize(420, 22)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, scale, width = palette.current(), self._scale, float(self.width() - 1)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setFont(theme.font(8.5))
        today = scale.place(scale.now, width)
        for year in scale.years():
            x = scale.place(year, width)
            painter.setPen(QPen(QColor(colours.border), 1))
            painter.drawLine(int(x), 14 if self._row is None else 0, int(x), 22)
            if self._row is None and abs(x - today) > LABEL:
                painter.setPen(QColor(colours.muted))
                painter.drawText(QRectF(x - 30, 0, 60, 14), Qt.AlignmentFlag.AlignCenter, str(year.year))
        if self._row is not None:
            self._bar(painter, self._row, width)
        painter.setPen(QPen(QColor(colours.text), 1.5))
        painter.drawLine(int(today), 0 if self._row is not None else 14, int(today), 22)
        if self._row is None:
            painter.setPen(QColor(colours.text))
            painter.drawText(QRectF(today - 24, 0, 48, 14), Qt.AlignmentFlag.AlignCenter, "今天")

    def _bar(self, painter: QPainter, row: DossierRow, width: float) -> None:
        if not row.not_after or not row.not_before:
            return
        colours, look = palette.current(), look_of(row, self._scale.now)
        start, end = self._scale.place(row.not_before, width), self._scale.place(row.not_after, width)
        painter.setPen(QPen(tone(colours, look.tone), 1))
        painter.setBrush(tone(colours, f"{look.tone}_soft"))
        painter.drawRoundedRect(QRectF(start, 6, max(end - start, 3.0), 10), 3, 3)


class CertificatesPage(Page):
    """One row a certificate, the axis above them."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__("证书", EXPLAINED)
        self._project = project
        self._shown: tuple[DossierRow, ...] | None = None
        project.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the newest rows."""
        from app.actions import dossier

        now = clock.now()
        found = dossier.rows(self._project.overview.checks, now)
        if [row.record for row in found] == [row.record for row in self._shown or ()] and self._shown is not None:
            return
        self._shown = found
        clear(self.body)
        card = Card("有效期", f"{len(found)} 张" if found else "")
        if not found:
            card.body.addWidget(empty("没有证书", "现场配置文件中没有 [[certificate]]。"))
        else:
            card.body.addLayout(self._grid(found, Scale.of(found, now)))
        self.body.addWidget(card)

    def _grid(self, found: Sequence[DossierRow], scale: Scale) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        grid.addWidget(Line(scale), 0, 2)
        for number, row in enumerate(found):
            grid.addWidget(line(), 2 * number + 1, 0, 1, 5)
            self._line(grid, 2 * number + 2, row, scale)
        return grid

    def _line(self, grid: QGridLayout, place: int, row: DossierRow, scale: Scale) -> None:
        look = look_of(row, scale.now)
        name = row.title if row.part == "证书" else f"{row.title}（{row.part}）"
        under = " · ".join(part for part in (row.holder, f"序列号 {row.serial}" if row.serial else "") if part)
        title = Text(name)
        title.setToolTip(f"颁发者：{row.issuer}" if row.issuer else "")
        words = QGridLayout()
        words.setContentsMargins(0, 4, 0, 4)
        words.setVerticalSpacing(0)
        words.addWidget(title, 0, 0)
        if under:
            words.addWidget(Text(under, "muted", 9).selectable(), 1, 0)
        holder = QWidget()
        holder.setLayout(words)
        holder.setMinimumWidth(240)
        bar = Line(scale, row)
        bar.setAccessibleName(f"{name}：{look.word}，{left(row.days_left)}")
        until = f"{_day(row.not_after)} 到期" if row.not_after else "还没有检查过"
        bar.setToolTip(until)
        grid.addWidget(StateWord(look), place, 0)
        grid.addWidget(holder, place, 1)
        grid.addWidget(bar, place, 2)
        grid.addWidget(Text(left(row.days_left), points=9.5, wrap=False), place, 3)
        grid.addWidget(Text(until, "muted", 9.5, wrap=False), place, 4)
