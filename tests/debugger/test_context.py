"""Conditions on a session: what a name means at a position, and that the two ways of asking agree."""

import numpy as np
import pytest

from tui_nn import Session, load_scenario
from tui_nn.debugger.context import EachIteration, Here, parse_for
from tui_nn.scenario import ExpressionError


@pytest.fixture(scope="module")
def digits() -> Session:
    """Three epochs of the digits with Adam, in small batches, with validation."""
    session = Session(load_scenario("digits-dnn", ["train.epochs=3", "data.batch_size=128"]))
    session.run()
    return session


CONDITIONS = [
    "loss < 1.5",
    "loss < loss@0 / 2",
    "val_loss < 1",
    "val_loss@20 > 0 and loss < 2",
    "loss <= min(loss)",
    "val_accuracy >= max(val_accuracy)",
    "loss < mean(loss)",
    "count(loss < 2) > 3",
    "grad_norm.dense_1 > grad_norm.dense_2 or not accuracy > 0.5",
    "isnan(update_ratio.dense_1)",
]


@pytest.mark.parametrize("text", CONDITIONS)
def test_one_position_and_a_whole_run_agree(digits: Session, text: str):
    """Asked at the end of every iteration or over all of them at once, a condition gives the same answers."""
    expression = parse_for(digits.program, text)
    n = digits.reached.iteration
    digits.goto(iteration=n)
    at_once = expression.evaluate_rows(EachIteration(digits.history)).tolist()
    one_by_one = []
    for iteration in range(1, n + 1):
        digits.goto(iteration=iteration)
        one_by_one.append(bool(expression.evaluate(Here(digits))))
    assert one_by_one == at_once
    assert len(at_once) == n


def test_a_validation_loss_stands_until_the_next(digits: Session):
    """Measured once an epoch, it is unmeasured before the first end of epoch, and constant between two."""
    per_epoch = digits.program.iterations_per_epoch
    digits.goto(iteration=2 * per_epoch + 3)
    column = Here(digits).so_far("val_loss")
    unmeasured = np.ma.getmaskarray(column)
    assert unmeasured[: per_epoch - 1].all()
    assert not unmeasured[per_epoch - 1 :].any()
    assert len(set(column[per_epoch - 1 : 2 * per_epoch - 1].tolist())) == 1
    assert column[per_epoch - 1] != column[2 * per_epoch - 1]


def test_the_future_is_not_known(digits: Session):
    """An iteration that was reached once but lies ahead of the position has no value there."""
    digits.goto(iteration=5)
    here = Here(digits)
    assert here.at("loss", 4) is not None
    assert here.at("loss", 5) is None
    assert here.at("loss", 20) is None


@pytest.mark.parametrize("kind", ["weight", "bias", "grad", "m", "v"])
def test_elements_are_what_the_frame_shows(digits: Session, kind: str):
    digits.goto(iteration=7, op=3)
    weight, bias = digits.frame().layer("dense_2").parameters
    tables = {
        "weight": weight.value,
        "grad": weight.grad,
        "m": weight.slots["exp_avg"],
        "v": weight.slots["exp_avg_sq"],
    }
    table = bias.value if kind == "bias" else tables[kind]
    index = tuple(size - 1 for size in table.shape)
    (element,) = parse_for(digits.program, f"{kind}.dense_2[{','.join(map(str, index))}] > 0").elements
    assert Here(digits).element(element) == float(table[index])
    assert np.isfinite(table[index])


def test_run_until_reads_single_weights():
    """The first iteration after which a weight has crossed a line, found by stepping one by one."""
    session = Session(load_scenario("xor-mlp"))
    start = float(session.frame().layer("dense_1").parameters[0].value[0, 0])
    text = f"abs(weight.dense_1[0,0] - {start!r}) > 0.2"
    stop = session.run_until(text, max_iterations=500)
    assert stop.reason == "condition"
    other = Session(load_scenario("xor-mlp"))
    while abs(float(other.frame().layer("dense_1").parameters[0].value[0, 0]) - start) <= 0.2:
        other.step("iteration")
    assert stop.position == other.position


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("los < 1", "'loss'"),
        ("grad_norm.dense_9 < 1", "dense_9"),
        ("weight.dense_1[500,0] > 0", "[500,0]"),
        ("m.dens_1[0] > 0", "dense_1"),
    ],
)
def test_names_of_another_network_are_refused(digits: Session, text: str, words: str):
    with pytest.raises(ExpressionError) as error:
        parse_for(digits.program, text)
    assert words in str(error.value)


def test_slots_that_the_optimizer_does_not_keep(digits: Session):
    """v belongs to Adam; momentum answers to m alone."""
    program = Session(load_scenario("lr-too-large", ["optimizer.type=momentum"])).program
    assert parse_for(program, "m.dense_1[0] == 0")
    with pytest.raises(ExpressionError, match="momentum keeps no 'v'"):
        parse_for(program, "v.dense_1[0] == 0")


def test_iteration_and_epoch_can_be_asked_for():
    """`iteration == 7` holds after the seventh update, `epoch` counts whole passes, in one go and position by position."""
    session = Session(load_scenario("digits-dnn"))
    assert session.run_until("iteration == 7").position == (7, 0)
    assert parse_for(session.program, "iteration == 7 and epoch == 0").evaluate(Here(session)) is True
    per_epoch = session.program.iterations_per_epoch
    assert session.run_until("epoch >= 1").position == (per_epoch, 0)
