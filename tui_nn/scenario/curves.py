"""The loss of every preset over its planned run, recorded once, so that the gallery can draw it without training.

`scenarios/curves.json` is written by `python -m tests.presets.make_curves`; a test trains every preset again and compares.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tui_nn.scenario.presets import preset_dir

COLUMNS = 48  # equal parts of the planned run
FILE = "curves.json"

Span = tuple[float, float] | None  # the smallest and the largest finite value in a column; None: not measured there


@dataclass(frozen=True, slots=True)
class RecordedCurve:
    """
    iterations: of the planned run.
    loss, val_loss: one span a column; val_loss is empty if nothing was held out.
    broke_at: the first iteration whose loss was not finite, where the run ended; None if all were.
    """

    iterations: int
    loss: tuple[Span, ...]
    val_loss: tuple[Span, ...] = ()
    broke_at: int | None = None

    @staticmethod
    def of(
        iterations: int, loss: "Points", val_loss: "Points" = ((), ()), broke_at: int | None = None
    ) -> "RecordedCurve":
        spans = (outline(*loss, iterations), outline(*val_loss, iterations) if len(val_loss[0]) else ())
        return RecordedCurve(iterations, *spans, broke_at)

    def as_data(self) -> dict[str, Any]:
        """What the file keeps of it: three significant digits, [low, high] or one number if they are the same."""
        data: dict[str, Any] = {"iterations": self.iterations, "loss": [_written(span) for span in self.loss]}
        if self.val_loss:
            data["val_loss"] = [_written(span) for span in self.val_loss]
        return data | ({} if self.broke_at is None else {"broke_at": self.broke_at})

    @staticmethod
    def from_data(data: dict[str, Any]) -> "RecordedCurve":
        loss, val_loss = (tuple(map(_read, data.get(name, ()))) for name in ("loss", "val_loss"))
        return RecordedCurve(data["iterations"], loss, val_loss, data.get("broke_at"))


Points = tuple[Sequence[int], Sequence[float]]  # iterations, and the value at each


def outline(iterations: Sequence[int], values: Sequence[float], planned: int) -> tuple[Span, ...]:
    """Of each column the range of its finite values, so that spikes survive. The first and last iteration have the outer ones."""
    spans: list[Span] = [None] * COLUMNS
    for iteration, value in zip(iterations, values, strict=True):
        if math.isfinite(value):
            column = min(round(iteration * (COLUMNS - 1) / max(planned - 1, 1)), COLUMNS - 1)
            low, high = spans[column] or (value, value)
            spans[column] = (min(low, value), max(high, value))
    return tuple(spans)


def _written(span: Span) -> list[float] | float | None:
    if span is None:
        return None
    low, high = (float(f"{value:.3g}") for value in span)
    return low if low == high else [low, high]


def _read(value: Any) -> Span:
    if value is None:
        return None
    return (value[0], value[1]) if isinstance(value, list) else (value, value)


@cache
def recorded_curves() -> dict[str, RecordedCurve]:
    """By preset. Without the file, or with one that cannot be read, there are none: pictures are a convenience."""
    try:
        table = json.loads((preset_dir() / FILE).read_text(encoding="utf-8"))
        return {name: RecordedCurve.from_data(data) for name, data in table.items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}
