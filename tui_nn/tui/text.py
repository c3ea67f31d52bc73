"""Text in terminal cells: widths, wrapping, numbers. Nothing here knows a widget or a frame."""

from __future__ import annotations

import math
import re
import unicodedata

from rich.cells import cell_len, set_cell_size

CLOSING = ".,;:!?)]}»”’…%。，、！？"  # never the first character of a line


def cells(text: str) -> int:
    """Width in terminal cells; a Hangul syllable takes two."""
    return cell_len(text)


def fit(text: str, width: int, align: str = "<", more: str = "…") -> str:
    """Exactly `width` cells: padded on one side (align < or >), or cut with a mark that something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        room = width - cell_len(more)
        return set_cell_size(text, width) if room < 1 else set_cell_size(text, room) + more
    blank = " " * (width - cell_len(text))
    return blank + text if align == ">" else text + blank


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells. Blank lines part paragraphs; list items and indented lines start afresh.

    Breaks between words (Korean has spaces too); only a word longer than the line is split, between
    characters, never inside a double-width one. Closing punctuation does not open a line.
    """
    width = max(width, 2)
    lines: list[str] = []
    for paragraph in _paragraphs(unicodedata.normalize("NFC", text)):
        if lines and not paragraph:
            lines.append("")
        elif paragraph:
            lines.extend(_wrap_paragraph(paragraph, width))
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _paragraphs(text: str) -> list[str]:
    out: list[str] = []
    fresh = True
    for raw in text.expandtabs(4).splitlines():
        line = raw.rstrip()
        starts_item = bool(re.match(r"\s*([-*•]|\d+[.)])\s", line)) or line.startswith("  ")
        if not line.strip():
            if out and out[-1]:
                out.append("")
            fresh = True
        elif fresh or starts_item:
            out.append(line)
            fresh = False
        else:
            out[-1] += " " + line.strip()
    return out


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    stripped = paragraph.lstrip()
    item = re.match(r"([-*•]|\d+[.)])\s+", stripped)
    indent = min(len(paragraph) - len(stripped), width // 3)
    first = " " * indent
    rest = " " * min(indent + (len(item[0]) if item else 0), width // 2)
    lines, line, room = [], first, width
    is_empty = True
    for word in stripped.split():
        gap = "" if is_empty else " "
        if cell_len(line) + len(gap) + cell_len(word) <= room:
            line += gap + word
            is_empty = False
            continue
        if not is_empty:
            lines.append(line)
            line, is_empty = rest, True
        pieces = _split_word(word, max(room - cell_len(line), 2))
        for piece in pieces[:-1]:
            lines.append(line + piece)
            line = rest
        line += pieces[-1]
        is_empty = False
    if not is_empty:
        lines.append(line)
    return lines


def _split_word(word: str, width: int) -> list[str]:
    """Pieces of at most `width` cells. A piece takes along what a closing mark at its start belongs to."""
    pieces, piece = [], ""
    for letter in word:
        if piece and cell_len(piece + letter) > width:
            keep = len(piece)
            if letter in CLOSING:
                keep = max((i for i in range(1, len(piece)) if piece[i] not in CLOSING), default=keep)
                if cell_len(piece[keep:] + letter) > width:
                    keep = len(piece)
            pieces.append(piece[:keep])
            piece = piece[keep:]
        piece += letter
    return [*pieces, piece]


def number(value: float | None, digits: int = 4) -> str:
    """About `digits` significant digits, at most `digits` + 5 cells wide: 0.1234, 12.34, 1.23e-9, inf, nan, – for None."""
    if value is None:
        return "–"
    value = float(value)
    if not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    if value == 0.0:
        return "0"
    size = abs(value)
    if 1e-3 <= size < 1e5:
        exponent = math.floor(math.log10(size))
        if size >= (1 - 0.5 * 10.0**-digits) * 10.0 ** (exponent + 1):
            exponent += 1  # it is rounded up: 0.9999 in three digits is 1.00
        return f"{value:.{max(digits - 1 - exponent, 0)}f}"
    mantissa, exponent = f"{value:.{max(digits - 2, 0)}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def number_in(value: float, width: int) -> str:
    """The number with as many of four significant digits as fit the width."""
    texts = (number(value, digits) for digits in (4, 3, 2))
    return next((text for text in texts if len(text) <= width), fit(number(value, 2), width))


def percent(share: float | None) -> str:
    """A share of 1 in percent, one decimal: 97.2 %."""
    if share is None:
        return "–"
    return "nan" if share != share else f"{100 * share:.1f} %"


def count(n: int, noun: str = "") -> str:
    """12,345, or with a noun "1 unit", "12,345 units"."""
    text = f"{n:,}"
    return text if not noun else f"{text} {noun}" if n == 1 else f"{text} {noun}s"


def times(ratio: float) -> str:
    """A factor as ×0.013, ×2.4, ×1.2e-7."""
    return "×" + number(ratio, 3)


def notice(text: str, width: int) -> list[str]:
    """What a panel says when there is nothing to draw: wrapped, with a margin, below a blank line."""
    return ["", *(" " + line for line in wrap(text, width - 2))]


def wrap_report(report: str, width: int) -> list[str]:
    """An error report: its lines stay lines; one that is too long goes on indented below itself."""
    lines: list[str] = []
    for line in report.splitlines():
        indent = len(line) - len(line.lstrip())
        first, *rest = _wrap_paragraph(line, width - 2) or [""]
        lines += [first, *(" " * min(indent + 2, width // 3) + part.strip() for part in rest)]
    return lines
