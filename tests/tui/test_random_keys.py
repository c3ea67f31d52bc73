"""Whatever is pressed, clicked and resized, the app lives, answers and stays in order."""

from __future__ import annotations

import os

import pytest

from tests.tui import fuzz
from tui_nn.scenario import list_presets

IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
TOTAL = 20_000 if IS_FULL else 500
PRESETS = [preset.id for preset in list_presets() if not preset.error]
USED = PRESETS if IS_FULL else PRESETS[::12]
EACH = -(-TOTAL // len(USED))


@pytest.mark.slow
@pytest.mark.parametrize("preset", USED)
def test_random_keys(preset: str):
    """In all 500 seeded keys, clicks, texts and sizes from 1x1 to 300x100 over every twelfth preset (20,000 over all in the full run).

    No exception, no warning, no move that fails; after every twenty: an answer, a focus that is seen, no line wider
    than its place, the position inside the run. Every other preset is used from before its first frame on.
    """
    at = PRESETS.index(preset)
    seed, ready = int(os.environ.get("TUI_NN_SEED", 100 + at)), at % 2 == 0
    actions = fuzz.plan(seed, EACH)
    try:
        fuzz.use(preset, actions, ready=ready)
    except fuzz.Fault as fault:
        pytest.fail(fuzz.report(preset, seed, actions, fault, ready), pytrace=False)
