"""Networks that nobody thought of: random layers, skips, activations, losses, widths and batches. 500 with TUI_NN_FULL=1."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.engine.layer_nets import moved_state
from tests.engine.make import LOSSES, YES_OR_NO, first_update, make_session, metric, run_ops
from tests.engine.optimizer_cases import CASES, TYPES
from tui_nn.debugger.session import Session
from tui_nn.scenario.naming import ACTIVATIONS

N = 500 if os.environ.get("TUI_NN_FULL") == "1" else 40
SLOPED = [name for name in ("linear", *ACTIVATIONS) if name != "step"]  # the perceptron rule is no slope
STEP = 1e-3  # of a direction of length 1; the two points at half of it take the error in STEP² away
ITERATIONS = 7


@dataclass(frozen=True)
class Net:
    """A network that can be made more than once."""

    layers: tuple[dict[str, Any], ...]
    loss: str
    options: dict[str, Any]

    def session(self, **settings: Any) -> Session:
        return make_session(self.layers, self.loss, **self.options | settings)


@st.composite
def networks(draw: st.DrawFn, activations: list[str]) -> Net:
    """Up to 6 layers and a head. A residual layer goes where an earlier row is as wide, and not right below."""
    n_in = draw(st.integers(1, 9))
    rows, layers, width = [("input", n_in)], [], n_in
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["dense", "dense", "dropout", "batch_norm", "layer_norm", "residual"]))
        sources = [name for name, units in rows[:-1] if units == width]
        if kind == "residual" and not sources:
            kind = "dense"
        layer: dict[str, Any] = {"type": kind, "name": f"row_{len(layers)}"}
        layer["activation"] = draw(st.sampled_from(activations))
        if kind == "dense":
            width = draw(st.sampled_from([1, 2, 3, 4, 4, 4, 5, 8, 9, 17]))
            layer |= {"units": width, "bias": draw(st.booleans())}
        elif kind == "dropout":
            layer |= {"rate": draw(st.sampled_from([0.0, 0.2, 0.5]))}
        elif kind == "residual":
            layer |= {"skip": draw(st.sampled_from(sources))}
        elif kind == "batch_norm":
            layer |= {"eps": 0.1, "momentum": draw(st.sampled_from([0.1, 1.0]))}
        else:
            layer |= {"eps": 0.1}
        layers.append(layer)
        rows.append((layer["name"], width))
        if layer["activation"] != "linear":
            count = sum(each["activation"] == layer["activation"] for each in layers)
            rows.append((f"{layer['activation']}_{count}", width))
    loss = draw(st.sampled_from(LOSSES))
    n_out = 1 if loss in YES_OR_NO else draw(st.integers(2, 5))
    layers.append({"type": "dense", "units": n_out})
    n = draw(st.integers(4, 15))
    has_norm = any(layer["type"] == "batch_norm" for layer in layers)
    sizes = [size for size in range(1, n + 1) if not has_norm or (size > 1 and n % size != 1)]
    options = {
        "n_in": n_in, "n": n, "n_val": draw(st.integers(0, 5)), "batch_size": draw(st.sampled_from(sizes)),
        "optimizer": CASES[draw(st.sampled_from(TYPES))], "seed": draw(st.integers(0, 2**20)),
    }  # fmt: skip
    return Net(tuple(layers), loss, options)


Arrays = list[np.ndarray]


def slope_along(session: Session, views: Arrays, directions: Arrays, starts: Arrays, h: float) -> float:
    """The central difference of the loss when all parameters move by ±h along a direction of length 1."""
    machine, losses = session.machine, []
    for side in (h, -h):
        for view, start, direction in zip(views, starts, directions, strict=True):
            view[:] = start + side * direction
        run_ops(machine, 1, session.program.loss_op + 1)
        losses.append(metric(machine, "loss"))
    return (losses[0] - losses[1]) / (2 * h)


def test_gradients_of_random_networks_are_slopes():
    """Along three directions through all parameters: 1e-9 of the gradient's length, or of the loss where that is larger.

    Where the differences of two step widths disagree the loss has a kink within the step; such directions are counted, and rare.
    """
    counts = {"checked": 0, "kinks": 0}

    @settings(max_examples=N)
    @given(networks(SLOPED), st.integers(0, 2**20))
    def check(net: Net, seed: int) -> None:
        session = net.session(dtype="float64")
        machine, program = session.machine, session.program
        machine.load(moved_state(session), program.iterations_per_epoch - 1)
        machine.run(machine.iteration, first_update(program))
        views = [tensor.view(machine.mem) for tensor in program.tensors]
        grads = [tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors]
        starts, generator = [view.copy() for view in views], np.random.default_rng(seed)
        size = max(1.0, abs(metric(machine, "loss")), np.sqrt(sum((grad**2).sum() for grad in grads)))
        for _ in range(3):
            directions = [generator.normal(size=view.shape) for view in views]
            length = np.sqrt(sum((direction**2).sum() for direction in directions))
            directions = [direction / length for direction in directions]
            wide, half, quarter = (slope_along(session, views, directions, starts, STEP / k) for k in (1, 2, 4))
            fine, finer = (4 * half - wide) / 3, (4 * quarter - half) / 3
            if abs(fine - finer) > 1e-9 * size:
                counts["kinks"] += 1
                continue
            counts["checked"] += 1
            found = sum(float((grad * direction).sum()) for grad, direction in zip(grads, directions, strict=True))
            note(f"slope {finer}, gradient {found}")
            assert abs(found - finer) <= 1e-9 * size

    check()
    print(f"{counts['checked']} directions agree, {counts['kinks']} left out at kinks")
    assert counts["checked"] >= 0.9 * sum(counts.values())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_random_networks_replay_exactly(dtype):
    """Full speed equals op by op, and going back gives the same bytes: state, frames, every column of the history."""

    @settings(max_examples=N // 2)
    @given(networks(["linear", *ACTIVATIONS]), st.integers(0, ITERATIONS - 1), st.integers(0, 1000))
    def check(net: Net, iteration: int, op: int) -> None:
        fast, slow = net.session(dtype=dtype), net.session(dtype=dtype)
        fast.goto(ITERATIONS)
        while slow.position.iteration < ITERATIONS:
            slow.step("op")
        assert fast.state_bytes() == slow.state_bytes()
        for name in fast.program.metrics:
            assert fast.history[name].tobytes() == slow.history[name].tobytes(), name
        end = fast.state_bytes()
        fast.goto(iteration, op % len(fast.program.ops))
        there, before = fast.position, fast.state_bytes()
        fast.goto(ITERATIONS)
        assert fast.state_bytes() == end
        fast.goto(*there)
        assert fast.state_bytes() == before

    check()
