"""The list of a run's metrics to choose curves from: grouped by what is measured, filtered by typing. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit, number
from tui_nn.tui.view import clamp

MOST = 12  # curves in one chart
WHOLE = "the whole run"

# What each metric is, in the order of the list. A family has a metric for each layer, named family.layer.
MEANINGS = {
    "loss": "of each batch, before its update",
    "val_loss": "loss of the validation part",
    "epoch_loss": "mean of loss over the epoch's samples",
    "gap": "val_loss less epoch_loss",
    "test_loss": "loss of the test part",
    "penalty": "what the regularisers add to the loss",
    "accuracy": "share of right answers in the batch",
    "val_accuracy": "share of right answers, validation part",
    "test_accuracy": "share of right answers, test part",
    "lr": "learning rate",
    "grad_norm": "length of the gradient",
    "delta_norm": "length of the error at the output",
    "weight_norm": "length of the weights",
    "update_ratio": "length of the update over that of the weights",
    "act_mean": "mean of the outputs",
    "act_std": "spread of the outputs",
    "act_signal": "spread over the samples, mean over the units",
    "saturated": "share of units where the activation is flat",
    "dead": "share of units that fire for no sample",
    "sharpness": "largest curvature of the loss",
    "lr_limit": "learning rate above which the steepest direction diverges",
}


@dataclass(frozen=True)
class Row:
    """A metric, or with several `names` the heading of a group, which stands for all of them."""

    title: str
    about: str
    names: tuple[str, ...]

    @property
    def is_heading(self) -> bool:
        return self.names != (self.title,)


def rows_of(names: Iterable[str], layers: Sequence[str] = (), typed: str = "") -> list[Row]:
    """Groups in the order of MEANINGS, each under its heading, in a group the layers from the input on.

    Of the metrics only those that have every typed word in their name or meaning.
    """
    groups: dict[str, list[str]] = {WHOLE: []}
    order = {family: i for i, family in enumerate(MEANINGS)}
    depth = {layer: i for i, layer in enumerate(layers)}

    def place(name: str) -> tuple[int, int]:
        family, _, layer = name.partition(".")
        return order.get(family, len(order)), depth.get(layer, len(depth))

    for name in sorted(names, key=place):
        family, _, layer = name.partition(".")
        words = f"{name} {MEANINGS.get(family, '')}".lower()
        if all(word in words for word in typed.lower().split()):
            groups.setdefault(family if layer else WHOLE, []).append(name)
    rows = []
    for group, members in groups.items():
        if members:
            rows.append(Row(group, "" if group == WHOLE else MEANINGS.get(group, "") + ", by layer", tuple(members)))
            rows += [Row(name, "" if "." in name else MEANINGS.get(name, ""), (name,)) for name in members]
    return rows


def toggled(chosen: Sequence[str], row: Row) -> tuple[str, ...]:
    """What is chosen after a key on this row: all of it, or none if it all was. At most MOST; what is over stays out."""
    if set(row.names) <= set(chosen):
        return tuple(name for name in chosen if name not in row.names)
    return tuple(dict.fromkeys([*chosen, *row.names]))[:MOST]


def choice_lines(
    rows: Sequence[Row],
    cursor: int,
    chosen: Sequence[str],
    values: Mapping[str, float],
    width: int,
    height: int,
    ink: Ink,
) -> list:
    """The rows around the cursor, one a line: chosen or not, its name, its newest value, what it is."""
    if not rows:
        return ink.notice("No metric of this run has these letters in its name or meaning.", width)[:height]
    name_width = min(max(cells(row.title) for row in rows) + 4, max(width - 16, 10))
    top = first_row(len(rows), cursor, height)
    lines = []
    for i, row in enumerate(rows[top : top + height], top):
        count = sum(name in chosen for name in row.names)
        box = "[x]" if count == len(row.names) else "[-]" if count else "[ ]"
        pointer = ink.glyph("next") if i == cursor else " "
        head = f"{pointer} {'' if row.is_heading else '  '}{box} {row.title}"
        value = f"({len(row.names)})" if row.is_heading else number(values.get(row.title))
        about_width = width - name_width - 6 - 11
        text = fit(head, name_width + 6) + (fit(value, 10) if width > name_width + 15 else "")
        role = "cursor" if i == cursor else "strong" if row.is_heading or count else "text"
        line = [ink.say(fit(text, min(cells(text), width)), role)]
        if about_width >= 12:
            line.append(ink.say(" " + fit(row.about, about_width).rstrip(), "dim"))
        lines.append(line)
    return lines


def first_row(n: int, cursor: int, height: int) -> int:
    """The row at the top, so that the cursor is in sight, in the middle where it can be."""
    return clamp(cursor - height // 2, max(n - height, 0) + 1)
