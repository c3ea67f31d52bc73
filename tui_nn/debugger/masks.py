"""Dropout masks of any iteration, without running it: whether a unit is off is a hash of where and when it is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine import layout as at

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.engine.program import Program

GOLDEN, MIX_1, MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
PURPOSE = np.uint64(0xD20)


@dataclass(frozen=True)
class MaskCount:
    """
    off:      (rows, values) bool, what stands in memory. rate: the share that is to be off.
    expected, spread: mean and standard deviation of the number off, were each drawn for itself with that rate.
    changed:  share of the places that the iteration before had otherwise; None in the first. iteration: of this mask.
    """

    off: np.ndarray
    rate: float
    expected: float
    spread: float
    changed: float | None
    iteration: int


def mask_count(frame: Frame, layer: LayerFrame) -> MaskCount | None:
    """None if the layer is no dropout, or has not been computed."""
    mask = layer.mask
    if mask is None or not len(mask):
        return None
    off = mask == 0
    iteration = frame.iteration if layer.is_forward_fresh else frame.iteration - 1
    rate = dropout_rate(frame.program, layer.name)
    changed = None
    if iteration > 0:
        before = switched_off(frame.program, layer.name, iteration - 1)
        n = min(len(before), len(off))
        changed = float((before[:n] != off[:n]).mean())
    return MaskCount(off, rate, off.size * rate, math.sqrt(off.size * rate * (1.0 - rate)), changed, iteration)


def dropout_rate(program: Program, layer: str) -> float:
    return float(program.setting[program.table[_row(program, layer), at.SETTING]])


def switched_off(program: Program, layer: str, iteration: int) -> np.ndarray:
    """(rows, values) bool, the mask of that iteration: the kernel's hash, in NumPy."""
    row = program.table[_row(program, layer)]
    shape = program.rows(iteration), int(row[at.N_OUT] * row[at.POSITIONS])
    seed = np.array([program.scenario.seed], np.int64).astype(np.uint64)
    key = _mix(_mix(seed) ^ PURPOSE)
    key = _mix(key + np.uint64(iteration))
    key = _mix(key + np.array([row[at.INDEX]], np.int64).astype(np.uint64))
    draws = _mix(key + np.arange(shape[0] * shape[1], dtype=np.uint64)) >> np.uint64(11)
    limit = np.uint64(math.ceil(dropout_rate(program, layer) * 2.0**53))
    return (draws < limit).reshape(shape)


def _row(program: Program, layer: str) -> int:
    return next(each for each in program.layers if each.name == layer).forward_op


def _mix(value: np.ndarray) -> np.ndarray:
    """One output of splitmix64 for each uint64; arrays wrap around without a warning, as they must."""
    value = value + GOLDEN
    value = (value ^ (value >> np.uint64(30))) * MIX_1
    value = (value ^ (value >> np.uint64(27))) * MIX_2
    return value ^ (value >> np.uint64(31))
