"""Images of the Data tab: the samples that cost most, each over what it is, what it is taken for and how sure the network is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.tui.heat import Scale, Window, matrix_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.samples import Samples
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
GAP = 2
WORST = 2  # the list that has the same samples in the same order


def images_lines(
    frame: Frame, view: View, asked: Callable[..., Picture], width: int, height: int, ink: Ink
) -> list[Line]:
    dataset = frame.program.dataset
    if dataset.image_shape is None:
        return ink.notice("These samples are not images. v shows which class is taken for which.", width)[:height]
    picture = asked(frame, view, np.arange(len(dataset.x_train)), WORST)
    if picture.value is None:
        share = "" if picture.share is None else f" {percent(picture.share)}"
        return ink.notice(picture.error or f"computing the loss of each sample …{share}", width)[:height]
    return grid_lines(frame, view, picture, width, height, ink)


def grid_lines(frame: Frame, view: View, picture: Picture, width: int, height: int, ink: Ink) -> list[Line]:
    """As many images as fit, the page that the cursor is on. Pure: the picture has the answers."""
    dataset: Any = frame.program.dataset
    found: Samples = picture.value
    tall, wide = dataset.image_shape
    cell = 2 if wide * 2 + GAP < width else 1
    block = wide * cell + GAP
    has_head = height > tall + 1  # an image and its caption come first
    across, down = (width - 1) // block, (height - has_head) // (tall + 1)
    if across < 1 or down < 1:
        return ink.notice("There is no room for an image here: zoom with z, or enlarge the window.", width)[:height]
    order = found.by_loss()
    cursor, page = clamp(view.sample, len(order)), across * down
    first = cursor // page * page
    parts = [f"the worst first, {first + 1} to {min(first + page, len(order))} of {len(order):,}", "true → given"]
    if not picture.is_current:
        parts.insert(0, "of a moment ago")
    here = int(order[cursor])
    words = f"sample {int(found.index[here])}: loss {number(float(found.losses[here]), 4)}"
    lines = [heading("Data", [*parts, words], width, ink)] if has_head else []
    for start in range(first, min(first + page, len(order)), across):
        shown = order[start : min(start + across, first + page)].tolist()
        images = [_image(dataset, int(found.index[at]), cell, ink) for at in shown]
        for row in range(tall):
            line: Line = [ink.say(" ")]
            for image in images:
                line += [*image[row], ink.say(" " * GAP)]
            lines.append(line)
        caption: Line = [ink.say(" ")]
        for i, at in enumerate(shown):
            caption += [*_caption(dataset, found, at, start + i == cursor, block - GAP, ink), ink.say(" " * GAP)]
        lines.append(caption)
    return [_without_end(line, width) for line in lines[:height]]


def _image(dataset: Any, sample: int, cell: int, ink: Ink) -> list[Line]:
    tall, wide = dataset.image_shape
    image = (dataset.x_train[sample] * dataset.scale + dataset.mean).reshape(dataset.image_shape).clip(min=0.0)
    return matrix_lines(image, Window(0, tall, 0, wide, cell), Scale.of(image), ink, None)


def _caption(dataset: Any, found: Samples, at: int, is_selected: bool, width: int, ink: Ink) -> Line:
    """7 → 1 98.2 %: the true class, the given one and its probability; only one class where they are the same."""
    from tui_nn.tui.panels.data import class_name

    if found.classes is None:
        text, role = number(found.outputs[at][0], 4), "text"
    else:
        right, given = int(np.atleast_1d(dataset.y_train[int(found.index[at])])[0]), int(found.classes[at])
        true, other = class_name(dataset, right), class_name(dataset, given)
        text = f"{ink.glyph('done')} {true}" if right == given else f"{true} {ink.glyph('to')} {other}"
        role = "good" if right == given else "bad"
        if found.probabilities is not None and given >= 0:
            text += f"  {percent(float(found.probabilities[at, given]))}"
    mark = ink.glyph("next") if is_selected else ""
    return [ink.say(fit(mark + text, width), "selected" if is_selected else role)]


def _without_end(line: Line, width: int) -> Line:
    """Without the gap behind the last image where that is too much."""
    return line if sum(cells(segment.text) for segment in line) <= width else line[:-1]
