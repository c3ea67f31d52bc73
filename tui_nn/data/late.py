"""NumPy, loaded at its first use: a scenario is checked against the shapes of its data, which no array is needed for.

A source keeps its shape rule and its maker in one file, `from tui_nn.data.late import np`, and reading the one stays cheap.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
else:

    class _NumPy:
        def __getattr__(self, name: str) -> Any:
            import numpy

            return getattr(numpy, name)

    np = _NumPy()

__all__ = ["np"]
