"""The Data tab: what the network answers over its inputs, the batch, the samples that cost most, and who is taken for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.tui.heat import Scale, Window, matrix_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.activations import CARD, beside, target_line
from tui_nn.tui.panels.plane import plane_lines
from tui_nn.tui.panels.sequence import MOST_STEPS, sequence_rows
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, count, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.samples import Samples
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
MODES = ("plane", "batch", "worst first", "images", "confusion")
PLANE, BATCH, WORST, IMAGES, CONFUSION = range(5)
MOST_CLASSES = 10  # bars beside the list
ROOMY = 46  # cells from which numbers have four digits
MIN_BESIDE = 66  # cells from which the selected sample stands beside the list


def data_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    mode = view.mode("data")
    if mode == PLANE:
        return plane_lines(frame, view, width, height, ink)
    if mode == CONFUSION:
        from tui_nn.tui.panels.confusion import confusion_lines

        return confusion_lines(frame, view, asked, width, height, ink)
    if mode == IMAGES:
        from tui_nn.tui.panels.images import images_lines

        return images_lines(frame, view, asked, width, height, ink)
    index = np.asarray(frame.sample_indices) if mode == BATCH else np.arange(len(frame.program.dataset.x_train))
    if not len(index):
        return ink.notice("No batch has been loaded yet: s executes one operation.", width)[:height]
    return samples_lines(frame, view, asked(frame, view, index, mode), mode, width, height, ink)


def has(frame: Frame, mode: int) -> bool:
    dataset = frame.program.dataset
    return {
        PLANE: dataset.n_features <= 2,
        IMAGES: dataset.image_shape is not None,
        CONFUSION: dataset.task != "regression",
    }.get(mode, True)


def state_key(frame: Frame) -> tuple:
    """What a picture of the network's parameters depends on: they move in update rows only, but any row is a new key."""
    return id(frame.program), frame.history.version, frame.position


def asked(frame: Frame, view: View, index: np.ndarray, mode: int) -> Picture:
    """The judged samples, from the thread that makes pictures."""
    program, state = frame.program, frame.snapshot.mem

    def work(report: Any) -> Samples:
        from tui_nn.debugger.samples import judge

        return judge(view.evaluator_of(program), state, index, report)

    name = "samples of the batch" if mode == BATCH else "samples"
    return view.pictures.ask(name, state_key(frame), work)


# The list


def samples_lines(
    frame: Frame, view: View, picture: Picture, mode: int, width: int, height: int, ink: Ink
) -> list[Line]:
    """A row a sample: loss, right answer, given answer and how sure it is; the selected one beside the list."""
    found: Samples | None = picture.value
    if found is None:
        share = "" if picture.share is None else f" {percent(picture.share)}"
        return ink.notice(picture.error or f"computing the loss of each sample …{share}", width)[:height]
    order = found.by_loss() if mode == WORST else np.arange(len(found.index))
    cursor = clamp(view.sample, len(order))
    room = max(height - 3, 0)
    first = max(0, min(cursor - room // 2, len(order) - room))
    has_card = width >= MIN_BESIDE and height >= 9
    list_width = width - CARD - 1 if has_card else width
    card = _card(frame, found, int(order[cursor]), height - 2, ink) if has_card else []
    lines = [_list_head(frame, found, picture, mode, width, ink), _columns_head(frame, list_width, ink)]
    top = np.nanmax(np.where(np.isfinite(found.losses), found.losses, 0.0), initial=0.0)
    for i, at in enumerate(order[first : first + room].tolist()):
        row = _sample_line(frame, found, at, first + i == cursor, float(top), list_width, ink)
        lines.append(beside(row, card, i, width, ink))
    for i in range(len(lines) - 2, max(room, min(len(card), height - 2))):
        lines.append(beside([], card, i, width, ink))
    return lines[:height]


def _list_head(frame: Frame, found: Samples, picture: Picture, mode: int, width: int, ink: Ink) -> Line:
    n = len(found.index)
    what = (
        [f"{count(n, 'sample')} of the batch"]
        if mode == BATCH
        else ["the worst first", f"of {count(n, 'training sample')}"]
    )
    parts = [*what, f"mean loss {number(found.losses.mean(), 4)}" if n else ""]
    wrong = _wrong(frame, found)
    if wrong is not None:
        parts.append(f"{count(int(wrong.sum()), 'step') if wrong.ndim > 1 else count(int(wrong.sum()))} wrong")
    if any(layer.kind == "dropout" for layer in frame.layers):
        parts.append("as in validation: no dropout")
    if not picture.is_current:
        parts.insert(len(what), "of a moment ago")
    return heading("Data", [part for part in parts if part], width, ink)


def _wrong(frame: Frame, found: Samples) -> np.ndarray | None:
    if found.step_classes is not None:
        return found.step_classes != frame.program.dataset.y_train[found.index].reshape(found.step_classes.shape)
    if found.classes is None:
        return None
    return found.classes != frame.program.dataset.y_train[found.index].reshape(len(found.index), -1)[:, 0].astype(
        np.int64
    )


def _widths(dataset: Any, width: int) -> tuple[int, int, int]:
    """Cells for a sample's number, its loss and each of its two answers."""
    first, second = (6, 10) if width >= ROOMY else (5, 8)
    if dataset.task == "regression":
        return first, second, second
    names = [cells(class_name(dataset, k)) for k in range(max(2, dataset.n_outputs))]
    return first, second, max(min(max(names), 9) + 1, 6)


def _columns_head(frame: Frame, width: int, ink: Ink) -> Line:
    dataset = frame.program.dataset
    number_wide, loss_wide, wide = _widths(dataset, width)
    first, second, third = ("target", "answer", "") if dataset.task == "regression" else ("true", "given", "   sure")
    if dataset.n_steps and dataset.task != "regression":
        first, second, third = "answers", "", ""
    side = ">" if dataset.task == "regression" else "<"
    words = f"  {'sample' if number_wide >= 6 else 'no.':>{number_wide}} {'loss':>{loss_wide}}  {fit(first, wide, side)}{fit(second, wide, side)}{third}"
    return [ink.say(fit(words.rstrip(), min(cells(words.rstrip()), width)), "dim")]


def _sample_line(frame: Frame, found: Samples, at: int, is_selected: bool, top: float, width: int, ink: Ink) -> Line:
    """Loss, right and given answer, how sure, a mark on the wrong ones; a bar for the loss where there is room."""
    dataset = frame.program.dataset
    sample, loss = int(found.index[at]), float(found.losses[at])
    role, (number_wide, loss_wide, wide) = "selected" if is_selected else "text", _widths(dataset, width)
    line = [
        ink.say(ink.glyph("next") + " " if is_selected else "  ", role if is_selected else "accent"),
        ink.say(f"{sample:>{number_wide}} {fit(number(loss, 4 if loss_wide > 9 else 3), loss_wide, '>')}  ", role),
    ]
    if found.step_classes is not None:
        steps = found.step_classes[at]
        hits = int((steps == dataset.y_train[sample].reshape(-1)).sum())
        told = "bad" if hits < len(steps) and not is_selected else role
        line.append(ink.say(fit(f"{hits} of {count(len(steps), 'step')} right", 2 * wide + 7), told))
    elif found.classes is None:
        target = " ".join(number(value, 3) for value in np.atleast_1d(dataset.y_train[sample])[:2])
        answer = " ".join(number(value, 3) for value in found.outputs[at][:2])
        line.append(ink.say(fit(target, wide, ">") + fit(answer, wide, ">"), role))
    else:
        right, given = int(np.atleast_1d(dataset.y_train[sample])[0]), int(found.classes[at])
        told = "bad" if right != given and not is_selected else role
        line.append(ink.say(fit(class_name(dataset, right), wide), role))
        line.append(ink.say(fit(class_name(dataset, given), wide), told))
        sure = "" if found.probabilities is None or given < 0 else percent(float(found.probabilities[at, given]))
        line.append(ink.say(fit(sure, 7, ">"), told))
        if sum(cells(segment.text) for segment in line) + 6 <= width:
            line.append(ink.say(" wrong" if right != given else "      ", told))
    from tui_nn.tui.heat import bar

    used = sum(cells(segment.text) for segment in line)
    room = width - used - 1
    if room >= 6 and top > 0 and np.isfinite(loss):
        return [*line, ink.say(" "), *bar(loss / top, room, ink, "loss")]
    while line and used > width:
        used -= cells(line.pop().text)
    return line


def class_name(dataset: Any, index: int) -> str:
    if index < 0:
        return "NaN"
    return str(dataset.class_names[index]) if index < len(dataset.class_names) else str(index)


def _card(frame: Frame, found: Samples, at: int, height: int, ink: Ink) -> list[Line]:
    """The sample itself: the image, or its first values in their raw units; the right answer; how likely each class is held."""
    dataset, sample = frame.program.dataset, int(found.index[at])
    values = dataset.x_train[sample] * dataset.scale + dataset.mean
    shape = dataset.image_shape
    if len(dataset.form) == 2 and height >= 6:
        rows = sequence_rows(values.reshape(dataset.form), min(height - 3, MOST_STEPS), ink)
    elif shape is not None and height >= shape[0] + 2 and shape[1] * 2 <= CARD - 2:
        image = values.reshape(shape).clip(min=0.0)
        rows = matrix_lines(image, Window(0, shape[0], 0, shape[1], 2), Scale.of(image), ink, None)
    else:
        names = dataset.feature_names or [f"x{i}" for i in range(values.size)]
        shown = min(values.size, max(height - 3, 0), 12)
        rows = [[ink.say(fit(str(names[i]), 7), "dim"), ink.say(fit(number(values[i]), 9, ">"))] for i in range(shown)]
    target = np.atleast_1d(dataset.y_train[sample]).reshape(1, -1)
    stand_in: Any = type("Targets", (), {"targets": target, "program": frame.program})
    lines = [[ink.say(f"sample {sample}", "dim")], *rows, target_line(stand_in, 0, ink)]
    if found.probabilities is not None:
        room = min(height - len(lines) - 1, MOST_CLASSES)
        lines += [[], *probability_lines(dataset, found.probabilities[at], int(target[0, 0]), CARD - 2, room, ink)]
    return lines[:height]


def probability_lines(dataset: Any, p: np.ndarray, right: int, width: int, most: int, ink: Ink) -> list[Line]:
    """A bar a class, the likeliest first; the right one marked. At most `most` lines."""
    from tui_nn.tui.heat import bar

    order = np.argsort(-np.nan_to_num(p), kind="stable")[: max(most, 0)].tolist()
    name_width = min(max((cells(class_name(dataset, k)) for k in order), default=1), 6)
    lines: list[Line] = []
    for rank, k in enumerate(order):
        role = "good" if k == right else "bad" if rank == 0 else "dim"
        line = [ink.say((ink.glyph("next") if k == right else " ") + fit(class_name(dataset, k), name_width), role)]
        share = float(p[k])
        line += [ink.say(fit(percent(share), 8, ">") + " ", "text" if rank == 0 or k == right else "dim")]
        room = width - name_width - 10
        lines.append([*line, *(bar(share, room, ink, role) if room > 2 and np.isfinite(share) else [])])
    return lines


def move(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """In the list and among the images over samples; in the matrix over classes; on the plane the nearest sample in that direction."""
    mode, dataset = view.mode("data"), frame.program.dataset
    if mode == CONFUSION:
        n = max(2, dataset.n_outputs)
        view.row, view.column = clamp(clamp(view.row, n) + dy, n), clamp(clamp(view.column, n) + dx, n)
        return
    n = frame.rows if mode == BATCH else len(dataset.x_train)
    view.sample = clamp(clamp(view.sample, n) + dy + dx, n)


MICROSCOPE = Microscope(
    "what the network makes of its inputs (v changes the view): on a plane of two inputs the regions of its answers with the samples in them, "
    "or the curve over one input; the current batch; the training samples with the largest loss first, as a list or as images under what they are and are taken for; which class is taken for which.",
    data_lines,
    move,
    modes=MODES,
    has=has,
)
