"""adagrad, rmsprop and rmsprop-late-steps: the stride of each weight, and that it does not end by itself."""

import numpy as np
import pytest

from tests.presets import plain_updates as plain
from tests.presets.runs import session_of, trained
from tui_nn import Session

STEEP, FLAT = 2 * np.sqrt(1000), 2 / np.sqrt(1000)
CURVATURES = np.array([STEEP, FLAT])
RMSPROP = ("optimizer.type=rmsprop", "optimizer.lr=0.5", "optimizer.rho=0.9")


def numbers(session: Session) -> np.ndarray:
    """Weights and bias of the only layer."""
    return np.concatenate([np.ravel(p.value) for p in session.frame().layers[0].parameters])


def at(session: Session, iteration: int) -> np.ndarray:
    session.goto(iteration)
    return numbers(session)


def moves(session: Session) -> np.ndarray:
    """(n - 1,) how far all weights of the layer moved in each update but the first."""
    return session.history["update_ratio.dense_1"][1:] * session.history["weight_norm.dense_1"][:-1]


@pytest.mark.parametrize("preset", ["adagrad", "rmsprop"])
def test_the_path_is_that_of_the_formula(preset: str):
    """With the curvatures in closed form; RMSProp as long as rounding does not steer it."""
    session = session_of(preset)
    update = plain.adagrad(0.5) if preset == "adagrad" else plain.rmsprop(0.5)
    path = plain.walk(update, lambda w: CURVATURES * (w - 10), np.zeros(2), 300)
    for iteration in (1, 2, 5, 10, 30, 100, 300) if preset == "adagrad" else (1, 2, 5, 10, 20, 30):
        np.testing.assert_allclose(at(session, iteration), path[iteration], rtol=1e-9)


def test_no_curvature_is_left_in_adagrads_walk():
    """e ← e - lr e / √Σ e², in which no λ occurs, is the walk of the steep weight and of the flat one, to 1e-8."""
    session, e, squares = session_of("adagrad"), -10.0, 0.0
    for iteration in range(1, 301):
        squares += e * e
        e -= 0.5 * e / np.sqrt(squares)
        if iteration in (1, 3, 10, 50, 100, 300):
            assert at(session, iteration) == pytest.approx([10 + e, 10 + e], abs=1e-8)


def test_effective_stride_per_axis():
    """lr / √s: short where gradients were large. Its ratio is the curvatures', and stride times gradient is equal."""
    session = session_of("adagrad")
    for iteration in (1, 10, 100):
        session.goto(iteration)
        weight = session.frame().layers[0].parameters[0]
        strides = 0.5 / np.sqrt(weight.slots["sum"][0])
        assert strides[1] / strides[0] == pytest.approx(STEEP / FLAT, rel=1e-8)
        assert weight.effective_step[0] == pytest.approx(strides * weight.grad[0], rel=1e-8)


def test_numbers_of_adagrads_lesson():
    session = session_of("adagrad")
    session.goto(1)
    weight = session.frame().layers[0].parameters[0]
    assert weight.grad[0] == pytest.approx([-632, -0.632], rel=1e-3)
    assert np.sqrt(weight.slots["sum"][0]) == pytest.approx([632, 0.632], rel=1e-3)
    assert [at(session, n)[0] for n in (10, 40, 100, 300)] == pytest.approx([2.38, 4.93, 7.24, 9.54], abs=5e-3)
    steps = [abs(at(session, n) - at(session, n - 1))[0] for n in (1, 10, 100, 300)]
    assert steps == pytest.approx([0.5, 0.141, 0.026, 0.004], abs=5e-4)
    descent = trained("adagrad", "optimizer.type=sgd", "optimizer.lr=0.0158")
    assert numbers(descent) == pytest.approx([10, 2.59], abs=5e-3)
    assert at(descent, 1)[0] == pytest.approx(10, abs=0.01)


def test_rmsprop_arrives_and_then_jumps_by_lr():
    """1.58 first, within 0.001 of the goal after 40 updates; at the end each weight goes 9.75, 10.25, 9.75, ..."""
    session = session_of("rmsprop")
    assert at(session, 1) == pytest.approx([0.5 / np.sqrt(0.1)] * 2, abs=1e-6)
    assert at(session, 10) == pytest.approx([6.99] * 2, abs=5e-3)
    assert at(session, 40) == pytest.approx([10, 10], abs=1e-3)
    late = np.array([at(session, n) for n in (297, 298, 299, 300)])
    assert np.sort(late, axis=0) == pytest.approx(np.array([[9.75] * 2] * 2 + [[10.25] * 2] * 2), abs=1e-3)
    assert np.abs(np.diff(late, axis=0)) == pytest.approx(np.full((3, 2), 0.5), abs=1e-3)
    loss = session.history["loss"]
    assert loss[45:100].max() < 1e-6 < 1 < loss[-20:].mean() < 3  # it comes back; when, is a matter of last digits
    assert at(session_of("rmsprop", "optimizer.rho=0.99"), 1) == pytest.approx([5, 5], abs=1e-5)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_epsilon_has_no_part_in_the_late_steps(seed: int):
    """1,500 late updates with eps = 0 and 1e-8: the same length, each, to a millionth, and of the order of lr."""
    late = []
    for eps in ("0", "1e-8"):
        session = trained("rmsprop-late-steps", f"seed={seed}", f"optimizer.eps={eps}")
        late.append(moves(session)[500:])
    np.testing.assert_allclose(late[0], late[1], rtol=1e-3, atol=1e-7)
    assert late[0].mean() == pytest.approx(late[1].mean(), rel=3e-7)
    assert 0.05 < late[0].mean() < 0.05 * np.sqrt(2)  # two numbers, each by a little less than lr


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_a_falling_learning_rate_ends_the_late_steps(seed: int):
    """With eps = 0 still. The steps over lr stay what they were; and the loss comes to the best line's."""
    base, cured = (trained(f"rmsprop-late-steps{name}", f"seed={seed}") for name in ("", "-cured"))
    assert moves(cured)[-1] < 1e-6 < 1e-3 < moves(base)[-1]
    ratio = [moves(session)[500:-1] / session.history["lr"][501:-1] for session in (base, cured)]
    assert ratio[1].mean() == pytest.approx(ratio[0].mean(), rel=0.1)
    data = cured.program.dataset
    x = np.column_stack([data.x_train, np.ones(len(data.x_train))])
    line, residual, *_ = np.linalg.lstsq(x, data.y_train[:, 0], rcond=None)
    best = residual[0] / len(x)
    assert numbers(cured) == pytest.approx(line, abs=0.02)
    late = [session.history["loss"][-500:].mean() - best for session in (base, cured)]  # 50 passes over all points
    assert 0 < late[1] < late[0] / 5
    if seed == 7:
        assert (late[0] + best, late[1] + best, best) == pytest.approx((0.120, 0.1113, 0.1107), abs=5e-4)
        assert moves(base)[-500:].mean() == pytest.approx(0.062, abs=5e-4)
