"""`tui-nn` and `tui-nn open`: the screen where there is one, a plain report where there is not."""

import os
import sys
from collections.abc import Sequence

from tui_nn.cli_text import remark

MAX_REPORT_ITERATIONS = 2_000


def why_no_screen() -> str | None:
    """Why a full-screen program cannot be shown here; None if it can."""
    if not sys.stdout.isatty():
        return "the output is not a terminal"
    if not sys.stdin.isatty():
        return "the input is not a terminal"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return "CI is set"
    if os.environ.get("TERM") == "dumb":
        return "TERM is dumb"
    return None


def open_gallery(*, lang: str | None, ascii_only: bool) -> int:
    if reason := why_no_screen():
        from tui_nn.cli_show import print_presets

        remark(f"{reason}: the list of presets instead of the screen")
        print_presets(as_json=False, lang=lang)
        return 0
    from tui_nn.tui import run_app

    return run_app(None, lang=lang, ascii=ascii_only)


def open_scenario(
    ref: str, overrides: Sequence[str], *, at: int | None, lang: str | None, ascii_only: bool, no_twin: bool = False,
    checkpoint_mb: float | None = None,
) -> int:  # fmt: skip
    if reason := why_no_screen():
        from tui_nn.cli_run import print_report

        remark(f"{reason}: a plain report instead of the screen")
        return print_report(ref, overrides, iterations=at, at_most=MAX_REPORT_ITERATIONS)
    from tui_nn.tui import run_app

    return run_app(ref, lang=lang, overrides=overrides, at=at, ascii=ascii_only, twin=not no_twin, checkpoint_mb=checkpoint_mb)  # fmt: skip


def open_saved(
    ref: str, *, at: int | None, lang: str | None, ascii_only: bool, no_twin: bool = False, checkpoint_mb: float | None = None
) -> int:  # fmt: skip
    """A session file, or the journal of a program that was cut off."""
    if reason := why_no_screen():
        from tui_nn.cli_sessions import print_saved

        remark(f"{reason}: a plain report instead of the screen")
        return print_saved(ref, at)
    from tui_nn.tui import run_app

    return run_app(ref, lang=lang, at=at, ascii=ascii_only, twin=False, checkpoint_mb=checkpoint_mb)
