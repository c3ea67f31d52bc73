"""Classes in the plane and beyond, where they are said to be: circles, moons, spirals, blobs."""

import math

import numpy as np
import pytest

from tests.data.make import load


def test_circles_have_their_radii():
    """Class 0 at distance 1, class 1 at `factor`, each evenly around: its points sum to 0, neighbours equally far."""
    data = load(source="circles", samples=41, factor=0.3)
    label = data.y_train[:, 0]
    for value, radius, n in ((0.0, 1.0, 21), (1.0, 0.3, 20)):
        ring = data.x_train[label == value]
        assert len(ring) == n
        assert np.hypot(*ring.T) == pytest.approx(np.full(n, radius), abs=1e-15)
        assert ring.sum(axis=0) == pytest.approx([0.0, 0.0], abs=1e-13)
        gaps = np.hypot(*(ring - np.roll(ring, 1, axis=0)).T)
        assert gaps == pytest.approx(np.full(n, 2 * radius * math.sin(math.pi / n)), abs=1e-14)


def test_moons_are_two_hooked_half_circles():
    """Upper around (0, 0), lower around (1, 1/2), radius 1; each ends where the other's circle has its middle line."""
    data = load(source="moons", samples=11)
    label = data.y_train[:, 0]
    upper, lower = data.x_train[label == 0], data.x_train[label == 1]
    assert (len(upper), len(lower)) == (6, 5)
    assert np.hypot(*upper.T) == pytest.approx(np.ones(6), abs=1e-15)
    assert np.hypot(*(lower - [1.0, 0.5]).T) == pytest.approx(np.ones(5), abs=1e-15)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0.5).all()
    assert upper[[0, -1]] == pytest.approx(np.array([[1, 0], [-1, 0]]), abs=1e-15)
    assert lower[[0, 2, -1]] == pytest.approx(np.array([[0, 0.5], [1, -0.5], [2, 0.5]]), abs=1e-15)


@pytest.mark.parametrize(("classes", "turns"), [(2, 2.5), (3, 1.0), (5, 0.0), (6, 20.0)])
def test_spiral_arms_meet_their_formula(classes, turns):
    """A point at distance r on arm k stands at the angle 2 pi (turns r + k / classes); r = 1/n, 2/n, ..., 1."""
    data = load(source="spirals", samples=40 * classes, classes=classes, turns=turns)
    label = data.y_train.ravel()
    for arm in range(classes):
        x = data.x_train[label == arm]
        radius = np.hypot(*x.T)
        assert radius == pytest.approx(np.arange(1, 41) / 40, abs=1e-15)
        unit = np.exp(2j * math.pi * (turns * radius + arm / classes))
        assert x[:, 0] + 1j * x[:, 1] == pytest.approx(radius * unit, abs=1e-12)  # 20 turns: an angle of 126


def test_two_arms_are_a_yes_or_no_task_and_more_are_classes():
    """So are two blobs: the targets fit binary_cross_entropy and one output, three fit the softmax losses."""
    for name in ("spirals", "blobs"):
        two, three = load(source=name, classes=2), load(source=name, classes=3)
        assert (two.task, two.n_outputs, two.y_train.ndim) == ("binary", 1, 2)
        assert (three.task, three.n_outputs, three.y_train.ndim) == ("multiclass", 3, 1)


@pytest.mark.parametrize("name", ["circles", "moons", "spirals"])
def test_noise_scatters_the_inputs_by_its_deviation(name):
    """Around the clean curve, in both directions; the classes stay."""
    clean, noisy = (load(5, source=name, samples=10_000, noise=noise) for noise in (0.0, 0.2))
    moved = noisy.x_train - clean.x_train
    assert moved.std(axis=0) == pytest.approx([0.2, 0.2], rel=0.03)  # 4 sigma of 0.2 / sqrt(20,000)
    assert np.abs(moved.mean(axis=0)).max() < 0.008  # 4 sigma of 0.2 / 100
    assert np.array_equal(noisy.y_train, clean.y_train)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("circles", {}), ("moons", {}), ("spirals", {"classes": 5}), ("blobs", {"classes": 7})],
)
def test_classes_take_turns(name, settings):
    """Unshuffled, the classes come in turn, so that no batch is of one class; they differ in size by one at most."""
    label = load(source=name, samples=50, **settings).y_train.ravel()
    classes = settings.get("classes", 2)
    assert label.tolist() == [i % classes for i in range(50)]


def test_blobs_have_the_asked_centres_and_spread():
    """Two features: centres evenly around a circle; each cloud's mean and deviation within 5 sigma of them."""
    data = load(6, source="blobs", samples=20_000, classes=4, spread=5.0, std=0.5)
    for k, center in enumerate([(5, 0), (0, 5), (-5, 0), (0, -5)]):
        cloud = data.x_train[data.y_train == k]
        assert cloud.mean(axis=0) == pytest.approx(center, abs=5 * 0.5 / math.sqrt(5000))
        assert cloud.std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
        assert abs(np.corrcoef(cloud.T)[0, 1]) < 5 / math.sqrt(5000)


def test_blob_centres_on_a_line_and_on_a_sphere():
    """One feature: evenly from -spread to spread. Ten: every centre at the distance spread, elsewhere for each seed."""
    line = load(source="blobs", samples=6, classes=3, features=1, spread=2.0, std=0.0)
    assert line.x_train[:3].ravel().tolist() == [-2.0, 0.0, 2.0]
    one, other = (load(s, source="blobs", samples=8, classes=8, features=10, std=0.0).x_train for s in (1, 2))
    assert np.linalg.norm(one, axis=1) == pytest.approx(np.full(8, 4.0))
    assert len(np.unique(one, axis=0)) == 8
    assert not np.array_equal(one, other)
