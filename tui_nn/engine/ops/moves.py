"""What every update row reports: the size of the parameters, and of the move beside it."""

from __future__ import annotations

import math

from tui_nn.engine.layout import HIST_ROW, PROBE
from tui_nn.engine.lowlevel import helper


@helper
def report(row, ctl, hist, update_squares, weight_squares):
    """weight_norm of the moved parameters, and how large the move was beside it (of the parameters before)."""
    at = ctl[HIST_ROW] + ctl[row + PROBE]
    hist[at + 1] = math.sqrt(update_squares) / math.sqrt(weight_squares)
