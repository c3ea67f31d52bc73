"""Feature maps: a layer's output for one sample as images or signals, a channel each, and the window it sees on the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.receptive import window_on_input
from tui_nn.tui.heat import Scale, Window, matrix_lines, reading_line, window
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.activations import target_line
from tui_nn.tui.panels.places import framed, index_of, seen, selected_value, size, spot, where
from tui_nn.tui.panels.sequence import curve
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.scenario.spec.shape import Box

Line = list["Segment"]
GAP = 2
GUTTER = 6
MOST_INPUT = 5  # lines for the input of a sequence
MIN_MAPS = 4  # that should be in sight before their pixels are made two cells wide


def placed_layer(frame: Frame, view: View) -> LayerFrame | None:
    """The selected layer if it has places, else the nearest before it that has, or behind it."""
    at = clamp(view.layer, len(frame.layers))
    before = [layer for layer in frame.layers[: at + 1] if len(layer.shape) > 1]
    after = [layer for layer in frame.layers[at:] if len(layer.shape) > 1]
    return before[-1] if before else after[0] if after else None


def has_places(frame: Frame) -> bool:
    return any(len(layer.shape) > 1 for layer in frame.program.layers)


def maps_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    layer = placed_layer(frame, view)
    if layer is None:
        text = "No layer here has places: a map needs a convolution, or another layer that works on an image or a sequence."
        return ink.notice(text, width)[:height]
    if not len(layer.activation):
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    sample, at = clamp(view.sample, len(layer.activation)), selected_value(view, layer.shape)
    place = spot(layer.shape, at)[:-1]
    box = window_on_input(frame.program, layer.name, place)
    values = layer.activation[sample]
    scale = Scale.of(values)
    what = "pixel of channel" if len(layer.shape) == 3 else "value of unit"
    whole = f"{what} {spot(layer.shape, at)[-1]}"
    sees = [] if box is None else [[ink.say(_sees(whole, seen(box), width), "dim")]]
    reading = reading_line(
        where(layer.shape, at), f"[{','.join(map(str, spot(layer.shape, at)))}]", values[at], scale, width, ink
    )
    foot = [*(sees if height >= 8 else []), reading]
    room = height - len(foot)
    draw = _images if len(layer.shape) == 3 else _signals
    lines = draw(frame, layer, sample, at, scale, box, width, room, ink)
    return [*lines, *([] for _ in range(room - len(lines))), *foot][:height]


def _sees(what: str, box: str, width: int) -> str:
    texts = [f" this {what} sees {box} of the input", f" sees {box} of the input", f" sees {box}"]
    return fit(next((text for text in texts if cells(text) <= width), texts[-1]), width)


# Images


def _images(
    frame: Frame, layer: LayerFrame, sample: int, at: int, scale: Scale, box: Box | None, width: int, height: int, ink: Ink
) -> list[Line]:  # fmt: skip
    """The input with the window on it at the left, then as many maps as fit, the page that the cursor's channel is on."""
    tall, wide, channels = layer.shape
    row, column, channel = spot(layer.shape, at)
    card = _input_image(frame, sample, box, height - 1, width, ink)
    card_width = max((sum(cells(s.text) for s in line) for line in card), default=0) + GAP if card else 0
    top, shown_rows = 0, tall
    if height - 1 < tall + 1 and height > 4:  # too low for a whole map: the rows around the cursor
        shown_rows = height - 2
        top = max(0, min(row - shown_rows // 2, tall - shown_rows))
    seen_shape = (shown_rows, wide, channels)
    cell, zoom, across, down = _grid(width - card_width - 1, height - 1, seen_shape)
    if across < 1 or down < 1:
        card, card_width = [], 0
        cell, zoom, across, down = _grid(width - 1, height - 1, seen_shape)
    if across < 1 or down < 1:
        return ink.notice("There is no room for a map here: zoom with z, or enlarge the window.", width)[:height]
    page = min(across * down, channels)
    first = channel // page * page
    which = (
        count(channels, "map")
        if page == channels
        else f"maps {first} to {min(first + page, channels) - 1} of {channels}"
    )
    what = [which, f"{tall} × {wide} each", f"sample {sample}", freshness(frame, layer.is_forward_fresh)]
    if shown_rows < tall:
        what.insert(1, f"rows {top} to {top + shown_rows - 1} of {tall}")
    maps = frame_maps(layer, sample)
    body: list[Line] = []
    block = wide * cell + GAP
    for start in range(first, min(first + page, channels), across):
        shown = range(start, min(start + across, first + page, channels))
        title: Line = []
        for k in shown:
            name = f"map {k}" if block > 6 else str(k)
            title.append(ink.say(fit(name, block), "selected" if k == channel else "faint"))
        body.append(title)
        whole = Window(top, shown_rows, 0, wide, cell)
        pictures = [
            matrix_lines(maps[..., k], whole, scale, ink, (row, column) if k == channel else None) for k in shown
        ]
        for i in [i for i in range(shown_rows) for _ in range(zoom)]:
            body.append([segment for picture in pictures for segment in (*picture[i], ink.say(" " * GAP))])
    lines = [heading(layer.name, what, width, ink)]
    for i in range(max(len(card), len(body))):
        left = card[i] if i < len(card) else []
        pad = card_width - sum(cells(s.text) for s in left)
        right = body[i] if i < len(body) else []
        line = [ink.say(" "), *left, *([ink.say(" " * pad)] if card else []), *right]
        lines.append(line if sum(cells(s.text) for s in line) <= width else line[:-1])
    return lines[:height]


def frame_maps(layer: LayerFrame, sample: int) -> np.ndarray:
    """(height, width, channels) of one sample."""
    return layer.activation[sample].reshape(layer.shape)


def _grid(width: int, height: int, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Cells and lines of a pixel, maps side by side and below each other: large pixels if then enough maps are in sight."""
    tall, wide, channels = shape
    sizes = ((8, 4), (6, 3), (4, 2), (2, 1), (1, 1))
    found = [(cell, zoom, (width + GAP) // (wide * cell + GAP), height // (tall * zoom + 1)) for cell, zoom in sizes]
    for option in found:
        if option[2] * option[3] >= channels:
            return option
    options = found[-2:]
    _, _, across, down = options[0]
    return options[0] if across * down >= MIN_MAPS else options[1]


def _input_image(frame: Frame, sample: int, box: Box | None, height: int, width: int, ink: Ink) -> list[Line]:
    """The sample with a frame around what is seen; [] where it is no image or there is no room."""
    form = frame.program.dataset.form
    if len(form) != 3 or box is None or not len(frame.inputs) or sample >= len(frame.inputs):
        return []
    tall, wide = form[:2]
    cell = 2 if wide * 2 + GAP <= width // 2 else 1
    if tall + 1 > height or wide * cell + GAP > width // 2:
        return []
    dataset = frame.program.dataset
    raw = (frame.inputs[sample] * dataset.scale + dataset.mean).reshape(form)[..., 0]
    image = raw.clip(min=0.0) if dataset.image_shape else raw
    scale = Scale.of(image)
    tiles = matrix_lines(image, Window(0, tall, 0, wide, cell), scale, ink, None)
    name = "input" if form[2] == 1 else f"input, channel 0 of {form[2]}"
    lines = [[ink.say(fit(name, wide * cell), "faint")], *framed(tiles, scale.levels(image), scale, box, cell, ink)]
    return [*lines, target_line(frame, sample, ink)] if len(lines) < height else lines


# Signals


def _signals(
    frame: Frame, layer: LayerFrame, sample: int, at: int, scale: Scale, box: Box | None, width: int, height: int, ink: Ink
) -> list[Line]:  # fmt: skip
    """The input over its steps with a bracket under what is seen; below, a row a channel and a column a step."""
    steps, channels = layer.shape
    step, channel = spot(layer.shape, at)
    what = [size(layer.shape), f"sample {sample}", freshness(frame, layer.is_forward_fresh)]
    lines = [heading(layer.name, what, width, ink)]
    wide = width - GUTTER
    place = window((channels, steps), wide, max(height - 1, 1), (channel, step))
    span = place.columns * place.cell if place.columns == steps else wide
    above = _input_signal(frame, sample, box, span, min(MOST_INPUT, height - 6), ink) if height >= 9 else []
    lines += above
    room = height - len(lines) - 1
    if room < 1:
        return lines[:height]
    place = window((channels, steps), wide, room, (channel, step))
    lines.append([ink.say(fit(" unit", GUTTER), "faint"), ink.say(_steps(place, steps), "faint")])
    picture = layer.activation[sample].reshape(steps, channels).T
    for i, row in enumerate(matrix_lines(picture, place, scale, ink, (channel, step))):
        here = place.row + i == channel
        lines.append([ink.say(f"{place.row + i:>4}  ", "strong" if here else "faint"), *row])
    return lines[:height]


def _steps(place: Window, steps: int) -> str:
    last = place.column + place.columns - 1
    text = f"steps {place.column} to {last}" + ("" if place.columns == steps else f" of {steps}")
    return fit(text, min(cells(text), place.columns * place.cell))


def _input_signal(frame: Frame, sample: int, box: Box | None, width: int, height: int, ink: Ink) -> list[Line]:
    """One feature as a curve, several as a row each; then the bracket."""
    form = frame.program.dataset.form
    if len(form) != 2 or height < 3 or not len(frame.inputs) or sample >= len(frame.inputs):
        return []
    steps, features = form
    signal = frame.inputs[sample].reshape(form)
    margin = ink.say(" " * GUTTER)
    lines: list[Line] = []
    if features == 1:
        lines = [[margin, *line] for line in curve(signal[:, 0], width, height - 1, ink)]
    else:
        cell = max(width // steps, 1)
        rows = min(features, height - 1)
        shown = Window(0, rows, 0, min(steps, width // cell), cell)
        for i, row in enumerate(matrix_lines(signal.T, shown, Scale.of(signal), ink, None)):
            lines.append([ink.say(f"  x{i}".ljust(GUTTER)[:GUTTER], "faint"), *row])
        width = cell * shown.columns
    if box is not None:
        (first, end) = box[0]
        a, b = first * width // steps, max(-(-end * width // steps), first * width // steps + 1)
        glyphs = ("+", "-", "+") if ink.ascii else ("└", "─", "┘")
        mark = glyphs[0] + glyphs[1] * (b - a - 2) + glyphs[2] if b - a >= 2 else ink.glyph("pin") if ink.ascii else "┴"
        lines.append([margin, ink.say(" " * a), ink.say(mark, "accent")])
    return lines


def move_on_maps(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Over the places of a map, at its side on to the next map."""
    layer = placed_layer(frame, view)
    if layer is None:
        return
    shape = layer.shape
    *place, unit = spot(shape, selected_value(view, shape))
    if len(shape) == 3:
        row, column = clamp(place[0] + dy, shape[0]), place[1] + dx
        if not 0 <= column < shape[1] and 0 <= unit + dx < shape[2]:
            unit, column = unit + dx, 0 if dx > 0 else shape[1] - 1
        view.unit = index_of(shape, (row, clamp(column, shape[1]), unit))
    else:
        view.unit = index_of(shape, (clamp(place[0] + dx, shape[0]), clamp(unit + dy, shape[1])))
