"""Gates: what a recurrent layer did at each time step of one sample, unit by unit, and the state of one step by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.debugger.recurrence import GATE_NAMES, Steps, pre_activation, steps_of
from tui_nn.tui.heat import Scale, Window, legend, matrix_lines, window
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.places import selected_unit
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit, number
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame, LayerFrame

Line = list["Segment"]
GUTTER = 12  # cells for what a row is
VALUE = 9  # cells for its number at the cursor
MOST_INPUT = 4  # lines for the input's features
MIN_MAP = 3  # lines from which all units are drawn below
WORDS = {"i": "input", "f": "forget", "g": "write", "o": "output", "r": "reset", "z": "keep", "n": "write"}
SQUASHED = ("g", "n")  # by tanh: from -1 to 1; the others from 0 to 1


def recurrent_layer(frame: Frame, view: View) -> LayerFrame | None:
    """The selected layer if it is recurrent, else the nearest before it, or behind it."""
    at = clamp(view.layer, len(frame.layers))
    before = [layer for layer in frame.layers[: at + 1] if layer.kind in GATE_NAMES]
    after = [layer for layer in frame.layers[at:] if layer.kind in GATE_NAMES]
    return before[-1] if before else after[0] if after else None


def gates_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A row for each gate and state of the selected unit, a column a time step; below, the state of all units."""
    layer = recurrent_layer(frame, view)
    if layer is None:
        return ink.notice("No layer here remembers: rnn, lstm and gru do, over the steps of a sequence.", width)[
            :height
        ]
    steps = steps_of(frame, layer)
    if steps is None or not len(steps.hidden):
        return ink.notice(f"{layer.name} has not been computed yet: s executes one time step.", width)[:height]
    rows, n, units = steps.hidden.shape
    sample, unit, t = clamp(view.sample, rows), selected_unit(view, layer.shape), clamp(view.step, n)
    foot = _by_hand(frame, layer, steps, (sample, t, unit), width, ink)
    room = max(height - len(foot), 0)
    place = window((1, n), max(width - GUTTER - VALUE, 1), 1, (0, t), (4, 3, 2))
    when = (
        f"steps 0 to {steps.n_forward - 1} this iteration"
        if 0 < steps.n_forward < n
        else freshness(frame, steps.n_forward == n)
    )
    lines = [
        heading(layer.name, [f"unit {unit} of {units}", f"sample {sample}", when], width, ink),
        _ruler(place, t, n, ink),
    ]
    lines += _input(
        frame, layer, sample, place, t, max(min(MOST_INPUT, room - len(lines) - len(steps.gates) - 4), 0), ink
    )
    for symbol, words, values in _rows(layer, steps, sample, unit):
        if len(lines) < room:
            lines.append(_row(symbol, words, values, place, t, ink))
    if room - len(lines) >= MIN_MAP + 2:
        lines += _all_units(layer, steps, (sample, t, unit), place, room - len(lines), width, ink)
    return [*lines[:room], *([] for _ in range(room - len(lines))), *foot][:height]


def _rows(layer: LayerFrame, steps: Steps, sample: int, unit: int) -> list[tuple[str, str, np.ndarray]]:
    """Symbol, words and the values (steps,) of one unit: what the gates say, then the states, then the error."""
    out = [(name, WORDS[name], gate[sample, :, unit]) for name, gate in steps.gates.items()]
    if steps.cell is not None:
        out.append(("c", "cell", steps.cell[sample, :, unit]))
    out.append(("h", "hidden", steps.hidden[sample, :, unit]))
    if steps.n_backward or not steps.n_forward:
        out.append(("δ", "error", steps.delta[sample, :, unit]))
    return out


def _row(symbol: str, words: str, values: np.ndarray, place: Window, t: int, ink: Ink) -> Line:
    is_gate = symbol in WORDS and symbol not in SQUASHED
    scale = Scale(1.0, False) if is_gate else Scale(max(Scale.of(values).top, 1e-30), True)
    tiles = matrix_lines(values[None, :], place, scale, ink, (0, t))[0]
    value = fit(number(float(values[t]), 4), VALUE, ">")
    return [ink.say(f" {symbol} ", "strong"), ink.say(fit(words, GUTTER - 3), "dim"), *tiles, ink.say(value, "strong")]


def _ruler(place: Window, t: int, n: int, ink: Ink) -> Line:
    """The time steps over their columns, the cursor's strong."""
    marks = [" "] * (place.columns * place.cell)
    every = max(1, -(-6 // place.cell))
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if step >= every)
    pin, wide = (t - place.column) * place.cell, len(f"t={t}")
    for step in range(place.column, place.column + place.columns):
        text, at = str(step), (step - place.column) * place.cell
        if step % every == 0 and at + len(text) <= len(marks) and (at + len(text) < pin or pin + wide < at):
            marks[at : at + len(text)] = text
    pin = max(min(pin, len(marks) - wide), 0)
    return [
        ink.say(fit(" time step", GUTTER), "faint"),
        ink.say("".join(marks[:pin]), "faint"),
        ink.say(f"t={t}", "strong"),
        ink.say("".join(marks[pin + wide :]), "faint"),
    ]


def _input(frame: Frame, layer: LayerFrame, sample: int, place: Window, t: int, room: int, ink: Ink) -> list[Line]:
    """What the layer reads at each step: of several features those with the widest range."""
    names = [each.name for each in frame.layers]
    at = names.index(layer.name)
    source = frame.layers[at - 1].activation if at else frame.inputs
    if room < 1 or sample >= len(source):
        return []
    x = np.asarray(source[sample]).reshape(layer.shape_in)
    shown = np.sort(np.argsort(-np.nan_to_num(np.ptp(x, axis=0)), kind="stable")[:room])
    lines = []
    for k in shown.tolist():
        tiles = matrix_lines(x[None, :, k], place, Scale.of(x), ink, (0, t))[0]
        name = f" x{k}"
        lines.append(
            [ink.say(fit(name, GUTTER), "faint"), *tiles, ink.say(fit(number(float(x[t, k]), 4), VALUE, ">"), "dim")]
        )
    return lines


def _all_units(
    layer: LayerFrame, steps: Steps, at: tuple[int, int, int], columns: Window, height: int, width: int, ink: Ink
) -> list[Line]:
    """The state of every unit over the steps, as large as there is room."""
    sample, t, unit = at
    state, name = (steps.hidden, "h") if steps.cell is None else (steps.cell, "c")
    values = state[sample].T
    units, n = values.shape
    rows = window((units, n), columns.columns * columns.cell, height - 1, (unit, t), (columns.cell,))
    place = Window(rows.row, min(rows.rows, height - 1), columns.column, columns.columns, columns.cell)
    scale = Scale(max(Scale.of(values).top, 1e-30), True)
    shown = "" if place.rows == units else f", {place.row} to {place.row + place.rows - 1} shown"
    ends = legend(scale, ink, 3)
    title = f" {name} of {count(units, 'unit')}{shown}  "
    lines: list[Line] = [
        [ink.say(fit(title, min(cells(title), width)), "dim"), *(ends if cells(title) + 22 <= width else [])]
    ]
    for i, tiles in enumerate(matrix_lines(values, place, scale, ink, (unit, t))):
        here = place.row + i == unit
        lines.append([ink.say(fit(f"{place.row + i:>10}", GUTTER), "strong" if here else "faint"), *tiles])
    return lines


def _by_hand(
    frame: Frame, layer: LayerFrame, steps: Steps, at: tuple[int, int, int], width: int, ink: Ink
) -> list[Line]:
    """The state of one step as the sum or the mix it is."""
    sample, t, unit = at
    h = float(steps.hidden[sample, t, unit])
    before = float(steps.hidden[sample, t - 1, unit]) if t else 0.0
    g: dict[str, float] = {name: float(gate[sample, t, unit]) for name, gate in steps.gates.items()}
    if layer.kind == "lstm" and steps.cell is not None:
        c, was = float(steps.cell[sample, t, unit]), float(steps.cell[sample, t - 1, unit]) if t else 0.0
        texts = [
            (
                f" c = f c' + i g = {_n(g['f'])}·{_n(was)} + {_n(g['i'])}·{_n(g['g'])} = {number(c, 4)}",
                f" c = f c' + i g = {number(c, 4)}",
            ),
            (f" h = o tanh c = {_n(g['o'])}·tanh {_n(c)} = {number(h, 4)}", f" h = o tanh c = {number(h, 4)}"),
        ]
    elif layer.kind == "gru":
        texts = [
            (
                f" h = (1-z) n + z h' = {_n(1 - g['z'])}·{_n(g['n'])} + {_n(g['z'])}·{_n(before)} = {number(h, 4)}",
                f" h = (1-z) n + z h' = {number(h, 4)}",
            )
        ]
    else:
        texts = [_rnn_text(frame, layer, at, h)]
    return [
        [ink.say(fit(next((text for text in pair if cells(text) <= width), pair[-1]), width), "forward")]
        for pair in texts
    ]


def _rnn_text(frame: Frame, layer: LayerFrame, at: tuple[int, int, int], h: float) -> tuple[str, str]:
    """tanh of what comes in and what is remembered, unless the weights have been moved since."""
    parts = pre_activation(frame, layer, *at)
    short = f" h = tanh(Σ x w + Σ h' w + b) = {number(h, 4)}"
    if parts is None:
        return short, f" h = {number(h, 4)}"
    return (
        f" h = tanh(Σ x w + Σ h' w + b) = tanh({_n(parts[0])} + {_n(parts[1])} + {_n(parts[2])}) = {number(h, 4)}",
        short,
    )


def _n(value: float) -> str:
    return f"({number(value, 3)})" if value < 0 else number(value, 3)


def move_in_time(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Left and right go from step to step, up and down from unit to unit."""
    layer: Any = recurrent_layer(frame, view)
    if layer is None:
        return
    view.step = clamp(clamp(view.step, layer.shape_in[0]) + dx, layer.shape_in[0])
    if dy:
        view.unit = clamp(selected_unit(view, layer.shape) + dy, layer.units)
