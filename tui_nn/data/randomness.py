"""Random numbers as a function of (seed, purpose): no generator is kept, so nothing can be out of step."""

from __future__ import annotations

from tui_nn.data.late import np

# Fixed for good: another number is another data set for every scenario ever written.
PURPOSE_DATA = 1
PURPOSE_SPLIT = 2


def generator(seed: int, purpose: int) -> np.random.Generator:
    """A fresh generator for one purpose; the same two integers always give the same numbers.

    Source: Salmon et al. (2011), Philox; the pair is the key, so streams of different purposes never meet.
    """
    return np.random.Generator(np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64)))
