"""Fonts, the 8-pixel grid and the one style sheet, applied to the application and again when the desktop turns dark."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QApplication

from ui.look import palette
from ui.look.palette import Colours

GRID = 8
POINTS = 10.5  # 14 px at 96 dpi: the smallest at which dense Chinese characters stay open

SANS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Micro Hei")
SANS_WINDOWS = ("Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC")
MONO = ("Noto Sans Mono CJK SC", "Sarasa Mono SC", "Cascadia Mono", "Consolas", "Menlo", "DejaVu Sans Mono")


def font(points: float = POINTS, bold: bool = False, mono: bool = False) -> QFont:
    """A font of the program's families; every family holds Chinese or is followed by one that does."""
    families = SANS_WINDOWS if sys.platform == "win32" else SANS
    made = QFont()
    made.setFamilies([*MONO, *families] if mono else list(families))
    made.setPointSizeF(points)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
    return made


def apply(application: QApplication, scheme: Qt.ColorScheme | None = None) -> None:
    """Dresses the application for ``scheme`` (default: what the desktop asks for now)."""
    wanted = QGuiApplication.styleHints().colorScheme() if scheme is None else scheme
    colours = palette.of_scheme(wanted)
    application.setStyle("Fusion")
    application.setFont(font())
    application.setPalette(palette.qt_palette(colours))
    application.setStyleSheet(sheet(colours))


def follow_desktop(application: QApplication) -> None:
    """Applies the theme now and whenever the desktop's light or dark setting changes."""
    apply(application)
    application.styleHints().colorSchemeChanged.connect(lambda scheme: apply(application, scheme))


def sheet(c: Colours) -> str:
    """The style sheet: surfaces, buttons, editors, lists, each with a visible focus."""
    return f"""
QFrame#card, QFrame#bar, QFrame#side {{ background: {c.surface}; border: 1px solid {c.border}; }}
QFrame#card {{ border-radius: 8px; }}
QFrame#bar {{ border-width: 0 0 1px 0; }}
QFrame#foot {{ background: {c.surface}; border: 0; border-top: 1px solid {c.border}; }}
QFrame#side {{ border-width: 0 1px 0 0; }}
QFrame#line {{ background: {c.border}; border: 0; max-height: 1px; min-height: 1px; }}
QScrollArea, QWidget#page {{ background: {c.window}; border: 0; }}
QPushButton {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.outline}; border-radius: 6px;
  padding: 5px 14px; min-height: 20px; }}
QPushButton:hover {{ background: {c.accent_soft}; border-color: {c.accent}; }}
QPushButton:pressed {{ background: {c.border}; }}
QPushButton:focus {{ border: 2px solid {c.accent}; padding: 4px 13px; }}
QPushButton:disabled {{ color: {c.outline}; border-color: {c.border}; background: {c.sunken}; }}
QPushButton[look="primary"] {{ background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; }}
QPushButton[look="primary"]:hover {{ background: {c.accent_strong}; }}
QPushButton[look="primary"]:focus {{ border: 2px solid {c.text}; }}
QPushButton[look="primary"]:disabled {{ background: {c.border}; color: {c.muted}; border-color: {c.border}; }}
QPushButton[look="quiet"] {{ background: transparent; border-color: transparent; color: {c.accent}; padding: 5px 8px; }}
QPushButton[look="quiet"]:hover {{ background: {c.accent_soft}; }}
QPushButton[look="quiet"]:focus {{ border: 2px solid {c.accent}; padding: 4px 7px; }}
QPushButton[look="quiet"]:disabled {{ color: {c.outline}; background: transparent; }}
QPushButton[look="nav"] {{ background: transparent; border-color: transparent; text-align: left; padding: 5px 10px; }}
QPushButton[look="nav"]:hover {{ background: {c.sunken}; }}
QPushButton[look="nav"]:focus {{ border: 2px solid {c.accent}; padding: 4px 9px; }}
QPushButton[look="nav"]:checked {{ background: {c.accent_soft}; color: {c.accent_strong}; }}
QPushButton[look="quiet"]:checked {{ background: {c.accent_soft}; color: {c.accent_strong}; }}
QLineEdit, QPlainTextEdit, QComboBox, QTableWidget {{ background: {c.surface}; color: {c.text};
  border: 1px solid {c.outline}; border-radius: 6px; selection-background-color: {c.accent};
  selection-color: {c.on_accent}; }}
QLineEdit, QComboBox {{ padding: 5px 8px; min-height: 20px; }}
QPlainTextEdit {{ padding: 3px 4px; }}
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QTableWidget:focus {{ border: 2px solid {c.accent}; }}
QLineEdit:focus, QComboBox:focus {{ padding: 4px 7px; }}
QLineEdit:read-only, QPlainTextEdit:read-only, QComboBox:disabled {{ background: {c.sunken}; color: {c.text};
  border-color: {c.border}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QTableView::item {{ padding: 0 6px; }}
QTableView::item:selected {{ background: {c.accent_soft}; color: {c.text}; }}
QTableView::item:focus {{ border: 1px solid {c.accent}; }}
QTableView {{ border: 1px solid {c.border}; border-radius: 6px; background: {c.surface};
  alternate-background-color: {c.sunken}; selection-background-color: {c.accent_soft}; selection-color: {c.text}; }}
QTableWidget QLineEdit {{ border-radius: 0; padding: 0 4px; min-height: 0; }}
QTableWidget {{ gridline-color: {c.border}; alternate-background-color: {c.sunken}; }}
QHeaderView::section {{ background: {c.sunken}; color: {c.muted}; border: 0; border-bottom: 1px solid {c.border};
  padding: 5px 8px; }}
QTreeWidget, QListWidget {{ background: {c.surface}; border: 0; outline: 0; }}
QScrollArea#panel, QWidget#panel {{ background: {c.surface}; border: 0; }}
QListWidget#topics::item {{ padding: 8px 10px; border-radius: 6px; color: {c.text}; }}
QListWidget#topics::item:selected {{ background: {c.accent_soft}; color: {c.accent_strong}; }}
QListWidget#topics::item:focus {{ border: 2px solid {c.accent}; padding: 6px 8px; }}
QProgressBar {{ background: {c.border}; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 1px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 1px; }}
QScrollBar::handle {{ background: {c.thumb}; border-radius: 4px; min-height: 32px; min-width: 32px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none; border: 0;
  width: 0; height: 0; }}
QScrollBar::handle:hover {{ background: {c.outline}; }}
QStatusBar {{ background: {c.window}; min-height: 32px; max-height: 32px; }}
QStatusBar QPushButton {{ padding: 3px 8px; }}
QStatusBar QPushButton:focus {{ padding: 2px 7px; }}
QStatusBar::item {{ border: 0; }}
QToolTip {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.outline}; padding: 4px; }}
QTextBrowser {{ background: {c.surface}; color: {c.text}; border: 0; }}
"""
