"""The networks that are timed, and the same task for every side: samples, initial weights, settings of Adam.

Only the standard library is imported here; NumPy and the engine when a task is made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    from tui_nn.data import Dataset
    from tui_nn.engine.program import Program


@dataclass(frozen=True)
class Workload:
    """A dense network trained by Adam in float32; the last layer gives logits, one of them for a binary task."""

    id: str
    widths: tuple[int, ...]
    activation: Literal["tanh", "relu"]
    batch: int
    samples: int  # a multiple of the batch: a compiled loop elsewhere takes batches of one size

    @property
    def title(self) -> str:
        return f"{self.id} {self.activation}, batch {self.batch}"

    @property
    def is_binary(self) -> bool:
        return self.widths[-1] == 1

    @property
    def loss(self) -> str:
        return "binary_cross_entropy" if self.is_binary else "sparse_categorical_cross_entropy"


WORKLOADS = (
    Workload("2-8-8-1", (2, 8, 8, 1), "tanh", 10, 500),
    Workload("2-2-1", (2, 2, 1), "tanh", 4, 400),
    Workload("784-100-50-20-10", (784, 100, 50, 20, 10), "relu", 100, 10_000),
    Workload("50x32", (2, *[32] * 50, 1), "tanh", 32, 512),
    Workload("64-100-50-20-10", (64, 100, 50, 20, 10), "relu", 32, 1440),
)


def make_program(workload: Workload, has_probes: bool = True) -> Program:
    from tui_nn.engine.compiler import build_program
    from tui_nn.scenario.model import Scenario

    return build_program(Scenario.model_validate(scenario_data(workload, has_probes)), make_dataset(workload))


def scenario_data(workload: Workload, has_probes: bool = True) -> dict[str, Any]:
    layers = [{"type": "dense", "units": units, "activation": workload.activation} for units in workload.widths[1:]]
    layers[-1]["activation"] = "linear"
    return {
        "id": "bench",
        "title": workload.title,
        "dtype": "float32",
        # The samples come from make_dataset; the source only has to be one of that task.
        "data": {"source": "xor" if workload.is_binary else "digits", "batch_size": workload.batch},
        "layers": layers,
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
    n, width = workload.samples, workload.widths[0]
    x = generator.normal(size=(n, width))
    if workload.is_binary:
        y = (x[:, :1] + generator.normal(size=(n, 1)) > 0).astype(np.float64)
    else:
        y = generator.integers(0, workload.widths[-1], n)
    return Dataset(
        name="bench", task="binary" if workload.is_binary else "multiclass", n_features=width,
        n_outputs=workload.widths[-1], x_train=x, y_train=y, x_val=x[:0], y_val=y[:0], image_shape=None,
        feature_names=tuple(f"x{k}" for k in range(width)), class_names=(), attribution="",
        mean=np.zeros(width), scale=np.ones(width),
    )  # fmt: skip


def save_task(workload: Workload, folder: Path) -> Path:
    """The task as peers/worker.py reads it: the engine's own initial weights, so that all sides start from the same."""
    import numpy as np

    program = make_program(workload)
    dataset, initial = program.dataset, program.initial
    spec = {
        "widths": workload.widths,
        "activation": workload.activation,
        "batch": workload.batch,
        "settings": {name: program.settings[name] for name in ("lr", "beta1", "beta2", "eps")},
    }
    arrays: dict[str, np.ndarray] = {"spec": np.array(json.dumps(spec))}
    arrays["x"] = dataset.x_train.astype(np.float32)
    arrays["y"] = dataset.y_train.astype(np.float32 if workload.is_binary else np.int64)
    dense = [layer for layer in program.layers if layer.kind == "dense"]
    for k, layer in enumerate(dense):
        weight, bias = (np.ascontiguousarray(tensor.view(initial)) for tensor in layer.parameters)
        arrays[f"weight_{k}"], arrays[f"bias_{k}"] = weight, bias
    path = folder / f"{workload.id}.npz"
    np.savez(path, allow_pickle=False, **arrays)
    return path
