"""The EKG-like signals are their stated model, and each sickness changes what it says and nothing else."""

import math
from typing import Any

import numpy as np
import pytest

from tests.data.make import load
from tui_nn.data.randomness import generator
from tui_nn.data.sources.ekg import IRREGULAR, REGULAR, angles, waves
from tui_nn.scenario.spec.sequence_data import EkgData

TABLE = ((-math.pi / 3, 1.2, 0.25), (-math.pi / 12, -5.0, 0.1), (0.0, 30.0, 0.1), (math.pi / 12, -7.5, 0.1), (math.pi / 2, 0.75, 0.4))  # fmt: skip
CLEAN: dict[str, Any] = {"rate_spread": 0.0, "gain_spread": 0.0, "wander": 0.0, "noise": 0.0}


def test_a_beat_is_the_integral_of_the_published_slope():
    """McSharry et al. (2003), equation 1 and table I, summed up numerically over a turn, in units of the R wave."""
    angle = np.linspace(-math.pi, math.pi, 200_001)
    parts = [-a * (angle - at) * np.exp(-((angle - at) ** 2) / (2 * b * b)) for at, a, b in TABLE]
    slope = np.sum(parts, axis=0)
    height = np.concatenate([[0.0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(angle))])
    assert waves(angle, "st_elevation", 0.0) == pytest.approx(height / (30.0 * 0.1**2), abs=2e-4)  # T at pi


def test_waves_repeat_every_turn():
    angle = np.linspace(-3.0, 3.0, 61)
    assert waves(angle + 8 * math.pi, "t_inversion", 0.3) == pytest.approx(waves(angle, "t_inversion", 0.3), abs=1e-12)


@pytest.mark.parametrize(
    ("sickness", "angle", "healthy", "sick"),
    [
        ("st_elevation", math.pi / 4, 0.058, 0.358),  # T's tail alone, and the wave of 0.3 on it
        ("t_inversion", math.pi / 2, 0.4, -0.4),
        ("fibrillation", -math.pi / 3, 0.25, 0.0),  # no P
    ],
)
def test_a_sickness_moves_its_own_wave(sickness: str, angle: float, healthy: float, sick: float):
    """Half as severe, half as far; the R wave stays within a twentieth."""
    where, top = np.array([angle]), np.array([0.0])
    found = [float(waves(where, sickness, share)[0]) for share in (0.0, 0.5, 1.0)]
    assert found == pytest.approx([healthy, (healthy + sick) / 2, sick], abs=0.002)
    assert waves(top, sickness, 1.0) == pytest.approx(waves(top, sickness, 0.0), abs=0.05)


def test_every_other_signal_is_sick():
    data = load(source="ekg", samples=7)
    assert data.y_train.ravel().tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert data.class_names == ("healthy", "sick")


def angle_of(seed: int = 3, sick: bool = False, **settings) -> np.ndarray:
    rest = {"samples": 2_000, "length": 200, "beats": 8.0, "sickness": "fibrillation"} | settings
    data = EkgData(source="ekg", **rest)
    return angles(data, np.full(data.samples, float(sick)), generator(seed, 1))


def intervals(angle: np.ndarray) -> np.ndarray:
    """Times between R waves that the signals show whole, each in units of its signal's mean."""
    found = []
    for row in angle:
        marks = np.arange(math.ceil(row[0] / (2 * math.pi)), math.floor(row[-1] / (2 * math.pi)) + 1)
        found.append(np.diff(np.interp(2 * math.pi * marks, row, np.arange(len(row)))))
    return np.concatenate([each / each.mean() for each in found])


def test_as_many_beats_as_asked_from_a_random_place():
    """The angle only grows, by 8 turns on average; where it begins is uniform: mean 1/2, deviation 1/sqrt(12) of a turn."""
    angle = angle_of()
    assert (np.diff(angle) > 0).all()
    turns = (angle[:, -1] - angle[:, 0]) / (2 * math.pi) * 200 / 199
    assert turns.mean() == pytest.approx(8.0, rel=0.01)
    assert turns.std() == pytest.approx(0.8, rel=0.1)  # rate_spread of 8
    begin = angle[:, 0] / (2 * math.pi)
    assert (begin >= 0).all()
    assert (begin < 1).all()
    assert (begin.mean(), begin.std()) == pytest.approx((0.5, 12**-0.5), rel=0.05)


def test_fibrillation_makes_the_beats_irregular():
    """Healthy intervals deviate by 2 % of their mean, those of a fibrillating heart by 20 % (7 or 8 of them a signal)."""
    assert intervals(angle_of()).std() == pytest.approx(REGULAR, rel=0.15)
    assert intervals(angle_of(sick=True)).std() == pytest.approx(IRREGULAR, rel=0.15)
    assert intervals(angle_of(sick=True, sickness="t_inversion")).std() == pytest.approx(REGULAR, rel=0.15)


@pytest.mark.parametrize("beats", [0.5, 20.0])
def test_the_angle_reaches_the_end_of_the_fastest_signal(beats: float):
    """However the rates and intervals fall, no signal runs out of beats: the last step still turns."""
    angle = angle_of(samples=5_000, length=1_000, beats=beats, rate_spread=1.0, sick=True)
    assert (angle[:, -1] - angle[:, -2] > 0).all()


def test_without_chance_a_signal_is_its_waves():
    """Two healthy beats in 100 steps: R of 1 and T of 0.4 come back, and the least is S or Q."""
    x = load(source="ekg", samples=40, **CLEAN).x_train[::2]
    assert x.max(axis=1) == pytest.approx(np.full(20, 0.9), abs=0.1)  # 0.13 rad a step: the top falls between two
    assert (x.min(axis=1) > -0.25).all()
    assert (np.sort(x, axis=1)[:, -2] > 0.5).all()  # the other R wave


def test_wander_noise_and_gain_are_as_large_as_asked():
    """Each alone, around the clean signal; the same draws otherwise."""
    clean = load(1, source="ekg", samples=3_000, **CLEAN).x_train
    noisy = load(1, source="ekg", samples=3_000, **CLEAN | {"noise": 0.2}).x_train - clean
    assert (noisy.mean(), noisy.std()) == pytest.approx((0.0, 0.2), abs=0.002)
    assert abs(np.mean(noisy[:, 1:] * noisy[:, :-1])) < 0.001
    wander = load(1, source="ekg", samples=3_000, **CLEAN | {"wander": 0.2}).x_train - clean
    assert wander.std() == pytest.approx(0.2, rel=0.05)
    assert np.abs(np.diff(wander, axis=1)).max() < 0.1  # slow: at most a turn in 100 steps
    gain = load(1, source="ekg", samples=3_000, **CLEAN | {"gain_spread": 0.1}).x_train / clean
    assert gain.std(axis=1) == pytest.approx(np.zeros(3_000), abs=1e-9)
    assert gain[:, 0].std() == pytest.approx(0.1, rel=0.05)


def test_no_single_time_step_tells_the_sick():
    """Raised ST raises the mean a little; but at no step do the classes' means differ by half a deviation."""
    data = load(source="ekg", samples=4_000)
    sick = data.y_train[:, 0] == 1
    apart = np.abs(data.x_train[sick].mean(axis=0) - data.x_train[~sick].mean(axis=0)) / data.x_train.std(axis=0)
    assert apart.max() < 0.5
