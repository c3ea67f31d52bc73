"""The built-in data: the right samples, split and scaled as promised, and the same every time."""

import hashlib

import numpy as np
import pytest

from tests.data.make import ARRAYS, load, scenario
from tui_nn.data import data_shape
from tui_nn.data.dataset import fit_scale
from tui_nn.data.randomness import PURPOSE_DATA, PURPOSE_SPLIT, generator


@pytest.mark.parametrize(
    ("gate", "truth"), [("and", [0, 0, 0, 1]), ("nand", [1, 1, 1, 0]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])]
)
def test_gates_are_their_truth_tables(gate, truth):
    """Four corners in counting order, and what the gate answers."""
    data = load(source=gate)
    assert data.x_train.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert data.y_train.tolist() == [[answer] for answer in truth]
    assert (data.task, data.n_features, data.n_outputs) == ("binary", 2, 1)


def test_gate_clouds_scatter_around_clean_corners():
    """Noise moves the inputs by its standard deviation and leaves the answer of the corner alone."""
    data = load(source="xor", repeat=2500, noise=0.1)
    moved = data.x_train.reshape(2500, 4, 2) - np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert moved.std() == pytest.approx(0.1, rel=0.02)  # 20,000 draws: the estimate is off by 0.5 % (1 sigma)
    assert abs(moved.mean()) < 0.003  # 4 sigma of 0.1 / sqrt(20,000)
    assert data.y_train.reshape(2500, 4).std(axis=0).tolist() == [0, 0, 0, 0]


def test_points_are_what_the_file_says():
    """In its order; numbers to fit by default, yes or no if it says so."""
    data = load(source="points", x=[[0.6, 0.8], [1, -1]], y=[1, 0.5])
    assert (data.task, data.x_train.tolist(), data.y_train.tolist()) == (
        "regression",
        [[0.6, 0.8], [1, -1]],
        [[1], [0.5]],
    )
    assert load(source="points", x=[[3.0]], y=[1], task="binary").task == "binary"


def test_line_without_noise_is_the_line():
    """Five points from -2 to 2 on y = 3 x - 1."""
    data = load(source="linear", samples=5, slope=3.0, intercept=-1.0, low=-2.0, high=2.0)
    assert data.x_train.tolist() == [[-2], [-1], [0], [1], [2]]
    assert data.y_train.tolist() == [[-7], [-4], [-1], [2], [5]]
    assert (data.task, data.n_features, data.n_outputs) == ("regression", 1, 1)


def test_line_noise_has_the_asked_size():
    """Residuals around the line have the standard deviation that was asked for."""
    data = load(source="linear", samples=20_000, slope=2.0, intercept=1.0, noise=0.5)
    residual = data.y_train - (2 * data.x_train + 1)
    assert residual.std() == pytest.approx(0.5, rel=0.02)  # 4 sigma of 0.5 / sqrt(40,000)


def test_digits_are_the_uci_test_part():
    """1,797 images whose classes occur as often as the UCI page says, byte for byte the set that we vendored."""
    data = load(source="digits")
    assert data.x_train.shape == (1797, 64)
    assert np.bincount(data.y_train).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.image_shape == (8, 8)
    assert data.class_names == tuple("0123456789")
    table = np.column_stack([data.x_train * 16, data.y_train]).astype(np.uint8)
    digest = hashlib.sha256(table.tobytes()).hexdigest()
    assert digest == "68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2"
    assert "10.24432/C50P49" in data.attribution


def test_first_digit_looks_like_a_zero():
    """Rows of eight pixels, top to bottom: drawn that way, the first image is a ring."""
    data = load(source="digits")
    assert data.y_train[0] == 0
    assert ["".join("#" if pixel > 0.4 else "." for pixel in row) for row in data.x_train[0].reshape(8, 8)] == [
        "...##...",
        "..####..",
        "..#..##.",
        "..#..##.",
        "..#..##.",
        "..#..##.",
        "..#.##..",
        "...##...",
    ]


def test_digits_equal_the_copy_in_scikit_learn():
    """An independent copy of the set, where it is installed, has the same numbers in the same order."""
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = datasets.load_digits()
    ours = load(source="digits")
    assert np.array_equal(ours.x_train * 16, theirs.data)
    assert np.array_equal(ours.y_train, theirs.target)


def test_fewer_digits_are_a_subset_that_the_seed_draws():
    """samples = 50 takes 50 of the images, others for another seed."""
    everything = {row.tobytes() for row in load(source="digits").x_train}
    one, other = load(1, source="digits", samples=50), load(2, source="digits", samples=50)
    assert one.x_train.shape == (50, 64)
    assert {row.tobytes() for row in one.x_train} <= everything
    assert not np.array_equal(one.x_train, other.x_train)


@pytest.mark.parametrize("validation", [0.0, 0.001, 0.2, 0.5, 0.9])
def test_split_uses_every_sample_once(validation):
    """Training and validation parts are disjoint, and together they are the whole set."""
    data = load(3, source="linear", samples=200, validation=validation)
    both = np.concatenate([data.x_train, data.x_val])
    assert np.array_equal(np.sort(both, axis=0), load(source="linear", samples=200).x_train)
    assert len(data.x_val) == (0 if validation == 0 else max(1, round(200 * validation)))
    assert len(data.y_val) == len(data.x_val)


def test_split_keeps_inputs_and_targets_together():
    """Every y is still the line's y at its own x."""
    data = load(5, source="linear", samples=100, slope=3.0, intercept=0.5, validation=0.3)
    assert np.array_equal(data.y_train, 3 * data.x_train + 0.5)
    assert np.array_equal(data.y_val, 3 * data.x_val + 0.5)


def test_split_follows_the_seed():
    """Same seed, same split; another seed, another split."""
    parts = [load(seed, source="linear", validation=0.2).x_val.tobytes() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_standardisation_is_fitted_on_the_training_part_only():
    """Mean and scale are the training part's own; validation is only transformed by them."""
    raw = load(4, source="digits", validation=0.2)
    scaled = load(4, source="digits", validation=0.2, standardize=True)
    mean, spread = raw.x_train.mean(axis=0), raw.x_train.std(axis=0)
    lives = spread > 0
    assert np.allclose(scaled.mean, mean, rtol=0, atol=1e-15)
    assert np.allclose(scaled.x_val[:, lives], ((raw.x_val - mean) / np.where(lives, spread, 1))[:, lives], atol=1e-12)
    assert np.abs(scaled.x_train.mean(axis=0)).max() < 1e-12
    assert np.allclose(scaled.x_train.std(axis=0)[lives], 1)
    assert np.abs(scaled.x_val.mean(axis=0)).max() > 0.01  # fitted on everything, this would be nearer 0


def test_a_feature_that_never_changes_keeps_scale_one():
    """Pixels that are always blank would divide 0 by 0. Ten times 0.1 is 0.1 too, though its rounded mean is not."""
    x = np.array([[0.1, 1.0]] * 9 + [[0.1, 2.0]])
    _, scale = fit_scale(x)
    assert scale[0] == 1.0
    assert scale[1] == pytest.approx(0.3)
    digits = load(source="digits", standardize=True)
    assert np.isfinite(digits.x_train).all()
    assert digits.scale[0] == 1.0  # the top left corner is blank in every image


@pytest.mark.parametrize(
    "data",
    [
        {"source": "xor", "repeat": 10, "noise": 0.1, "validation": 0.25},
        {"source": "linear", "noise": 0.1, "validation": 0.25},
        {"source": "digits", "validation": 0.25, "standardize": True},
        {"source": "digits", "samples": 10},
    ],
)
def test_arrays_keep_their_promises(data):
    """float64 (class indices int64), C order, read-only, shaped as data_shape said beforehand."""
    loaded = load(9, **data)
    shape = data_shape(scenario(9, **data).data)
    for name in ARRAYS:
        array = getattr(loaded, name)
        wanted = np.int64 if name.startswith("y") and loaded.task == "multiclass" else np.float64
        assert array.dtype == wanted, name
        assert array.flags.c_contiguous, name
        assert not array.flags.writeable, name
        assert not array.size or array.base is None or not array.base.flags.writeable, name
    assert loaded.x_train.shape == (shape.n_train, shape.n_features)
    assert loaded.x_val.shape == (shape.n_val, shape.n_features)
    assert (loaded.task, loaded.n_outputs) == (shape.task, shape.n_outputs)
    assert len(loaded.feature_names) == shape.n_features


def test_no_global_generator_is_read_or_moved():
    """NumPy's global state neither changes the data nor is changed by loading it."""
    np.random.seed(1)
    before = repr(np.random.get_state())
    first = load(8, source="xor", repeat=5, noise=0.3, validation=0.2)
    assert repr(np.random.get_state()) == before
    np.random.seed(2)
    second = load(8, source="xor", repeat=5, noise=0.3, validation=0.2)
    for name in ARRAYS:
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_purposes_and_seeds_never_share_numbers():
    """Streams of different (seed, purpose) differ; the largest seed of a file is a key too."""
    keys = [(0, PURPOSE_DATA), (0, PURPOSE_SPLIT), (1, PURPOSE_DATA), (2**63 - 1, PURPOSE_DATA)]
    assert len({generator(*key).random(8).tobytes() for key in keys}) == len(keys)
