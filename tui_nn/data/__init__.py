"""Built-in data sets, their split and their scaling. Importing this is free; NumPy comes with the first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_nn.data.dataset import Dataset, load_data
    from tui_nn.data.shape import DataShape, data_shape

__all__ = ["DataShape", "Dataset", "data_shape", "load_data"]

_HOME = {
    "DataShape": "tui_nn.data.shape",
    "Dataset": "tui_nn.data.dataset",
    "data_shape": "tui_nn.data.shape",
    "load_data": "tui_nn.data.dataset",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
