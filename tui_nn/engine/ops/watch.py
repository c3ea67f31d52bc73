"""Numbers of the memory noted at full speed, each time that a row has written one of them: see engine/watch.py."""

from __future__ import annotations

from tui_nn.engine.layout import ADDRESS, ITERATION, LINE_WIDTH, LINES, LINES_AT, LINES_FROM, WATCHED, WATCHES
from tui_nn.engine.lowlevel import call_kernel
from tui_nn.engine.registry import kernel


@kernel("watch")
def watch(row, ctl, setting, mem, data, hist):
    """Execute the row's own kernel, then copy the watched numbers it has written into this iteration's line."""
    own, notes = ctl[row + WATCHED], ctl[WATCHES]
    call_kernel(ctl[ctl[ADDRESS] + ctl[own]], row, ctl, setting, mem, data, hist)
    line = ctl[ITERATION] - ctl[notes + LINES_FROM]
    if line < 0 or line >= ctl[notes + LINES]:
        return
    to = ctl[notes + LINES_AT] + line * ctl[notes + LINE_WIDTH]
    for k in range(own + 2, own + 2 + 2 * ctl[own + 1], 2):
        mem[to + ctl[k + 1]] = mem[ctl[k]]
