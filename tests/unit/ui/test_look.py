"""Colours can be read, and no state is told by colour alone."""

from __future__ import annotations

from dataclasses import fields

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from app.workflow.model import State
from ui.look import marks, palette, states
from ui.look.palette import DARK, LIGHT, Colours

READ_ON = ("window", "surface", "sunken")
INKS = ("text", "muted", "accent", "passed", "warned", "failed", "unknown", "idle")


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("ground", READ_ON)
def test_every_text_colour_has_a_contrast_of_four_and_a_half(colours: Colours, ink: str, ground: str) -> None:
    assert palette.contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["passed", "warned", "failed", "unknown", "idle", "accent"])
def test_state_colours_can_be_read_on_their_own_tint_and_their_signs_on_them(colours: Colours, tone: str) -> None:
    assert palette.contrast(getattr(colours, tone), getattr(colours, f"{tone}_soft")) >= 4.5
    assert palette.contrast(colours.text, getattr(colours, f"{tone}_soft")) >= 4.5
    assert palette.contrast(getattr(colours, tone), colours.on_state) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_words_on_primary_buttons_can_be_read_and_edges_be_seen(colours: Colours) -> None:
    assert palette.contrast(colours.on_accent, colours.accent) >= 4.5
    assert palette.contrast(colours.on_accent, colours.accent_strong) >= 4.5
    assert palette.contrast(colours.outline, colours.surface) >= 3


def test_contrast_is_that_of_the_guidelines() -> None:
    assert palette.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert palette.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_all_colours_are_six_digits() -> None:
    for colours in (LIGHT, DARK):
        assert all(QColor(getattr(colours, field.name)).isValid() for field in fields(colours))


def test_every_state_has_its_own_word_and_shape() -> None:
    assert set(states.LOOKS) == set(State)
    assert len({look.word for look in states.LOOKS.values()}) == len(State)
    assert len({look.shape for look in states.LOOKS.values()}) == len(State)


def test_the_words_are_those_of_the_command_line() -> None:
    from app.workflow.model import STATE_WORDS

    assert {state: look.word for state, look in states.LOOKS.items()} == dict(STATE_WORDS)


def test_shapes_differ_when_all_colour_is_taken_away(qtbot: QtBot) -> None:
    drawn = {state: _grey(look) for state, look in states.LOOKS.items()}
    for state, image in drawn.items():
        assert all(image != other for name, other in drawn.items() if name is not state), state


def _grey(look: states.Look) -> bytes:
    image = QImage(32, 32, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    marks.draw(painter, QRectF(0, 0, 32, 32), states.Look(look.word, look.shape, "text"), LIGHT)
    painter.end()
    return bytes(image.constBits())
