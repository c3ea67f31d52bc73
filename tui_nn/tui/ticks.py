"""Round numbers for the axes of a chart, and how they are written."""

from __future__ import annotations

import math

from tui_nn.tui.text import number


def linear_ticks(low: float, high: float, room: int, whole: bool = False) -> list[float]:
    """Round numbers inside the range, about one for every three cells of room."""
    wanted = max(room // 3, 2)
    raw = (high - low) / wanted
    if not (math.isfinite(raw) and raw > 0):
        return [low]
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= raw * 0.999)
    if whole:
        step = max(round(step), 1)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)] or [low]


def log_ticks(low: float, high: float, height: int) -> list[float]:
    """Whole powers of ten, given and returned as exponents; within a single decade also 2, 3, 5 and 7 times them."""
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    every = max(1, math.ceil((last - first + 1) / max(height // 2, 1)))
    ticks = [float(k) for k in range(first, last + 1, every)]
    if len(ticks) < 2:
        fine = [k + math.log10(m) for k in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 3, 5, 7)]
        ticks = [t for t in fine if low <= t <= high] or [low]
    return ticks


def even_labels(ticks: list[float], *, is_share: bool = False) -> list[str]:
    """Labels of evenly spaced ticks, all with as many decimals as the spacing needs; shares of 1 in percent."""
    step = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else abs(ticks[0])
    if is_share:
        step *= 100
    if not is_share and (not step or not 1e-4 <= step < 1e5):
        return [tick_label(t) for t in ticks]
    decimals = min(max(-math.floor(math.log10(step) + 1e-9), 0), 8) if step else 0
    return [f"{100 * t:.{decimals}f}%" if is_share else f"{t:.{decimals}f}" for t in ticks]


def tick_label(value: float) -> str:
    """A tick in as few characters as say it: 0.5, 20, 1e-6."""
    short = f"{value:.4g}" if value else "0"
    if "e" in short and short.startswith("1e"):
        return f"1e{int(short[2:])}"
    return short if len(short) <= 6 and "e" not in short else number(value, 3)


def exponent_label(exponent: float) -> str:
    return tick_label(10.0 ** min(exponent, 308.0))
