"""m and v by hand: the last updates of one parameter, worked out line by line from their gradients, beside the engine's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.update_sum import (
    NO_UPDATE,
    cursor_parameter,
    cut,
    most_telling,
    short,
    symbolic,
    with_numbers,
    written,
)
from tui_nn.tui.text import cells, count, fit, percent
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.by_hand import Check, HandUpdate
    from tui_nn.debugger.frame import Frame
    from tui_nn.engine.program import Program
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
MOST = 12  # updates that are worked out; as many of them are shown as there is room for
VALUE, DIGITS = 11, 5
MARK = 2
MIN_FORMULA = 24  # cells for a formula with its numbers
# What is left out first where there is no room; 0 stays longest. Earlier updates come behind the newest, the oldest last.
HEAD, ANSWER, NEWEST, TITLE, STEP, COLUMNS, REST, EARLIER = range(8)
BLANK = EARLIER + 4  # a blank line is worth as much as the fourth update before the newest

SINCE_EDIT = (
    "No update of this program is done: it is in force since an edit here. Step on, and its updates are worked out."
)


@dataclass(frozen=True)
class Worked:
    """The picture: which parameter of which program, and its updates."""

    program: Program
    name: str
    index: tuple[int, ...]
    updates: list[HandUpdate]
    version: int = 0  # of the history that they belong to
    last: int = 0  # update that was asked for


def hand_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """The cursor's parameter. The gradients of earlier updates are made again in the pictures' thread."""
    layer = view.dense_layer_of(frame)
    if layer is None:
        return ink.notice("This network has no parameters.", width)[:height]
    name, index = cursor_parameter(layer, view)
    op = next(each for each in frame.program.layers if each.name == layer.name).updates[name]
    last = frame.iteration + (frame.op > op)
    if last == 0:
        return ink.notice(NO_UPDATE, width)[:height]
    picture = _asked(frame, view, name, index, last)
    if picture.value is None:
        share = "" if picture.share is None else f" {percent(picture.share)}"
        return ink.notice(picture.error or f"making the last updates again …{share}", width)[:height]
    if not picture.value.updates:
        return ink.notice(SINCE_EDIT, width)[:height]
    return worked_lines(frame, picture.value, _is_of(picture.value, frame, name, index, last), width, height, ink)


def _is_of(worked: Worked, frame: Frame, name: str, index: tuple[int, ...], last: int) -> bool:
    wanted = (frame.program, name, index, frame.history.version)
    is_asked = (worked.program, worked.name, worked.index, worked.version) == wanted
    return is_asked and (worked.updates[-1].t if worked.updates else worked.last) == last


def _asked(frame: Frame, view: View, name: str, index: tuple[int, ...], last: int) -> Picture:
    """Made where the run stands still; while it runs the last picture stays."""
    from tui_nn.tui.pictures import Picture

    program = frame.program
    standing = view.pictures.newest("by hand")
    if frame.is_running:
        return standing or Picture(error="The run is under way: pause it, and its last updates are worked out here.")
    if standing is not None and _is_of(standing.value, frame, name, index, last):
        return standing  # asked first, for a start is a copy of the whole state
    key = (id(program), frame.history.version, name, index, last)

    def work(report: Any) -> Worked:
        from tui_nn.debugger.by_hand import work_out

        if start is None:
            raise RuntimeError("the run has gone on")
        made = view.replay_of(program).updates(start, name, index, last, MOST, report)
        return Worked(program, name, index, work_out(program, name, made), frame.history.version, last)

    start = view.replay_start(max(last - MOST, 0)) if view.replay_start is not None else None
    return view.pictures.ask("by hand", key, work)


def worked_lines(frame: Frame, worked: Worked, is_current: bool, width: int, height: int, ink: Ink) -> list[Line]:
    """Pure: the picture has the numbers."""
    updates = worked.updates
    newest = updates[-1]
    ranked = [(HEAD, _head(frame, worked, is_current, width, ink)), (ANSWER, _answer(frame, updates, width, ink))]
    labels = max(cells(written(term.symbol, ink)) for term in newest.terms)
    labels = max(labels, cells(f"t={newest.t}")) + 3
    formula = width - labels - 2 * VALUE - MARK - 1
    table = _Table(labels, formula if formula >= MIN_FORMULA else 0, ink)
    ranked += [(BLANK, []), (COLUMNS, table.head())]
    kept = [symbol for symbol in newest.checks if symbol != "w"] or ["w"]
    for symbol in kept:
        ranked += _series(table, updates, symbol, width, ink)
    if kept == ["w"]:
        return [cut(line, width, ink) for line in most_telling(ranked, height)]
    ranked += [(BLANK, []), (TITLE, [ink.say(fit(f" from there to the weight, update {newest.t:,}", width), "title")])]
    for term in newest.terms:
        if term.symbol in kept:
            continue
        check = newest.checks.get(term.symbol)
        rank = NEWEST if check else STEP if term.symbol == "step" else REST
        ranked.append((rank, table.row(term.symbol, newest, term.formula, term.value, check)))
    return [cut(line, width, ink) for line in most_telling(ranked, height)]


class _Table:
    """Columns: symbol or update, the formula with its numbers, by hand, the engine's, do they agree."""

    def __init__(self, labels: int, formula: int, ink: Ink) -> None:
        self.labels, self.formula, self.ink = labels, formula, ink

    def head(self) -> Line:
        return [
            self.ink.say(
                " " * (self.labels + self.formula) + fit("by hand", VALUE, ">") + fit("engine", VALUE, ">"), "dim"
            )
        ]

    def row(self, label: str, update: HandUpdate, formula: str, value: Any, check: Check | None) -> Line:
        ink = self.ink
        filled = [with_numbers(formula, update, digits) for digits in (4, 3, 2)]  # type: ignore[arg-type]
        texts = [written(text, ink) for text in (*filled, symbolic(formula))]
        text = next((each for each in texts if cells(each) < self.formula), texts[-1])
        line = [ink.say(fit("  " + written(label, ink), self.labels), "accent")]
        if self.formula:
            line.append(ink.say(fit(text, self.formula), "text"))
        line.append(ink.say(fit(short(float(value), DIGITS), VALUE, ">"), "strong"))
        if check is not None:
            line.append(ink.say(fit(short(check.engine, DIGITS), VALUE, ">"), "text"))
            line.append(ink.say(" " + _mark(check.agrees, ink), "good" if check.agrees else "bad"))
        return line


def _series(table: _Table, updates: list[HandUpdate], symbol: str, width: int, ink: Ink) -> list[tuple[int, Line]]:
    """A title with the formula, then a row an update, the newest last."""
    newest = updates[-1].term(symbol)
    assert newest is not None
    title = f" {symbol} = {symbolic(newest.formula)}"
    words = f"   {newest.words}"
    line = [ink.say(fit(written(title, ink), min(cells(written(title, ink)), width)), "title")]
    if cells(title) + cells(words) <= width:
        line.append(ink.say(words, "dim"))
    out = [(TITLE, line)]
    for age, update in zip(range(len(updates) - 1, -1, -1), updates, strict=True):
        term = update.term(symbol)
        if term is not None:
            row = table.row(f"t={update.t}", update, term.formula, term.value, update.checks.get(symbol))
            out.append((EARLIER + age if age else NEWEST, row))
    return out


def _mark(agrees: bool, ink: Ink) -> str:
    """In ASCII no cross: where others have a hook, it would say the opposite."""
    return ("=" if agrees else "!") if ink.ascii else ink.glyph("done" if agrees else "nan")


def _head(frame: Frame, worked: Worked, is_current: bool, width: int, ink: Ink) -> Line:
    first, last = worked.updates[0].t, worked.updates[-1].t
    optimizer = frame.program.scenario.optimizer.type
    begins = "from the first one on" if first == 1 else f"begun with the engine's numbers behind update {first - 1:,}"
    parts = [f"by {optimizer}, update {last:,}", begins, "arrows: another weight"]
    if not is_current:
        parts.insert(0, "of a moment ago")
    return heading(f"{worked.name}[{','.join(map(str, worked.index))}]", parts, width, ink)


def _answer(frame: Frame, updates: list[HandUpdate], width: int, ink: Ink) -> Line:
    """Do all of them agree, those that there is no room for too?"""
    checks = [check for update in updates for check in update.checks.values()]
    apart = sum(not check.agrees for check in checks)
    if not checks:
        return [ink.say(fit(" The engine keeps none of these numbers.", width), "dim")]
    what = f"{count(len(checks), 'number')} of {count(len(updates), 'update')}"
    if apart:
        return [ink.say(fit(f" {apart} of {what} differ by more than rounding", width), "bad")]
    dtype = frame.program.scenario.dtype
    end = f"agree with the engine's {dtype}"
    texts = [f" {what}, by hand in float64, {end} to rounding", f" {what} {end}", f" {what} agree"]
    texts = [f" {_mark(True, ink)}{text}" for text in texts]
    return [ink.say(next((each for each in texts if cells(each) <= width), fit(texts[-1], width)), "good")]
