"""What needs more than one field: does the network fit its data, its loss and the memory, do conditions make sense?

A scenario that passes can be trained. Each check yields faults; `check` runs those whose tables can be judged.
"""

from collections.abc import Callable, Iterator
from math import isqrt, prod

from tui_nn.data.registry import source_of
from tui_nn.data.shape import data_shape
from tui_nn.scenario.check_activation import check_activation
from tui_nn.scenario.check_conditions import name_faults, slot_faults, syntax_faults
from tui_nn.scenario.check_init import check_init, check_init_shapes
from tui_nn.scenario.check_layers import check_batch_norm, check_layers, check_residual, check_shapes, has_wrong_form
from tui_nn.scenario.check_loss import check_loss
from tui_nn.scenario.check_optimizer import check_optimizer
from tui_nn.scenario.check_probes import check_probes
from tui_nn.scenario.check_question import check_question_form, check_question_runs
from tui_nn.scenario.check_recurrent import check_recurrent, check_tokens
from tui_nn.scenario.check_script import check_script_edits, check_script_turns, told
from tui_nn.scenario.check_training import check_monitors, check_schedule
from tui_nn.scenario.errors import Fault, Path, shown, unknown
from tui_nn.scenario.extends import OWN
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.naming import layer_names, metric_names, unmeasured
from tui_nn.scenario.panels import PANELS, SHOWN_VIEWS, VIEWS
from tui_nn.scenario.spec.base import MAX_ITERATIONS
from tui_nn.scenario.spec.shape import dims
from tui_nn.scenario.validate import Findings

MAX_BYTES = 512 * 1024 * 1024


def check(findings: Findings) -> list[Fault]:
    """All cross-field faults of a scenario that could be read, or mended without guessing."""
    scenario = findings.scenario
    if scenario is None:
        return []
    faults: list[Fault] = []
    for run, tables in CHECKS.items():
        if findings.may_judge(*tables) and not (faults and run in ON_SHAPES and _is_misshapen(scenario)):
            faults += run(scenario)
    return faults


def _is_misshapen(scenario: Scenario) -> bool:
    return has_wrong_form(scenario) or any(check_shapes(scenario))


def check_data(scenario: Scenario) -> Iterator[Fault]:
    """What the source itself refuses; a shape of as many numbers; a sample left to train on, and enough for a batch."""
    data, shape = scenario.data, data_shape(scenario.data)
    yield from source_of(data).faults(data)
    if data.shape is not None and has_wrong_form(scenario):
        product = " x ".join(map(str, data.shape))
        yield Fault(
            ("data", "shape"),
            f"got [{dims(data.shape)}]: {product} = {prod(data.shape):,}, and a sample of {data.source!r} has "
            f"{shape.n_features:,} numbers; write a shape of {shape.n_features:,}, like {_shape_of(shape.n_features)}",
        )
    if shape.n_train < 1:
        key, share = ("test", data.test) if data.test > 0.0 else ("validation", data.validation)
        both = f"with validation = {data.validation:g} that " if data.validation > 0.0 and key == "test" else ""
        message = f"{both}leaves no sample of {shape.n_samples} to train on; use a smaller share"
        yield Fault(("data", key), f"got {share:g}; {message}")
    elif isinstance(data.batch_size, int) and data.batch_size > shape.n_train:
        yield Fault(
            ("data", "batch_size"),
            f"got {data.batch_size}; there are {shape.n_train} training samples: "
            f'use at most {shape.n_train}, or "full" for all of them',
        )


def _shape_of(n: int) -> str:
    side = isqrt(n)
    return f"[{side}, {side}, 1]" if side > 1 and side * side == n else f"[{n}, 1]"


def check_memory(scenario: Scenario) -> Iterator[Fault]:
    """Parameters, their gradients and slots, the data, and the values of one batch, validation and test, within 512 MB."""
    shape = data_shape(scenario.data)
    n_bytes = 4 if scenario.dtype == "float32" else 8
    copies = 2 + scenario.optimizer.n_slots + scenario.optimizer.scratch + (scenario.stopping is not None)
    own = [row for row in layer_names(scenario) if row.kind == scenario.layers[row.index].type]
    sizes = {
        row.index: copies
        * n_bytes
        * sum(prod(each) for each in scenario.layers[row.index].parameter_shapes(row.shape_in).values())
        for row in own
    }
    if sum(sizes.values()) > MAX_BYTES:
        index = max(sizes, key=sizes.__getitem__)
        sized = next((key for key in ("units", "filters") if key in type(scenario.layers[index]).model_fields), "type")
        yield Fault(
            ("layers", index, sized),
            f"the parameters with their gradients and optimizer state take {_megabytes(sum(sizes.values()))}, most of it here; "
            f"at most {_megabytes(MAX_BYTES)}: use fewer {sized if sized != 'type' else 'units'}",
        )
        return
    batch = shape.n_train if scenario.data.batch_size == "full" else min(int(scenario.data.batch_size), shape.n_train)
    rows = sum(prod(row.shape) for row in layer_names(scenario))
    kept = sum(scenario.layers[row.index].kept_values(row.shape_in) for row in own)  # beside outputs and deltas
    again = sum(scenario.layers[row.index].kept_in_evaluation(row.shape_in) for row in own)
    values = batch * (shape.n_features + 2 * rows + kept)
    values += (shape.n_val + shape.n_test) * (shape.n_features + rows + again)
    if values * n_bytes > MAX_BYTES:
        yield Fault(
            ("data", "batch_size"),
            f"the values of one batch and of validation take {_megabytes(values * n_bytes)}; "
            f"at most {_megabytes(MAX_BYTES)}: use a smaller batch_size, fewer samples or fewer units",
        )


def _megabytes(n: int) -> str:
    return f"{n / 1024 / 1024:,.0f} MB"


def check_length(scenario: Scenario) -> Iterator[Fault]:
    shape, epochs = data_shape(scenario.data), scenario.train.epochs
    batch = scenario.data.batch_size
    per_epoch = 1 if batch == "full" else max(1, -(-shape.n_train // int(batch)))
    if epochs is not None and epochs * per_epoch > MAX_ITERATIONS:
        yield Fault(
            ("train", "epochs"),
            f"got {epochs:,}; at {per_epoch:,} iterations each that is more than {MAX_ITERATIONS:,}: "
            f"use at most {MAX_ITERATIONS // per_epoch:,}",
        )


def check_syntax(scenario: Scenario) -> Iterator[Fault]:
    """Every condition can be read and answers yes or no."""
    yield from syntax_faults(_conditions(scenario))


def check_names(scenario: Scenario) -> Iterator[Fault]:
    """What conditions and `show` speak of exists in this network; behind edits see `check_script_edits`."""
    yield from name_faults(_unedited(scenario), scenario)
    metrics, missing = metric_names(scenario), unmeasured(scenario)
    for index, line in enumerate(scenario.script):
        if line.show is not None and line.show not in (*PANELS, *SHOWN_VIEWS, *metrics):
            names = SHOWN_VIEWS if line.show.partition(":")[0] in VIEWS else [*PANELS, *metrics]
            message = missing.get(line.show) or unknown("panel or metric", line.show, names)
            yield Fault(("script", index, "show"), message)


def check_beside(scenario: Scenario) -> Iterator[Fault]:
    """Each run beside is another one."""
    before = {scenario.id, scenario.twin}
    for index, name in enumerate(scenario.beside or ()):
        if name in before:
            which = "this scenario itself" if name == scenario.id else "already opened"
            yield Fault(("beside", index), f"{shown(name)} is {which}; name each other run once")
        before.add(name)


def check_slots(scenario: Scenario) -> Iterator[Fault]:
    """m and v are asked for only where the optimizer keeps them."""
    yield from slot_faults(_unedited(scenario), scenario)


def _unedited(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Those that are read in the network as the file has it."""
    edited = {(*at.place, "until") for at in told(scenario) if at.is_edited}
    return ((path, text) for path, text in _conditions(scenario) if path not in edited)


def _conditions(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    for index, expectation in enumerate(scenario.expect):
        yield ("expect", index, "that"), expectation.that
    for index, line in enumerate(scenario.script):
        if line.until is not None:
            yield ("script", index, "until"), line.until


# What cannot be judged while a layer does not take what comes in.
ON_SHAPES = (
    check_tokens,    check_residual, check_batch_norm, check_init_shapes, check_loss, check_memory, check_probes, check_names, check_slots,
    check_monitors, check_script_edits, check_question_runs,
)  # fmt: skip
CHECKS: dict[Callable[[Scenario], Iterator[Fault]], tuple[str, ...]] = {
    check_data: ("data",),
    check_layers: ("data", "layers"),
    check_shapes: ("data", "layers"),
    check_residual: ("data", "layers"),
    check_batch_norm: ("data", "layers"),
    check_init: ("layers",),
    check_recurrent: ("layers",),
    check_tokens: ("data", "layers"),
    check_activation: ("layers",),
    check_init_shapes: ("data", "layers"),
    check_loss: ("data", "layers", "loss"),
    check_optimizer: ("optimizer",),
    check_memory: ("data", "layers", "optimizer"),
    check_length: ("data", "train"),
    check_monitors: ("data", "schedule", "stopping", "probes"),
    check_schedule: ("data", "schedule", "optimizer", "train"),
    check_probes: ("data", "layers", "probes"),
    check_syntax: (),
    check_names: ("data", "layers", "probes"),
    check_beside: (),
    check_slots: ("optimizer",),
    check_question_form: (),
    check_script_turns: (),
    check_script_edits: (*(key for key in Scenario.model_fields if key not in OWN), "script"),
    check_question_runs: (*(key for key in Scenario.model_fields if key not in OWN), "script"),
}
