"""Rows around the network's own: penalties, clipping, the learning rate's schedule, bounds, and what watches the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.engine.layout import WATCH_STATE
from tui_nn.engine.network_rows import list_evaluation
from tui_nn.engine.program import NEVER, Due
from tui_nn.scenario.spec.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    StepSchedule,
    WarmedUp,
    Warmup,
)

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler
    from tui_nn.engine.place import Place


def place_run_state(c: Compiler) -> None:
    """State of the run itself, behind the layers' buffers: what schedules and early stopping remember."""
    scenario = c.scenario
    for name, wanted in (("plateau", isinstance(scenario.schedule, Plateau)), ("stopping", scenario.stopping)):
        if wanted:
            c.watch_state[name] = c.place(WATCH_STATE)
    if scenario.stopping:
        first, last = c.buffers
        c.best = (c.place(c.span), c.place(last - first))


def set_run_state(c: Compiler, state: np.ndarray) -> None:
    """No value has been seen yet: anything is better."""
    for start in c.watch_state.values():
        state[start] = np.inf


def list_penalties(c: Compiler) -> None:
    places = [place for place in reversed(c.places) if _has(place, "has_penalty")]
    so_far = c.place(1) if places else -1
    weights = [(place, weight) for place in places for weight in place.parameters if weight.is_matrix]
    for number, (place, weight) in enumerate(weights):
        spec, several = place.spec, sum(each.is_matrix for each in place.parameters) > 1
        op = c.listing.add(
            "backward", "penalty", "penalty", place.name, f"penalty {weight.name if several else place.name}", shape_text(weight.shape),
            "∂W += l1 sign W + 2 l2 W", weight=weight.offset, grad_weight=weight.offset + c.state_size,
            count=weight.size, setting=c.own_settings_of((spec.l1, spec.l2)), probe_2=so_far, is_first=number == 0,
        )  # fmt: skip
        if number == len(weights) - 1:
            c.listing.set(op, total=c.columns(op, "penalty"))


def list_clipping(c: Compiler) -> None:
    clip = c.scenario.clip
    cells = {"grad_weight": c.state_size, "count": c.span}
    shape = f"[{sum(tensor.size for place in c.places for tensor in place.parameters)}]"
    if clip and clip.value is not None:
        c.listing.add(
            "backward", "clip", "clip_value", None, f"clip value {clip.value:g}", shape,
            f"g = min(max(g, -{clip.value:g}), {clip.value:g})", setting=c.own_settings_of((clip.value,)), **cells,
        )  # fmt: skip
    if clip and clip.norm is not None:
        op = c.listing.add(
            "backward", "clip", "clip_norm", None, f"clip norm {clip.norm:g}", shape,
            f"g *= min(1, {clip.norm:g} / ‖g‖)", setting=c.own_settings_of((clip.norm,)), **cells,
        )  # fmt: skip
        c.listing.set(op, probe=c.columns(op, "clip_scale"))


def list_schedule(c: Compiler) -> None:
    """The first row of the update phase, if the learning rate changes at all; it then writes `lr`."""
    schedule = c.scenario.schedule
    if schedule is None or isinstance(schedule, Constant):
        return
    kind = schedule.type
    op = c.listing.add(
        "update", "schedule", f"schedule_{kind}", None, f"schedule {kind}", "[]", _FORMULAS[kind],
        setting=c.own_settings_of(_schedule_settings(c)), state=c.watch_state.get("plateau", -2) + 2,
    )  # fmt: skip
    c.listing.set(0, probe=-1)  # the load row wrote the constant one
    c.listing.set(op, probe=c.listing.columns(op, "lr"))


_FORMULAS = {
    "warmup": "lr rises in a straight line, then stays",
    "step": "lr · γ^(t div every)",
    "exponential": "lr · γ^t",
    "cosine": "min + (lr - min)(1 + cos πt/T) / 2",
    "one_cycle": "lr/div up to lr, down to lr/div/final",
    "plateau": "lr · factor^falls",
}


def _schedule_settings(c: Compiler) -> list[float]:
    schedule: Any = c.scenario.schedule
    is_timed = isinstance(schedule, Warmup | WarmedUp)
    in_epochs = is_timed and schedule.per == "epoch"
    warmup = (schedule.warmup, schedule.warmup_start) if is_timed else (0, 0.0)
    settings = [c.scenario.optimizer.lr, in_epochs, *warmup]
    if isinstance(schedule, StepSchedule):
        settings += [schedule.every, schedule.gamma]
    elif isinstance(schedule, Exponential):
        settings += [schedule.gamma]
    elif isinstance(schedule, Cosine):
        planned = c.planned_iterations()
        planned = c.epochs.of(max(0, planned - 1)) + 1 if in_epochs else planned
        length = schedule.length or max(1, planned - schedule.warmup)
        settings += [length, schedule.min_lr]
    elif isinstance(schedule, OneCycle):
        settings += [c.planned_iterations(), schedule.rise, schedule.div_factor, schedule.final_div_factor]
    elif isinstance(schedule, Plateau):
        settings += [schedule.factor, schedule.min_lr]
    return settings


def list_max_norm(c: Compiler, place: Place) -> None:
    if not _has(place, "max_norm"):
        return
    bound = place.spec.max_norm
    c.listing.add(
        "update", "max_norm", "max_norm", place.name, f"max norm {place.name}", shape_text(place.parameters[0].shape),
        f"each unit's weights: W *= min(1, {bound:g} / ‖W‖)", Due("iteration") if place.spec.trainable else NEVER, weight=place.parameters[0].offset,
        n_in=place.parameters[0].matrix[1], n_out=place.parameters[0].matrix[0], setting=c.own_settings_of((bound,)), scratch=place.norm_scale,
    )  # fmt: skip


def list_gap(c: Compiler) -> None:
    """Behind the validation part. Both numbers are made of metrics that are there: no sample is read again."""
    wanted = [name for name in ("epoch_loss", "gap") if c.scenario.probes.has(name)]
    if not c.n_val or not wanted:
        return
    metrics = c.listing.metrics
    op = c.listing.add(
        "validate", "gap", "gap", None, "validate gap", "[]", "val_loss - the mean of loss over the epoch",
        c.at_epoch_end, probe_2=metrics["val_loss"].column, total=metrics["loss"].column,
    )  # fmt: skip
    c.listing.set(op, probe=c.columns(op, "epoch_loss", "gap"))


def list_watching(c: Compiler) -> None:
    """At the end of each epoch, behind validation: the plateau schedule first, then early stopping."""
    schedule, stopping = c.scenario.schedule, c.scenario.stopping
    if isinstance(schedule, Plateau):
        c.listing.add(
            "validate", "plateau", "plateau", None, f"plateau {schedule.monitor}", "[]",
            f"lr falls after {schedule.patience} epochs without a better {schedule.monitor}", c.at_epoch_end,
            state=c.watch_state["plateau"], **_watch_cells(c, schedule, restores=False),
        )  # fmt: skip
    if stopping:
        first, last = c.buffers
        c.listing.add(
            "validate", "stopping", "early_stopping", None, f"stopping {stopping.monitor}", "[]",
            f"end after {stopping.patience} epochs without a better {stopping.monitor}", c.at_epoch_end,
            state=c.watch_state["stopping"], weight=0, count=c.span, slot_1=c.best[0], slot_2=c.best[1],
            **{"in": first}, in_2=last - first, **_watch_cells(c, stopping, restores=stopping.restore_best),
        )  # fmt: skip


def _watch_cells(c: Compiler, spec: Any, restores: bool) -> dict[str, int]:
    """Settings in the order of ops/watching.py; PROBE_2 is the column of the metric watched."""
    sign = -1.0 if spec.monitor == "val_accuracy" else 1.0
    settings = (sign, spec.min_delta, spec.patience, spec.monitor == "loss", c.planned_iterations(), restores)
    return {"setting": c.own_settings_of(settings), "probe_2": c.listing.metrics[spec.monitor].column}


def list_test(c: Compiler) -> None:
    """The test part is read in the last planned iteration, once; who runs on for another plan's length reads it again."""
    planned = c.planned_iterations()
    list_evaluation(
        c, "test", c.n_test, (c.x_test, c.y_test), ("test_loss", "test_accuracy"), Due("period", planned, planned - 1)
    )


def shape_text(shape: tuple[int, ...]) -> str:
    return str(list(shape)).replace(" ", "")


def _has(place: Any, key: str) -> bool:
    """Does the row bring parameters and ask for this?"""
    return bool(place.parameters) and bool(getattr(place.spec, key, None))
