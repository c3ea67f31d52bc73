"""Which curves the Curves panel shows, of which runs, and what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_nn.tui.columns import Column, Columns
from tui_nn.tui.ink import Ink
from tui_nn.tui.lineup import ROLES, role_of
from tui_nn.tui.text import number, percent
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

MARKS = "•▲■◆○△□◇" + "abcdefghijklmnopqrstuvwxyz"
ASCII_MARKS = "xo+*#@%&" + "abcdefghijklmnopqrstuvwxyz"
TABS = {"loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}
OWN = "this run"  # where others lie over it


@dataclass(frozen=True)
class Series:
    """One metric of one run.

    name:  for the legend. mark: the glyph on its line, "" for the plain line. sign: that glyph, or a piece of the line.
    now:   its newest value at the position of its run; None if it was not measured yet.
    is_second: the legend reads it behind the one before, which is the same run's.
    """

    metric: str
    name: str
    role: str
    mark: str
    sign: str
    column: Column
    now: float | None
    is_second: bool = False

    def say(self, value: float | None) -> str:
        return percent(value) if self.metric in TABS["accuracy"] else number(value)


def metrics_of(view: View) -> tuple[str, ...]:
    """The metrics of the tab that is shown, of which a run may lack some."""
    if view.curve == "loss" and not view.others and not view.log:  # a gap may be below 0, and has no logarithm then
        return (*TABS["loss"], "gap")
    return view.chosen if view.curve == "chosen" else TABS[view.curve]


def series_of(frame: Frame, view: View, columns: Columns, ink: Ink) -> list[Series]:
    """What a run does not measure is left out. Of a pair the run looked at comes first; more keep their order and colours."""
    if len(view.lineup) > 2:
        runs = [(str(place), frame if place == view.place else peer.frame) for place, peer in enumerate(view.lineup)]
    else:
        runs = [("", frame), *((peer.title, peer.frame) for peer in view.others)]
    wanted = [(run, each, name) for run, each in runs for name in metrics_of(view) if name in each.program.metrics]
    families = {name.partition(".")[0] for _, _, name in wanted}
    columns.keep({(run, name) for run, _, name in wanted})
    marks = ASCII_MARKS if ink.ascii else MARKS
    out = []
    for i, (run, each, name) in enumerate(wanted):
        mark, role = "" if i == 0 else marks[(i - 1) % len(marks)], ROLES[i % len(ROLES)]
        words, is_second = _words(name, view, len(families) == 1), False
        if len(view.lineup) > 2:
            mark, role, words, is_second = _of_many(int(run), name, words, view, ink, mark)
        elif view.others:
            words = f"{run or OWN} {words}" if len(metrics_of(view)) > 1 else run or OWN
        out.append(
            Series(
                name, words, role, mark, mark or ink.glyph("train"), columns.column(each, name, run),
                each.metrics.get(name), is_second,
            )
        )  # fmt: skip
    return out


def _of_many(place: int, metric: str, words: str, view: View, ink: Ink, mark: str) -> tuple[str, str, str, bool]:
    """Mark, colour and name of a curve of one of many runs: its letter, a capital for the second of two metrics."""
    peer, metrics = view.lineup[place], metrics_of(view)
    name = ink.glyph("next") + peer.short if place == view.place else peer.short
    if len(metrics) > 2:
        return mark, role_of(place), f"{name} {words}", False
    is_second = metrics.index(metric) > 0
    return peer.letter.upper() if is_second else peer.letter, role_of(place), name, is_second


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
