"""Which presets have been opened, remembered between two openings in the order of their first visits."""

from __future__ import annotations

from tui_nn.tui import config


def visited() -> list[str]:
    return list(config.load().get("visited", ()))


def remember(ref: str) -> None:
    """Note a visit; what is no preset's id, as a path is, is not noted."""
    from tui_nn.scenario.presets import find_preset

    known = visited()
    if ref not in known and find_preset(ref) is not None:
        config.save(visited=[*known, ref])
