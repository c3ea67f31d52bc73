"""Are the inputs tokens that an embedding can look up?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tui_nn.data.dataset import Dataset


def token_fault(dataset: Dataset, tokens: int) -> str | None:
    """The first number that is no whole number from 0 to tokens - 1, with the cure; None if all are."""
    for x in (dataset.x_train, dataset.x_val, dataset.x_test):
        is_token = (x >= 0) & (x < tokens) & (x == np.floor(x))
        if is_token.all():
            continue
        sample, step = (int(place) for place in np.argwhere(~is_token)[0])
        value = float(x[sample, step])
        if value >= tokens and value == np.floor(value):
            cure = f"with tokens = {tokens} they go from 0 to {tokens - 1}: use tokens = {int(max(x.max(), value)) + 1}"
        else:
            cure = "a token is a whole number from 0 on: choose a source whose inputs are"
        return f"got {tokens}; a sample of {dataset.name!r} has {value:g} at step {step}, and {cure}"
    return None
