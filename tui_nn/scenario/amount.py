"""Amounts of training in words: "20 iterations", "3 epochs", "1 op", "end"."""

import re
from dataclasses import dataclass
from typing import Literal

Unit = Literal["op", "iteration", "epoch", "end"]

MAX_AMOUNT = 10_000_000
AMOUNT_PATTERN = r"^[0-9]{1,8} (ops?|iterations?|epochs?)$"
GOAL_PATTERN = r"^(start|end|[0-9]{1,8} (iterations?|epochs?)|(iteration|epoch) [0-9]{1,8})$"

_AMOUNT = re.compile(r"([0-9]{1,8})\s+(op|iteration|epoch)s?", re.ASCII)
_PLACE = re.compile(r"(iteration|epoch)\s+([0-9]{1,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Amount:
    """So many ops, iterations or epochs; as a goal, that many from the start.

    Unit "end" is the planned end of the run; its n is 0.
    """

    n: int
    unit: Unit

    def __str__(self) -> str:
        if self.unit == "end":
            return "end"
        return f"{self.n} {self.unit}{'' if self.n == 1 else 's'}"


def parse_amount(text: str) -> Amount:
    """Read "20 iterations", "3 epochs" or "1 op": how far to move. ValueError with the cure."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"cannot read {_short(text)}; write a number and a unit, like '20 iterations', '3 epochs', '1 op'"
        )
    n = int(match[1])
    if not 1 <= n <= MAX_AMOUNT:
        raise ValueError(f"got {_short(text)}; the number must be from 1 to {MAX_AMOUNT:,}")
    return Amount(n, match[2])  # type: ignore[arg-type]


def parse_goal(text: str) -> Amount:
    """Read "iteration 500", "500 iterations", "3 epochs", "start" or "end": where to go. ValueError with the cure."""
    words = text.strip()
    if words == "start":
        return Amount(0, "iteration")
    if words == "end":
        return Amount(0, "end")
    if match := _PLACE.fullmatch(words):
        n, unit = int(match[2]), match[1]
    elif (match := _AMOUNT.fullmatch(words)) and match[2] != "op":
        n, unit = int(match[1]), match[2]
    else:
        raise ValueError(f"cannot read {_short(text)}; write a place, like '20 iterations', 'epoch 3', 'start', 'end'")
    if n > MAX_AMOUNT:
        raise ValueError(f"got {_short(text)}; the number must be from 0 to {MAX_AMOUNT:,}")
    return Amount(n, unit)  # type: ignore[arg-type]


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
