"""Pictures of a terminal as SVG, and a sheet of them: a page for the browser, and PNG pages where rsvg-convert is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from rich.segment import Segment
from rich.style import Style

CELL = 8.43, 17.0  # units of the SVG
PAGE = 2400.0  # units across a page of the sheet


@dataclass
class Shot:
    name: str
    size: str
    theme: str
    svg: str
    width: int
    height: int
    faults: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.name}  {self.size} {self.theme}"

    @property
    def file(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") + ".svg"


def svg_of(strips: Sequence[Sequence[Segment]], width: int, height: int, back: str) -> str:
    """Rows of segments as an SVG of one cell's grid: a rectangle a background, a text a run."""
    w, h = CELL
    boxes, texts = [], []
    for row, strip in enumerate(strips):
        at = 0
        for segment in strip:
            n = segment.cell_length
            style = segment.style or Style()
            fore, ground = (c.get_truecolor().hex if c is not None else None for c in (style.color, style.bgcolor))
            if style.reverse:
                fore, ground = ground or back, fore or "#888888"
            if ground and ground != back:
                boxes.append(
                    f'<rect x="{at * w:.2f}" y="{row * h}" width="{n * w + 0.3:.2f}" height="{h + 0.3}" fill="{ground}"/>'
                )
            if segment.text.strip():
                lead = len(segment.text) - len(segment.text.lstrip())
                text = segment.text.strip()
                weight = ' font-weight="bold"' if style.bold else ""
                texts.append(
                    f'<text x="{(at + lead) * w:.2f}" y="{row * h + 13}" textLength="{Segment(text).cell_length * w:.2f}" '
                    f'lengthAdjust="spacingAndGlyphs" fill="{fore or "#888888"}"{weight} xml:space="preserve">{escape(text)}</text>'
                )
            at += n
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width * w:.0f} {height * h:.0f}" width="{width * w:.0f}" height="{height * h:.0f}" '
        f'font-family="DejaVu Sans Mono, Noto Sans Mono CJK KR, monospace" font-size="14">'
        f'<rect width="100%" height="100%" fill="{back}"/>{"".join(boxes)}{"".join(texts)}</svg>'
    )


def pages_of(shots: Sequence[Shot]) -> Iterator[tuple[str, list[Shot]]]:
    """As many pictures of one size and theme as can be read on one page: 9, 4 or 2."""
    groups: dict[tuple[str, str], list[Shot]] = {}
    for shot in shots:
        groups.setdefault((shot.size, shot.theme), []).append(shot)
    for (size, theme), group in groups.items():
        n = 9 if int(size.split("x")[0]) <= 80 else 4 if int(size.split("x")[0]) <= 120 else 2
        for k in range(0, len(group), n):
            yield f"page-{size}-{theme}-{k // n + 1:02d}", group[k : k + n]


def page_svg(shots: Sequence[Shot]) -> str:
    columns = 3 if len(shots) > 4 else 2 if len(shots) > 2 else 1
    wide = PAGE / columns
    tall = max(shot.height * CELL[1] / (shot.width * CELL[0]) for shot in shots) * (wide - 12) + 40
    parts = []
    for i, shot in enumerate(shots):
        x, y = i % columns * wide + 6, i // columns * tall + 28
        inner = shot.svg.replace("<svg ", f'<svg x="{x:.0f}" y="{y:.0f}" ', 1)
        inner = re.sub(
            r'(viewBox="[^"]*") width="[^"]*" height="[^"]*"',
            rf'\1 width="{wide - 12:.0f}" height="{tall - 40:.0f}"',
            inner,
            count=1,
        )
        parts.append(
            f'<text x="{x}" y="{y - 8}" font-family="sans-serif" font-size="18">{escape(shot.title)}</text>{inner}'
        )
    rows = -(-len(shots) // columns)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{PAGE:.0f}" height="{rows * tall:.0f}">'
        f'<rect width="100%" height="100%" fill="#b8bcc4"/>{"".join(parts)}</svg>'
    )


def write_sheet(shots: Sequence[Shot], out: Path, png: bool) -> None:
    out.mkdir(parents=True, exist_ok=True)
    figures = []
    for shot in shots:
        (out / shot.file).write_text(shot.svg, encoding="utf-8")
        faults = "".join(f"<pre>{escape(fault)}</pre>" for fault in shot.faults)
        figures.append(
            f'<figure><figcaption>{escape(shot.title)}</figcaption><a href="{shot.file}"><img loading="lazy" src="{shot.file}" width="{shot.width * 5}"></a>{faults}</figure>'
        )
    style = "body{font-family:sans-serif;background:#b8bcc4}figure{display:inline-block;margin:6px;vertical-align:top}pre{color:#900;max-width:60em;overflow:auto}"
    page = f"<!doctype html><meta charset=utf-8><title>tui-nn: contact sheet</title><style>{style}</style><h1>{len(shots)} pictures</h1>"
    (out / "index.html").write_text(page + "\n".join(figures), encoding="utf-8")
    if png and shutil.which("rsvg-convert"):
        for name, group in pages_of(shots):
            target = str(out / f"{name}.png")
            subprocess.run(
                ["rsvg-convert", "--unlimited", "-o", target, "/dev/stdin"], input=page_svg(group).encode(), check=True
            )
