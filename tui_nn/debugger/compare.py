"""Two runs side by side: what they were told differently, where they first part, and how far apart their metrics are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.debugger.position import Position
from tui_nn.engine.layout import LR
from tui_nn.scenario import differences

if TYPE_CHECKING:
    from tui_nn.debugger.edits import Edit
    from tui_nn.debugger.session import Session
    from tui_nn.engine.program import Op


@dataclass(frozen=True)
class SettingRow:
    """key, and its value in either; None where one has no such key. since: of an edit, its place, where the two differ
    no more at the end, or it is one of a single number."""

    key: str
    first: Any
    second: Any
    since: Position | None = None


@dataclass(frozen=True)
class MetricRow:
    """The newest value of either before the iteration that is compared; None: not measured there."""

    name: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float | None:
        """second less first."""
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True)
class Parting:
    """The first operation that leaves other numbers, or that only one has: where it stands, its label, and what differs."""

    position: Position
    label: str
    what: str


@dataclass(frozen=True)
class Comparison:
    """At the start of `iteration`, as far as both have got. parting: None if all is the same up to there."""

    iteration: int
    settings: tuple[SettingRow, ...]
    parting: Parting | None
    metrics: tuple[MetricRow, ...]


def compare(a: Session, b: Session, between: Callable[[], None] = lambda: None, is_past: bool = False) -> Comparison:
    """Both are left where they stand: what has to be looked up is looked up in their past, by machines of its own.

    The place where they part is found by bisection over the iterations, which takes for granted that what has parted does
    not meet again; then operation by operation.

    between: called between any two moves; what it raises ends the work. is_past: they are such pasts already.
    """
    last = min(a.reached.iteration, b.reached.iteration)
    one, other = (a, b) if is_past else (a.whole_past(), b.whole_past())
    one.goto(last)
    between()
    other.goto(last)
    frames = one.frame(), other.frame()
    metrics = sorted({**frames[0].program.metrics, **frames[1].program.metrics}, key=lambda name: "." in name)
    values = (MetricRow(name, frames[0].metrics.get(name), frames[1].metrics.get(name)) for name in metrics)
    rows = tuple(row for row in values if row.first is not None or row.second is not None)
    return Comparison(last, tuple(_settings(one, other)), _parting(one, other, last, between), rows)


def _settings(a: Session, b: Session) -> Iterator[SettingRow]:
    """What differs at the end; and single numbers, and what differed for a time alone, by the edits that made it."""
    lasting = set()
    for each in differences(a.scenario, b.scenario):
        lasting.add(each.key)
        yield SettingRow(each.key, each.first, each.second)
    shared = [edit for edit in a.edits if edit in b.edits]
    for session, other, is_first in ((a, b, True), (b, a, False)):
        for edit in session.edits:
            if edit in shared or (edit.key in lasting and not edit.is_value):
                continue
            theirs = _beside(edit, other)
            if theirs != edit.value:
                first, second = (edit.value, theirs) if is_first else (theirs, edit.value)
                yield SettingRow(edit.key, first, second, edit.position)


def _beside(edit: Edit, other: Session) -> Any:
    """What the key of an edit was in the other run at that place; of a single number, before the edit."""
    if edit.is_value:
        return edit.old
    theirs = [each for each in other.edits if each.key == edit.key and each.position <= edit.position]
    return theirs[-1].value if theirs else edit.old


def _parting(a: Session, b: Session, last: int, between: Callable[[], None]) -> Parting | None:
    low, high = 0, last  # the same at low; at high not, or it is the end
    a.goto(0)
    b.goto(0)
    if what := _differs(a, b):
        return Parting(Position(0, 0), "the start", what)
    while high - low > 1:
        middle = (low + high) // 2
        between()
        a.goto(middle)
        between()
        b.goto(middle)
        low, high = (low, middle) if _differs(a, b) else (middle, high)
    low = min(low, _other_rows(a, b, last))
    a.goto(low)
    b.goto(low)
    return _within(a, b, low, between) if low < last else None


def _other_rows(a: Session, b: Session, last: int) -> int:
    """The first iteration in which they do not execute the same operations, or `last`."""
    starts = {segment.start.iteration + (segment.start.op > 0) for each in (a, b) for segment in each.timeline.segments}
    for iteration in sorted(starts):
        rows = [
            [(op.phase, op.label) for op in each.timeline.program_at(Position(iteration, 0)).ops] for each in (a, b)
        ]
        if rows[0] != rows[1]:
            return min(iteration, last)
    return last


def _within(a: Session, b: Session, iteration: int, between: Callable[[], None]) -> Parting | None:
    """Operation by operation through one iteration, at whose start both are the same."""
    while True:
        between()
        place = a.position
        mine, theirs = _next(a, iteration), _next(b, iteration)
        if mine is None and theirs is None:
            return None
        if mine is None or theirs is None or (mine.phase, mine.label) != (theirs.phase, theirs.label):
            only = mine if mine is not None and not _has(b, mine) else theirs or mine
            assert only is not None
            who = "the first" if only is mine else "the second"
            return Parting(place, only.label, f"only {who} has this operation")
        a.step("op")
        b.step("op")
        if what := _differs(a, b):
            edit = next(
                (edit for edit in {*a.edits} ^ {*b.edits} if edit.is_value and edit.position == a.position), None
            )
            return Parting(edit.position, f"edit of {edit.key}", what) if edit else Parting(place, mine.label, what)


def _next(session: Session, iteration: int) -> Op | None:
    place = session.position
    return session.program.ops[place.op] if place.iteration == iteration else None


def _has(session: Session, op: Op) -> bool:
    return any((each.phase, each.label) == (op.phase, op.label) for each in session.program.ops)


def _differs(a: Session, b: Session) -> str:
    """What of the numbers at hand is not the same, byte for byte; "" if nothing is."""
    mine, theirs = dict(_numbers(a)), dict(_numbers(b))
    for name, array in mine.items():
        if name not in theirs:
            continue
        other = theirs[name]
        if array.shape != other.shape:
            return f"{name}: {list(array.shape)} and {list(other.shape)}"
        if array.tobytes() != other.tobytes():
            at = np.unravel_index(int((array != other).argmax()), array.shape)
            index = f"[{','.join(str(int(i)) for i in at)}]" if at else ""
            return f"{name}{index}: {array[at]:.9g} and {other[at]:.9g}"
    return ""


def _numbers(session: Session) -> Iterator[tuple[str, np.ndarray]]:
    """By name, what this iteration has left, in the order in which it comes about."""
    frame = session.frame()
    if frame.op > 0:
        yield "samples", frame.sample_indices
    schedule = session.program.schedule_op
    if schedule is not None and frame.op > schedule:  # without such a row it is a setting, which no operation writes
        yield "lr", np.array(session.machine.setting[LR])
    for layer in frame.layers:
        if layer.is_forward_fresh:
            yield f"output of {layer.name}", layer.activation
    for layer in frame.layers:
        if layer.is_backward_fresh:
            yield f"delta of {layer.name}", layer.delta
        for parameter in layer.parameters:
            if parameter.is_grad_fresh:
                yield f"gradient of {parameter.name}", parameter.grad
            yield parameter.name, parameter.value
            for slot, array in parameter.slots.items():
                yield f"{slot} of {parameter.name}", array
        for buffer, array in layer.buffers.items():
            yield f"{buffer} of {layer.name}", array
