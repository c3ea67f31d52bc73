"""Curves in a plain terminal, for `tui-nn run --plot`: no screen, nothing that moves.

plotext draws here. The screen has a field of dots of its own (`tui/canvas.py`), because it draws ten times a second.
"""

import shutil
from collections.abc import Mapping
from os import environ
from typing import Any

MAX_WIDTH, HEIGHT = 100, 18
MARKS = ("braille", "x", "o", "+", "*", "-")  # told apart without colour too
COLOURS = ("blue+", "orange+", "green+", "magenta+", "cyan+", "red+")


def chart_text(curves: Mapping[str, tuple[Any, Any]], width: int | None = None, height: int = HEIGHT) -> str:
    """Curves (iterations, values) by name over one axis. Values that are not finite are counted, not drawn.

    width: in cells; None is as wide as the terminal, up to MAX_WIDTH.
    """
    import numpy as np
    import plotext

    from tui_nn.tui.plot import decimate

    width = width or min(shutil.get_terminal_size((80, 24)).columns, MAX_WIDTH)
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    plotext.theme("clear")
    lost = []
    for index, (name, (iterations, values)) in enumerate(curves.items()):
        values = np.asarray(values, dtype=np.float64)
        odd = int((~np.isfinite(values)).sum())
        if odd:
            lost.append(f"{name}: {odd:,} of {values.size:,} values are not finite")
        x, y = decimate(np.asarray(iterations), values, width)
        if y.size:
            y = y.clip(-1e300, 1e300)  # plotext takes differences
            plotext.plot(
                x.tolist(),
                y.tolist(),
                marker=MARKS[index % len(MARKS)],
                color=COLOURS[index % len(COLOURS)],
                label=name,
            )
    n = max((len(iterations) and int(iterations[-1]) for iterations, _ in curves.values()), default=0)
    ticks = sorted({n * k // 4 for k in range(5)})
    plotext.xticks(ticks, [f"{tick:,}" for tick in ticks])
    plotext.xlabel("iteration")
    text = plotext.build()
    if "NO_COLOR" in environ:  # in a pipe or a file click leaves colours out
        text = plotext.uncolorize(text)
    return "\n".join([*(line.rstrip() for line in text.rstrip("\n").split("\n")), *lost])
