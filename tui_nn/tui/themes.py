"""The two themes of the app, in Textual's terms. Inks hold the same colours; see ink.py."""

from __future__ import annotations

from textual.theme import Theme

from tui_nn.tui.ink import PALETTE

DARK, LIGHT = "tui-nn-dark", "tui-nn-light"


def theme_of(dark: bool) -> Theme:
    colours = PALETTE[dark]
    return Theme(
        name=DARK if dark else LIGHT,
        primary=colours["accent"],
        secondary=colours["validate"],
        accent=colours["accent"],
        warning=colours["warn"],
        error=colours["bad"],
        success=colours["good"],
        foreground=colours["text"],
        background=colours["background"],
        surface=colours["raised"],
        panel=colours["select"],
        dark=dark,
    )
