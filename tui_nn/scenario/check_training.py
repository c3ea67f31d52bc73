"""Schedules, early stopping and memory of the evaluations: does what they watch exist?"""

from collections.abc import Iterator

from tui_nn.data.shape import data_shape
from tui_nn.scenario.errors import Fault, Path
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.schedules import OneCycle, Plateau, WarmedUp, Warmup


def check_monitors(scenario: Scenario) -> Iterator[Fault]:
    """A metric that is watched must be measured."""
    watching: list[tuple[Path, str]] = []
    if isinstance(scenario.schedule, Plateau):
        watching.append((("schedule", "monitor"), scenario.schedule.monitor))
    if scenario.stopping:
        watching.append((("stopping", "monitor"), scenario.stopping.monitor))
    for path, monitor in watching:
        if monitor != "loss" and scenario.data.validation == 0.0:
            yield Fault(
                path,
                f'{monitor} is not measured: nothing is held out; set data.validation = 0.2 or {path[-1]} = "loss"',
                "table" if path[-1] not in scenario_keys(scenario, path) else "value",
            )
        elif monitor == "val_accuracy" and data_shape(scenario.data).task == "regression":
            yield Fault(path, f"a regression has no {monitor}; use val_loss")
        elif monitor == "val_accuracy" and not scenario.probes.has(monitor):
            yield Fault(path, f"{monitor} is switched off in probes.off; leave it on, or watch val_loss")


def scenario_keys(scenario: Scenario, path: Path) -> set[str]:
    """The keys that the file itself wrote in that table."""
    table = getattr(scenario, str(path[0]))
    return table.model_fields_set


def check_schedule(scenario: Scenario) -> Iterator[Fault]:
    schedule, n = scenario.schedule, planned_iterations(scenario)
    if isinstance(schedule, OneCycle) and n < 4:
        yield Fault(
            ("schedule", "type"), f"one_cycle needs a rise and a fall; the run has only {n} iterations: plan 4 or more"
        )
    if isinstance(schedule, OneCycle) and n >= 4 and not 1.0 < schedule.rise * n < n - 1:
        yield Fault(
            ("schedule", "rise"),
            f"got {schedule.rise:g}; of {n} iterations that leaves no rise or no fall: use a share between "
            f"{1.5 / n:.2g} and {1.0 - 1.5 / n:.2g}",
        )
    if isinstance(schedule, Warmup | WarmedUp) and schedule.warmup == 0 and "warmup_start" in schedule.model_fields_set:
        yield Fault(
            ("schedule", "warmup_start"),
            "has no effect without a warm-up; add warmup = 5 or remove warmup_start",
            "key",
        )
    low = getattr(schedule, "min_lr", 0.0)
    if low > scenario.optimizer.lr:
        yield Fault(
            ("schedule", "min_lr"),
            f"got {low:g}; the schedule falls from optimizer.lr, which is {scenario.optimizer.lr:g}: use less than that",
        )


def planned_iterations(scenario: Scenario) -> int:
    shape, batch = data_shape(scenario.data), scenario.data.batch_size
    per_epoch = 1 if batch == "full" else max(1, -(-shape.n_train // int(batch)))
    return scenario.train.iterations or (scenario.train.epochs or 0) * per_epoch
