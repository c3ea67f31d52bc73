"""Hours of playback do not fill the memory."""

from __future__ import annotations

import os
import time

import pytest

from tests.tui.playback import growth
from tui_nn.scenario import list_presets

MOST_MB = 20.0
IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
PRESETS = [preset.id for preset in list_presets() if not preset.error]
# An hour of every eighth and ten minutes of the others; outside the full run five minutes of one.
PLAYED_S = {preset: 600.0 if i % 8 else 3600.0 for i, preset in enumerate(PRESETS)} if IS_FULL else {"xor-mlp": 300.0}


@pytest.mark.slow
@pytest.mark.parametrize("preset", PLAYED_S)
def test_playback_keeps_its_memory(preset: str):
    """Behind one whole script at least, by the player's clock: at most 20 MB more."""
    begin, played_s = time.perf_counter(), PLAYED_S[preset]
    grown, n = growth(preset, played_s, 150.0)
    print(
        f"{preset}: {played_s:,.0f} s of playback, {n} times the script: {grown:+.1f} MB, in {time.perf_counter() - begin:.0f} s"
    )
    assert n > 2
    assert grown <= MOST_MB
