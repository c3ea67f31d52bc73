"""The confusion matrix of the Data tab: which class is taken for which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.tui.heat import Scale, legend
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.data import class_name
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.samples import Samples
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
EVERY = 2  # the view whose list has every training sample
CELLS = (
    24,
    16,
    12,
    8,
    6,
    5,
    4,
)  # columns of a cell, the first with which all fit; it is a quarter as high, as there is room


def confusion_lines(
    frame: Frame, view: View, asked: Callable[..., Picture], width: int, height: int, ink: Ink
) -> list[Line]:
    """Rows are true classes, columns the network's: the diagonal is right."""
    dataset = frame.program.dataset
    if dataset.task == "regression":
        return ink.notice("Targets are values, not classes: there is nothing to confuse. v shows the samples.", width)[
            :height
        ]
    counts, source = frame.confusion("validate"), "validation at the epoch's end"
    if counts is None:
        picture = asked(frame, view, np.arange(len(dataset.x_train)), EVERY)
        if picture.value is None:
            return ink.notice(picture.error or "counting …", width)[:height]
        counts, source = counted(frame, picture.value), "training samples, now"
    n = len(counts)
    cursor = clamp(view.row, n), clamp(view.column, n)
    wide = max(cells(class_name(dataset, k)) for k in range(n))
    gutter = max(min(wide, max(width // 4, 4)) + 2, 6)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    scale = Scale(1.0, False)
    cell = next((size for size in CELLS if n * size <= width - gutter), CELLS[-1])
    tall = max(min((height - 3) // n, cell // 4), 1)
    across, down = min(n, max((width - gutter) // cell, 1)), min(n, max((height - 3) // tall, 1))
    left, top = (min(max(cursor[1] - across // 2, 0), n - across), min(max(cursor[0] - down // 2, 0), n - down))
    right = int(np.trace(counts))
    lines = [
        heading(
            "Data",
            [f"{right:,} of {int(counts.sum()):,} right", source, "a row a true class, shaded by its share"],
            width,
            ink,
        )
    ]
    head = [ink.say(fit(" true", gutter), "faint")]
    for k in range(left, left + across):
        head.append(ink.say(_inside(class_name(dataset, k), cell), "strong" if k == cursor[1] else "faint"))
    lines.append(head)
    levels = scale.levels(share)
    for i in range(top, top + down):
        for y in range(tall):
            is_middle = y == (tall - 1) // 2  # the row of the cell that has the words
            name = class_name(dataset, i) if is_middle else ""
            line: Line = [ink.say(fit(" " + name, gutter), "strong" if i == cursor[0] else "dim")]
            for k in range(left, left + across):
                said = (f"{int(counts[i, k]):,}" if counts[i, k] else ink.glyph("dot")) if is_middle else ""
                text = _inside(said, cell)
                tile = ink.number_tile("levels", int(levels[i, k]), text)
                line.append(ink.say(text, "cursor") if (i, k) == cursor else tile)
            lines.append(line)
    return [*lines[: height - 1], _confusion_foot(dataset, counts, cursor, scale, width, ink)][:height]


def _inside(text: str, cell: int) -> str:
    """At the right of a small cell, in the middle of a large one."""
    left = max(cell - cells(text), 0) // 2 if cell > 8 else 0
    return " " * left + fit(text, cell - left) if left else fit(text, cell - 1, ">") + " "


def counted(frame: Frame, found: Samples) -> np.ndarray:
    """(classes, classes) counts of judged samples; broken outputs count nowhere."""
    n = max(2, frame.program.dataset.n_outputs)
    counts = np.zeros((n, n), np.int64)
    right = frame.program.dataset.y_train[found.index].reshape(len(found.index), -1)[:, 0].astype(np.int64)
    if found.step_classes is not None:  # an answer at each step
        right, given = (
            frame.program.dataset.y_train[found.index].reshape(-1).astype(np.int64),
            found.step_classes.reshape(-1),
        )
        np.add.at(counts, (right[given >= 0], given[given >= 0]), 1)
        return counts
    given = found.classes if found.classes is not None else np.full(len(right), -1)
    np.add.at(counts, (right[given >= 0], given[given >= 0]), 1)
    return counts


def _confusion_foot(
    dataset: Any, counts: np.ndarray, cursor: tuple[int, int], scale: Scale, width: int, ink: Ink
) -> Line:
    true, given = (class_name(dataset, k) for k in cursor)
    of = int(counts[cursor[0]].sum())
    words = f" {int(counts[cursor]):,} of {of:,}: true {true}, given {given}"
    line = [ink.say(fit(words, min(cells(words), width)), "dim")]
    right = legend(scale, ink, 3)
    used = sum(segment.cell_length for segment in (*line, *right))
    return [*line, ink.say(" " * (width - used - 1)), *right] if used + 2 <= width else line
