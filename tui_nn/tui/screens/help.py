"""The help page: the focused panel first, then every key, all read from the table of commands."""

from __future__ import annotations

from collections.abc import Sequence

from tui_nn.tui.commands import Command, help_rows
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line
from tui_nn.tui.text import cells, fit, wrap

KEY_WIDTH = 18
WORDS = (
    ("operation (op)", "one row of the Program panel: the smallest step"),
    ("iteration", "one update of the parameters, on one batch of samples"),
    ("epoch", "one pass over all training samples"),
    ("loss", "what training makes small, averaged over the batch; cross-entropies are in nats"),
    ("error, delta", "∂loss/∂output: by how much the loss changes if an output changes"),
    ("gradient", "∂loss/∂parameter: by how much the loss changes if a parameter changes"),
    ("norm, |x|", "the length of an array as one vector: the root of the sum of squares"),
    ("validation", "samples set apart, only measured, never trained on"),
)


def help_lines(focused: str | None, about: str, places: Sequence[str], width: int, ink: Ink) -> list[Line]:
    """`focused`: the name of the panel the user was in, explained first by `about`."""
    lines: list[Line] = []
    if focused:
        lines += [[ink.say(focused, "title")], *_paragraph(about, width, ink), []]
    for index, (heading, commands) in enumerate(help_rows(places)):
        if focused and index == 0:
            heading = "Keys in this panel"
        lines += [
            [ink.say(heading, "title")],
            *(line for command in commands for line in _row(command, width, ink)),
            [],
        ]
    lines.append([ink.say("Words", "title")])
    for word, meaning in WORDS:
        lines += _entry(word, meaning, "strong", width, ink)
    lines += [
        [],
        *_paragraph(
            "With Hangul input on, the letter keys work as well: ㄴ is s, ㅜ is n. Arrows, digits and signs always do.",
            width,
            ink,
        ),
    ]
    return lines


def _paragraph(text: str, width: int, ink: Ink) -> list[Line]:
    return [[ink.say(line)] for line in wrap(text, width - 1)]


def _row(command: Command, width: int, ink: Ink) -> list[Line]:
    return _entry(command.shown_keys, command.help, "key", width, ink)


def _entry(name: str, text: str, role: str, width: int, ink: Ink) -> list[Line]:
    key_width = min(KEY_WIDTH, width // 3)
    lines = []
    for i, part in enumerate(wrap(text, max(width - key_width - 2, 10))):
        head = name if i == 0 else ""
        gap = " " if cells(head) >= key_width else ""
        lines.append([ink.say(" " + fit(head, key_width - 1 - len(gap)) + gap, role), ink.say(part)])
    return lines
