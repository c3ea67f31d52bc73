"""What a stop waits for, and its text: one line, read by `parse_stop`, checked against the network, and never run as code.

    op backward dense_1                    before that op, each time; or its number: op 12
    iteration 500                          at its start
    epoch 3                                at its start; epochs count from 0
    loss > 2 * min(loss)                   where a condition becomes true: it holds, and one op before it did not
    loss changes                           where a value is another than one op before; NaN stays NaN, and what was not
                                           measured before has changed
    weight.dense_1[3,4] changes sign       below 0, and it was not, or the other way round

Behind a comma: `temporary` (it goes when it has stopped the run), `ignore 3` (the next three are passed over), `disabled`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tui_nn.debugger.bounds import Range, gather, range_of
from tui_nn.debugger.context import parse_for
from tui_nn.debugger.phases import Carry, Series, Value, series
from tui_nn.debugger.span import OP_BITS, Span, code, due_in
from tui_nn.debugger.values import find_offset
from tui_nn.scenario.errors import shown, unknown

if TYPE_CHECKING:
    from tui_nn.engine.program import Program
    from tui_nn.scenario import Expression

MOST_IGNORED = 1_000_000_000
PART = 16_384  # rows that are looked at one by one, or not
MOST_CHARACTERS = 600  # a condition and what stands behind it


class StopError(ValueError):
    """A stop that cannot be set; the message names place, value and cure."""


class Hits(NamedTuple):
    """Where one stop is met in a span: rising places (span.code), and of a watched value what it was and is there."""

    places: np.ndarray
    old: np.ma.MaskedArray | None = None
    new: np.ma.MaskedArray | None = None

    def between(self, first: int, last: int) -> Hits:
        """Those from place `first` to place `last`."""
        part = slice(int(self.places.searchsorted(first)), int(self.places.searchsorted(last, side="right")))
        old, new = (None if column is None else column[part] for column in (self.old, self.new))
        return Hits(self.places[part], old, new)


NO_HITS = Hits(np.empty(0, np.int64))


@dataclass(frozen=True)
class AtOp:
    """By its number, or by its label in whatever program is in force; of several rows with that label each."""

    what: str

    def met(self, program: Program, iterations: np.ndarray) -> np.ndarray:
        """Places in these iterations, known before they are executed. A row that is not due has no place."""
        places = [
            (iterations[due_in(program.ops[op].due, iterations)] << OP_BITS) + op for op in _ops(program, self.what)
        ]
        return np.sort(np.concatenate(places)) if places else NO_HITS.places


@dataclass(frozen=True)
class AtIteration:
    iteration: int

    def met(self, program: Program, iterations: np.ndarray) -> np.ndarray:
        return iterations[iterations == self.iteration] << OP_BITS


@dataclass(frozen=True)
class AtEpoch:
    epoch: int

    def met(self, program: Program, iterations: np.ndarray) -> np.ndarray:
        return iterations[iterations == program.epochs.start(self.epoch)] << OP_BITS


@dataclass(frozen=True)
class Becomes:
    """A condition that becomes true."""

    expression: Expression

    def hits(self, span: Span, carry: Carry, before: Value | None = None) -> Hits:
        return _in_parts(self, span, carry, before)

    def may_hit(self, values: Range) -> bool:
        return values.may_hold and values.may_fail

    def find(self, found: Series) -> Hits:
        truth = found.holds
        k = np.flatnonzero(truth[1:] > truth[:-1])
        return Hits(found.places[k + 1]) if k.size else NO_HITS


@dataclass(frozen=True)
class Changes:
    """A value that changes, or only its sign."""

    expression: Expression
    is_sign: bool

    def hits(self, span: Span, carry: Carry, before: Value | None = None) -> Hits:
        return _in_parts(self, span, carry, before)

    def may_hit(self, values: Range) -> bool:
        return values.low < 0 <= values.high if self.is_sign else not values.is_constant

    def find(self, found: Series) -> Hits:
        k = np.flatnonzero(self._has_changed(found))
        return NO_HITS if not k.size else Hits(found.places[k + 1], _seen(found, k), _seen(found, k + 1))

    def _has_changed(self, found: Series) -> np.ndarray:
        old, new = found.values[:-1], found.values[1:]
        both = found.measured[:-1] & found.measured[1:]
        if self.is_sign:
            return both & ((old < 0) != (new < 0)) & ~np.isnan(old) & ~np.isnan(new)
        is_other = (old != new) & ~(np.isnan(old) & np.isnan(new))
        return (found.measured[:-1] != found.measured[1:]) | (both & is_other)


Known = AtOp | AtIteration | AtEpoch  # where it is met is known before anything is executed
Evaluated = Becomes | Changes
Kind = Known | Evaluated


def _in_parts(kind: Evaluated, span: Span, carry: Carry, before: Value | None) -> Hits:
    """Row by row only where bounds do not say that nothing happens: of the whole span first, then of parts of it.

    before: what the value was one op before the segment's beginning, if the span starts with that.
    """
    if before is None and not kind.may_hit(range_of(kind.expression.tree, span, carry)):
        gather(kind.expression, span, carry)
        return NO_HITS
    if span.n <= 2 * PART:
        found = series(kind.expression, span, carry)
        return kind.find(found if before is None else found.behind(before, code(span.start)))
    reads = {find_offset(span.program, each) for each in kind.expression.elements}
    parts = span.parts(PART, (offset for offset in reads if offset is not None))
    found = [_in_parts(kind, part, carry, None if k else before) for k, part in enumerate(parts)]
    found = [hits for hits in found if len(hits.places)] or [NO_HITS]
    old, new = (None if found[0][k] is None else np.ma.concatenate([hits[k] for hits in found]) for k in (1, 2))
    return Hits(np.concatenate([hits.places for hits in found]), old, new)


def _seen(found: Series, k: np.ndarray) -> np.ma.MaskedArray:
    """Numbers, masked where not measured."""
    return np.ma.MaskedArray(found.values[k], mask=~found.measured[k])


# Texts


@dataclass(frozen=True)
class Wanted:
    """A stop as it is written: what it waits for, and what is said of it behind commas."""

    text: str
    temporary: bool = False
    ignore: int = 0
    enabled: bool = True

    def __str__(self) -> str:
        said = [self.text]
        said += ["temporary"] * self.temporary + [f"ignore {self.ignore}"] * (self.ignore > 0)
        return ", ".join(said + ["disabled"] * (not self.enabled))


_SAID = re.compile(r"\s*,\s*(temporary|disabled|ignore\s+([0-9][0-9_]*))\s*$")
_PLACE = re.compile(r"(?:(op)|(iteration|epoch)(?=\s+[0-9]))\s+(.+)", re.DOTALL)  # `epoch changes` is another matter
_CHANGES = re.compile(r"(.*\S)\s+changes(\s+sign)?", re.DOTALL)


def read_stop(text: str) -> Wanted:
    """The line, taken apart; nothing is checked against a network. StopError if it is too long."""
    if len(text) > MOST_CHARACTERS:
        raise StopError(f"{len(text)} characters; a stop has at most {MOST_CHARACTERS}")
    said: dict[str, Any] = {}
    rest = text.strip()
    while match := _SAID.search(rest):
        word, number = match[1].split()[0], match[2]
        key, value = {"temporary": ("temporary", True), "disabled": ("enabled", False)}.get(word, ("ignore", number))
        if key in said:
            raise StopError(f"{word!r} stands twice in {shown(text)}; once is enough")
        said[key] = _number("ignore", number, MOST_IGNORED) if key == "ignore" else value
        rest = rest[: match.start()]
    return Wanted(" ".join(rest.split()), **said)


def parse_stop(program: Program, text: str) -> Kind:
    """What a stop's text (without what stands behind commas) means on this program.

    Errors: StopError, and ExpressionError (a ValueError too) with the column for a condition that cannot be read here.
    """
    if not text:
        raise StopError("an empty stop; write one, like loss > 1, or op forward dense_1")
    if match := _PLACE.fullmatch(text):
        return _at(program, match[1] or match[2], match[3])
    if text in ("op", "changes", "changes sign"):
        raise StopError(f"{text!r} alone says nothing; write op forward dense_1, or loss changes")
    if match := _CHANGES.fullmatch(text):
        return Changes(_reading(program, match[1], f"{match[1]} changes"), bool(match[2]))
    expression = _reading(program, text, text)
    if not expression.is_condition:
        raise StopError(f"{shown(text)} is a number; write {text} changes, or compare it, like {text} > 0")
    return Becomes(expression)


def _reading(program: Program, text: str, whole: str) -> Expression:
    expression = parse_for(program, text)
    if not (expression.names or expression.elements):
        raise StopError(
            f"{shown(whole)} reads nothing of the run, so it never comes true; name a metric, like loss > 1"
        )
    return expression


def _at(program: Program, word: str, what: str) -> Kind:
    if word == "op":
        return _at_op(program, what)
    number = _number(word, what, 2**40)
    return AtIteration(number) if word == "iteration" else AtEpoch(number)


def _at_op(program: Program, what: str) -> AtOp:
    """Rows of validation and test may share a label."""
    if what.replace("_", "").isdecimal():
        what = str(_number("op", what, 2**40))
    if not _ops(program, what):
        if what.isdecimal():
            raise StopError(f"op {what} is not in the program; it has rows 0 to {len(program.ops) - 1}")
        raise StopError(unknown("op", what, [op.label for op in program.ops]))
    return AtOp(what)


def _ops(program: Program, what: str) -> list[int]:
    if what.replace("_", "").isdecimal():
        op = int(what)
        return [op] if op < len(program.ops) else []
    return [op.index for op in program.ops if op.label.casefold() == what.casefold()]


def _number(word: str, text: str, most: int) -> int:
    digits = text.replace("_", "")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15 or int(digits) > most:
        raise StopError(f"{word} {text[:30]!r}: behind {word!r} comes a whole number from 0 to {most:,}, like 500")
    return int(digits)
