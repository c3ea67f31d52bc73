"""Three parts for three jobs: disjoint, together everything, and nothing of the test set in the scaling."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.make import load, scenario
from tui_nn.data import Dataset, load_data
from tui_nn.data.dataset import split
from tui_nn.data.randomness import PURPOSE_SPLIT, generator
from tui_nn.data.shape import DataShape, held_out

# Digests of x and y, training then validation, as they were before there was a test set.
BEFORE = {"xor": "bf3eb9bdad7cf74f", "linear": "a2ccc8d3024f305d", "digits": "36ca3753c253650a"}
TABLES = {
    "xor": {"repeat": 25, "noise": 0.1, "validation": 0.2},
    "linear": {"noise": 0.5, "validation": 0.25},
    "digits": {"samples": 300, "validation": 0.2},
}


@given(st.integers(1, 500), st.floats(0.0, 0.9), st.floats(0.0, 0.9), st.integers(0, 2**63 - 1))
def test_every_sample_is_in_one_part(n, validation, test, seed):
    """Disjoint, complete, each in order; at least one sample in a part that was asked for."""
    shape = DataShape("regression", n, 1, 1, validation, test)
    if shape.n_train < 1:
        return
    parts = split(n, shape.n_val, shape.n_test, seed)
    assert [len(part) for part in parts] == [shape.n_train, shape.n_val, shape.n_test]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    assert all((np.diff(part) > 0).all() for part in parts)
    assert (shape.n_test > 0) == (test > 0)


@given(st.integers(2, 500), st.floats(0.0, 0.9), st.integers(0, 2**63 - 1))
def test_without_a_test_set_the_split_is_what_it_always_was(n, validation, seed):
    """The rule, written out: the first of the shuffled samples are for validation, the rest for training."""
    n_val = min(held_out(n, validation), n - 1)
    order = generator(seed, PURPOSE_SPLIT).permutation(n)
    train, val, test = split(n, n_val, 0, seed)
    assert np.array_equal(train, np.sort(order[n_val:]))
    assert np.array_equal(val, np.sort(order[:n_val]))
    assert test.size == 0


@pytest.mark.parametrize("name", TABLES)
def test_data_of_old_scenarios_are_the_same_bytes(name):
    """Recorded before the test set and the newer sources came; a change here changes every scenario ever written."""
    data = load(3, source=name, **TABLES[name])
    parts = b"".join(part.tobytes() for part in (data.x_train, data.y_train, data.x_val, data.y_val))
    assert hashlib.sha256(parts).hexdigest()[:16] == BEFORE[name]
    assert data.x_test.shape == (0, data.n_features)


def test_the_test_set_does_not_depend_on_validation_nor_the_other_way_round():
    """Asking for more validation takes samples from training alone, and so does asking for a test set."""
    table = {"source": "linear", "noise": 0.3, "samples": 200}
    both = load(8, **table, validation=0.2, test=0.1)
    assert (len(both.x_train), len(both.x_val), len(both.x_test)) == (140, 40, 20)
    assert np.array_equal(both.x_test, load(8, **table, validation=0.5, test=0.1).x_test)
    assert np.array_equal(both.x_val, load(8, **table, validation=0.2).x_val)
    assert np.array_equal(both.y_val, load(8, **table, validation=0.2).y_val)


def test_test_samples_keep_their_answers():
    """Every y is still the line's at its own x."""
    data = load(5, source="linear", samples=100, slope=3.0, intercept=0.5, validation=0.3, test=0.3)
    assert np.array_equal(data.y_test, 3 * data.x_test + 0.5)


def test_the_test_set_is_scaled_by_the_training_part():
    """Its own mean and deviation play no part."""
    raw = load(4, source="wine", validation=0.2, test=0.2)
    scaled = load(4, source="wine", validation=0.2, test=0.2, standardize=True)
    mean, spread = raw.x_train.mean(axis=0), raw.x_train.std(axis=0)
    assert np.allclose(scaled.x_test, (raw.x_test - mean) / spread, rtol=1e-12)
    assert np.abs(scaled.x_test.mean(axis=0)).max() > 0.01


def test_a_data_set_made_without_a_test_set_has_an_empty_one():
    """Columns and types of the empty part are those of the others, so code need not ask whether it is there."""
    whole = load_data(scenario(source="iris"))
    names = [name for name in Dataset.__dataclass_fields__ if not name.endswith("_test")]
    made = Dataset(**{name: getattr(whole, name) for name in names})
    assert (made.x_test.shape, made.y_test.shape) == ((0, 4), (0,))
    assert (made.x_test.dtype, made.y_test.dtype) == (np.float64, np.int64)
