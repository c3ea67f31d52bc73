"""Reading the archives that lie beside this file, each with its ATTRIBUTION.md."""

from __future__ import annotations

from importlib.resources import files

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator


def read_archive(name: str) -> dict[str, np.ndarray]:
    """The arrays of NAME.npz by their names. Nothing in them is executed: pickles are refused."""
    with files("tui_nn.data").joinpath(f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return dict(archive)


def chosen(n_samples: int, n_wanted: int, seed: int) -> np.ndarray | slice:
    """Which rows to take: all of them, or so many that the seed draws, in the file's order."""
    if n_wanted >= n_samples:
        return slice(None)
    return np.sort(generator(seed, PURPOSE_DATA).permutation(n_samples)[:n_wanted])
