"""Scenarios, data and machines made in code, for tests that need a network of an exact shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tui_nn.data import Dataset
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine.machine import Machine
from tui_nn.engine.program import Program
from tui_nn.scenario.model import Scenario

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"type": "sgd", "lr": 0.1},
    "momentum": {"type": "momentum", "lr": 0.02, "momentum": 0.9},
    "adam": {"type": "adam", "lr": 0.01},
}
LOSSES = (
    "mse", "binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy",
    "mae", "huber", "hinge",
)  # with their usual options; loss_cases.py has the others  # fmt: skip
YES_OR_NO = ("binary_cross_entropy", "hinge", "perceptron")
ACTIVATIONS = (
    "linear", "sigmoid", "tanh", "relu", "softmax", "leaky_relu", "elu", "selu", "gelu", "softplus", "swish",
)  # fmt: skip
STEP = "step"  # not among them: its backward row is the perceptron rule, not its slope, which is 0
INIT = {"relu": "he_normal", "leaky_relu": "he_normal", "selu": "lecun_normal"}


Layers = Sequence["tuple[int, str] | dict[str, Any]"]


def table_of(layer: tuple[int, str] | dict[str, Any]) -> dict[str, Any]:
    """A dense layer as a table of the file, its start suited to its activation; a table is taken as it is."""
    if isinstance(layer, dict):
        return layer
    units, activation = layer
    return {"type": "dense", "units": units, "activation": activation, "init": INIT.get(activation, "xavier_uniform")}


def make_scenario(layers: Layers, loss: str | dict[str, Any] = "mse", **settings: Any) -> Scenario:
    """Layers are (units, activation), or tables as in a file. `settings` are `optimizer` (a name or a table), `batch_size`, and the scenario's
    own keys; the file's cross-checks are left out, because the data will come from `make_dataset`."""
    optimizer = settings.pop("optimizer", "sgd")
    data = {key: settings.pop(key) for key in ("batch_size", "shuffle") if key in settings} | {"source": "linear"}
    common = {"id": "made", "title": "Made for a test", "seed": 7, "dtype": "float64", "train": {"iterations": 100}}
    rows = [table_of(layer) for layer in layers]
    table = OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer
    wanted = {"type": loss} if isinstance(loss, str) else loss
    return Scenario.model_validate(
        common | {"data": data, "layers": rows, "loss": wanted, "optimizer": table} | settings
    )


def waves(n: int, width: int, phase: float = 0.0) -> np.ndarray:
    """(n, width) numbers in [-1, 1] without a generator: the same in every version of NumPy."""
    k = np.arange(n * width, dtype=np.float64).reshape(n, width)
    return np.sin(1.0 + phase + 12.9898 * k + 0.37 * np.sqrt(k))


def make_dataset(
    loss: str | dict[str, Any], n: int, n_in: int, n_out: int, n_val: int = 0, x: Any = None, y: Any = None,
    task: Any = None, form: tuple[int, ...] = (),
) -> Dataset:  # fmt: skip
    """n training and n_val validation samples that suit the loss; x (n + n_val, n_in) and y if given.

    Targets of the categorical loss are whole distributions, not only one-hot rows.
    """
    total = n + n_val
    x = waves(total, n_in) if x is None else np.asarray(x, np.float64)
    kind = loss if isinstance(loss, str) else loss["type"]
    usual = {"sparse_categorical_cross_entropy": "multiclass"} | dict.fromkeys(YES_OR_NO, "binary")
    task = task or usual.get(kind, "regression")
    if y is None:
        y = waves(total, n_out, phase=2.0)
        if task == "binary":
            y = (y > 0).astype(np.float64)
        elif task == "multiclass":
            y = np.argmax(y, axis=1)
        elif kind == "categorical_cross_entropy":
            y = np.exp(2.0 * y) / np.exp(2.0 * y).sum(axis=1, keepdims=True)
    y = np.asarray(y)
    return Dataset(
        name="made", task=task, n_features=n_in, n_outputs=n_out,
        x_train=x[:n], y_train=y[:n], x_val=x[n:], y_val=y[n:],
        image_shape=None, feature_names=tuple(f"x{k}" for k in range(n_in)), class_names=(), attribution="",
        mean=np.zeros(n_in), scale=np.ones(n_in), form=form,
    )  # fmt: skip


def make_session(
    layers: Layers, loss: str | dict[str, Any] = "mse", n: int = 6, n_in: int = 3, n_val: int = 0,
    x: Any = None, y: Any = None, task: Any = None, form: tuple[int, ...] = (), **settings: Any,
) -> Session:  # fmt: skip
    """form: the shape of a sample, in place of n_in numbers."""
    n_in = math.prod(form) if form else n_in
    scenario = make_scenario(layers, loss, **settings)
    n_outputs = next((table["units"] for table in map(table_of, reversed(layers)) if "units" in table), n_in)
    return Session(scenario, make_dataset(loss, n, n_in, n_outputs, n_val, x, y, task, form))


def run_ops(machine: Machine, first: int, end: int) -> None:
    """Execute rows first .. end - 1 on whatever stands in memory now."""
    machine.ctl[at.OP] = first
    machine.run(machine.iteration, end)


def array_at(machine: Machine, offset: int, rows: int, units: int) -> np.ndarray:
    """A part of the machine's memory, to read and to write."""
    return machine.mem[offset : offset + rows * units].reshape(rows, units)


def metric(machine: Machine, name: str) -> float:
    """What the current iteration's row of the history says."""
    return float(machine.hist[machine.iteration, machine.program.metrics[name].column])


def first_update(program: Program) -> int:
    return next(op.index for op in program.ops if op.phase == "update")


def network_of(session: Session) -> list[tuple[list, list, str]]:
    """The network as tests/reference.py takes it, with the parameters that stand in memory now."""
    mem, layers = session.machine.mem, [layer for layer in session.program.layers if layer.kind == "dense"]
    return [
        (*(tensor.view(mem).astype(np.float64).tolist() for tensor in layer.parameters), spec.activation)
        for layer, spec in zip(layers, session.scenario.layers, strict=True)
    ]  # type: ignore[return-value]


def ulps(value: np.ndarray, exact: Sequence[Any]) -> float:
    """The largest distance to `exact` (Decimals), in units of the last place of value's precision."""
    from decimal import Decimal

    worst = 0.0
    for got, wanted in zip(value, exact, strict=True):
        rounded = value.dtype.type(float(wanted))
        if not math.isfinite(rounded) or rounded == 0:
            continue
        worst = max(worst, float(abs(Decimal(float(got)) - wanted) / Decimal(float(np.spacing(abs(rounded))))))
    return worst
