"""Ink: every colour, glyph and style of the screen, by role. One Ink is made per theme and mode.

Level is told by glyph as well as by colour, so the same picture reads without colour (NO_COLOR) and in ASCII.
Both colour maps are monotone in luminance: upwards from the background on a dark theme, downwards on a light one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from rich.segment import Segment
from rich.style import Style

from tui_nn.tui.text import notice

LEVELS = 48  # steps of a colour map; a segment is cached for each

RGB = tuple[int, int, int]

# Anchors of the maps, in order of rising level. tests/tui/test_ink.py checks that luminance is monotone.
SEQUENTIAL = {
    True: ("#171d29", "#24355f", "#245f86", "#2f8f86", "#6fb862", "#c9cf4a", "#fff3a0"),
    False: ("#f3f0e8", "#cfe0d2", "#93c4b4", "#4f9fa6", "#33709a", "#33457f", "#271a4f"),
}
NEGATIVE = {
    True: ("#171d29", "#1d3f6e", "#2a6fb8", "#58a6f0", "#b5dcff"),
    False: ("#f3f0e8", "#c3d6ee", "#86aee0", "#3f78c0", "#123e80"),
}
POSITIVE = {
    True: ("#171d29", "#5c3420", "#a85d22", "#ea9440", "#ffd9a8"),
    False: ("#f3f0e8", "#f3d3b0", "#e3a567", "#b9681c", "#6b3300"),
}

PALETTE = {
    True: {
        "background": "#10141c",
        "raised": "#171d29",
        "text": "#d7dde8",
        "dim": "#8d97aa",
        "faint": "#687388",
        "rule": "#323b4d",
        "accent": "#7cc0ff",
        "select": "#26344d",
        "good": "#8ed29a",
        "warn": "#ffb765",
        "bad": "#ff8087",
        "train": "#7cc0ff",
        "validation": "#ffb765",
        "load": "#79d3cc",
        "forward": "#7cc0ff",
        "loss": "#f0d06f",
        "backward": "#ff9f7a",
        "update": "#8ed29a",
        "validate": "#c3a8ff",
        "measure": "#8d97aa",
        "test": "#c3a8ff",
    },
    False: {
        "background": "#faf8f3",
        "raised": "#f0ede4",
        "text": "#232833",
        "dim": "#5c6472",
        "faint": "#7f8590",
        "rule": "#cfcbc0",
        "accent": "#0b5cab",
        "select": "#dce7f3",
        "good": "#2b7536",
        "warn": "#9a5200",
        "bad": "#b3221b",
        "train": "#0b5cab",
        "validation": "#b25b00",
        "load": "#006c74",
        "forward": "#0b5cab",
        "loss": "#826500",
        "backward": "#b0431b",
        "update": "#2b7536",
        "validate": "#663b9c",
        "measure": "#5c6472",
        "test": "#663b9c",
    },
}

GLYPHS = {
    "next": "▶",
    "done": "✓",
    "load": "↓",
    "forward": "→",
    "loss": "Σ",
    "backward": "←",
    "update": "Δ",
    "validate": "≈",
    "measure": "∧",
    "test": "≈",
    "rule": "─",
    "rule_focus": "━",
    "bar": "│",
    "tee_right": "├",
    "tee_left": "┤",
    "tee_down": "┬",
    "cross": "┼",
    "track": "─",
    "reached": "━",
    "knob": "●",
    "edit": "◆",
    "halt": "■",
    "tick": "┷",
    "run": "▶",
    "pause": "‖",
    "busy": "⋯",
    "more_up": "▲",
    "more_down": "▼",
    "dot": "·",
    "dash": "–",
    "ellipsis": "…",
    "to": "→",
    "train": "━",
    "validation": "╌",
    "nan": "×",
    "inf": "∞",
    "pin": "▾",
    "left": "◂",
    "right": "▸",
    "twin": "⇄",
    "partial": "▏▎▍▌▋▊▉█",
    "spark": "▁▂▃▄▅▆▇█",
    "levels": " ·░▒▓█",
    "positive": " ·+╪╬",
    "negative": " ·-=≡",
}
ASCII_GLYPHS = GLYPHS | {
    "next": ">",
    "done": "x",
    "load": "v",
    "forward": ">",
    "loss": "=",
    "backward": "<",
    "update": "*",
    "validate": "?",
    "measure": "^",
    "test": "?",
    "rule": "-",
    "rule_focus": "=",
    "bar": "|",
    "tee_right": "+",
    "tee_left": "+",
    "tee_down": "+",
    "cross": "+",
    "track": "-",
    "reached": "=",
    "knob": "O",
    "edit": "#",
    "halt": "!",
    "tick": "+",
    "run": ">",
    "pause": "#",
    "busy": "~",
    "more_up": "^",
    "more_down": "v",
    "dot": ".",
    "dash": "-",
    "ellipsis": "~",
    "to": "->",
    "train": "-",
    "validation": "x",
    "nan": "?",
    "inf": "!",
    "pin": "v",
    "left": "<",
    "right": ">",
    "twin": "%",
    "partial": "#",
    "spark": "_.-=*#",
    "levels": " .:=#@",
    "positive": " .+*#",
    "negative": " .-~=",
}
ASCII_WORDS = str.maketrans({
    "·": ".", "…": "~", "–": "-", "—": "-", "−": "-", "→": ">", "←": "<", "×": "x", "≥": ">", "≤": "<", "±": "~", "∂": "d",
    "√": "/", "▶": ">", "‖": "#", "│": "|", "─": "-", "↑": "^", "↓": "v", "“": '"', "”": '"', "’": "'", "ᵀ": "T", "δ": "d", "Σ": "S",
})  # fmt: skip  # one cell for one cell, so that nothing moves


def rgb(colour: str) -> RGB:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def blend(a: RGB, b: RGB, share: float) -> RGB:
    """`share` of b, the rest of a."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def hex_colour(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def luminance(colour: RGB) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2: sRGB decoded, then weighted by the eye's response)."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ramp(anchors: tuple[str, ...], steps: int) -> list[RGB]:
    """`steps` colours along the anchors, evenly spaced."""
    points = [rgb(anchor) for anchor in anchors]
    out = []
    for i in range(steps):
        place = i / (steps - 1) * (len(points) - 1)
        k = min(int(place), len(points) - 2)
        out.append(blend(points[k], points[k + 1], place - k))
    return out


@dataclass(frozen=True)
class Ink:
    """What to draw with. `mono` uses no colour at all, `ascii` no character outside ASCII."""

    dark: bool = True
    mono: bool = False
    ascii: bool = False
    _cache: dict[tuple, Segment] = field(default_factory=dict, compare=False, repr=False)
    _tile_lists: dict[tuple, list[Segment]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def glyphs(self) -> dict[str, str]:
        return ASCII_GLYPHS if self.ascii else GLYPHS

    def glyph(self, name: str) -> str:
        return self.glyphs[name]

    @cached_property
    def _styles(self) -> dict[str, Style]:
        if self.mono:
            plain, bold, dim = Style(), Style(bold=True), Style(dim=True)
            mono = dict.fromkeys(PALETTE[True], plain)
            mono |= {
                "dim": plain,
                "faint": dim,
                "rule": dim,
                "accent": bold,
                "warn": bold,
                "bad": Style(bold=True, reverse=True),
            }
            return mono | {
                "title": bold,
                "strong": bold,
                "cursor": Style(reverse=True),
                "selected": Style(reverse=True),
                "key": bold,
            }
        palette = PALETTE[self.dark]
        styles = {name: Style(color=colour) for name, colour in palette.items()}
        return styles | {
            "title": Style(color=palette["accent"], bold=True),
            "strong": Style(color=palette["text"], bold=True),
            "cursor": Style(color=palette["background"], bgcolor=palette["text"], bold=True),
            "selected": Style(color=palette["text"], bgcolor=palette["select"], bold=True),
            "key": Style(color=palette["accent"], bold=True),
        }

    def style(self, role: str) -> Style:
        return self._styles[role]

    def words(self, text: str) -> str:
        """The text as this ink can write it; never wider or narrower than before."""
        return text.translate(ASCII_WORDS) if self.ascii else text

    def say(self, text: str, role: str = "text") -> Segment:
        return Segment(self.words(text), self._styles[role])

    def notice(self, text: str, width: int) -> list[list[Segment]]:
        """What a panel says when there is nothing to draw."""
        return [[self.say(line, "dim")] for line in notice(text, width)]

    def colour(self, role: str) -> RGB | None:
        """For the plot library; None where there is no colour."""
        return None if self.mono else rgb(PALETTE[self.dark][role])

    @cached_property
    def _maps(self) -> dict[str, list[RGB]]:
        return {
            "levels": ramp(SEQUENTIAL[self.dark], LEVELS),
            "positive": ramp(POSITIVE[self.dark], LEVELS),
            "negative": ramp(NEGATIVE[self.dark], LEVELS),
        }

    def tile(self, kind: str, level: int, width: int) -> Segment:
        """One heat cell. kind: "levels", "positive", "negative"; level 0 to LEVELS-1, the last the strongest."""
        key = (kind, level, width)
        segment = self._cache.get(key)
        if segment is None:
            glyphs = self.glyphs[kind]
            glyph = glyphs[min(level * len(glyphs) // LEVELS, len(glyphs) - 1)]
            segment = self._cache[key] = Segment(glyph * width, self._tile_style(kind, level, 0.30))
        return segment

    def tiles(self, signed: bool, width: int) -> list[Segment]:
        """Heat cells by level; negative levels count from the list's end, as Python does."""
        key = (signed, width)
        tiles = self._tile_lists.get(key)
        if tiles is None:
            up = [self.tile("positive" if signed else "levels", level, width) for level in range(LEVELS)]
            down = [self.tile("negative", level, width) for level in range(LEVELS - 1, 0, -1)]
            tiles = self._tile_lists[key] = up + down
        return tiles

    def number_tile(self, kind: str, level: int, text: str) -> Segment:
        """A heat cell wide enough to write its value in."""
        return Segment(self.words(text), self._tile_style(kind, level, 1.0))

    def thread(self, level: int, role: str, text: str) -> Segment:
        """A piece of a line in the colour of a role ("": of none) over a heat cell."""
        if self.mono or not role:
            return self.number_tile("levels", level, text)
        tile = self._maps["levels"][level]
        far = rgb("#0b0e14") if luminance(tile) > 0.25 else rgb("#ffffff")
        colour = hex_colour(blend(rgb(PALETTE[self.dark][role]), far, 0.4))
        return Segment(self.words(text), Style(color=colour, bgcolor=hex_colour(tile)))

    def _tile_style(self, kind: str, level: int, contrast: float) -> Style:
        """Glyphs stand `contrast` of the way from their tile to black or white, whichever is further off."""
        if self.mono:
            return Style()
        tile = self._maps[kind][level]
        far = rgb("#0b0e14") if luminance(tile) > 0.25 else rgb("#ffffff")
        return Style(color=hex_colour(blend(tile, far, contrast)), bgcolor=hex_colour(tile))

    def tint(self, role: str, share: float, text: str, is_strong: bool) -> Segment:
        """A cell in the colour of a role, hardly there for a share of 0; its text near to it, or standing out."""
        if self.mono:
            return Segment(self.words(text), Style(bold=is_strong))
        back = rgb(PALETTE[self.dark]["background"])
        tile = blend(back, rgb(PALETTE[self.dark][role]), 0.14 + 0.3 * min(max(share, 0.0), 1.0))
        far = rgb("#0b0e14") if luminance(tile) > 0.18 else rgb("#ffffff")
        return Segment(
            self.words(text),
            Style(
                color=hex_colour(blend(tile, far, 1.0 if is_strong else 0.6)), bold=is_strong, bgcolor=hex_colour(tile)
            ),
        )

    def stain(self, role: str, text: str) -> Segment:
        """A text on the muted colour of a role, over tiles of any heat."""
        return self.tint(role, 1.0, text, is_strong=True)

    def badge(self, role: str, text: str) -> Segment:
        """A text on the full colour of a role: where something stands."""
        if self.mono:
            return Segment(self.words(text), Style(bold=True, reverse=True))
        tile = rgb(PALETTE[self.dark][role])
        far = "#0b0e14" if luminance(tile) > 0.18 else "#ffffff"
        return Segment(self.words(text), Style(color=far, bold=True, bgcolor=hex_colour(tile)))

    def mark(self, kind: str, width: int) -> Segment:
        """A heat cell that has no level: "nan" or "inf"."""
        return Segment(self.glyphs[kind] * width, self._styles["bad"])
