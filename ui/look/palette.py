"""Every colour of the program, light and dark, and the contrast of two of them. No widget names a colour itself."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette


@dataclass(frozen=True)
class Colours:
    """``#RRGGBB`` by purpose. Those of a state are read as text on ``surface``, ``window`` and their own ``…_soft``."""

    window: str
    surface: str
    sunken: str
    border: str
    outline: str
    thumb: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str
    passed: str
    warned: str
    failed: str
    unknown: str
    idle: str
    passed_soft: str
    warned_soft: str
    failed_soft: str
    unknown_soft: str
    idle_soft: str
    on_state: str


LIGHT = Colours(
    window="#F3F5F7", surface="#FFFFFF", sunken="#F7F9FA", border="#DDE2E8", outline="#868F9B", thumb="#BFC7D0",
    text="#1C2530",
    muted="#586473", accent="#22609C", accent_strong="#194B7C", accent_soft="#E4EEF8", on_accent="#FFFFFF",
    passed="#1A7446", warned="#8A5800", failed="#B3261E", unknown="#66479B", idle="#5A6573",
    passed_soft="#E5F3EB", warned_soft="#FBF0DA", failed_soft="#FBE8E6", unknown_soft="#EFEAF7", idle_soft="#EDF0F3",
    on_state="#FFFFFF",
)  # fmt: skip

DARK = Colours(
    window="#15181C", surface="#1D2126", sunken="#191D21", border="#333A43", outline="#7C8794", thumb="#4A535E",
    text="#E4E8EC",
    muted="#A3AEBA", accent="#82B4E8", accent_strong="#A8CCF2", accent_soft="#22364B", on_accent="#10202F",
    passed="#68C391", warned="#E2B255", failed="#F0938A", unknown="#BFA9EC", idle="#A3AEBA",
    passed_soft="#1C3327", warned_soft="#382D17", failed_soft="#402320", unknown_soft="#2E2740", idle_soft="#282E35",
    on_state="#15181C",
)  # fmt: skip


def current() -> Colours:
    """The colours in use, told by the application's palette, which ``theme.apply`` sets."""
    dark = QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128
    return DARK if dark else LIGHT


def of_scheme(scheme: Qt.ColorScheme) -> Colours:
    """What the desktop asks for; one that does not say is light."""
    return DARK if scheme is Qt.ColorScheme.Dark else LIGHT


def qt_palette(colours: Colours) -> QPalette:
    """The same colours for Qt's own drawing (Fusion style, text cursors, selections, placeholders)."""
    role = QPalette.ColorRole
    palette = QPalette(QColor(colours.window))
    for place, colour in {
        role.Window: colours.window, role.WindowText: colours.text, role.Base: colours.surface,
        role.AlternateBase: colours.sunken, role.Text: colours.text, role.Button: colours.surface,
        role.ButtonText: colours.text, role.Highlight: colours.accent, role.HighlightedText: colours.on_accent,
        role.ToolTipBase: colours.surface, role.ToolTipText: colours.text, role.PlaceholderText: colours.muted,
        role.Link: colours.accent, role.LinkVisited: colours.accent, role.Mid: colours.border,
        role.Dark: colours.border,
    }.items():  # fmt: skip
        palette.setColor(place, QColor(colour))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, QColor(colours.outline))
    return palette


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#RRGGBB`` colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
