"""What the compiler must know of a kind of layer or activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from tui_nn.scenario.spec.shape import Shape


def no_settings(spec: Any) -> Sequence[float]:
    return ()


class Shaped(Protocol):
    """What has a shape: a row of the network while it is made, or of the finished program."""

    @property
    def units(self) -> int: ...
    @property
    def positions(self) -> int: ...
    @property
    def values(self) -> int: ...
    @property
    def shape_in(self) -> Shape: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def spec(self) -> Any: ...


def no_cells(place: Shaped) -> Mapping[str, int]:
    return {}


def no_scratch(rows: int, place: Shaped) -> int:
    return 0


def a_value_each(rows: int, place: Shaped) -> int:
    """Scratch of one number for each of the output."""
    return rows * place.values


@dataclass(frozen=True)
class Kind:
    """A row of the network. Its kernels are called KIND_forward, KIND_backward and, if evaluation is its own, KIND_eval.

    forward, backward: formulas for the listing.
    settings(spec): numbers of its own, float64, found by its kernels from setting[ctl[row + SETTING]] on.
    scratch(rows, place): elements for so many samples that its forward row leaves for its backward row, those of the live rows first.
    scratch_in_evaluation(rows, place): the same of a row that nothing goes back from; None: as much.
    is_scratch_whole: whether each iteration writes all of it. Else some may be left from another time, which no position decides.
    cells(place): cells of its rows that are its own, like the size of a window.
    kernel: whose kernels it has, if they are not called after itself.
    evaluation: what a validation or test pass does here: the "same" kernel, its "own", or nothing ("skip").
    evaluate: formula of that pass, if it is another.
    has_slope: is `saturated` measured? Of an activation without a slope it is not.
    slope(units): of an activation whose slope is c + l a - a**2: c, l, and the slope at 0.
    formulas(spec): forward and backward as they are with this layer's options; None: as above.
    by_sample: its rows count samples, and its kernels know the places; every other kind's count samples x places.
    stream: which numbers its starting weights are drawn from, so that two kinds of layer never start alike; a second matrix
            of the layer takes the next.
    is_recurrent: it has a row for each time step; see recurrent_rows.py.
    first_values: what parameters and buffers start from, by role; 0 if not named here. (A dense layer's are drawn.)
    """

    forward: str
    backward: str
    settings: Callable[[Any], Sequence[float]] = no_settings
    scratch: Callable[[int, Shaped], int] = no_scratch
    scratch_in_evaluation: Callable[[int, Shaped], int] | None = None
    cells: Callable[[Shaped], Mapping[str, int]] = no_cells
    kernel: str = ""
    evaluation: Literal["same", "own", "skip"] = "same"
    evaluate: str = ""
    is_activation: bool = False
    can_die: bool = False
    has_slope: bool = True
    slope: Callable[[int], tuple[float, float, float]] | None = None
    formulas: Callable[[Any], tuple[str, str]] | None = None
    by_sample: bool = False
    is_scratch_whole: bool = True
    stream: int = 0
    is_recurrent: bool = False
    first_values: Mapping[str, float] = field(default_factory=dict)

    def of(self, spec: Any) -> Kind:
        """This kind as one layer has it: its options written into the formulas."""
        if self.formulas is None:
            return self
        forward, backward = self.formulas(spec)
        return replace(self, forward=forward, backward=backward)
