"""The plane of the Data tab: the network's answers over two inputs, or its curve over one, with the training samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.segment import Segment

from tui_nn.tui.heat import Scale, legend
from tui_nn.tui.ink import LEVELS, Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.regions import Answers
    from tui_nn.tui.pictures import Picture

Line = list[Segment]
GUTTER = 8  # cells for the numbers of the vertical axis
CLASS_ROLES = ("forward", "backward", "update", "loss", "validate", "load", "bad", "dim")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plane_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    dataset = frame.program.dataset
    if dataset.n_features > 2:
        text = f"Each sample has {dataset.n_features} inputs: a plane can show two. v shows the batch and the samples that cost most."
        return ink.notice(text, width)[:height]
    columns, rows = width - GUTTER - 1, height - 4
    if columns < 8 or rows < 3:
        return ink.notice("There is no room for a plane here: zoom with z, or enlarge the window.", width)[:height]
    picture = _asked(frame, view, columns, rows)
    if picture.value is None:
        return ink.notice(picture.error or "computing the network's answers …", width)[:height]
    return answers_lines(frame, view, picture, width, height, ink)


def _asked(frame: Frame, view: View, columns: int, rows: int) -> Picture:
    program, state = frame.program, frame.snapshot.mem

    def work(report: Any) -> Answers:
        from tui_nn.debugger.regions import answers

        return answers(view.evaluator_of(program), state, columns, rows)

    return view.pictures.ask("plane", (id(program), frame.history.version, frame.position, columns, rows), work)


def answers_lines(frame: Frame, view: View, picture: Picture, width: int, height: int, ink: Ink) -> list[Line]:
    """Pure: the picture has the answers. One computed for another size is drawn as far as it goes."""
    found: Answers = picture.value
    return (_curve if found.y.size == 0 else _regions)(frame, view, found, picture.is_current, width, height, ink)


# Two inputs


def _regions(
    frame: Frame, view: View, found: Answers, is_current: bool, width: int, height: int, ink: Ink
) -> list[Line]:
    dataset = frame.program.dataset
    rows, columns = min(len(found.y), height - 4), min(len(found.x), width - GUTTER - 1)
    points = dataset.x_train * dataset.scale + dataset.mean
    kind, levels = _levels(found)
    marks = _points(frame, found, points)
    selected = clamp(view.sample, len(points))
    here = _cell(found, points[selected])
    lines = [_head(frame, found, is_current, width, ink)]
    for i in range(rows - 1, -1, -1):
        label = number(found.y[i], 3) if i in (0, rows // 2, rows - 1) else ""
        line: Line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        for j in range(columns):
            mark = marks.get((i, j))
            if mark is not None and (i, j) == here:
                line.append(ink.say(mark, "cursor"))
            elif dataset.task == "multiclass" and found.classes is not None:
                line.append(_class_tile(int(found.classes[i, j]), levels[i, j] / (LEVELS - 1), mark, ink))
            else:
                shade, level = kind if levels[i, j] >= 0 else "negative", abs(int(levels[i, j]))
                line.append(ink.tile(shade, level, 1) if mark is None else ink.number_tile(shade, level, mark))
        lines.append(line)
    lines.append(_axis(found, dataset, columns, ink))
    return [*lines, _reading(frame, found, selected, width, ink)][:height]


def _class_tile(given: int, sure: float, mark: str | None, ink: Ink) -> Segment:
    """In the colour of the class that the network gives, the stronger the surer it is; its letter, or the sample's."""
    if given < 0:
        return ink.mark("nan", 1)
    role = CLASS_ROLES[given % len(CLASS_ROLES)]
    return ink.tint(role, sure, mark or LETTERS[given % 26], is_strong=mark is not None)


def _levels(found: Answers) -> tuple[str, np.ndarray]:
    """Which colours, and how strong: a yes against a no, or how sure the class is, or the value itself."""
    p = found.probabilities
    if p is not None and p.shape[-1] == 2:
        return "positive", np.rint(np.nan_to_num(2 * p[..., 1] - 1) * (LEVELS - 1)).astype(int)
    if p is not None:
        n = p.shape[-1]
        sure = np.nan_to_num((p.max(axis=-1) * n - 1) / (n - 1))
        return "levels", np.rint(sure * (LEVELS - 1)).astype(int)
    if found.classes is not None and found.outputs.shape[-1] > 1:
        return "levels", np.full(found.classes.shape, LEVELS // 3)
    values = found.outputs[..., 0].astype(np.float64)
    if found.classes is not None:  # margins, or 0 and 1 with the border at 1/2
        values = values - (0.5 if found.classes.min() != (values > 0).astype(int).min() else 0.0)
    scale = Scale.of(values)
    return ("positive" if scale.signed else "levels"), scale.levels(values)


def _cell(found: Answers, point: np.ndarray) -> tuple[int, int]:
    return int(np.abs(found.y - point[1]).argmin()), int(np.abs(found.x - point[0]).argmin())


def _points(frame: Frame, found: Answers, points: np.ndarray) -> dict[tuple[int, int], str]:
    """A sign for each cell with samples in it: o and x for two classes, a letter for more, a dot for values."""
    dataset = frame.program.dataset
    marks: dict[tuple[int, int], str] = {}
    columns = np.abs(found.x[None, :] - points[:, :1]).argmin(axis=1)
    rows = np.abs(found.y[None, :] - points[:, 1:2]).argmin(axis=1)
    labels = dataset.y_train.reshape(len(points), -1)[:, 0]
    for i, j, label in zip(rows.tolist(), columns.tolist(), labels.tolist(), strict=True):
        if dataset.task == "regression":
            marks[i, j] = "o"
        elif dataset.task == "binary":
            marks[i, j] = "x" if label > 0.5 else "o"
        else:
            marks[i, j] = LETTERS[int(label) % 26].upper()
    return marks


def _head(frame: Frame, found: Answers, is_current: bool, width: int, ink: Ink) -> Line:
    dataset = frame.program.dataset
    if dataset.task == "binary":
        names = dataset.class_names or ("0", "1")
        parts = [
            f"o {names[0]}",
            f"x {names[1]}",
            f"the network says {_sign(ink, 'positive')} x, {_sign(ink, 'negative')} o",
        ]
    elif dataset.task == "multiclass":
        parts = ["a: the class given, A: a sample's", "the stronger the colour, the surer"]
    else:
        parts = ["o training samples", "in the colours the network's answer"]
    if not is_current:
        parts.insert(0, "of a moment ago")
    return heading("Data", parts, width, ink)


def _sign(ink: Ink, kind: str) -> str:
    """How a sure cell of that colour looks."""
    return ink.glyphs[kind][-1]


def _axis(found: Answers, dataset: Any, columns: int, ink: Ink) -> Line:
    """The ends of the horizontal axis and the names of both inputs."""
    low, high = number(found.x[0], 3), number(found.x[columns - 1], 3)
    names = list(dataset.feature_names) or ["x1", "x2"]
    middle = f"{names[0]} across" + (f", {names[1]} up" if found.y.size else "")
    room = columns - cells(low) - cells(high)
    middle = middle if cells(middle) + 2 <= room else ""
    left = (room - cells(middle)) // 2
    return [ink.say(" " * GUTTER + low + " " * left + middle + " " * (room - left - cells(middle)) + high, "faint")]


def _reading(frame: Frame, found: Answers, sample: int, width: int, ink: Ink) -> Line:
    """The selected sample: where it is, the right answer, the network's answer in its cell."""
    dataset = frame.program.dataset
    point = dataset.x_train[sample] * dataset.scale + dataset.mean
    i, j = _cell(found, point) if found.y.size else (0, int(np.abs(found.x - point[0]).argmin()))
    where = ", ".join(number(value, 3) for value in point)
    label = np.atleast_1d(dataset.y_train[sample])
    if dataset.task == "regression":
        answer = f"target {number(label[0], 4)}, answer {number(found.outputs[i, j, 0], 4)}"
    else:
        name = dataset.class_names[int(label[0])] if dataset.class_names else str(int(label[0]))
        answer = f"true {name}"
        if found.probabilities is not None:
            answer += f", p {percent(float(found.probabilities[i, j, int(label[0])]))}"
    leads = (f" sample {sample} ({where}): ", f" sample {sample}: ", f" {sample}: ")
    lead = next((each for each in leads if cells(each) + cells(answer) <= width), leads[-1])
    line = [ink.say(lead, "dim"), ink.say(fit(answer, min(cells(answer), max(width - cells(lead), 0))), "strong")]
    used = sum(cells(segment.text) for segment in line)
    if found.probabilities is None and used + 24 < width:
        scale = Scale.of(found.outputs[..., 0].astype(np.float64))
        right = legend(scale, ink, 3)
        line += [ink.say(" " * (width - used - sum(s.cell_length for s in right) - 1)), *right]
    return line if used <= width else line[:1]


# One input


def _curve(frame: Frame, view: View, found: Answers, is_current: bool, width: int, height: int, ink: Ink) -> list[Line]:
    """The answer over the only input, in cells of two halves, and the samples."""
    dataset = frame.program.dataset
    rows, columns = height - 4, min(len(found.x), width - GUTTER - 1)
    answer = (
        found.probabilities[0, :, 1] if found.probabilities is not None else found.outputs[0, :, 0].astype(np.float64)
    )
    points = (dataset.x_train * dataset.scale + dataset.mean)[:, 0]
    targets = dataset.y_train.reshape(len(points), -1)[:, 0].astype(np.float64)
    finite = answer[np.isfinite(answer)]
    low, high = (float(f(np.concatenate([finite, targets]))) for f in (np.min, np.max))
    pad = 0.05 * (high - low) or 0.5
    low, high = low - pad, high + pad
    grid = [[" "] * columns for _ in range(rows)]
    roles = [["text"] * columns for _ in range(rows)]

    def row_of(value: float) -> int:
        return clamp(rows - 1 - int((value - low) / (high - low) * rows), rows)

    for j in range(columns):
        if np.isfinite(answer[j]):
            i = row_of(answer[j])
            before = row_of(answer[j - 1]) if j and np.isfinite(answer[j - 1]) else i
            for k in range(min(i, before + (before < i)), max(i, before - (before > i)) + 1):
                grid[k][j], roles[k][j] = ink.glyph("reached") if k == i else ink.glyph("bar"), "accent"
        else:
            grid[0][j], roles[0][j] = ink.glyph("nan"), "bad"
    selected = clamp(view.sample, len(points))
    for k in [*range(len(points)), selected]:
        i, j = row_of(targets[k]), int(np.abs(found.x - points[k]).argmin())
        if j < columns:
            grid[i][j], roles[i][j] = "o", "cursor" if k == selected else "strong"
    lines = [
        heading(
            "Data",
            ([] if is_current else ["of a moment ago"])
            + ["o samples", f"{ink.glyph('reached')} the network's answer", "over its only input"],
            width,
            ink,
        )
    ]
    for i in range(rows):
        value = high - (i + 0.5) / rows * (high - low)
        label = number(value, 3) if i in (0, rows // 2, rows - 1) else ""
        line: Line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        line += [ink.say(text, role) for text, role in zip(grid[i], roles[i], strict=True)]
        lines.append(line)
    lines.append(_axis(found, dataset, columns, ink))
    return [*lines, _reading(frame, found, selected, width, ink)][:height]
