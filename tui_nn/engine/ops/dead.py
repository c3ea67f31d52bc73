"""Dead units: those that fired for no sample of a whole pass over the training part.

Kept is, for each unit, the iteration in which it last fired, in the run's precision (float32 counts exactly to 2**24;
a run has at most 10**7 iterations). It is part of the state: checkpointed, and rewound like a weight.
"""

from __future__ import annotations

from tui_nn.engine.layout import DEAD, HIST_ROW, ITERATION, N_OUT, OUT, PASS, ROWS_AT, STATE
from tui_nn.engine.lowlevel import LANES, below, helper, load, spread, store, view1, view2
from tui_nn.engine.ops.probes import count_below

LOOKS = 4  # samples looked at before asking whether all units have fired: most networks are done after the first few


@helper
def count_dead(row, ctl, mem, hist):
    """At the end of a forward row: note which units fired (output > 0), and the share that did not for a whole pass.

    A pass is the last PASS iterations, this one included; where each epoch has an order of its own, it is a pass
    over each sample exactly only in the last iteration of an epoch. Before the first is over no unit counts as dead.
    NaN is not above 0: a broken unit does not fire.
    """
    if ctl[row + DEAD] < 0:
        return
    rows, units, now = ctl[ctl[row + ROWS_AT]], ctl[row + N_OUT], ctl[ITERATION]
    output, last_fired = view2(mem, ctl[row + OUT], rows, units), view1(mem, ctl[row + STATE], units)
    real = output.dtype.type
    zero, half, time = spread(real(0)), spread(real(0.5)), real(now)
    since, dead = real(now - ctl[PASS] + 1), 0.0
    for j in range(0, units, LANES):
        live = min(units - j, LANES)
        fired = zero
        for first in range(0, rows, LOOKS):
            for i in range(first, min(first + LOOKS, rows)):
                fired = fired + below(zero, load(output, i * units + j, live))
            if count_below(fired, real(0.5), live) == 0.0:
                break
        has_fired, before = below(half, fired), load(last_fired, j, live)
        after = before + has_fired * (spread(time) - before)
        store(last_fired, j, live, after)
        dead += count_below(after, since, live)
    hist[ctl[HIST_ROW] + ctl[row + DEAD]] = dead / units
