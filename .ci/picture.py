"""Take the README's picture from the running program: docs/screen.svg, the debugger on the digits at 120x40.

python .ci/picture.py
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["TUI_NN_CONFIG_DIR"] = tempfile.mkdtemp()  # nobody's own theme
os.environ.pop("NO_COLOR", None)

from tests.tui.driver import drive, settled  # noqa: E402

OPS = 13  # into the backward pass


async def pose(app, pilot) -> None:
    """Ten epochs in, half-way through the backward pass of the next iteration, with the gradients in view."""
    app.debugger.session.goto(iteration=450)
    for key in ("3", "greater_than_sign", "1", *["s"] * OPS):
        await pilot.press(key)
        await settled(app, pilot)
    picture = app.export_screenshot(title="tui-nn open digits-dnn")
    # Some viewers drop the blanks a text begins with, and every column behind them moves.
    picture = picture.replace("<text ", '<text xml:space="preserve" ')
    (ROOT / "docs" / "screen.svg").write_text(picture, encoding="utf-8")


drive("digits-dnn", pose)
