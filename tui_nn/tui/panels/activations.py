"""The Activations tab: the outputs of the selected layer for every sample of the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_nn.scenario.panels import VIEWS
from tui_nn.tui.heat import Scale, matrix_lines, reading_line, window
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.places import size, where
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
MODES = VIEWS["activations"]
MAP, HISTOGRAM, UNITS, NORM, MASK, MAPS, GATES = range(7)
RECURRENT = ("rnn", "lstm", "gru")
GUTTER = 6  # cells for the sample's number in the batch
CARD = 18  # cells for the sample itself: 8 pixels of two cells, and a gap


def activations_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """One of the pictures, view.mode("activations") says which."""
    mode = view.mode("activations")
    if mode == UNITS:
        from tui_nn.tui.panels.units import units_lines

        return units_lines(frame, view, width, height, ink)
    if mode == NORM:
        from tui_nn.tui.panels.norm import norm_lines

        return norm_lines(frame, view, width, height, ink)
    if mode == MASK:
        from tui_nn.tui.panels.mask import mask_lines

        return mask_lines(frame, view, width, height, ink)
    if mode == MAPS:
        from tui_nn.tui.panels.maps import maps_lines

        return maps_lines(frame, view, width, height, ink)
    if mode == GATES:
        from tui_nn.tui.panels.gates import gates_lines

        return gates_lines(frame, view, width, height, ink)
    layer = view.layer_of(frame)
    if mode == HISTOGRAM and len(layer.activation):
        from tui_nn.tui.histogram import histogram_lines

        value = float(layer.activation[clamp(view.sample, len(layer.activation)), clamp(view.unit, layer.values)])
        return [
            _head(frame, layer, width, ink),
            *histogram_lines(layer.activation, width, height - 1, ink, "forward", value),
        ]
    return map_lines(frame, view, width, height, ink)


def has(frame: Frame, mode: int) -> bool:
    if mode == MAPS:
        return any(len(layer.shape) > 1 for layer in frame.program.layers)
    if mode == GATES:
        return any(layer.kind in RECURRENT for layer in frame.program.layers)
    kind = {NORM: "batch_norm", MASK: "dropout"}.get(mode)
    return kind is None or any(layer.kind == kind for layer in frame.program.layers)


def map_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Heatmap, rows are samples and columns units; the cursor's value below it, the sample itself beside it."""
    layer = view.layer_of(frame)
    shown = layer.activation
    n, units = shown.shape
    if n == 0:
        return ink.notice(f"{layer.name} has not been computed yet: s executes one operation.", width)[:height]
    cursor = (clamp(view.sample, n), clamp(view.unit, units))
    scale = Scale.of(shown)
    card = sample_card(frame, cursor[0], height - 3, ink) if width >= 64 and height >= 9 and len(frame.inputs) else []
    map_width = width - GUTTER - (CARD if card else 0)
    place = window((n, units), map_width, height - 3, cursor)
    rows = matrix_lines(shown, place, scale, ink, cursor)
    lines = [_head(frame, layer, width, ink), _ruler(place, cursor[1], units, ink)]
    for i, row in enumerate(rows):
        here = place.row + i == cursor[0]
        line = [ink.say(f"{place.row + i:>4}  ", "strong" if here else "faint"), *row]
        lines.append(beside(line, card, i, width, ink))
    for i in range(len(rows), height - 3):
        lines.append(beside([], card, i, width, ink))
    brief = f"[{cursor[0]},{cursor[1]}]"
    return [
        *lines,
        reading_line(f"sample {cursor[0]}, {where(layer.shape, cursor[1])}", brief, shown[cursor], scale, width, ink),
    ]


def _head(frame: Frame, layer: LayerFrame, width: int, ink: Ink) -> Line:
    n = len(layer.activation)
    what = [f"output of {size(layer.shape)} for {count(n, 'sample')}", freshness(frame, layer.is_forward_fresh)]
    if cells(layer.name) + 3 + cells(what[0]) > width:
        what[:1] = [size(layer.shape), count(n, "sample")]
    if layer.mask is not None:
        what.insert(1, f"{100 * (layer.mask == 0).mean():.0f} % switched off")
    return heading(layer.name, what, width, ink)


def _ruler(place: Any, cursor: int, units: int, ink: Ink) -> Line:
    """Unit numbers over the columns; a pin over the cursor's."""
    width = place.columns * place.cell
    marks = [" "] * width
    every = max(1, -(-8 // place.cell))
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100) if step >= every)
    pin, wide = (cursor - place.column) * place.cell, len(str(cursor))
    for unit in range(place.column, place.column + place.columns):
        text = str(unit)
        at = (unit - place.column) * place.cell
        is_apart = at + len(text) < pin or pin + wide < at  # 0 beside a cursor on 1 would read as 01
        if unit % every == 0 and at + len(text) <= width and is_apart:
            marks[at : at + len(text)] = text
    return [
        ink.say(fit("unit", GUTTER, ">")[1:] + " ", "faint"),
        ink.say("".join(marks[:pin]), "faint"),
        ink.say(fit(str(cursor), max(place.cell, wide)), "strong"),
        ink.say("".join(marks[pin + max(place.cell, wide) :]), "faint"),
    ]


def beside(line: Line, card: list[Line], i: int, width: int, ink: Ink) -> Line:
    """The line with row i of the card at its right end."""
    if i >= len(card):
        return line
    used = sum(cells(segment.text) for segment in line)
    return [*line, ink.say(" " * max(width - CARD - used + 1, 1)), *card[i]]


def sample_card(frame: Frame, sample: int, height: int, ink: Ink) -> list[Line]:
    """What the network was shown: the image, or the first values; and the right answer."""
    from tui_nn.tui.heat import Window

    dataset = frame.program.dataset
    image_shape = dataset.image_shape
    inputs = frame.inputs[sample]
    name = f"sample {sample}"
    if len(dataset.form) == 2 and height >= 6:
        from tui_nn.tui.panels.sequence import MOST_STEPS, sequence_rows

        rows = sequence_rows(
            (inputs * dataset.scale + dataset.mean).reshape(dataset.form), min(height - 2, MOST_STEPS), ink
        )
    elif image_shape is not None and height >= image_shape[0] + 2 and image_shape[1] * 2 <= CARD - 2:
        image = (inputs * dataset.scale + dataset.mean).reshape(image_shape)  # ink as it was on paper
        image = image.clip(min=0.0)
        place = Window(0, image_shape[0], 0, image_shape[1], 2)
        rows = matrix_lines(image, place, Scale.of(image), ink, None)
    else:
        names = dataset.feature_names or [f"x{i}" for i in range(inputs.size)]
        shown = min(inputs.size, max(height - 2, 0), 12)
        rows = [[ink.say(fit(str(names[i]), 7), "dim"), ink.say(fit(number(inputs[i]), 9, ">"))] for i in range(shown)]
        if inputs.size > shown:
            rows[-1:] = [[ink.say(f"{ink.glyph('ellipsis')} {inputs.size - shown + 1} more", "dim")]]
    return [[ink.say(name, "dim")], *rows, target_line(frame, sample, ink)]


def target_line(frame: Frame, sample: int, ink: Ink) -> Line:
    """The right answer: a class by its name, or the values a regression aims at."""
    row, dataset = frame.targets[sample], frame.program.dataset
    if dataset.task == "regression":
        text = " ".join(number(value, 3) for value in row[:2])
    else:
        steps = row.reshape(dataset.n_steps or 1, -1)
        answers = [int(step[0]) if step.size == 1 else int(step.argmax()) for step in steps]
        names = [str(dataset.class_names[index]) if dataset.class_names else str(index) for index in answers]
        text = (" " if max(map(len, names)) > 1 else "").join(names)
    return [ink.say("target ", "dim"), ink.say(fit(text, min(cells(text), CARD - 8)), "strong")]


def move_in_batch(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Over samples and units of the selected layer; on feature maps over their places."""
    if view.detail == "activations" and view.mode("activations") == MAPS:
        from tui_nn.tui.panels.maps import move_on_maps

        move_on_maps(frame, view, dx, dy, page)
        return
    if view.detail == "activations" and view.mode("activations") == GATES:
        from tui_nn.tui.panels.gates import move_in_time

        move_in_time(frame, view, dx, dy, page)
        return
    n, units = view.layer_of(frame).activation.shape
    view.sample = clamp(clamp(view.sample, n) + dy, n)
    view.unit = clamp(clamp(view.unit, units) + dx, units)


MICROSCOPE = Microscope(
    "the layer's output (v changes the view): as a map with a row a sample of the batch and a column a unit; as a histogram; each unit's mean, "
    "spread and share of samples it fired for, and how long a unit has been silent; of a batch norm, this batch's statistics beside the "
    "running ones that evaluation takes; of a dropout layer, which units are off for which sample; and of a layer that works on images or sequences, one sample's feature "
    "maps, with a frame around what the pixel under the cursor sees of the input (the arrows move it; the sample is the map's); "
    "of a recurrent layer, what gates and state of a unit did at every time step, and the state of one step by hand.",
    activations_lines,
    move_in_batch,
    modes=MODES,
    has=has,
)
