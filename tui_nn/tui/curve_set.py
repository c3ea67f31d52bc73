"""Which curves the Curves panel shows, of which runs, and what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.tui.columns import Column, Columns
from tui_nn.tui.ink import Ink
from tui_nn.tui.text import number, percent
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

# Colours of the palette that are told apart on both themes; with the marks no two of 40 curves look the same.
ROLES = ("train", "validation", "update", "validate", "load", "loss", "backward", "text")
MARKS = "•▲■◆○△□◇" + "abcdefghijklmnopqrstuvwxyz"
ASCII_MARKS = "xo+*#@%&" + "abcdefghijklmnopqrstuvwxyz"
TABS = {"loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}
OWN = "this run"  # where others lie over it


@dataclass(frozen=True)
class Series:
    """One metric of one run.

    name:  for the legend. mark: the glyph on its line, "" for the plain line. sign: that glyph, or a piece of the line.
    now:   its newest value at the position of its run; None if it was not measured yet.
    """

    metric: str
    name: str
    role: str
    mark: str
    sign: str
    column: Column
    now: float | None

    def say(self, value: float | None) -> str:
        return percent(value) if self.metric in TABS["accuracy"] else number(value)


def metrics_of(view: View) -> tuple[str, ...]:
    """The metrics of the tab that is shown, of which a run may lack some."""
    if view.curve == "loss" and not view.others and not view.log:  # a gap may be below 0, and has no logarithm then
        return (*TABS["loss"], "gap")
    return view.chosen if view.curve == "chosen" else TABS[view.curve]


def series_of(frame: Frame, view: View, columns: Columns, ink: Ink) -> list[Series]:
    """The run's own curves first, then the others'; what a run does not measure is left out."""
    runs = [("", frame), *view.others]
    wanted = [(run, each, name) for run, each in runs for name in metrics_of(view) if name in each.program.metrics]
    families = {name.partition(".")[0] for _, _, name in wanted}
    columns.keep({(run, name) for run, _, name in wanted})
    out = []
    for i, (run, each, name) in enumerate(wanted):
        mark = "" if i == 0 else (ASCII_MARKS if ink.ascii else MARKS)[(i - 1) % len(MARKS)]
        words = _words(name, view, len(families) == 1)
        if view.others:
            words = f"{run or OWN} {words}" if len(metrics_of(view)) > 1 else run or OWN
        role = ROLES[i % len(ROLES)]
        out.append(
            Series(
                name, words, role, mark, mark or ink.glyph("train"), columns.column(each, name, run),
                each.metrics.get(name),
            )
        )  # fmt: skip
    return out


def _words(name: str, view: View, is_one_family: bool) -> str:
    """A metric's name as short as it stays clear: in the legend of one family's metrics, the layer's name."""
    if view.curve != "chosen":
        return {"val": "validation", "gap": "gap"}.get(name.partition("_")[0], "batch")
    layer = name.partition(".")[2]
    return layer if layer and is_one_family else name


def family_of(series: list[Series]) -> str:
    """What the layers' names in the legend belong to, where they do not say it themselves; else ""."""
    families = {each.metric.partition(".")[0] for each in series}
    shortened = all("." in each.metric and each.metric not in each.name for each in series)
    return families.pop() if len(families) == 1 and shortened else ""
