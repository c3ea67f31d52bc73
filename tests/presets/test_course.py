"""The course page is what the presets say now, and has no gap."""

from functools import cache

import pytest

from tests.presets import make_course
from tests.presets.make_course import DOCS, FILES, shortened
from tests.presets.runs import PRESETS

course = cache(make_course.course)


@pytest.mark.parametrize("lang", FILES)
def test_the_page_is_made_from_the_presets(lang: str):
    """If not: python -m tests.presets.make_course."""
    assert (DOCS / FILES[lang]).read_text(encoding="utf-8") == course(lang)


@pytest.mark.parametrize("lang", FILES)
def test_every_preset_has_a_row_without_an_empty_cell(lang: str):
    rows = [line.strip("|").split(" | ") for line in course(lang).splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in row] for row in rows if "`" in row[1]]
    assert [sum(f"`{preset}`" in row[1] for row in rows) for preset in PRESETS] == [1] * len(PRESETS)
    assert all(all(row) for row in rows)


def test_the_readme_counts_them():
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert f"[{len(PRESETS)} lessons](docs/COURSE.md)" in readme


def test_widths_that_repeat_are_counted():
    assert shortened([2, 8, 8, 8, 1]) == "2-3×8-1"
    assert shortened([2, 8, 8, 1]) == "2-8-8-1"
