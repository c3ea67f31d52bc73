"""What tells one data set from another: so that a saved run is not continued on other samples under the same name."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from tui_nn.data.dataset import Dataset

PARTS = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
CLOSE = 1e-9  # of the size of the sums; sines and standard deviations differ by 1e-15 between processors and versions
PERIOD = 997  # of the weights in a sum that notices another order; a prime, so that no batch or image has it


def fingerprint(dataset: Dataset) -> dict[str, Any]:
    """Name, task and form; a hash of every bit; and of each part shape and two sums, by which round-off is told from other data."""
    sums = {name: _sums(getattr(dataset, name)) for name in PARTS}
    return {
        "name": dataset.name,
        "task": dataset.task,
        "form": list(dataset.form),
        "shapes": {name: list(getattr(dataset, name).shape) for name in PARTS},
        "sums": sums,
        "sha256": _hash(dataset),
    }


def differs(dataset: Dataset, wanted: Any) -> str:
    """In which way the data is not what `wanted` was taken of: words to go behind "the data", or "" if it is the same.

    "round-off" if the numbers differ only as they do from one machine to another. wanted: whatever a file says it is.
    """
    here = fingerprint(dataset)
    if not isinstance(wanted, dict) or set(wanted) != set(here):
        return "has no fingerprint that can be compared"
    if wanted == here:
        return ""
    for key in ("name", "task", "form"):
        if wanted[key] != here[key]:
            return f"has another {key}: {wanted[key]!r:.60}, here {here[key]!r}"
    if wanted["shapes"] != here["shapes"]:
        return "has other numbers of samples or columns"
    if isinstance(wanted["sums"], dict) and all(
        _are_close(wanted["sums"].get(name), here["sums"][name]) for name in PARTS
    ):
        return "round-off"
    return "has other numbers in it"


def _hash(dataset: Dataset) -> str:
    digest = hashlib.sha256()
    for name in PARTS:
        array = np.ascontiguousarray(getattr(dataset, name))
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _sums(array: np.ndarray) -> list[float]:
    """Sum of squares, and a sum in which each place counts in its own way; 0 in place of what is not finite."""
    flat = np.nan_to_num(np.asarray(array, np.float64).ravel(), posinf=0.0, neginf=0.0)
    weights = 1.0 + np.arange(flat.size) % PERIOD / PERIOD
    return [float(flat @ flat), float(flat @ weights)]


def _are_close(theirs: Any, ours: list[float]) -> bool:
    if not isinstance(theirs, list) or len(theirs) != 2 or not all(isinstance(x, int | float) for x in theirs):
        return False
    size = max(abs(ours[0]), abs(ours[1]), 1e-300)
    return all(abs(a - b) <= CLOSE * size for a, b in zip(theirs, ours, strict=True))
