"""The screen: a Textual app on one `Session`. Importing this package costs nothing; the app is loaded when it opens."""

from __future__ import annotations

from collections.abc import Sequence


def run_app(
    scenario: str | None = None,
    *,
    lang: str | None = None,
    overrides: Sequence[str] = (),
    at: int | None = None,
    ascii: bool = False,
    play: bool = False,
    speed: float = 1.0,
    theme: str | None = None,
    twin: bool = True,
    checkpoint_mb: float | None = None,
) -> int:
    """Open the gallery, or the debugger on one scenario; return the exit status when the user leaves.

    scenario: a preset's id or a path; None shows the gallery.
    at:       the iteration to go to once the kernels are compiled.
    play:     start the scripted lesson by itself; speed 2 is twice as fast.
    twin:     open the network that the scenario names as its twin beside it.
    checkpoint_mb: memory for checkpoints, in place of what the settings file or the program says.
    A plain summary of the run stays on the normal screen. A scenario that cannot be used is shown on the
    screen, where another can be chosen; it raises nothing.
    """
    from tui_nn.tui.app import run

    return run(
        scenario, lang=lang, overrides=overrides, at=at, ascii=ascii, play=play, speed=speed, theme=theme, twin=twin,
        checkpoint_mb=checkpoint_mb,
    )  # fmt: skip
