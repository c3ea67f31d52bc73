"""What is wrong with a scenario file, in words a reader can act on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]  # ("layers", 1, "activation")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault by its place in the data; a Problem once the place in the file is known.

    on: what to point at: the value, the key itself (it should not be there), or the table that lacks the key.
    """

    path: Path
    message: str
    on: Literal["value", "key", "table"] = "value"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where, and what to do about it.

    line, column count from 1; None where they are not known (a whole file, an override).
    key is dotted, "layers[1].activation"; empty for the file itself.
    source: the file, where it is one that the scenario extends.
    """

    line: int | None
    column: int | None
    key: str
    message: str
    source: str = ""

    def __str__(self) -> str:
        where = "" if self.line is None else f"{self.line}:{self.column}"
        return f"{where:<6} {self.key}{': ' if self.key else ''}{self.message}".strip()


class ScenarioError(Exception):
    """A scenario that cannot be used. `.problems` has every fault found; str() is the whole report."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = list(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        lines = []
        for source in dict.fromkeys(problem.source for problem in self.problems):
            problems = [problem for problem in self.problems if problem.source == source]
            count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            name = f"{source} (which {self.source} extends)" if source else self.source
            lines += [f"{name}: {count}", *(f"  {problem}" for problem in problems)]
        return "\n".join(lines) or f"{self.source}: 0 problems"


def nearest(word: object, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one, or None if none does."""
    from difflib import get_close_matches  # only ever needed when something is wrong

    matches = get_close_matches(str(word)[:80], sorted(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def unknown(what: str, word: object, known: Iterable[str]) -> str:
    """ "unknown activation 'rleu'; did you mean 'relu'?", or all that is known if nothing is near."""
    known = list(known)
    if match := nearest(word, known):
        return f"unknown {what} {shown(word)}; did you mean {match!r}?"
    names = ", ".join(known[:30]) + (", ..." if len(known) > 30 else "")
    return f"unknown {what} {shown(word)}; known: {names}"


def shown(value: object, limit: int = 60) -> str:
    """The value as the file has it, shortened and safe to print: 'rleu', -0.1, true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of about {int(value.bit_length() * 0.30103) + 1} digits"  # str() of it may be refused
    text = repr(value) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def dotted(path: Path) -> str:
    """("layers", 1, "units") as a reader writes it: layers[1].units."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            # A key from a stranger may hold anything, even what a terminal would obey.
            word = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else shown(part)
            text += f".{word}" if text else word
    return text
