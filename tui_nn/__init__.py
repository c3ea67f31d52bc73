"""A debugger for neural-network training that lives in the terminal.

    from tui_nn import Session, load_scenario
    s = Session(load_scenario("zero-init"))
    s.step("iteration", 10)

Both names load on first use, so that `tui-nn --help` waits for neither NumPy nor pydantic.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Session", "__version__", "load_scenario"]

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import load_scenario


def __getattr__(name: str) -> object:
    if name == "Session":
        from tui_nn.debugger.session import Session

        return Session
    if name == "load_scenario":
        from tui_nn.scenario import load_scenario

        return load_scenario
    raise AttributeError(f"module 'tui_nn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
