"""The error at every time step of a recurrent layer: how far back through the sequence the loss is still heard."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.debugger.recurrence import step_errors, steps_of
from tui_nn.tui.heat import decades, log_share
from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.gates import recurrent_layer
from tui_nn.tui.panels.shared import freshness, heading
from tui_nn.tui.text import cells, count, fit, number, times
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame

Line = list["Segment"]
GUTTER = 8
WIDEST = 4  # cells of a bar


def steps_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """A bar a time step on a log axis, the first step at the left: the error comes from the right."""
    layer = recurrent_layer(frame, view)
    if layer is None:
        return ink.notice("No layer here has time steps: rnn, lstm and gru have.", width)[:height]
    steps = steps_of(frame, layer)
    n = 0 if steps is None else steps.hidden.shape[1]
    is_partial = steps is not None and 0 < steps.n_backward < n
    if steps is None or not (steps.n_backward or frame.iteration):
        text = f"No error has come back to {layer.name} yet: it flows back from the last time step to the first."
        return ink.notice(text, width)[:height]
    errors = step_errors(steps)
    if np.isnan(errors).all():  # of a batch of another size: what stood there is not laid out as this one
        return ink.notice(f"No error has come back to {layer.name} in this iteration yet.", width)[:height]
    t = clamp(view.step, n)
    first_known = n - steps.n_backward if is_partial else 0
    when = f"back to t={first_known}" if is_partial else freshness(frame, steps.n_backward == n)
    lines = [heading(layer.name, [f"|∂loss/∂h| at each of {count(n, 'step')}", when], width, ink)]
    foot = [_fade_line(errors[first_known:], first_known, width, ink), _reading(errors, t, width, ink)]
    room = height - len(lines) - len(foot) - 1
    if room < 2:
        return [*lines, *foot][:height]
    cell = max(min((width - GUTTER) // n, WIDEST), 1)
    columns = min(n, (width - GUTTER) // cell)
    left = max(0, min(t - columns // 2, n - columns))
    shown = range(left, left + columns)
    span = decades(errors.tolist())
    lines += _bars(errors, shown, t, first_known, span, cell, room, ink)
    axis = "".join(fit(str(k), 5 * cell) for k in shown if (k - left) % 5 == 0)
    lines.append(
        [ink.say(fit(" step", GUTTER), "faint"), ink.say(fit(axis, min(cells(axis), columns * cell)), "faint")]
    )
    return [*lines, *foot][:height]


def _bars(
    errors: np.ndarray, shown: range, t: int, first_known: int, span: tuple[float, float] | None, cell: int, room: int, ink: Ink
) -> list[Line]:  # fmt: skip
    """Columns of partial blocks, `room` lines high; 0, NaN and inf have none, but a mark at the bottom."""
    glyphs = ink.glyphs["spark"]
    full, n = glyphs[-1], len(glyphs)
    shares = [log_share(float(errors[k]), *span) if span else None for k in shown]
    lines: list[Line] = []
    for row in range(room):
        base = room - 1 - row  # lines below this one
        label = ""
        if span is not None and row in (0, room - 1):
            label = f"1e{round(math.log10(span[1] if row == 0 else span[0]))}"
        line: Line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        for k, share in zip(shown, shares, strict=True):
            role = "strong" if k == t else "backward" if k >= first_known else "faint"
            if share is None:
                is_odd = not math.isfinite(float(errors[k]))
                text = (ink.glyph("nan") if is_odd else ink.glyph("dot")) if base == 0 else " "
                line.append(ink.say(fit(text, cell), "bad" if is_odd else "faint"))
                continue
            eighths = max(round(share * room * n), 1) - base * n
            glyph = full if eighths >= n else glyphs[eighths - 1] if eighths > 0 else " "
            line.append(ink.say(glyph * max(cell - 1, 1) + (" " if cell > 1 else ""), role))
        lines.append(line)
    return lines


def _fade_line(errors: np.ndarray, first: int, width: int, ink: Ink) -> Line:
    """From the last step back to the first one known: the factor, and what that is a step."""
    if len(errors) < 2 or not np.isfinite(errors).all() or errors[-1] == 0.0:
        return []
    ratio, n = float(errors[0] / errors[-1]), len(errors) - 1
    if ratio == 0.0:
        return [ink.say(fit(f" vanished: the error is 0 at t={first}", width), "bad")]
    size = math.log10(ratio)
    kind = (
        "even"
        if abs(size) < 1
        else "fades"
        if size > -2 and size < 0
        else "vanishing"
        if size < 0
        else "growing"
        if size < 2
        else "exploding"
    )
    role = "bad" if kind in ("vanishing", "exploding") else "strong"
    words = f" {ink.glyph('left')} error {kind}: {times(ratio)} over {count(n, 'step')} back"
    each = f", {times(ratio ** (1 / n))} a step"
    return [ink.say(fit(words + each if cells(words + each) <= width else words, width).rstrip(), role)]


def _reading(errors: np.ndarray, t: int, width: int, ink: Ink) -> Line:
    value, last = float(errors[t]), float(errors[-1])
    words = f" t={t}: |∂loss/∂h| = {number(value, 4)}"
    share = f", {times(value / last)} that of the last step" if last > 0 and t < len(errors) - 1 else ""
    return [
        ink.say(fit(words, min(cells(words), width)), "strong"),
        ink.say(share if cells(words + share) <= width else "", "dim"),
    ]
