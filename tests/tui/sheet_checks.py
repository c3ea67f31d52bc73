"""What can be told of a picture without looking at it: rows that overflow, nothing drawn, cut words, pale words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.segment import Segment

MIN_CONTRAST = 3.0  # WCAG 2.1, 1.4.11: what must be told apart; 4.5 for long text


def too_wide(lines: Sequence[Sequence[Segment]], width: int, height: int) -> list[str]:
    """More rows than there is room for, or a row with more cells."""
    found = [f"{len(lines)} rows for {height}"] if len(lines) > height else []
    for line in lines:
        used = sum(segment.cell_length for segment in line)
        if used > width:
            found.append(f"{used} cells for {width}: {text_of(line)!r}")
    return found


def is_blank(lines: Sequence[Sequence[Segment]]) -> bool:
    return not any(text_of(line).strip() for line in lines)


def clipped(lines: Sequence[Sequence[Segment]], wide: Sequence[Sequence[Segment]], width: int) -> list[str]:
    """Words at the right edge that are not words of the same panel drawn wider, but begin one: they were cut without a sign."""
    whole = "\n".join(text_of(line) for line in wide)
    words = set(re.findall(r"[A-Za-z]{2,}", whole))
    found = []
    for line in lines:
        text = text_of(line)
        last = re.search(r"[A-Za-z]+$", text)
        if last is None or sum(segment.cell_length for segment in line) != width:
            continue
        # A letter alone is a word where it stands behind the same ones in the wide picture: "% of w", "a sample's".
        tail = text[max(last.start() - 4, 0) :]
        alone = re.search(re.escape(tail) + r"(?![A-Za-z])", whole) if len(last[0]) == 1 else None
        if last[0] not in words and not alone:
            longer = [word for word in words if word.startswith(last[0])]
            found += [f"{last[0]!r} of {longer[0]!r} in {text.strip()!r}"] if longer else []
    return found


def pale(lines: Sequence[Sequence[Segment]]) -> list[str]:
    """Words whose colour hardly differs from what is behind them: the palest, and how many more there are."""
    from tui_nn.tui.ink import luminance, rgb

    found = set()
    for line in lines:
        for segment in line:
            style = segment.style
            if style is None or style.color is None or style.bgcolor is None or not re.search(r"\w", segment.text):
                continue
            fore, back = (luminance(rgb(colour.get_truecolor().hex)) for colour in (style.color, style.bgcolor))
            contrast = (max(fore, back) + 0.05) / (min(fore, back) + 0.05)
            if contrast < MIN_CONTRAST:
                found.add(
                    f"contrast {contrast:.1f}: {segment.text.strip()!r} {style.color.name} on {style.bgcolor.name}"
                )
    least = sorted(found)
    return least if len(least) < 4 else [*least[:3], f"{len(least) - 3} more colours of little contrast"]


def text_of(line: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in line)
