"""Panel 1: the operations of one iteration, like the listing of a debugger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.text import cells, fit, number, wrap

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame


def program_lines(frame: Frame, width: int, height: int, ink: Ink) -> list[Line]:
    """The ops around the next one, then what the next one computes."""
    formula = _formula_lines(frame, width, ink, with_head=height >= 14) if height >= 9 else []
    room = height - len(formula)
    first = first_row(len(frame.program.ops), frame.op, room)
    shown = frame.program.ops[first : first + room]
    lines = [_op_line(frame, op, width, ink) for op in shown]
    return lines + [[] for _ in range(room - len(lines))] + formula


def first_row(n_ops: int, next_op: int, room: int) -> int:
    """The first op shown: the next one stands in the upper middle, and no row is wasted at either end."""
    return max(0, min(next_op - room // 3, n_ops - room))


def _when(op) -> str:
    """When a row is executed that is not due now."""
    if op.every == "epoch":
        return "at epoch's end"
    if op.every == "never":
        return "frozen"
    return "at the end" if op.phase == "test" else f"every {op.due.period:,}"


def _op_line(frame: Frame, op, width: int, ink: Ink) -> Line:
    is_next, is_done = op.index == frame.op, op.index < frame.op
    is_due = op.is_due(frame.iteration)
    mark = ink.glyph("next") if is_next else ink.glyph("done") if is_done and is_due else " "
    text_role = "selected" if is_next else "dim" if is_done else "text"
    phase_role = "selected" if is_next else op.phase
    right, right_role = op.shape, "dim"
    if not is_due:
        mark, text_role, phase_role, right = " " if not is_next else mark, "faint", "faint", _when(op)
        right_role = "faint"
    elif op.phase == "loss" and "loss" in frame.metrics:
        right = number(frame.metrics["loss"])
        right_role = "loss" if is_done else "dim"
    if is_next:
        right_role = "selected"
    space = max(width - 5, 0)
    label_width = max(space - cells(right) - 1, min(cells(op.label), space))
    right_width = space - label_width
    if right_width < min(cells(right) + 1, 8):  # half a shape would say something else
        label_width, right_width = space, 0
    if right_width and cells(right) > right_width - 1:
        right = right.split("→")[-1].split(">")[-1]  # the output's shape alone
        if cells(right) > right_width - 1:
            right = ""
    pad = "selected" if is_next else "text"
    return [
        ink.say(mark + " ", "selected" if is_next else "good" if is_done else "text"),
        ink.say(ink.glyph(op.phase) + " ", phase_role),
        ink.say(fit(op.label, label_width), text_role),
        ink.say(fit(right, right_width, ">"), right_role),
        ink.say(" ", pad),
    ]


def _formula_lines(frame: Frame, width: int, ink: Ink, with_head: bool) -> list[Line]:
    op = frame.program.ops[frame.op]
    lines = wrap(op.formula, max(width - 3, 10))[:2]
    if not with_head:
        return [[ink.say("   " + fit(op.formula, width - 4), op.phase)]]
    head = [ink.say(ink.glyph("rule") * 2, "rule"), ink.say(" next: ", "dim"), ink.say(op.label, op.phase)]
    used = sum(cells(segment.text) for segment in head)
    head += [ink.say(" " + ink.glyph("rule") * max(width - used - 1, 0), "rule")]
    return [head, *([ink.say("   " + line)] for line in lines)]


class ProgramPanel(Panel):
    """One iteration as a table of operations."""

    number: ClassVar[int] = 1
    where: ClassVar[str] = "program"
    tabs: ClassVar[tuple[str, ...]] = ("Program",)
    about: ClassVar[str] = (
        "The operations of one iteration, in order: load a batch, forward through each layer, the loss, backward through each "
        "layer, the optimizer's update. ▶ marks the next one, ✓ those already executed; [32,64]→[32,100] is the shape that goes in "
        "and the one that comes out, samples first. Validation rows run once an epoch. Below: what the next operation computes."
    )

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        return program_lines(frame, width, height, self.ink)

    def note(self) -> str:
        if self.frame is None:
            return ""
        return f"{self.frame.op + 1} of {len(self.frame.program.ops)}"

    def wheel(self, by: int) -> None:
        """Its selection is the position."""
        screen: Any = self.screen
        screen.action_step("op") if by > 0 else screen.action_back("op")
