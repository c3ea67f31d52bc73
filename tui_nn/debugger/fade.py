"""How the error changes on its way back through the layers: its direction and size, in decades."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

EVEN = 1.0  # decades: less is called even
STRONG = 2.0  # decades from which it is called vanishing, or exploding


@dataclass(frozen=True)
class Fade:
    """From the layer nearest the loss (`source`) to the one furthest back (`end`) whose error is known.

    ratio:    norm of the error at `end` over that at `source`; 0 if nothing arrives, NaN if either is not finite.
    n_layers: layers with weights on the way, both ends included.
    is_fresh: of this iteration; else left from the one before.
    """

    source: str
    end: str
    ratio: float
    n_layers: int
    is_fresh: bool

    @property
    def decades(self) -> float:
        """Powers of ten: negative where it shrinks towards the input, -inf where nothing arrives."""
        return math.log10(self.ratio) if self.ratio > 0 else self.ratio if math.isnan(self.ratio) else -math.inf

    @property
    def kind(self) -> Literal["vanishing", "fading", "even", "growing", "exploding", "not finite"]:
        decades = self.decades
        if math.isnan(decades) or decades == math.inf:
            return "not finite"
        if abs(decades) < EVEN:
            return "even"
        if decades < 0:
            return "vanishing" if decades <= -STRONG else "fading"
        return "exploding" if decades >= STRONG else "growing"


def fade(frame: Frame) -> Fade | None:
    """Of the layers the error has reached in this iteration, or of all as the last one left them; None with fewer than two."""
    fresh = [layer for layer in frame.layers if layer.is_backward_fresh]
    known = fresh or [layer for layer in frame.layers if layer.has_delta]
    if len(known) < 2:
        return None
    end, source = known[0], known[-1]
    a, b = end.metrics.get("delta_norm"), source.metrics.get("delta_norm")
    if a is None or b is None or b == 0:
        return None
    ratio = a / b if math.isfinite(a) and math.isfinite(b) else math.nan
    return Fade(source.name, end.name, ratio, sum(bool(layer.parameters) for layer in known), bool(fresh))
