"""The list of what an edit may change, and what a typed value means."""

from __future__ import annotations

import pytest

from tui_nn.debugger.session import Session
from tui_nn.debugger.settings import settings_of, typed_value, value_setting
from tui_nn.scenario import load_scenario


@pytest.mark.parametrize("preset", ["dropout", "batch-norm", "xor-mlp", "lstm-remembers"])
def test_every_setting_of_the_list_can_be_set_to_what_it_is(preset: str):
    """Each is a key that `set` takes; what stands nowhere in the file (none) takes none, or its table has no such key yet."""
    session = Session(load_scenario(preset))
    listed = settings_of(session.program)
    assert len({each.key for each in listed}) == len(listed)
    for each in listed:
        if each.value is not None and not hasattr(each.value, "model_dump"):
            value = list(each.value) if isinstance(each.value, tuple) else each.value
            assert session.set(each.key, value).value == each.value, each.key
            session.undo()
        assert each.about or each.key.endswith(".type"), each.key


def test_settings_that_mean_nothing_are_not_offered():
    keys = {each.key for each in settings_of(Session(load_scenario("xor-mlp")).program)}
    assert {"optimizer.lr", "data.batch_size", "dense_1.trainable", "clip.norm", "schedule"} <= keys
    assert not any(key.endswith(("negative_slope", ".alpha", ".rate")) for key in keys)


def test_choices_are_those_of_the_file_format():
    listed = {each.key: each for each in settings_of(Session(load_scenario("xor-mlp")).program)}
    assert listed["dense_1.trainable"].choices == (True, False)
    assert {"sgd", "adam", "rmsprop"} <= {*listed["optimizer.type"].choices}


def test_a_single_number_is_the_one_in_memory():
    session = Session(load_scenario("xor-mlp"))
    frame = session.frame()
    setting = value_setting(session.program, frame.snapshot.mem, "dense_1.weight", (1, 0))
    assert setting.key == "weight.dense_1[1,0]"
    assert setting.value == frame.layers[0].parameters[0].value[1, 0]
    assert session.set(setting.key, 2.0).old == setting.value


@pytest.mark.parametrize(
    ("text", "now", "value"),
    [
        ("0.1x", 0.3, 0.03), ("x2", 0.3, 0.6), ("*2", 32, 64), ("3 ×", 0.1, 0.3), ("/10", 0.5, 0.05), ("/3", 32, 11),
        ("1e-3", 0.5, 1e-3), ("none", 5, None), ("full", 32, "full"), ("true", False, True),
        ('{type = "step", every = 3}', None, {"type": "step", "every": 3}),
    ],
)  # fmt: skip
def test_what_is_typed(text: str, now: object, value: object):
    """0.1x of 0.3 is 0.03 and no 0.030000000000000002; of whole numbers a whole one."""
    assert typed_value(text, now) == value


@pytest.mark.parametrize(("text", "now"), [("2x", "full"), ("/2", True), ("0.1x", None), ("/0", 1.0)])
def test_a_factor_of_what_is_no_number_is_refused(text: str, now: object):
    with pytest.raises(ValueError, match=r"factor|/0"):
        typed_value(text, now)
