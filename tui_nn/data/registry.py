"""The sources by name: what each gives, what it refuses, and how it is made. Their families stand in sources/."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tui_nn.data.shape import DataShape
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.data import Data

if TYPE_CHECKING:
    import numpy as np

Maker = TypeVar("Maker", bound=Callable[[Any, int], "Samples"])


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a source before the split: x (n, d) float64; y as in Dataset."""

    x: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    image_shape: tuple[int, int] | None = None
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One source. Each function takes the scenario's `data` table; `make` also takes the seed.

    shape: known without making anything; its shares are left 0.   faults: what two settings cannot be together.
    """

    shape: Callable[[Any], DataShape]
    faults: Callable[[Any], Iterator[Fault]]
    make: Callable[[Any, int], Samples]


SOURCES: dict[str, Source] = {}


def no_faults(data: Any) -> Iterator[Fault]:
    return iter(())


def source(
    *names: str, shape: Callable[[Any], DataShape], faults: Callable[[Any], Iterator[Fault]] = no_faults
) -> Callable[[Maker], Maker]:
    """Enter the maker of one or more sources: `make(data, seed)`, a pure function of the two."""

    def enter(make: Maker) -> Maker:
        for name in names:
            if name in SOURCES:
                raise ValueError(f"two sources are called {name!r}")
            SOURCES[name] = Source(shape, faults, make)
        return make

    return enter


def source_of(data: Data) -> Source:
    """The source that a `data` table names."""
    import tui_nn.data.sources  # noqa: F401  (the families enter themselves, with this registry in place)

    return SOURCES[data.source]
