"""Frames to draw without an engine: the contract's field names, real arrays, numbers as a run would have them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from tui_nn.engine.epochs import Epochs

ADAM = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
SLOTS = {"sgd": (), "momentum": ("momentum_buffer",), "adam": ("exp_avg", "exp_avg_sq")}


class Position(NamedTuple):
    iteration: int
    op: int


class History:
    """Curves by name: (iterations, values)."""

    version = 0
    stretches = ()  # no run is edited

    def __init__(self, curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        self._curves = curves

    def curve(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self._curves.get(name, (np.empty(0, dtype=int), np.empty(0)))

    def __getitem__(self, name: str) -> np.ndarray:
        return self.curve(name)[1]


def op(index: int, phase: str, kind: str, layer: str | None, label: str, shape: str, every: str = "iteration") -> Any:
    return SimpleNamespace(
        index=index, phase=phase, kind=kind, layer=layer, label=label, shape=shape, every=every, kernel=kind,
        formula={"dense": "z = x · Wᵀ + b", "relu": "a = max(z, 0)"}.get(kind, kind),
        is_due=lambda iteration: every == "iteration" or (iteration + 1) % 43 == 0,
    )  # fmt: skip


def program(units: tuple[int, ...], activation: str, n_in: int, optimizer: str, validation: bool) -> Any:
    ops: list[Any] = []

    def add(*row: str | None, **more: str) -> None:
        ops.append(op(len(ops), *row, **more))  # type: ignore[arg-type]

    names: list[tuple[str, str, int, int]] = []  # name, kind, units, n_in
    width = n_in
    for i, n in enumerate(units, 1):
        names.append((f"dense_{i}", "dense", n, width))
        if i < len(units):
            names.append((f"{activation}_{i}", activation, n, n))
        width = n
    add("load", "load", None, "load batch", f"[32,{n_in}]")
    for name, kind, n, m in names:
        add("forward", kind, name, f"forward {name}", f"[32,{m}]→[32,{n}]")
    add("loss", "sparse_categorical_cross_entropy", None, "loss cross-entropy", f"[32,{units[-1]}]→[]")
    for name, kind, n, m in reversed(names):
        add("backward", kind, name, f"backward {name}", f"[32,{n}]→[32,{m}]")
    for name, kind, n, m in names:
        if kind == "dense":
            add("update", optimizer, name, f"update {optimizer} {name}", f"[{n},{m}]")
    if validation:
        add("validate", "validate", None, "validate", f"[360,{n_in}]", every="epoch")
    return SimpleNamespace(
        ops=tuple(ops), planned_iterations=1290, iterations_per_epoch=43, epochs=Epochs(1376, 32), n_train=1376, n_val=360 if validation else 0, batch_size=32,
        n_parameters=sum(n * m + n for _, kind, n, m in names if kind == "dense"), settings=ADAM if optimizer == "adam" else {"lr": 0.1},
        dataset=SimpleNamespace(image_shape=(8, 8) if n_in == 64 else None, mean=np.full(n_in, 0.3), scale=np.full(n_in, 0.25), task="multiclass",
                                form=(n_in,), n_steps=0, class_names=tuple("0123456789"), feature_names=tuple(f"x{i}" for i in range(n_in))),
        scenario=SimpleNamespace(id="digits-dnn", title="Handwritten digits", optimizer=SimpleNamespace(type=optimizer),
                                 loss=SimpleNamespace(type="sparse_categorical_cross_entropy")),
        layers=tuple(SimpleNamespace(name=name, kind=kind, units=n, n_in=m, shape_in=(m,), shape=(n,), values=n, positions=1) for name, kind, n, m in names),
        loss_op=next(o.index for o in ops if o.phase == "loss"),
        metrics=dict.fromkeys(["loss", "accuracy", "lr", "grad_norm", *(["val_loss", "val_accuracy"] if validation else [])]),
    )  # fmt: skip


def parameter(rng: np.random.Generator, name: str, role: str, shape: tuple[int, ...], optimizer: str) -> Any:
    grad = rng.normal(0, 1e-3, shape).astype(np.float32)
    slots = {}
    if optimizer == "momentum":
        slots["momentum_buffer"] = grad * 3
    if optimizer == "adam":
        slots = {"exp_avg": grad * 0.5, "exp_avg_sq": grad * grad}
    return SimpleNamespace(
        name=name, role=role, value=rng.normal(0, 0.1, shape).astype(np.float32), grad=grad, slots=slots,
        effective_step=np.sign(grad) * 9e-4, is_grad_fresh=True, is_update_fresh=False,
    )  # fmt: skip


def frame(
    units: tuple[int, ...] = (100, 50, 20, 10), activation: str = "relu", *, n_in: int = 64, rows: int = 32, optimizer: str = "adam",
    iteration: int = 128, at_op: int | None = None, validation: bool = True, odd: bool = False, running: bool = False,
) -> Any:  # fmt: skip
    """A frame in the middle of training. `odd` puts NaN and inf into activations, gradients and the loss."""
    rng = np.random.default_rng(3)
    plan = program(units, activation, n_in, optimizer, validation)
    next_op = min(len(units) * 2 + 3, len(plan.ops) - 1) if at_op is None else at_op
    layers = []
    for depth, layer in enumerate(plan.layers):
        activations = rng.normal(0, 1.0, (rows, layer.units))
        if layer.kind == "relu":
            activations = np.maximum(activations, 0)
        if layer.kind == "sigmoid":
            activations = 1 / (1 + np.exp(-activations))
        last_fired = np.full(layer.units, float(iteration))
        last_fired[3::10], last_fired[13::40] = iteration - 60, -1.0  # some dead, some of them from the start
        last_fired[5:6] = iteration - 7
        if layer.kind == "relu":
            activations[:, last_fired < iteration] = 0
        delta = rng.normal(0, 10.0 ** (depth - len(plan.layers)), (rows, layer.units))
        if odd:
            activations[0, 0], activations[-1, -1], delta[0, 0] = math.nan, math.inf, -math.inf
        parameters = ()
        if layer.kind == "dense":
            parameters = (
                parameter(rng, f"{layer.name}.weight", "weight", (layer.units, layer.n_in), optimizer),
                parameter(rng, f"{layer.name}.bias", "bias", (layer.units,), optimizer),
            )
        metrics = {"delta_norm": float(np.linalg.norm(delta)), "act_mean": 0.31, "act_std": 1.02, "act_signal": 0.87}
        if layer.kind == "dense":
            metrics |= {"grad_norm": 10.0 ** (depth - 7), "weight_norm": 4.2, "update_ratio": 1.3e-3}
        else:
            metrics["saturated"] = 0.031
        if layer.kind == "relu":
            metrics["dead"] = float((last_fired <= iteration - 43).mean())
        layers.append(
            SimpleNamespace(
                name=layer.name,
                kind=layer.kind,
                units=layer.units,
                shape=(layer.units,),
                values=layer.units,
                positions=1,
                at_positions=lambda array: array,
                activation=activations,
                delta=delta,
                has_delta=True,
                is_forward_fresh=next_op > depth + 1,
                is_backward_fresh=next_op > 2 * len(plan.layers) + 1 - depth,
                parameters=parameters,
                metrics=metrics,
                mask=None,
                buffers={"last_fired": last_fired} if layer.kind == "relu" else {},
            )
        )
    steps = np.arange(iteration)
    loss = 2.3 * np.exp(-steps / 40) + 0.05 + 0.04 * np.sin(steps * 1.7)
    if odd and iteration > 3:
        loss[-2:] = [math.inf, math.nan]
    epochs = np.arange(42, iteration, 43)
    history = History({
        "loss": (steps, loss), "val_loss": (epochs, 2.3 * np.exp(-epochs / 40) + 0.11),
        "accuracy": (steps, 1 - np.exp(-steps / 30) * 0.9), "val_accuracy": (epochs, 1 - np.exp(-epochs / 30) * 0.9 - 0.02),
    })  # fmt: skip
    for depth, layer in enumerate(plan.layers):
        faded = 10.0 ** (depth - len(plan.layers)) * np.exp(-steps / 90) * (1 + 0.5 * np.sin(steps))
        if odd and iteration > 3:
            faded[-1] = math.nan
        history._curves[f"delta_norm.{layer.name}"] = steps, faded
        plan.metrics[f"delta_norm.{layer.name}"] = None
        if layer.kind == "dense":
            history._curves[f"grad_norm.{layer.name}"] = steps, 0.1 * faded
            plan.metrics[f"grad_norm.{layer.name}"] = None
    metrics = {"loss": math.inf if odd else 0.1423, "accuracy": 0.96875, "lr": 1e-3, "grad_norm": 0.82}
    if len(epochs):
        metrics |= {"val_loss": 0.2210, "val_accuracy": 0.9417}
    return SimpleNamespace(
        program=plan, position=Position(iteration, next_op), iteration=iteration, op=next_op, epoch=iteration // 43,
        batch=iteration % 43, rows=rows, is_running=running, reached=max(Position(200, 0), Position(iteration, next_op)),
        planned_iterations=plan.planned_iterations, layers=tuple(layers), metrics=metrics, history=history,
        sample_indices=rng.permutation(1376)[:rows], inputs=rng.normal(0, 1, (rows, n_in)), targets=rng.integers(0, 10, (rows, 1)),
        last_op=plan.ops[next_op - 1] if next_op else None,
    )  # fmt: skip
