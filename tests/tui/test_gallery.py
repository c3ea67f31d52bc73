"""The gallery's list and preview, drawn without an app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.goldens import check
from tui_nn.scenario import PresetInfo
from tui_nn.tui.gallery import list_lines, matching, preview_lines, read_preview, visible_from
from tui_nn.tui.ink import Ink

INK = Ink(mono=True)
SUMMARY = {
    "en": "Just past the limit each update jumps over the valley and lands higher up than it began.",
    "ko": "한계를 조금만 넘어도 골짜기를 뛰어넘습니다.",
}
PRESETS = [
    PresetInfo(
        "lr-too-large", "A learning rate that is too large", SUMMARY, Path("lr-too-large.toml"), ("sgd", "divergence")
    ),
    PresetInfo(
        "xor-mlp",
        "XOR, learnt by a hidden layer",
        {"en": "No straight line.", "ko": "직선으로는 안 됩니다."},
        Path("x.toml"),
        ("xor",),
    ),
    PresetInfo("broken", "broken", {"en": "", "ko": ""}, Path("broken.toml"), error="Expected '=' (line 3)"),
]
TEXT = '# Teaches: overshooting.\nid = "lr-too-large"\n\n[data]\nsource = "linear"  # a line\n\n[[layers]]\nunits = 1\n'


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [40, 64, 100])
def test_list(lang: str, width: int):
    check(f"gallery-{lang}-{width}", list_lines(PRESETS, 1, lang, width, 14, INK, "xor-mlp"), width, 14)


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_preview(lang: str):
    check(f"preview-{lang}", preview_lines(PRESETS[0], TEXT, lang, 40, INK), 40, 40)


def test_search_wants_every_word_anywhere():
    """In titles, summaries of both languages and tags; case is no matter."""
    assert [preset.id for preset in matching(PRESETS, "RATE large")] == ["lr-too-large"]
    assert [preset.id for preset in matching(PRESETS, "골짜기")] == ["lr-too-large"]
    assert [preset.id for preset in matching(PRESETS, "xor")] == ["xor-mlp"]
    assert matching(PRESETS, "rate xor") == []
    assert matching(PRESETS, "  ") == PRESETS


@pytest.mark.parametrize("height", [1, 3, 11, 12, 24, 60])
@pytest.mark.parametrize("n", [1, 4, 80])
def test_the_selected_preset_is_in_sight(n: int, height: int):
    for selected in range(n):
        first, fit_in, rows = visible_from(n, selected, height)
        assert first <= selected < first + fit_in
        assert fit_in == 1 or fit_in * rows <= height


def test_a_file_that_has_gone_is_told(tmp_path: Path):
    assert read_preview(tmp_path / "gone.toml").startswith("# ")
