"""Each test has its own settings folder, and no environment variable of the developer's changes what is drawn."""

import pytest


@pytest.fixture(autouse=True)
def plain_environment(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TUI_NN_CONFIG_DIR", str(tmp_path / "config"))
    for name in ("NO_COLOR", "TEXTUAL_THEME", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
