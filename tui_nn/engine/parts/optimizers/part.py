"""What the compiler must know of an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.parts.optimizers.tables import no_table

Arrays = Mapping[str, np.ndarray]
Settings = Mapping[str, float]

# Where kernels find a setting, by its key in the scenario. Keys without a place choose a kernel, or a row, or a start.
PLACES = {
    "lr": at.LR,
    "momentum": at.MOMENTUM,
    "beta1": at.BETA1,
    "beta2": at.BETA2,
    "eps": at.EPS,
    "dampening": at.DAMPENING,
    "rho": at.RHO,
    "lr_decay": at.LR_DECAY,
    "eps_inside_root": at.EPS_INSIDE_ROOT,
    "bias_correction": at.BIAS_CORRECTION,
    "momentum_decay": at.MOMENTUM_DECAY,
}


@dataclass(frozen=True)
class OptimizerPart:
    """slots: all that it may keep of a parameter, in PyTorch's words, in the order of the row's SLOT cells; which of them
    it does keep, the scenario's table says.
    kernel(spec): the kernel of its update rows; None: the one of its own name.
    table(settings): what depends on the number of the update alone, a row for each, from t = 0.
    vector_...: the same for what is no matrix, where that is moved in another way.

    `effective_step(grad, slots, settings, t)` is what update number t (from 1) subtracted from the parameter: from the
    gradient it was made with, and from the slots behind it. settings are the scenario's, as floats; a pull towards 0 is
    a row of its own and no part of it."""

    slots: tuple[str, ...]
    formula: str
    effective_step: Callable[[np.ndarray, Arrays, Settings, int], np.ndarray]
    kernel: Callable[[Any], str] | None = None
    table: Callable[[Settings], np.ndarray] = no_table
    vector_slots: tuple[str, ...] = ()
    vector_kernel: str = ""
    vector_formula: str = ""
    places: Mapping[str, int] = field(default_factory=lambda: PLACES)

    def settings_array(self, settings: Settings) -> np.ndarray:
        """The settings as the machine reads them, with the table behind, row by row."""
        table = self.table(settings)
        head = np.zeros(at.N_SETTINGS)
        for name, place in self.places.items():
            head[place] = settings.get(name, 0.0)
        if at.VECTOR_LR in self.places.values():
            head[at.VECTOR_LR] /= settings["lr"]  # a share: a schedule moves both
        head[at.CORRECTIONS] = len(table)
        return np.concatenate([head, table.reshape(-1)])
