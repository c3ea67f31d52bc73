"""The layout as it was left: which panels, tabs and views. From the screen to a table for the settings file, and back.

What the table says is checked here against what there is now: another version may have other panels and tabs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tui_nn.tui.commands import PANELS
from tui_nn.tui.microscope import TITLES

if TYPE_CHECKING:
    from tui_nn.tui.screens.zones import ZonesScreen

RIGHT, BELOW = ("detail", "curves", "lesson"), ("curves", "lesson")
FIRST = {
    "focus": "program",
    "right": "detail",
    "below": "curves",
    "zoomed": False,
    "log": False,
    "tabs": [],
    "modes": [],
}


def layout_of(screen: ZonesScreen) -> dict[str, Any]:
    """Text, switches and lists of text alone, as the settings file takes them."""
    return {
        "focus": screen.focus_name,
        "right": screen.right,
        "below": screen.below,
        "zoomed": screen.zoomed,
        "log": screen.view.log,
        "tabs": [f"{name}={p.tabs[p.active_tab()]}" for name, p in screen.panels.items() if p.active_tab()],
        "modes": [f"{name}={mode}" for name, mode in sorted(screen.view.modes.items()) if mode],
    }


def restore(screen: ZonesScreen, table: dict[str, Any]) -> None:
    """Make a composed screen as the table says. What is missing or unknown in it is as at the first opening."""
    table = FIRST | table
    screen.focus_name = _one_of(PANELS, table["focus"])
    screen.right = _one_of(RIGHT, table["right"])
    screen.below = _one_of(BELOW, table["below"])
    screen.zoomed, screen.view.log = table["zoomed"], table["log"]
    tabs = dict(_pairs(table["tabs"]))
    for name, panel in screen.panels.items():
        tab = panel.tabs.index(tabs[name]) if tabs.get(name) in panel.tabs else 0
        if tab != panel.active_tab():
            panel.switch_tab(tab - panel.active_tab())
    # Whether a microscope has that many pictures is known when it is loaded; see DetailPanel.
    modes = {
        name: int(mode)
        for name, mode in _pairs(table["modes"])
        if name in TITLES and len(mode) == 1 and mode.isdecimal()
    }
    screen.view.modes = modes


def _pairs(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        name, _, value = entry.partition("=")
        if value:
            yield name, value


def _one_of(known: tuple[str, ...], value: Any) -> str:
    return value if value in known else known[0]
