"""One loss, several forms: probabilities and logits, rows and indices, one output and two classes, weights that cancel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.engine.loss_cases import Bench, LossCase
from tests.engine.make import first_update, metric
from tui_nn.engine.parts import loss_part

EXACT = {"float32": 1e-6, "float64": 1e-14}  # a few roundings of numbers around 1

every_dtype = pytest.mark.parametrize("dtype", EXACT)

CROSS_ENTROPIES = ("binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy")
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothed": {"label_smoothing": 0.3},
    "weighted": {"class_weights": [0.25, 2.0, 5.0]},
    "both": {"label_smoothing": 0.3, "class_weights": [0.25, 2.0, 5.0]},
}


def cross_entropy_case(kind: str, options: dict[str, Any], activation: str = "linear") -> LossCase:
    """Two classes take the first two weights."""
    units = 1 if kind == "binary_cross_entropy" else 3
    table: dict[str, Any] = {"type": kind, "from_logits": activation == "linear"} | options
    if units == 1 and "class_weights" in table:
        table["class_weights"] = table["class_weights"][:2]
    return LossCase(table, activation, units)


def to_gradients(case: LossCase, **settings: Any) -> tuple[float, float, list[np.ndarray]]:
    """Loss, accuracy and the gradient of every parameter in the first iteration."""
    session = case.session(n=6, n_in=3, **settings)
    machine, program = session.machine, session.program
    machine.run(0, first_update(program))
    grads = [tensor.view(machine.mem, program.grad_shift).copy() for tensor in program.tensors]
    accuracy = metric(machine, "accuracy") if "accuracy" in program.metrics else math.nan
    return metric(machine, "loss"), accuracy, grads


def assert_same(one: tuple, other: tuple, tolerance: float) -> None:
    assert one[0] == pytest.approx(other[0], rel=tolerance)
    assert one[1] == other[1] or math.isnan(one[1]) == math.isnan(other[1]) is True
    for a, b in zip(one[2], other[2], strict=True):
        assert np.abs(a - b).max() <= tolerance * max(1.0, np.abs(b).max())


@every_dtype
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", CROSS_ENTROPIES)
def test_probabilities_behind_an_activation_are_logits(kind, options, dtype):
    """Sigmoid or softmax as a row of its own, and the loss of its probabilities: the same loss, hits and gradients."""
    logits = to_gradients(cross_entropy_case(kind, OPTIONS[options]), dtype=dtype)
    activation = "sigmoid" if kind == "binary_cross_entropy" else "softmax"
    behind = to_gradients(cross_entropy_case(kind, OPTIONS[options], activation), dtype=dtype)
    assert_same(behind, logits, EXACT[dtype])


@every_dtype
@pytest.mark.parametrize("activation", ["linear", "softmax"])
@pytest.mark.parametrize("options", OPTIONS)
def test_one_hot_rows_are_class_indices(options, activation, dtype):
    """The categorical loss on one-hot rows and the sparse one on indices, with every option: loss, hits and gradients."""
    rows = cross_entropy_case("categorical_cross_entropy", OPTIONS[options], activation)._replace(task="multiclass")
    index = cross_entropy_case("sparse_categorical_cross_entropy", OPTIONS[options], activation)
    assert_same(to_gradients(rows, dtype=dtype), to_gradients(index, dtype=dtype), EXACT[dtype])


@every_dtype
@pytest.mark.parametrize("options", OPTIONS)
def test_a_yes_or_no_is_two_classes(options, dtype):
    """The binary loss of a logit z is the softmax loss of the logits (0, z), with every option."""
    z = np.array([[0.5], [-1.5], [30.0], [-30.0], [0.0]])
    y = np.array([1, 1, 0, 1, 0])
    case = cross_entropy_case("binary_cross_entropy", OPTIONS[options])
    one = Bench(case.table, z, y[:, np.newaxis], dtype=dtype)
    two = Bench(
        case.table | {"type": "sparse_categorical_cross_entropy"}, np.hstack([np.zeros_like(z), z]), y, dtype=dtype
    )
    assert one.loss == pytest.approx(two.loss, rel=EXACT[dtype])
    assert np.abs(one.delta[:, 0] - two.delta[:, 1]).max() <= EXACT[dtype]
    assert np.abs(one.delta[:, 0] + two.delta[:, 0]).max() <= EXACT[dtype]


@every_dtype
@pytest.mark.parametrize("kind", CROSS_ENTROPIES)
def test_options_that_change_nothing_change_nothing(kind, dtype):
    """All weights 1 take the general kernel: loss, hits and gradients of the fast one, which has no options."""
    plain, neutral = (cross_entropy_case(kind, options) for options in ({}, {"class_weights": [1.0, 1.0, 1.0]}))
    assert plain.session().program.ops[plain.session().program.loss_op].kernel == kind
    assert neutral.session().program.ops[neutral.session().program.loss_op].kernel == f"weighted_{kind}"
    assert_same(to_gradients(neutral, dtype=dtype), to_gradients(plain, dtype=dtype), EXACT[dtype])


@pytest.mark.parametrize("kind", CROSS_ENTROPIES)
def test_weights_count_only_against_each_other(kind):
    """Ten times all of them is the same loss and the same gradient."""
    one = to_gradients(cross_entropy_case(kind, {"class_weights": [0.5, 2.0, 3.0]}))
    ten = to_gradients(cross_entropy_case(kind, {"class_weights": [5.0, 20.0, 30.0]}))
    assert_same(ten, one, 1e-14)


def test_balanced_weights_make_every_class_count_the_same():
    """n / (k n_c) for 6, 3 and 1 of 10 samples: 10/18, 10/9 and 10/3, whose sums over the samples are all 10/3."""
    y = [0, 1, 0, 2, 0, 1, 0, 0, 1, 0]
    case = LossCase({"type": "sparse_categorical_cross_entropy", "class_weights": "balanced"})
    balanced, given = (
        LossCase(case.table | {"class_weights": weights}) for weights in ("balanced", [10 / 18, 10 / 9, 10 / 3])
    )
    runs = [each.session(n=10, y=y, n_val=0) for each in (balanced, given)]
    part = loss_part(runs[0].scenario.loss, runs[0].program.dataset)
    assert part.settings == (0.0, 10 / 18, 10 / 9, 10 / 3)
    for run in runs:
        run.goto(5)
    assert runs[0].state_bytes() == runs[1].state_bytes()
    yes_or_no = LossCase({"type": "binary_cross_entropy", "class_weights": "balanced"}, units=1)
    session = yes_or_no.session(n=4, y=[[0.0], [1.0], [1.0], [1.0]])
    assert loss_part(session.scenario.loss, session.program.dataset).settings == (0.0, 2.0, 4 / 6)


def test_balanced_weights_are_numbers_where_a_class_is_missing():
    """Only the training part is counted. A class that it lacks weighs as if it had one sample: 4 / (3 * 1)."""
    case = LossCase({"type": "sparse_categorical_cross_entropy", "class_weights": "balanced"})
    session = case.session(n=4, n_val=2, y=[0, 0, 1, 1, 2, 2])
    settings = loss_part(session.scenario.loss, session.program.dataset).settings
    assert settings == (0.0, 4 / 6, 4 / 6, 4 / 3)
