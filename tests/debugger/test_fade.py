"""The direction in which the error changes on its way back, and what its units did, worked by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tui_nn.debugger.fade import fade
from tui_nn.debugger.session import Session
from tui_nn.debugger.units import norm_statistics, unit_statistics
from tui_nn.scenario import load_scenario


def chain(*norms: float, fresh: bool = True) -> Any:
    """Layers from the input's side on, each with weights."""
    layers = [
        SimpleNamespace(
            name=f"dense_{i}", parameters=(1,), has_delta=True, is_backward_fresh=fresh, metrics={"delta_norm": norm}
        )
        for i, norm in enumerate(norms, 1)
    ]
    return SimpleNamespace(layers=layers)


@pytest.mark.parametrize(
    ("norms", "kind", "decades"),
    [
        ((1e-8, 1e-5, 1e-2), "vanishing", -6),
        ((0.3, 1.0), "even", math.log10(0.3)),
        ((0.05, 1.0), "fading", math.log10(0.05)),
        ((20.0, 1.0), "growing", math.log10(20)),
        ((1e3, 1.0), "exploding", 3),
        ((0.0, 1.0), "vanishing", -math.inf),
        ((math.inf, 1.0), "not finite", math.nan),
    ],
)
def test_the_kind_by_hand(norms: tuple[float, ...], kind: str, decades: float):
    found = fade(chain(*norms))
    assert found is not None
    assert found.kind == kind
    assert found.decades == pytest.approx(decades, nan_ok=True)
    assert (found.source, found.end, found.n_layers) == (f"dense_{len(norms)}", "dense_1", len(norms))


def test_there_is_no_direction_with_one_layer_or_no_error():
    assert fade(chain(1.0)) is None
    assert fade(chain(1.0, 0.0)) is None


def test_ten_sigmoid_layers_vanish():
    """The preset that teaches it, on its own numbers."""
    session = Session(load_scenario("vanishing-sigmoid"))
    session.goto(50)
    found = fade(session.frame())
    assert found is not None
    assert found.kind == "vanishing"
    assert found.decades < -5


def test_a_dead_unit_says_when_it_last_fired():
    """Looked up in the activations of every iteration: the last one with an output above 0."""
    session = Session(load_scenario("dead-relu"))
    last = np.full(6, -1)
    for iteration in range(40):
        session.goto(iteration + 1)
        layer = session.frame().layer("relu_1")
        last[(layer.activation > 0).any(axis=0)] = iteration
    found = unit_statistics(session.frame(), session.frame().layer("relu_1"))
    assert found.last_fired is not None
    assert found.silent_for is not None
    assert found.is_dead is not None
    assert found.last_fired.tolist() == last.tolist()
    assert found.silent_for.tolist() == (39 - last).tolist()
    assert found.is_dead.mean() == pytest.approx(session.frame().metrics["dead.relu_1"])


def test_silence_is_counted_alike_on_both_sides_of_the_forward_row():
    """Half through an iteration, before relu_1's row: nothing new is known of it, so nothing is dead for longer."""
    session = Session(load_scenario("dead-relu"))
    session.goto(30)
    before = unit_statistics(session.frame(), session.frame().layer("relu_1")).silent_for
    session.step("op", 2)
    after = unit_statistics(session.frame(), session.frame().layer("relu_1")).silent_for
    assert before is not None
    assert after is not None
    assert before.tolist() == after.tolist()


def test_the_batch_of_a_batch_norm_is_what_moves_its_running_statistics():
    """running = 0.9 running + 0.1 batch (PyTorch's momentum), from the frames before and after its row."""
    session = Session(load_scenario("batch-norm"))
    row = next(op.index for op in session.program.ops if op.layer == "norm_1" and op.phase == "forward")
    session.goto(3, row)
    before = dict(session.frame().layer("norm_1").buffers)
    assert norm_statistics(session.frame(), session.frame().layer("norm_1")) is None  # dense_1 is new, norm_1 is not
    session.step("op")
    found = norm_statistics(session.frame(), session.frame().layer("norm_1"))
    assert found is not None
    np.testing.assert_allclose(
        found.running_mean, 0.9 * before["running_mean"] + 0.1 * found.mean, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(found.running_var, 0.9 * before["running_var"] + 0.1 * found.var, rtol=1e-4, atol=1e-6)
