"""Delayed recall, the adding problem and echo: what is shown when, and what is asked."""

import numpy as np
import pytest

from tests.data.make import load


def test_recall_shows_the_token_first_and_the_cue_last():
    """Three tokens, a delay of 2: four steps of four inputs, worked out by hand."""
    data = load(source="recall", samples=4, classes=3, delay=2)
    blank, cue = [0, 0, 0, 0], [0, 0, 0, 1]
    tokens = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]]
    assert data.x_train.tolist() == [[*token, *blank, *blank, *cue] for token in tokens]
    assert data.y_train.tolist() == [0, 1, 2, 0]
    assert data.feature_names[:5] == ("token 0 t0", "token 1 t0", "token 2 t0", "cue t0", "token 0 t1")
    assert data.feature_names[-1] == "cue t3"


def test_recall_of_two_tokens_is_yes_or_no():
    two = load(source="recall", samples=6, classes=2, delay=0)
    assert (two.task, two.n_outputs, two.n_features) == ("binary", 1, 6)
    assert two.y_train.tolist() == [[0.0], [1.0]] * 3


def test_recalls_noise_fills_the_delay_and_says_nothing():
    """Normal numbers of the asked deviation on the tokens' inputs, the same for every class; token and cue stay clean."""
    data = load(2, source="recall", samples=4_000, classes=4, delay=5, noise=0.3)
    x = data.x_train.reshape(4_000, 7, 5)
    delay = x[:, 1:-1, :4]
    assert (delay.mean(), delay.std()) == pytest.approx((0.0, 0.3), abs=0.004)
    assert np.isin(x[:, [0, -1]], (0.0, 1.0)).all()
    assert (x[:, 1:-1, 4] == 0).all()
    means = np.array([delay[data.y_train == k].mean(axis=0) for k in range(4)])
    assert np.abs(means).max() < 5 * 0.3 / np.sqrt(1_000)


def test_adding_is_the_sum_of_the_two_marked():
    """One mark in each half, at uniform places; the answer is the values' sum, added up here one by one."""
    data = load(source="adding", samples=3_000, steps=7)
    x = data.x_train.reshape(3_000, 7, 2)
    value, marker = x[:, :, 0], x[:, :, 1]
    assert (marker[:, :3].sum(axis=1) == 1).all()
    assert (marker[:, 3:].sum(axis=1) == 1).all()
    for row, marks, (y,) in zip(value.tolist(), marker.tolist(), data.y_train.tolist(), strict=True):
        assert sum(v for v, mark in zip(row, marks, strict=True) if mark) == pytest.approx(y, abs=1e-15)
    assert marker.mean(axis=0) == pytest.approx([1 / 3] * 3 + [1 / 4] * 4, abs=0.04)
    assert (value.mean(), value.var()) == pytest.approx((1 / 2, 1 / 12), rel=0.02)
    assert data.target_names == ("sum",)


def test_always_one_costs_a_sixth():
    """The variance of two uniform numbers' sum, 2/12: what a network must beat to have learnt anything."""
    y = load(5, source="adding", samples=100_000, steps=2).y_train
    assert np.mean((y - 1.0) ** 2) == pytest.approx(1 / 6, rel=0.01)
    assert np.mean((y - 1.0) ** 2) < np.mean((y - 0.95) ** 2)


def test_echo_answers_at_every_step_what_came_before():
    """The target of step t is 1 + the token of step t - delay, and blank (0) before; read off the inputs one by one."""
    data = load(4, source="echo", samples=50, steps=6, classes=3, delay=2)
    assert (data.task, data.n_outputs, data.n_steps, data.form) == ("multiclass", 4, 6, (6, 3))
    x = data.x_train.reshape(50, 6, 3)
    assert (x.sum(axis=2) == 1).all()
    for sequence, answers in zip(x.tolist(), data.y_train.tolist(), strict=True):
        heard = [one_hot.index(1.0) for one_hot in sequence]
        assert answers == [0, 0, *(1 + token for token in heard[:4])]
    assert data.class_names == ("blank", "0", "1", "2")


def test_echoes_tokens_are_equally_likely_and_independent():
    data = load(source="echo", samples=5_000, steps=4, classes=3, delay=0)
    assert np.bincount(data.y_train.ravel(), minlength=4) / data.y_train.size == pytest.approx(
        [0, *[1 / 3] * 3], abs=0.02
    )
    now, before = data.y_train[:, 1:].ravel(), data.y_train[:, :-1].ravel()
    assert np.mean(now == before) == pytest.approx(1 / 3, abs=0.02)


@pytest.mark.parametrize(
    ("name", "form"), [("ekg", (100, 1)), ("recall", (20, 5)), ("adding", (20, 2)), ("echo", (12, 3))]
)
def test_a_network_sees_them_step_by_step(name: str, form: tuple[int, int]):
    """(steps, features) is how a sample lies in the row; the first step's inputs come first."""
    data = load(source=name)
    assert data.form == form
    assert len(data.feature_names) == form[0] * form[1]
    assert data.feature_names[form[1] - 1].endswith("t0")
    assert data.feature_names[form[1]].endswith("t1")


def test_tokens_as_numbers_say_the_same():
    """The one that is 1 among a step's inputs, by its number; blank and cue come behind the tokens."""
    many, one = (load(3, source="echo", samples=20, steps=5, encoding=encoding) for encoding in ("one_hot", "index"))
    assert one.form == (5, 1)
    assert one.x_train.tolist() == many.x_train.reshape(20, 5, 3).argmax(axis=2).tolist()
    assert one.y_train.tolist() == many.y_train.tolist()
    recall = load(source="recall", samples=3, classes=3, delay=2, encoding="index")
    assert recall.x_train.tolist() == [[token, 3, 3, 4] for token in (0, 1, 2)]
    assert (recall.form, recall.feature_names) == ((4, 1), ("token t0", "token t1", "token t2", "token t3"))


def test_an_embedding_learns_from_them():
    from tui_nn.debugger import Session
    from tui_nn.scenario.model import Scenario

    session = Session(
        Scenario.model_validate({
            "id": "tokens", "title": "tokens", "data": {"source": "recall", "samples": 12, "classes": 3, "delay": 3, "encoding": "index"},
            "layers": [{"type": "embedding", "tokens": 5, "units": 4}, {"type": "gru", "units": 8}, {"type": "dense", "units": 3}],
            "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "adam", "lr": 0.02}, "train": {"iterations": 150},
        })
    )  # fmt: skip
    session.run()
    assert session.history["accuracy"][-1] == 1.0
