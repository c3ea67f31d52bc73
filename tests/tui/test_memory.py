"""Hours of playback do not fill the memory."""

from __future__ import annotations

import os
import time

import pytest

from tests.tui.playback import growth
from tui_nn.scenario import list_presets

MOST_MB = 20.0
IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
PRESETS = [preset.id for preset in list_presets() if not preset.error] if IS_FULL else ["xor-mlp"]
PLAYED_S = 3600.0 if IS_FULL else 600.0


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_playback_keeps_its_memory(preset: str):
    """Ten minutes by the player's clock, an hour in the full run, behind one whole script: at most 20 MB more."""
    begin = time.perf_counter()
    grown, n = growth(preset, PLAYED_S, 150.0)
    print(
        f"{preset}: {PLAYED_S:,.0f} s of playback, {n} times the script: {grown:+.1f} MB, in {time.perf_counter() - begin:.0f} s"
    )
    assert n > 2
    assert grown <= MOST_MB
