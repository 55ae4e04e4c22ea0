"""Long text on a form: nothing is lost, nothing shown twice, and the page is not outgrown."""

from hypothesis import given
from hypothesis import strategies as st

from app.actions.fitting import fitted, wrap

POINTER = "（下接附页{}）"


def cells(*texts: str, width: int = 10) -> dict[str, tuple[str, str, int]]:
    return {f"c{number}": (f"标题{number}", text, width) for number, text in enumerate(texts)}


def test_what_fits_is_left_alone() -> None:
    shown, annexes = fitted(cells("短", "第一行\n第二行"), 4, 1)
    assert shown == {"c0": "短", "c1": "第一行\n第二行"}
    assert annexes == []


def test_the_longest_is_cut_and_points_to_its_annex() -> None:
    text = "\n".join(f"第{number}行" for number in range(20))
    shown, (annex,) = fitted(cells("短", text), 8, 1)
    assert shown["c0"] == "短"
    assert shown["c1"].endswith(POINTER.format(1))
    assert (annex.number, annex.title) == (1, "标题1")


def test_half_width_characters_take_half_the_room() -> None:
    assert len(wrap("a" * 20, 10)) == 1
    assert len(wrap("字" * 11, 10)) == 2


@given(st.lists(st.text("字a1。\n", max_size=200), min_size=1, max_size=6), st.integers(12, 40), st.integers(1, 3))
def test_nothing_is_lost_and_the_page_is_not_outgrown(texts: list[str], lines: int, least: int) -> None:
    width = 10
    shown, annexes = fitted(cells(*texts, width=width), lines, least)
    rest = {annex.title: annex for annex in annexes}
    for number, text in enumerate(texts):
        part = shown[f"c{number}"]
        if annex := rest.get(f"标题{number}"):
            kept = part.removesuffix(POINTER.format(annex.number)).removesuffix("\n")
            assert (kept + annex.text).replace("\n", "") == text.replace("\n", "")
        else:
            assert part == text
    if any(texts) and lines >= 3 * len(texts):
        assert sum(max(least, len(wrap(part, width))) for part in shown.values()) <= lines
