"""Every measurement can be off: then it is in no list and no frame, and training does not notice."""

from __future__ import annotations

import math
import os
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.make import make_session
from tui_nn.debugger.context import parse_for
from tui_nn.debugger.session import Session
from tui_nn.scenario import ScenarioError, load_scenario
from tui_nn.scenario.expression import ExpressionError
from tui_nn.scenario.naming import measurable_names, metric_names, unmeasured
from tui_nn.scenario.spec.probes import CURVATURE, PROBES

# All that is measured somewhere: a penalty, clipping, batch norm, dropout, both activations that die, one that saturates.
LAYERS = [
    {"type": "dense", "units": 6, "activation": "relu", "l2": 0.01},
    {"type": "batch_norm", "activation": "leaky_relu"},
    {"type": "dropout", "rate": 0.3},
    {"type": "dense", "units": 5, "activation": "tanh"},
    {"type": "dense", "units": 2},
]


def measured_session(**probes: Any) -> Session:
    return make_session(
        LAYERS, n=10, n_val=4, batch_size=4, optimizer="adam", clip={"norm": 0.5}, dtype="float32", probes=probes
    )


def trained(session: Session) -> list[bytes]:
    """What training moves, as bytes: parameters, slots and running statistics, and the losses on the way."""
    session.goto(8)
    frame = session.frame()
    parts = [
        array for layer in frame.layers for p in layer.parameters for array in (p.value, p.grad, *p.slots.values())
    ]
    parts += [frame.layer("batch_norm_1").buffers[name] for name in ("running_mean", "running_var")]
    return [array.tobytes() for array in (*parts, session.history["loss"], session.history["val_loss"])]


@cache
def with_everything_on() -> tuple[list[bytes], dict[str, bytes]]:
    session = measured_session(sharpness=1)
    moved = trained(session)
    return moved, {name: session.history[name].tobytes() for name in session.program.metrics}


@settings(max_examples=2_000 if os.environ.get("TUI_NN_FULL") == "1" else 40)
@given(off=st.sets(st.sampled_from([*PROBES, "all"])), sharpness=st.sampled_from(["off", "auto", 1]))
def test_training_is_the_same_whatever_is_measured(off, sharpness):
    """Any subset of the switches, sharpness every iteration or never: the same bytes; what is still measured is the same too."""
    session = measured_session(off=tuple(off), sharpness=sharpness)
    moved, metrics = with_everything_on()
    assert trained(session) == moved
    families = {name.split(".")[0].removeprefix("val_") for name in session.program.metrics}
    assert not families & off
    if "all" in off:
        assert families == {"loss", "lr"}
    for name in session.program.metrics:
        if name not in CURVATURE or sharpness == 1:
            assert session.history[name].tobytes() == metrics[name], name


@pytest.mark.parametrize("preset", ["digits-dnn", "xor-mlp"])
@pytest.mark.parametrize("off", [*PROBES, "all", None])
def test_names_and_engine_agree_on_what_is_measured(preset, off):
    """metric_names, from the file alone, is what the program measures; the rest of what it could be has its reason."""
    overrides = [f'probes.off=["{off}"]'] if off else ['probes.sharpness="auto"']
    session = Session(load_scenario(preset, overrides))
    names, scenario = metric_names(session.scenario), session.scenario
    assert sorted(session.program.metrics) == sorted(names)
    missing = unmeasured(scenario)
    assert sorted([*names, *missing]) == sorted(measurable_names(scenario))
    for name, reason in missing.items():
        assert name in CURVATURE or f"{off} is" in reason or '"all"' in reason


def test_a_frame_has_only_what_is_measured():
    """With all off: loss, val_loss and lr, and nothing of any layer."""
    session = measured_session(off=("all",))
    session.goto(5, 3)
    frame = session.frame()
    assert set(frame.metrics) == {"loss", "val_loss", "lr"}
    assert all(not layer.metrics for layer in frame.layers)
    assert all(math.isfinite(value) for value in frame.metrics.values())


# Asking for what is not there


@pytest.mark.parametrize(
    ("probes", "condition", "message"),
    [
        ({"off": ["act_std"]}, "act_std.dense_1 > 0", "act_std is switched off in probes.off (column 1"),
        ({"off": ["all"]}, "1 > dead.relu_1", 'dead is switched off in probes.off, by "all" (column 5'),
        ({"off": ["dead", "all"]}, "dead.relu_1 > 0", "dead is switched off in probes.off (column 1"),
        ({}, "lr_limit < lr", 'lr_limit is not measured: set probes.sharpness = "auto" (column 1'),
        ({}, "act_sdt.dense_1 > 0", "unknown name 'act_sdt.dense_1'; did you mean 'act_std.dense_1'?"),
    ],
)
def test_a_condition_on_what_is_off_says_so(probes, condition, message):
    """Not "unknown name": the name is right, a switch is in the way. The file and the debugger say the same."""
    session = measured_session(**probes)
    with pytest.raises(ExpressionError) as caught:
        parse_for(session.program, condition)
    assert message in str(caught.value)


def test_accuracy_goes_with_its_evaluations():
    """val_accuracy is switched off under the name of accuracy."""
    scenario = load_scenario("digits-dnn", ['probes.off=["accuracy"]'])
    assert unmeasured(scenario)["val_accuracy"] == "accuracy is switched off in probes.off"


FILE = """
id = "made"
title = "Made"
{probes}
[data]
source = "xor"
[[layers]]
type = "dense"
units = {units}
activation = "{activation}"
[[layers]]
type = "dense"
units = 1
[loss]
type = "binary_cross_entropy"
[optimizer]
type = "sgd"
lr = 0.1
[train]
iterations = 10
[[script]]
show = "{show}"
[[expect]]
at = "end"
that = "act_std.dense_1 > 0"
"""


@pytest.mark.parametrize(
    ("probes", "show", "problem"),
    [
        ('off = ["act_std"]', "loss", "expect[0].that: act_std is switched off in probes.off"),
        ('off = ["act_mean"]', "act_mean.dense_1", "script[0].show: act_mean is switched off in probes.off"),
        ('off = ["act_sdt"]', "loss", "probes.off[0]: unknown entry of off 'act_sdt'; did you mean 'act_std'?"),
        ("sharpness = 0", "loss", 'got 0; sharpness must be "auto", "off", or a number of iterations from 1 on'),
        ('sharpness = "sometimes"', "loss", "got 'sometimes'; sharpness must be"),
        ("sharpness = true", "loss", "got true; sharpness must be"),
        (
            "sharpness = 5",
            "loss",
            "probes.sharpness: got 5; the network has 240,001 parameters, and 200,000 is the most",
        ),
        ('sharpness = "auto"', "sharpness", "script[0].show: sharpness is not measured: the network has 240,001"),
    ],
)
def test_the_file_is_told_what_is_off(tmp_path, probes, show, problem):
    """Place, value and cure; an order that cannot be kept is refused, "auto" leaves it out."""
    path = tmp_path / "made.toml"
    path.write_text(FILE.format(probes=f"[probes]\n{probes}", show=show, units=60_000, activation="tanh"))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert problem in str(caught.value)


def test_auto_leaves_out_what_costs_too_much(tmp_path):
    """A network past the bound trains without sharpness: no column, no row."""
    path = tmp_path / "made.toml"
    text = FILE.format(probes='[probes]\nsharpness = "auto"', show="loss", units=60_000, activation="tanh")
    path.write_text(text)
    program = Session(load_scenario(path)).program
    assert not set(CURVATURE) & set(program.metrics)
    assert all(op.kind != "sharpness" for op in program.ops)


# Front ends


@pytest.mark.parametrize("probes", [{"off": ("all",)}, {"sharpness": 3}])
@pytest.mark.parametrize("size", [(79, 22), (38, 10), (12, 4)])
def test_panels_draw_what_there_is(probes, size):
    """Every panel on frames without metrics, and on the listing with a row for sharpness."""
    from tui_nn.tui.ink import Ink
    from tui_nn.tui.panels.activations import activations_lines
    from tui_nn.tui.panels.curves import curves_lines
    from tui_nn.tui.panels.gradients import gradients_lines
    from tui_nn.tui.panels.layers import layers_lines
    from tui_nn.tui.panels.optimizer import optimizer_lines
    from tui_nn.tui.panels.program import program_lines
    from tui_nn.tui.view import View

    session = Session(
        load_scenario(
            "xor-mlp", [f"probes.{key}={value!r}".replace("(", "[").replace(",)", "]") for key, value in probes.items()]
        )
    )
    width, height = size
    for position in ((0, 0), (0, 3), (4, 9), (5, 0)):
        session.goto(*position)
        frame = session.frame()
        for ascii_only in (False, True):
            ink = Ink(mono=True, ascii=ascii_only)
            assert program_lines(frame, width, height, ink)
            for draw in (activations_lines, gradients_lines, layers_lines, optimizer_lines, curves_lines):
                assert draw(frame, View(layer=1), width, height, ink)
                assert draw(frame, View(curve="accuracy"), width, height, ink)
