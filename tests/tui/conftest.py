"""Each test has its own settings folder, and no environment variable of the developer's changes what is drawn."""

import gc
from itertools import count

import pytest

USUAL = gc.get_threshold()
TURNS = count(1)
FULL_TURN = 25  # apps: collecting all takes 0.2 s, and until then their sessions stay, which may have 100 MB each


@pytest.fixture(autouse=True)
def plain_environment(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUI_NN_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("TUI_NN_STATE_DIR", str(tmp_path / "state"))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def collected_garbage():
    """The app takes what it has built out of the collector's sight, for good; a process that makes hundreds of apps needs it back.

    Not after a test without an app, which is told by the collector's settings: they are the app's after one.
    """
    gc.set_threshold(*USUAL)  # another folder's test may have left an app's
    yield
    if gc.get_threshold() == USUAL:
        return
    gc.set_threshold(*USUAL)
    if next(TURNS) % FULL_TURN == 0:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
