"""One parameter's update as a calculation to read: a term a line with its numbers put in, then how its parts add up."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from rich.segment import Segment

from tui_nn.tui.ink import Ink
from tui_nn.tui.panels.parameters import element, size_of
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number, wrap
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.debugger.update import Term, Update

Line = list[Segment]
VALUE = 11
WORDS = 26
MIN_FORMULA = 33  # cells of a formula with its numbers beside the words
LABEL = 19
NARROW = 46
NO_UPDATE = (
    "No gradient has been computed yet: n runs one iteration, and here it is told what its update did to this weight."
)
NAME = re.compile(r"{([^}]*)}")
# What is left out first where there is no room; 0 stays longest.
HEAD, ANSWER, STEP, NOTE, GRADIENT, DIVISOR, PART, HAT, SLOT, END, TITLE, BLANK = range(12)


def sum_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """The cursor's parameter. Lines that do not fit are left out, the least telling first."""
    layer = view.dense_layer_of(frame)
    if layer is None:
        return ink.notice("This network has no parameters.", width)[:height]
    from tui_nn.debugger.update import explain

    name, index = cursor_parameter(layer, view)
    update = explain(frame, name, index)
    if update is None:
        return ink.notice(NO_UPDATE, width)[:height]
    ranked = [(HEAD, _head(frame, name, index, update, width, ink)), (ANSWER, _answer(update, width, ink))]
    ranked.append((BLANK, []))
    ranked.append((TITLE, [ink.say(fit(" how the step comes about", width), "title")]))
    ranked += _calculation(update, width, ink)
    for note in (*update.notes, *_still(update)):
        ranked += [(NOTE, [ink.say(" " + line, "warn")]) for line in wrap(note, width - 2)]
    if update.parts:
        ranked += [
            (BLANK, []),
            (
                TITLE,
                [
                    ink.say(
                        fit(
                            " what it will do to the weight" if update.is_coming else " what it does to the weight",
                            width,
                        ),
                        "title",
                    )
                ],
            ),
        ]
        ranked += _waterfall(update, width, ink)
    return [cut(line, width, ink) for line in most_telling(ranked, height)]


def cursor_parameter(layer: LayerFrame, view: View) -> tuple[str, tuple[int, ...]]:
    """The tensor under the cursor and the place in it; the bias stands behind the last input."""
    n_out, n_in, has_bias = size_of(layer)
    return element(layer, clamp(view.row, n_out), clamp(view.column, n_in + has_bias))


def most_telling(ranked: list[tuple[int, Line]], height: int) -> list[Line]:
    """In their order, as many lines as fit: those of the lowest rank, and of one rank the first."""
    kept = sorted(range(len(ranked)), key=lambda k: (ranked[k][0], k))[: max(height, 0)]
    return [ranked[k][1] for k in sorted(kept)]


def cut(line: Line, width: int, ink: Ink) -> Line:
    """At most `width` cells of it."""
    out: Line = []
    for segment in line:
        room = width - sum(cells(each.text) for each in out)
        if cells(segment.text) > room:
            return [*out, Segment(ink.words(fit(segment.text, room)), segment.style)] if room > 1 else out
        out.append(segment)
    return out


def _head(frame: Frame, name: str, index: tuple[int, ...], update: Update, width: int, ink: Ink) -> Line:
    optimizer = frame.program.scenario.optimizer.type
    when = f"update {update.number:,}" + (", still to come" if update.is_coming else "")
    parts = [when, f"by {optimizer}", "arrows: another weight"]
    return heading(f"{name}[{','.join(map(str, index))}]", parts, width, ink)


def _still(update: Update) -> list[str]:
    g = update.term("g")
    is_still = update.parts and g is not None and float(g.value) == 0.0 == float(update.total)
    return ["The gradient of this weight is 0: nothing pulls at it. The arrows go to another one."] if is_still else []


def _answer(update: Update, width: int, ink: Ink) -> Line:
    """What the update does in all, in one line: w 0.5 → 0.49, by -0.01 = 1 × lr."""
    if not update.parts:
        return [ink.say(" w = ", "dim"), ink.say(short(float(update.before), 5), "strong")]
    before, after, change = float(update.before), float(update.after), -float(update.total)
    is_narrow = width < NARROW
    digits = 3 if is_narrow else 5
    line = [
        ink.say(" w ", "dim"), ink.say(short(before, digits)), ink.say(f" {ink.glyph('to')} ", "dim"),
        ink.say(short(after, digits)), ink.say("  " if is_narrow else "  by ", "dim"),
        ink.say(signed(change, min(digits, 4)), "strong"),
    ]  # fmt: skip
    for text in _comparisons(update, change, before, "×" if is_narrow else " × "):
        if sum(cells(segment.text) for segment in line) + cells(text) <= width:
            line.append(ink.say(text, "dim"))
    return line


def _comparisons(update: Update, change: float, before: float, by: str) -> list[str]:
    """The change beside lr, beside the weight, and beside what plain descent would do."""
    out, lr = [], float(update.values["lr"])
    if math.isfinite(change):
        out.append(f" = {short(abs(change) / lr, 3)}{by}lr")
        if math.isfinite(before) and before != 0:
            out.append(f", {short(100 * abs(change / before), 2)} % of w")
        g = update.term("g")
        if g is not None and any(
            term.symbol.startswith("√") or term.symbol in ("u", "d", "o") for term in update.terms
        ):
            out.append(f"; plain descent: {signed(-lr * float(g.value), 2)}")
    return out


def _calculation(update: Update, width: int, ink: Ink) -> list[tuple[int, Line]]:
    """symbol, words and formula with numbers, value. On a narrow panel the words or the formula, whichever fits."""
    symbols = min(max((cells(written(term.symbol, ink)) for term in update.terms), default=1) + 1, 12)
    room = width - symbols - VALUE - 3
    has_words = room >= WORDS + MIN_FORMULA
    formulas = room - WORDS if has_words else room
    out = []
    for k, term in enumerate(update.terms):
        is_step = term.symbol == "step"
        filled = [with_numbers(term.formula, update, digits) for digits in (3, 2)]
        choices = [written(text, ink) for text in (*filled, symbolic(term.formula))] + (
            [] if has_words else [term.words]
        )
        text = next((choice for choice in choices if cells(choice) < formulas), choices[-1])
        value = short(float(term.value), 4)
        line = [ink.say("  " + fit(written(term.symbol, ink), symbols), "strong" if is_step else "accent")]
        if has_words:
            line.append(ink.say(fit(term.words, WORDS), "dim"))
        line.append(ink.say(fit(text, max(formulas, 0)), "text" if has_words or text in choices[:2] else "dim"))
        line.append(ink.say(fit(value, VALUE, ">"), "strong" if is_step or term.symbol == "g" else "text"))
        out.append((_rank(term, k, update), line))
    return out


def _rank(term: Term, k: int, update: Update) -> int:
    if term.symbol == "step":
        return STEP
    if term.symbol == "g":
        return GRADIENT
    if k + 1 < len(update.terms) and update.terms[k + 1].symbol == "step":
        return DIVISOR
    return HAT if len(term.symbol) > cells(term.symbol) else SLOT


def written(text: str, ink: Ink) -> str:
    """In ASCII a root is a word: the stroke that stands for its sign elsewhere would read as a division here."""
    return text.replace("√", "sqrt ") if ink.ascii else text


def with_numbers(formula: str, update: Update, digits: int) -> str:
    """The formula with the value of every name that stands in braces."""

    def value(match: re.Match[str]) -> str:
        text = _put(update.values[match[1]], digits)
        is_squared = formula[match.end() : match.end() + 1] == "²"
        return f"({text})" if text.startswith("-") and is_squared else text

    return NAME.sub(value, formula).replace("·", "×").replace("+ -", "- ").replace("- -", "+ ")


def symbolic(formula: str) -> str:
    """The formula with its names; a name that is a sum stands in parentheses."""
    return NAME.sub(lambda match: f"({match[1]})" if "+" in match[1] else match[1], formula)


def _put(value: Any, digits: int) -> str:
    """A setting as it was written, a number that was worked out in so many digits."""
    if type(value) in (int, float):
        return re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].strip("+"), f"{value:.4g}")
    return short(float(value), digits)


def short(value: float, digits: int) -> str:
    """As `number`, of the value so rounded: 0.99999 in three digits is 1.00."""
    return number(float(f"{value:.{digits}g}"), digits)


def signed(value: float, digits: int) -> str:
    text = short(value, digits)
    return f"+{text}" if value > 0 else text


def _waterfall(update: Update, width: int, ink: Ink) -> list[tuple[int, Line]]:
    """From the weight before to the weight after: each part an arrow that begins where the one above it ended."""
    label = min(LABEL, max(width - VALUE - 8, 8))
    room = width - label - VALUE - 3
    places = [float(update.before)]
    for part in update.parts:
        places.append(places[-1] - float(part.value))
    is_drawn = room >= 4 and all(map(math.isfinite, places)) and max(places) > min(places)
    at = (
        [round((place - min(places)) / (max(places) - min(places)) * (room - 1)) for place in places]
        if is_drawn
        else []
    )

    def row(words: str, picture: str, value: str, role: str) -> Line:
        picture = picture if is_drawn else " " * max(room, 0)
        return [
            ink.say("  " + fit(words, label), "dim"), ink.say(picture, role),
            ink.say(fit(value, VALUE, ">"), "text"),
        ]  # fmt: skip

    def pin(place: int) -> str:
        return " " * place + ink.glyph("bar") + " " * (room - place - 1)

    first = row("w before", pin(at[0]) if at else "", short(places[0], 5), "accent")
    out = [(END, first)]
    for k, part in enumerate(update.parts):
        change = -float(part.value)
        picture = _arrow(at[k], at[k + 1], room, change, ink) if at else ""
        out.append((PART, row(part.words, picture, signed(change, 4), "update" if change > 0 else "warn")))
    out.append((END, row("w after", pin(at[-1]) if at else "", short(float(update.after), 5), "accent")))
    return out


def _arrow(start: int, end: int, room: int, change: float, ink: Ink) -> str:
    if change == 0:
        return " " * start + ink.glyph("dot") + " " * (room - start - 1)
    low, high = min(start, end), max(start, end)
    shaft = ink.glyph("rule_focus") * (high - low)
    text = shaft + ink.glyph("right") if change > 0 else ink.glyph("left") + shaft
    return " " * low + text + " " * (room - high - 1)
