"""The debugger: a session over one run, its history, and frames of what can be seen."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.position import Position, Stop
    from tui_nn.debugger.session import Session

__all__ = ["Frame", "Position", "Session", "Stop"]

_HOME = {"Frame": "frame", "Position": "position", "Stop": "position", "Session": "session"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"tui_nn.debugger.{_HOME[name]}"), name)
