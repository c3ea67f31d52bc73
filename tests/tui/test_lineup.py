"""Short names and letters of runs that are open together."""

from __future__ import annotations

import pytest

from tests.race import write_race
from tui_nn.scenario import load_scenario
from tui_nn.tui.lineup import letters_of, short_names


def test_optimizers_that_race_are_called_by_their_names(tmp_path):
    race = load_scenario(write_race(tmp_path))
    all_of_them = [race, *(load_scenario(tmp_path / name) for name in race.companions)]
    assert short_names(all_of_them) == ["sgd", "momentum", "rmsprop", "adagrad", "adam"]


def test_one_setting_that_differs_names_each():
    rates = [load_scenario("lr-too-large", [f"optimizer.lr={rate}"]) for rate in (0.01, 0.1, 1.0)]
    assert short_names(rates) == ["lr 0.01", "lr 0.1", "lr 1"]
    losses = [load_scenario("mse-vs-mae", [f"loss.type={kind}"]) for kind in ("mse", "mae")]
    assert short_names(losses) == ["mse", "mae"]


def test_else_what_their_ids_do_not_share():
    """A whole word at a time; where nothing is left of one, its id."""
    names = [["xavier-normal", "xavier-uniform", "xavier-sigmoid"], ["zero-init", "zero-init-cured"]]
    wanted = [["normal", "uniform", "sigmoid"], ["zero-init", "cured"]]
    scenarios = [
        [load_scenario("digits-dnn", ["seed=1"]).model_copy(update={"id": each}) for each in ids] for ids in names
    ]
    assert [short_names(each) for each in scenarios] == wanted


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["sgd", "momentum", "rmsprop", "adagrad", "adam"], "smrad"),
        (["lr 0.01", "lr 0.1", "lr 1"], "abc"),
        (["init-decides", "other"], "io"),
        (["aa", "a", "aaa", "7"], "abcd"),
    ],
)
def test_each_has_a_letter_of_its_own(names: list[str], letters: str):
    """Its initial if that is free, else another of its own, else any."""
    assert letters_of(names) == list(letters)
