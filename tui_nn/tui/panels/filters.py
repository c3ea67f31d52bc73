"""What each unit of a layer looks for: its weights as an image. Of a convolution the filters, of a dense layer those of all pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.heat import Scale, Window, matrix_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, count, fit

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
GAP = 2
CELLS = (2, 1)
ZOOMS = (4, 3, 2)  # lines of a pixel; it is twice as many cells wide


def fields_lines(
    frame: Frame, layer: LayerFrame, cursor: tuple[int, int], width: int, height: int, ink: Ink
) -> list[Line]:
    """Images side by side, the page that the cursor's is on."""
    weight = layer.parameters[0].value
    if weight.ndim > 2:
        return _filters(layer, weight, cursor, width, height, ink)
    form, shape = frame.program.dataset.form, frame.program.dataset.image_shape
    if shape is None or weight.ndim != 2 or weight.shape[1] != shape[0] * shape[1] or layer is not _first(frame):
        text = f"{layer.name} does not read the pixels themselves. A layer that does shows what each of its units looks for."
        return ink.notice(text, width)[:height]
    images = weight.reshape(-1, *(form[:2] if len(form) == 3 else shape))
    names = [f"unit {unit}" for unit in range(len(images))]
    head = heading(layer.name, ["each unit's weights as an image", "a stronger colour pulls harder"], width, ink)
    return [head, *_grid(images, names, cursor[0], width, height - 1, ink)][:height]


def _first(frame: Frame) -> LayerFrame | None:
    return next((layer for layer in frame.layers if layer.parameters), None)


def _filters(
    layer: LayerFrame, weight: np.ndarray, cursor: tuple[int, int], width: int, height: int, ink: Ink
) -> list[Line]:
    """Of one input channel every filter; of several the cursor's filter, a picture for each channel it reads."""
    n_out, n_in, *size = weight.shape
    images = weight.reshape(n_out, n_in, *([1] if len(size) == 1 else []), *size)
    shape = " × ".join(map(str, size))
    if n_in == 1:
        what = [f"{count(n_out, 'filter')} of {shape}", "a stronger colour pulls harder"]
        shown, names, at = images[:, 0], [f"filter {k}" for k in range(n_out)], cursor[0]
    else:
        what = [f"filter {cursor[0]} of {n_out}, {shape} for each of {count(n_in, 'channel')}", "↑ ↓ another filter"]
        shown, names = images[cursor[0]], [f"channel {k}" for k in range(n_in)]
        at = min(cursor[1] // max(int(np.prod(size)), 1), n_in - 1)
    lines = [heading(layer.name, what, width, ink)]
    return [*lines, *_grid(shown, names, at, width, height - 1, ink, Scale.of(weight))][:height]


def _grid(
    images: np.ndarray, names: list[str], at: int, width: int, height: int, ink: Ink, scale: Scale | None = None
) -> list[Line]:
    """Shapes: images (n, tall, wide)."""
    n, tall, wide = images.shape
    name_width = max(cells(name) for name in names) + 1
    cell, zoom = next((cell for cell in CELLS if wide * cell + GAP <= width), 1), 1
    for larger in ZOOMS:  # a pixel of several cells, as long as all images are in sight
        larger_block = max(wide * 2 * larger + GAP, name_width)
        if ((width - 1) // larger_block) * (height // (tall * larger + 1)) >= n:
            cell, zoom = 2 * larger, larger
            break
    block = max(wide * cell + GAP, name_width)
    across, down = max((width - 1) // block, 1), max(height // (tall * zoom + 1), 1)
    first = at // (across * down) * across * down
    scale = Scale.of(images) if scale is None else scale
    lines: list[Line] = []
    whole = Window(0, tall, 0, min(wide, width - 1), cell)
    for start in range(first, min(first + across * down, n), across):
        shown = range(start, min(start + across, n))
        pictures = [matrix_lines(images[k], whole, scale, ink, None) for k in shown]
        title: Line = [ink.say(" ")]
        for k in shown:
            title.append(ink.say(fit(names[k], block), "strong" if k == at else "faint"))
        lines.append(title)
        for row in [row for row in range(tall) for _ in range(zoom)]:
            line: Line = [ink.say(" ")]
            for picture in pictures:
                line += [*picture[row], ink.say(" " * (block - whole.columns * cell))]
            lines.append(line)
    if (missing := n - min(first + across * down, n)) and lines:
        lines[-1].append(ink.say(f"{missing} more", "faint"))
    return [line if sum(cells(s.text) for s in line) <= width else line[:-1] for line in lines[:height]]
