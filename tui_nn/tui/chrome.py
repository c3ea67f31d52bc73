"""What frames the panels: header with position and status, footer with keys, the lines between the zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.commands import Command
from tui_nn.tui.ink import Ink
from tui_nn.tui.paint import paint
from tui_nn.tui.text import cells, fit, number, percent

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

Line = list[Segment]
Mark = tuple[int, str, str]
Mode = Literal["opening", "compiling", "paused", "running", "seeking", "waiting", "stopped", "failed"]
GLYPH = {"running": "run", "paused": "pause", "stopped": "pause", "failed": "pause"}
ROLE = {"running": "good", "paused": "dim", "failed": "bad", "stopped": "warn"}


@dataclass(frozen=True)
class Status:
    """What the debugger is doing, in a word and if needed a sentence."""

    mode: Mode
    text: str
    brief: str = ""  # said instead where the position would have to be left out


def header_lines(
    title: str, status: Status, frame: Frame | None, width: int, height: int, ink: Ink, note: str = "",
    ticks: Iterable[int] = (), marks: Sequence[Mark] = (),
) -> list[Line]:  # fmt: skip
    """Two rows: title and timeline; status and position. In one row: status and position alone.

    note: said behind the title, where there is room for both. ticks, marks: on the timeline.
    """
    if height < 2:
        return [_status_line(status, frame, width, ink)]
    bar_width = _bar_width(width)
    bar = timeline(frame, bar_width, ink, marks, ticks) if frame and bar_width else []
    return [_title_line(title, note, bar, width, ink), _status_line(status, frame, width, ink)]


def _title_line(title: str, note: str, bar: Line, width: int, ink: Ink) -> Line:
    name = " tui-nn  "
    used = sum(cells(segment.text) for segment in bar)
    room = width - cells(name) - used - 3
    words = [ink.say(fit(title, room), "strong")]
    if note and cells(title) + cells(note) + 2 <= room:
        words = [ink.say(title + "  ", "strong"), ink.say(fit(note, room - cells(title) - 2), "dim")]
    return [
        ink.say(name, "title"),
        *words,
        ink.say("  "),
        *bar,
        ink.say(" "),
    ]


def _bar_width(width: int) -> int:
    return min(width // 3, 48) if width >= 60 else 0


def timeline(
    frame: Frame, width: int, ink: Ink, marks: Sequence[Mark] = (), ticks: Iterable[int] = ()
) -> Line:  # fmt: skip
    """◂━┷━◆━●──── ▸ 300 of 675: done, a checkpoint, edited, here, reached before a rewind, still to come.

    marks: others than the edits, as (iteration, glyph, role); of two in one cell the last is seen. ticks: iterations of
    checkpoints, seen where nothing else is.
    """
    end, label, inner = _scale(frame, width)
    here = min(int(frame.iteration / end * inner), inner - 1)
    seen = min(int(frame.reached.iteration / end * inner), inner - 1)
    back, ahead = frame.position > (0, 0), frame.position < frame.reached
    row = [("reached", "accent")] * here + [("knob", "strong")] + [("reached", "dim")] * (seen - here)
    row += [("track", "rule")] * (inner - len(row))
    for cell in {min(int(tick / end * inner), inner - 1) for tick in ticks}:
        if cell != here and cell <= seen:
            row[cell] = "tick", row[cell][1]
    for iteration, glyph, role in (*marks, *((at, "edit", "update") for at in edited_at(frame))):
        cell = min(int(iteration / end * inner), inner - 1)
        if cell != here:
            row[cell] = glyph, role
    return [
        ink.say(ink.glyph("left"), "accent" if back else "faint"),
        *_joined(row, ink),
        ink.say(ink.glyph("right"), "accent" if ahead else "faint"),
        ink.say(label, "dim"),
    ]


def edited_at(frame: Frame) -> list[int]:
    """The iterations at which the run was edited."""
    return [stretch.start.iteration for stretch in frame.history.stretches[1:]]


def _joined(row: Sequence[tuple[str, str]], ink: Ink) -> Line:
    """Cells side by side, those that look the same as one piece."""
    return [ink.say(ink.glyph(glyph) * len([*same]), role) for (glyph, role), same in groupby(row)]


def _scale(frame: Frame, width: int) -> tuple[int, str, int]:
    """The iteration at the end of a timeline, the words behind it, and its cells between the arrows."""
    join = "of" if frame.iteration <= frame.planned_iterations else "past"
    label = f" {frame.iteration:,} {join} {frame.planned_iterations:,}"
    return max(frame.planned_iterations, frame.reached.iteration, 1), label, max(width - cells(label) - 2, 3)


def timeline_at(x: int, frame: Frame, width: int) -> int | None:
    """The iteration that column x of the header's first row stands for; None beside the timeline.

    The arrows are the start and the furthest iteration reached. What is said goes to a place whose knob is drawn at x.
    """
    bar_width = _bar_width(width)
    end, label, inner = _scale(frame, bar_width)
    at = x - (width - 1 - cells(label) - inner - 2) - 1  # from the first cell behind the left arrow
    if not bar_width or not -1 <= at <= inner:
        return None
    if at in (-1, inner):
        return 0 if at < 0 else frame.reached.iteration
    return end if at == inner - 1 else -(-at * end // inner)


def _status_line(status: Status, frame: Frame | None, width: int, ink: Ink) -> Line:
    """Left the status, right the position; the position gives way where both do not fit."""
    glyph = f" {ink.glyph(GLYPH.get(status.mode, 'busy'))} "
    role = ROLE.get(status.mode, "accent")
    for text in (status.text, status.brief) if status.brief else (status.text,):
        left = [ink.say(glyph + text, role)]
        used = cells(glyph + text)
        for parts in _position_parts(frame):
            right: Line = []
            for i, (words, words_role) in enumerate(parts):
                right += [ink.say("  " + ink.glyph("dot") + "  ", "faint")] if i else []
                right.append(ink.say(words, words_role))
            taken = sum(cells(segment.text) for segment in right)
            if used + taken + 4 <= width:
                return [*left, ink.say(" " * (width - used - taken - 1)), *right, ink.say(" ")]
    return [ink.say(fit(glyph + status.text, width), role)]


def _position_parts(frame: Frame | None) -> list[list[tuple[str, str]]]:
    """What to say of the position, the fullest version first."""
    if frame is None:
        return []
    op = frame.program.ops[frame.op]
    epoch = (f"epoch {frame.epoch + 1}", "text")
    batch = (f"batch {frame.batch + 1} of {frame.program.epochs.batches(frame.iteration)}", "dim")
    iteration = (f"iteration {frame.iteration:,}", "strong")
    short = (f"it {frame.iteration:,}:{frame.op}", "strong")
    coming = (f"next: {op.label}", op.phase)
    metrics = frame.metrics
    loss = (f"loss {number(metrics['loss'])}", "loss") if "loss" in metrics else None
    accuracy = (f"validation {percent(metrics['val_accuracy'])}", "validation") if "val_accuracy" in metrics else None
    versions = [
        [epoch, batch, iteration, coming, loss, accuracy],
        [epoch, iteration, coming, loss, accuracy],
        [epoch, iteration, coming, loss],
        [iteration, coming, loss],
        [iteration, coming],
        [short, loss],
        [short],
    ]
    return [[part for part in version if part] for version in versions]


def footer_line(
    commands: Sequence[Command], width: int, ink: Ink, before: Sequence[Segment] = (), after: Sequence[Segment] = ()
) -> Line:
    """Keys and labels in the order of the table; with little room those of the lowest rank are left out.

    before: stands on the left in any case; after: on the right, where there is room for it and the first command.
    """
    used = sum(segment.cell_length for segment in before)
    taken = sum(segment.cell_length for segment in after) + 1 if after else 0
    line, room = [], width - used - taken
    for keep in range(len(commands), 0, -1):
        kept = sorted(commands, key=lambda command: command.footer or 0)[:keep]
        for all_keys in (True, False):
            line = _footer(kept, commands, ink, all_keys)
            length = sum(segment.cell_length for segment in line)
            if length <= room:
                return [*before, *line, ink.say(" " * (room - length + 1)), *after] if after else [*before, *line]
    return footer_line(commands, width, ink, before) if after else list(before)


def log_mark(n_new: int, key: str, ink: Ink) -> Line:
    """What the footer says of lines that were printed and not looked at yet."""
    if n_new <= 0:
        return []
    click = Style.from_meta({"@click": "app.log"})
    words = ink.words(f" {key} log {min(n_new, 999)}{'+' if n_new > 999 else ''} ".replace("  ", " "))
    return [Segment(words, ink.style("warn") + click)]


def _footer(kept: Sequence[Command], order: Sequence[Command], ink: Ink, all_keys: bool) -> Line:
    line: Line = [ink.say(" ")]
    for command in order:
        if command in kept:
            keys = command.shown_keys if all_keys else command.shown_key
            click = Style.from_meta({"@click": _click(command)})
            line += [
                Segment(ink.words(keys), ink.style("key") + click),
                Segment(f" {command.label}   ", ink.style("dim") + click),
            ]
    line[-1] = Segment(line[-1].text.rstrip(), line[-1].style)
    return line


def _click(command: Command) -> str:
    return f"{'app' if command.where == 'app' else 'screen'}.{command.action}"


class Bar(Widget):
    """One row or two of text that a screen sets; redrawn only when it changes."""

    DEFAULT_CSS = "Bar { position: absolute; }"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        if lines != self.lines:
            self.lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        return paint(self, [self.lines[y] if y < len(self.lines) else []])[0]


class Gutter(Widget):
    """The line between two zones, with a joint wherever a panel's title line meets it."""

    DEFAULT_CSS = "Gutter { position: absolute; width: 1; }"

    def __init__(self, ink: Ink) -> None:
        super().__init__()
        self.ink = ink
        self.left: frozenset[int] = frozenset()  # rows, from the top of the line, where a rule comes from the left
        self.right: frozenset[int] = frozenset()

    def show(self, left: frozenset[int], right: frozenset[int]) -> None:
        self.left, self.right = left, right
        self.refresh()

    def render_line(self, y: int) -> Strip:
        joint = {(False, False): "bar", (True, False): "tee_left", (False, True): "tee_right", (True, True): "cross"}
        name = joint[y in self.left, y in self.right]
        return paint(
            self, [[self.ink.say(self.ink.glyph("tee_down" if name == "cross" and y == 0 else name), "rule")]]
        )[0]
