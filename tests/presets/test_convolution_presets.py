"""cnn-digits and its dense twin, cnn-ekg: their figures, and what their layers compute worked out in loops beside them."""

import time

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained
from tui_nn import Session
from tui_nn.data import load_data
from tui_nn.debugger.expect import needed_of

N_SEEDS = 20 if IS_FULL else 4
FEW = ("data.validation=0.8887", "data.batch_size=20", "train.epochs=100")


def weight_and_bias(session: Session, layer: str) -> tuple[np.ndarray, np.ndarray]:
    found = session.frame().layer(layer).parameters
    return np.array(found[0].value, dtype=np.float64), np.array(found[1].value, dtype=np.float64)


def test_a_map_is_the_sum_under_the_window():
    """z(i, j) = b + Σ W(r, c) x(i + r - 1, j + c - 1), in loops, with zeros around the digit."""
    session = session_of("cnn-digits")
    w, b = weight_and_bias(session, "conv2d_1")
    session.step("iteration")
    frame = session.frame()
    x = np.pad(np.array(frame.inputs[0]).reshape(8, 8), 1)
    z = np.zeros((8, 8, 16))
    for i in range(8):
        for j in range(8):
            for k in range(16):
                z[i, j, k] = b[k] + sum(w[k, 0, r, c] * x[i + r, j + c] for r in range(3) for c in range(3))
    found = np.array(frame.layer("conv2d_1").activation[0]).reshape(8, 8, 16)
    assert found == pytest.approx(z, abs=1e-5)
    pooled = np.maximum(z, 0.0).reshape(4, 2, 4, 2, 16).max(axis=(1, 3))
    assert np.array(frame.layer("max_pool_1").activation[0]).reshape(4, 4, 16) == pytest.approx(pooled, abs=1e-5)


def test_the_parameters_and_products_counted():
    """Of the lesson: 160 + 2,570 = 2,730 and 7,510 parameters; 9,216 + 2,560 and 7,400 products an image."""
    counts = [session_of(name).program.n_parameters for name in ("cnn-digits", "cnn-digits-dense")]
    assert counts == [16 * (9 + 1) + (256 * 10 + 10), (64 * 100 + 100) + 1_010] == [2_730, 7_510]
    assert (9 * 16 * 64, 256 * 10, 64 * 100 + 100 * 10) == (9_216, 2_560, 7_400)


def test_the_lessons_own_figures():
    session = session_of("cnn-digits")
    for epochs, wanted in ((1, 0.82), (10, 0.97), (30, 0.99)):
        session.goto(epochs * session.program.iterations_per_epoch)
        assert metric(session, "val_accuracy") == pytest.approx(wanted, abs=0.006)
    assert metric(session, "val_loss") == pytest.approx(0.041, abs=0.0006)
    dense = session_of("cnn-digits-dense")
    for epochs, wanted in ((1, 0.88), (30, 0.99)):
        dense.goto(epochs * dense.program.iterations_per_epoch)
        assert metric(dense, "val_accuracy") == pytest.approx(wanted, abs=0.006)
    assert metric(dense, "val_loss") == pytest.approx(0.047, abs=0.0006)


def test_no_less_accuracy_with_fewer_parameters():
    """The mean over the seeds is no lower than the dense twin's; over all twenty 98.2 and 97.9 %, 17 no lower."""
    both = [[metric(trained(name, f"seed={seed}"), "val_accuracy") for seed in range(N_SEEDS)] for name in ("cnn-digits", "cnn-digits-dense")]  # fmt: skip
    conv, dense = np.array(both)
    print(f"validation accuracy over {N_SEEDS} seeds: convolution {conv.mean():.4f}, dense {dense.mean():.4f}")
    assert conv.mean() >= dense.mean()
    if IS_FULL:
        assert (conv.mean(), dense.mean()) == pytest.approx((0.982, 0.979), abs=0.0006)
        assert (conv >= dense - 1e-9).sum() == 17


def test_with_200_digits_the_gap_is_smaller():
    """On 19 of seeds 0 to 19: validation loss minus training loss. The means are 0.20 and 0.25."""
    gaps = [[metric(trained(name, f"seed={seed}", *FEW), "gap") for seed in range(N_SEEDS)] for name in ("cnn-digits", "cnn-digits-dense")]  # fmt: skip
    conv, dense = np.array(gaps)
    assert session_of("cnn-digits", *FEW).program.n_train == 200
    print(f"gap with 200 digits over {N_SEEDS} seeds: convolution {conv.mean():.3f}, dense {dense.mean():.3f}")
    assert (conv < dense).sum() >= needed_of(N_SEEDS), conv - dense
    if IS_FULL:
        assert (conv.mean(), dense.mean()) == pytest.approx((0.20, 0.25), abs=0.006)


def test_the_time_of_an_epoch_is_printed():
    """Whichever is faster. Warm: an epoch is run before it is timed."""
    times = {}
    for name in ("cnn-digits", "cnn-digits-dense"):
        session = session_of(name)
        session.step("epoch")
        start = time.perf_counter()
        session.step("epoch", 3)
        times[name] = (time.perf_counter() - start) / 3
    print(", ".join(f"{name}: {1000 * each:.2f} ms an epoch" for name, each in times.items()))
    assert all(each > 0 for each in times.values())


def test_a_window_of_one_pixel_reads_84_percent():
    assert metric(trained("cnn-digits", "layers[0].kernel=1"), "val_accuracy") == pytest.approx(0.84, abs=0.006)


def test_the_ekgs_places_and_parameters():
    """Nine places, then three; 168 + 328 + 25 = 521."""
    session = session_of("cnn-ekg")
    shapes = {layer.name: layer.shape for layer in session.program.layers}
    assert (shapes["conv1d_1"], shapes["conv1d_2"]) == ((9, 8), (3, 8))
    assert session.program.n_parameters == 8 * 21 + 8 * (8 * 5 + 1) + 25 == 521


def test_a_unit_of_the_second_convolution_sees_60_steps():
    """Its value moves with each of steps 20 j to 20 j + 59 and with no other: two layers in loops, one step changed."""
    session = session_of("cnn-ekg")
    (w1, b1), (w2, b2) = (weight_and_bias(session, f"conv1d_{k}") for k in (1, 2))

    def value(signal: np.ndarray) -> np.ndarray:
        first = np.array([b1 + w1[:, 0] @ signal[10 * i : 10 * i + 20] for i in range(9)])  # without relu: it hides
        return np.array(
            [b2 + np.einsum("okc,ck->o", w2.transpose(0, 1, 2), first[2 * i : 2 * i + 5]) for i in range(3)]
        )

    base = np.random.default_rng(0).normal(size=100)
    for place in range(3):
        moves = [bool(np.abs(value(base + np.eye(100)[t]) - value(base))[place].max() > 1e-9) for t in range(100)]
        assert [t for t in range(100) if moves[t]] == list(range(20 * place, 20 * place + 60))


def test_the_ekgs_own_figures():
    session = session_of("cnn-ekg")
    session.goto(1)
    assert metric(session, "loss") == pytest.approx(0.702, abs=0.0006)
    for epochs, wanted in ((5, 0.67), (10, 0.90), (30, 0.975)):
        session.goto(epochs * session.program.iterations_per_epoch)
        assert metric(session, "val_accuracy") == pytest.approx(wanted, abs=0.006)


def test_filter_1_answers_to_raised_pieces():
    """Mostly positive on its first 15 steps; its largest answer to a validation signal is 2.0 and 3.0 in the mean."""
    session = trained("cnn-ekg")
    w, b = weight_and_bias(session, "conv1d_1")
    data = load_data(session.scenario)
    assert (w[1, 0, :15] > 0).sum() >= 13
    answers = np.array([b[1] + data.x_val[:, 10 * i : 10 * i + 20] @ w[1, 0] for i in range(9)]).max(axis=0)
    answers, is_sick = np.maximum(answers, 0.0), data.y_val[:, 0] == 1
    assert (answers[~is_sick].mean(), answers[is_sick].mean()) == pytest.approx((2.0, 3.0), abs=0.06)


def test_the_only_difference_is_the_raised_piece():
    """The same seed at a severity near 0: signals of the same chance, and only the sick ones differ from the lesson's."""
    one, other = (
        load_data(session_of("cnn-ekg", "data.validation=0", *more).scenario) for more in ((), ("data.severity=1e-9",))
    )
    differs = np.abs(one.x_train - other.x_train).max(axis=1) > 1e-6
    assert np.array_equal(differs, one.y_train[:, 0] == 1)


@pytest.mark.parametrize(
    ("override", "least", "most"), [("layers[0].stride=2", 0.98, 1.0), ("layers[0].kernel=5", 0.84, 0.93)]
)
def test_what_window_and_stride_decide(override: str, least: float, most: float):
    """The two commands of the lesson, on several seeds."""
    found = [metric(trained("cnn-ekg", override, f"seed={seed}"), "val_accuracy") for seed in range(N_SEEDS)]
    assert sum(least - 0.002 <= each <= most + 0.002 for each in found) >= needed_of(N_SEEDS), found
