"""The networks that are timed, and the same task for every side: samples, initial weights, settings of Adam.

Only the standard library is imported here; NumPy and the engine when a task is made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    from tui_nn.data import Dataset
    from tui_nn.engine.program import Program
    from tui_nn.scenario.model import Scenario


RECURRENT = ("rnn", "lstm", "gru")


@dataclass(frozen=True)
class Workload:
    """A network trained by Adam in float32; its last layer is dense and gives logits, one of them for a binary task.

    form: the shape of a sample. layers: tables as in a scenario, with type, sizes and activation.
    """

    id: str
    form: tuple[int, ...]
    layers: tuple[dict[str, Any], ...]
    batch: int
    samples: int  # a multiple of the batch: a compiled loop elsewhere takes batches of one size

    @property
    def title(self) -> str:
        kind = next((layer["type"] for layer in self.layers if layer["type"] in RECURRENT), self.activation)
        return f"{self.id} {kind}, batch {self.batch}"

    @property
    def activation(self) -> str:
        """Of the hidden layers."""
        return next((layer["activation"] for layer in self.layers if "activation" in layer), "linear")

    @property
    def widths(self) -> tuple[int, ...] | None:
        """Of a dense network, inputs and outputs included; None of any other."""
        if any(layer["type"] != "dense" for layer in self.layers):
            return None
        return (*self.form, *(layer["units"] for layer in self.layers))

    @property
    def n_outputs(self) -> int:
        return self.layers[-1]["units"]

    @property
    def is_binary(self) -> bool:
        return self.n_outputs == 1

    @property
    def loss(self) -> str:
        return "binary_cross_entropy" if self.is_binary else "sparse_categorical_cross_entropy"


def dense(name: str, widths: Sequence[int], activation: Literal["tanh", "relu"], batch: int, samples: int) -> Workload:
    """A dense network; its last layer has no activation."""
    layers = [{"type": "dense", "units": units, "activation": activation} for units in widths[1:-1]]
    return Workload(name, (widths[0],), (*layers, {"type": "dense", "units": widths[-1]}), batch, samples)


def _conv2d(filters: int) -> dict[str, Any]:
    return {"type": "conv2d", "filters": filters, "kernel": 3, "padding": "same", "activation": "relu"}


WORKLOADS = (
    dense("2-8-8-1", (2, 8, 8, 1), "tanh", 10, 500),
    dense("2-2-1", (2, 2, 1), "tanh", 4, 400),
    dense("784-100-50-20-10", (784, 100, 50, 20, 10), "relu", 100, 10_000),
    dense("50x32", (2, *[32] * 50, 1), "tanh", 32, 512),
    dense("64-100-50-20-10", (64, 100, 50, 20, 10), "relu", 32, 1440),
    Workload(
        "8x8x1-16-32-10", (8, 8, 1), (_conv2d(16), _conv2d(32), {"type": "flatten"}, {"type": "dense", "units": 10}),
        32, 1600,
    ),
    Workload("40x8-32-10", (40, 8), ({"type": "lstm", "units": 32}, {"type": "dense", "units": 10}), 16, 1600),
)  # fmt: skip


def make_program(workload: Workload, has_probes: bool = True) -> Program:
    from tui_nn.engine.compiler import build_program

    return build_program(scenario_of(workload, has_probes), make_dataset(workload))


def scenario_of(workload: Workload, has_probes: bool = True) -> Scenario:
    from tui_nn.scenario.model import Scenario

    return Scenario.model_validate(scenario_data(workload, has_probes))


def scenario_data(workload: Workload, has_probes: bool = True) -> dict[str, Any]:
    return {
        "id": "bench",
        "title": workload.title,
        "dtype": "float32",
        # The samples come from make_dataset; the source only has to be one of that task.
        "data": {"source": "xor" if workload.is_binary else "digits", "batch_size": workload.batch},
        "layers": [dict(layer) for layer in workload.layers],
        "loss": {"type": workload.loss},
        "optimizer": {"type": "adam"},
        "train": {"iterations": 1_000_000},
        "probes": {} if has_probes else {"off": ["all"]},
    }


def make_dataset(workload: Workload) -> Dataset:
    """Normal inputs and labels that cannot be learnt fully: gradients never fade into subnormal numbers, which are slow."""
    import numpy as np

    from tui_nn.data import Dataset

    generator = np.random.default_rng(0)
    n, width = workload.samples, prod(workload.form)
    x = generator.normal(size=(n, width))
    if workload.is_binary:
        y = (x[:, :1] + generator.normal(size=(n, 1)) > 0).astype(np.float64)
    else:
        y = generator.integers(0, workload.n_outputs, n)
    return Dataset(
        name="bench", task="binary" if workload.is_binary else "multiclass", n_features=width,
        n_outputs=workload.n_outputs, x_train=x, y_train=y, x_val=x[:0], y_val=y[:0], image_shape=None,
        feature_names=tuple(f"x{k}" for k in range(width)), class_names=(), attribution="",
        mean=np.zeros(width), scale=np.ones(width), form=workload.form,
    )  # fmt: skip


def save_task(workload: Workload, folder: Path) -> Path:
    """The task as peers/worker.py reads it: the engine's own initial weights, so that all sides start from the same."""
    import numpy as np

    program = make_program(workload)
    dataset, initial = program.dataset, program.initial
    spec = {
        "form": workload.form,
        "layers": workload.layers,
        "batch": workload.batch,
        "settings": {name: program.settings[name] for name in ("lr", "beta1", "beta2", "eps")},
    }
    arrays: dict[str, np.ndarray] = {"spec": np.array(json.dumps(spec))}
    arrays["x"] = dataset.x_train.astype(np.float32)
    arrays["y"] = dataset.y_train.astype(np.float32 if workload.is_binary else np.int64)
    for tensor in program.tensors:
        arrays[f"parameter {tensor.name}"] = np.ascontiguousarray(tensor.view(initial))
    path = folder / f"{workload.id}.npz"
    np.savez(path, allow_pickle=False, **arrays)
    return path
