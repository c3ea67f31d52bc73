"""Cells, wrapping and numbers."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_nn.tui.text import CLOSING, cells, fit, number, percent, times, wrap, wrap_report

KOREAN = "손실에서 나온 오차 신호가 네 개의 층을 거슬러 흐르는 것을 보세요. 학습률이 너무 크면 발산합니다."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.6931, "0.6931"), (12.345678, "12.35"), (123456.0, "1.23e5"), (-0.00012345, "-1.23e-4"), (1.5e-9, "1.50e-9"),
        (0.00123, "0.001230"), (2.0, "2.000"), (99999.0, "99999"), (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"), (None, "–"),
    ],
)  # fmt: skip
def test_number(value: float | None, text: str):
    assert number(value) == text


@given(st.floats(-1e300, 1e300), st.integers(2, 6))
def test_a_number_is_short_and_right(value: float, digits: int):
    """At most digits + 5 cells, and within half a unit of its last digit."""
    text = number(value, digits)
    assert len(text) <= digits + 5 + (abs(value) > 0 and abs(math.log10(abs(value))) >= 99)
    assert float(text) == pytest.approx(value, rel=10.0 ** (2 - digits))


def test_a_number_that_is_rounded_up_has_no_digit_more():
    """0.99985 and 1.0015 stand beside each other as the ends of one axis."""
    assert [number(value, 3) for value in (0.99985, 1.0015, 9.996, 99.96, 0.0099996)] == [
        "1.00", "1.00", "10.0", "100", "0.0100",
    ]  # fmt: skip
    assert [number(-value, 4) for value in (0.99994, 0.99996, 0.9995)] == ["-0.9999", "-1.000", "-0.9995"]


def test_percent_and_times():
    assert (percent(0.9417), percent(None), percent(math.nan)) == ("94.2 %", "–", "nan")
    assert (times(0.0131), times(2.4e-7)) == ("×0.0131", "×2.4e-7")


@given(st.text(max_size=60), st.integers(1, 50), st.sampled_from("<>"))
def test_fit_is_exactly_that_wide(text: str, width: int, align: str):
    text = "".join(c for c in text if c.isprintable())
    assert cells(fit(text, width, align)) == width


def test_fit_never_halves_a_syllable():
    """가 takes two cells: in three there is room for one, and the mark."""
    assert fit("가나다", 4) == "가 …"
    assert fit("가나다", 3) == "가…"
    assert fit("가나다", 6) == "가나다"


@pytest.mark.parametrize("width", [10, 17, 24, 40, 80])
def test_korean_wraps_between_words(width: int):
    """No line is too wide, no word is split that fits a line, and nothing is lost."""
    lines = wrap(KOREAN, width)
    assert all(cells(line) <= width for line in lines)
    assert " ".join(lines).split() == KOREAN.split() or max(map(cells, KOREAN.split())) > width
    assert "".join(lines).replace(" ", "") == KOREAN.replace(" ", "")


@given(st.text(alphabet="가나다라ab c.,)!한글", max_size=120), st.integers(4, 40))
def test_wrapping_loses_nothing_and_opens_no_line_with_a_full_stop(text: str, width: int):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    words = text.split()
    longest = max((len(run) for run in re.findall(f"[{re.escape(CLOSING)}]+", text)), default=0)
    # A syllable and the marks behind it must fit one line, or there is no way.
    if all(word[0] not in CLOSING for word in words) and 2 + longest <= width:
        assert all(line[0] not in CLOSING for line in lines)


def test_loose_jamo_are_joined():
    """A decomposed syllable counts as it will be drawn."""
    assert wrap("\u1112\u1161\u11ab", 10) == ["한"]


def test_paragraphs_items_and_formulas_stay_apart():
    text = "One two\nthree.\n\n- first item that is long\n- second\n\n    z = x W"
    assert wrap(text, 16) == ["One two three.", "", "- first item", "  that is long", "- second", "", "    z = x W"]


def test_a_report_keeps_its_lines():
    report = "bad.toml: 1 problem\n  14:14  layers[1].activation: unknown activation 'rleu'; did you mean 'relu'?"
    lines = wrap_report(report, 40)
    assert lines[0] == "bad.toml: 1 problem"
    assert all(cells(line) <= 40 for line in lines)
    assert lines[2].startswith("    ")
