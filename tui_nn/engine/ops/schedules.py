"""Schedules: each row computes the learning rate of its iteration from the iteration's number and leaves it for the updates.

Nothing is multiplied up from one iteration to the next, so a run that starts from a checkpoint gets the same bits.
A schedule's own settings begin with the top, whether time is counted in epochs, the warm-up and its start.
"""

from __future__ import annotations

import math

from tui_nn.engine.layout import EPOCH, HIST_ROW, ITERATION, LR, PROBE, SETTING, STATE
from tui_nn.engine.lowlevel import helper
from tui_nn.engine.registry import kernel

TOP, IN_EPOCHS, WARMUP, WARMUP_START, OWN = range(5)


@helper
def set_lr(row, ctl, setting, hist, lr):
    setting[LR] = lr
    if ctl[row + PROBE] >= 0:
        hist[ctl[HIST_ROW] + ctl[row + PROBE]] = lr


@helper
def time_since_warmup(row, ctl, setting):
    """Whole units of time since the warm-up ended; negative while it lasts."""
    own = ctl[row + SETTING]
    time = ctl[EPOCH] if setting[own + IN_EPOCHS] != 0.0 else ctl[ITERATION]
    return float(time) - setting[own + WARMUP]


@helper
def warmed_up(row, ctl, setting, time, lr):
    """lr itself, or during the warm-up the place on the straight line to the top."""
    own = ctl[row + SETTING]
    if time >= 0.0:
        return lr
    start, length = setting[own + WARMUP_START], setting[own + WARMUP]
    return setting[own + TOP] * (start + (1.0 - start) * (time + length) / length)


@kernel("schedule_warmup")
def schedule_warmup(row, ctl, setting, mem, data, hist):
    """Rise in a straight line, then stay."""
    time = time_since_warmup(row, ctl, setting)
    set_lr(row, ctl, setting, hist, warmed_up(row, ctl, setting, time, setting[ctl[row + SETTING] + TOP]))


@kernel("schedule_step")
def schedule_step(row, ctl, setting, mem, data, hist):
    """lr * gamma ** (t // every)."""
    own = ctl[row + SETTING]
    every, gamma = setting[own + OWN], setting[own + OWN + 1]
    time = time_since_warmup(row, ctl, setting)
    lr = setting[own + TOP] * gamma ** math.floor(max(time, 0.0) / every)
    set_lr(row, ctl, setting, hist, warmed_up(row, ctl, setting, time, lr))


@kernel("schedule_exponential")
def schedule_exponential(row, ctl, setting, mem, data, hist):
    """lr * gamma ** t."""
    own = ctl[row + SETTING]
    time = time_since_warmup(row, ctl, setting)
    lr = setting[own + TOP] * setting[own + OWN] ** max(time, 0.0)
    set_lr(row, ctl, setting, hist, warmed_up(row, ctl, setting, time, lr))


@helper
def half_cosine(start, end, share):
    """From start to end as share goes from 0 to 1."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(max(share, 0.0), 1.0)))


@kernel("schedule_cosine")
def schedule_cosine(row, ctl, setting, mem, data, hist):
    """min_lr + (lr - min_lr) (1 + cos(pi t / length)) / 2.

    Source: Loshchilov & Hutter (2017), eq. 5, one period.
    """
    own = ctl[row + SETTING]
    length, low = setting[own + OWN], setting[own + OWN + 1]
    time = time_since_warmup(row, ctl, setting)
    lr = half_cosine(setting[own + TOP], low, time / length)
    set_lr(row, ctl, setting, hist, warmed_up(row, ctl, setting, time, lr))


@kernel("schedule_one_cycle")
def schedule_one_cycle(row, ctl, setting, mem, data, hist):
    """Half a cosine up from lr / div_factor to lr, half a cosine down to its start / final_div_factor.

    Source: Smith & Topin (2018); turning points as in PyTorch's OneCycleLR: iteration rise * n - 1 and n - 1 of n.
    """
    own = ctl[row + SETTING]
    top = setting[own + TOP]
    n, rise = setting[own + OWN], setting[own + OWN + 1]
    start = top / setting[own + OWN + 2]
    end = start / setting[own + OWN + 3]
    t, turn = float(ctl[ITERATION]), rise * n - 1.0
    lr = half_cosine(start, top, t / turn) if t <= turn else half_cosine(top, end, (t - turn) / (n - 1.0 - turn))
    set_lr(row, ctl, setting, hist, lr)


@kernel("schedule_plateau")
def schedule_plateau(row, ctl, setting, mem, data, hist):
    """lr * factor ** falls, not below min_lr; the falls are counted by the row that watches the metric."""
    own = ctl[row + SETTING]
    falls = mem[ctl[row + STATE]]
    lr = setting[own + TOP] * setting[own + OWN] ** float(falls)
    set_lr(row, ctl, setting, hist, max(lr, min(setting[own + OWN + 1], setting[own + TOP])))
