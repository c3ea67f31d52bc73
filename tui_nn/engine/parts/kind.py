"""What the compiler must know of a kind of layer or activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal


def no_settings(spec: Any) -> Sequence[float]:
    return ()


def no_scratch(rows: int, units: int) -> int:
    return 0


@dataclass(frozen=True)
class Kind:
    """A row of the network. Its kernels are called KIND_forward, KIND_backward and, if evaluation is its own, KIND_eval.

    forward, backward: formulas for the listing.
    settings(spec): numbers of its own, float64, found by its kernels from setting[ctl[row + SETTING]] on.
    scratch(rows, units): elements that its forward row leaves for its backward row, those of the live rows first.
    evaluation: what a validation or test pass does here: the "same" kernel, its "own", or nothing ("skip").
    evaluate: formula of that pass, if it is another.
    has_slope: is `saturated` measured? Of an activation without a slope it is not.
    slope(units): of an activation whose slope is c + l a - a**2: c, l, and the slope at 0.
    formulas(spec): forward and backward as they are with this layer's options; None: as above.
    first_values: what parameters and buffers start from, by role; 0 if not named here. (A dense layer's are drawn.)
    """

    forward: str
    backward: str
    settings: Callable[[Any], Sequence[float]] = no_settings
    scratch: Callable[[int, int], int] = no_scratch
    evaluation: Literal["same", "own", "skip"] = "same"
    evaluate: str = ""
    is_activation: bool = False
    can_die: bool = False
    has_slope: bool = True
    slope: Callable[[int], tuple[float, float, float]] | None = None
    formulas: Callable[[Any], tuple[str, str]] | None = None
    first_values: Mapping[str, float] = field(default_factory=dict)

    def of(self, spec: Any) -> Kind:
        """This kind as one layer has it: its options written into the formulas."""
        if self.formulas is None:
            return self
        forward, backward = self.formulas(spec)
        return replace(self, forward=forward, backward=backward)
