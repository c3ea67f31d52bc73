"""What an output sees and sums up: windows on the input against inputs that were changed, sums against the engine's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_nn.debugger import Session
from tui_nn.debugger.operands import POOLED, SUMMED, reader_of, sources
from tui_nn.debugger.receptive import window_on_input, windows
from tui_nn.scenario.model import Scenario

CONV2D: dict[str, Any] = {"type": "conv2d", "filters": 2, "kernel": 3}
NETWORKS: dict[str, tuple[list[int], list[dict[str, Any]]]] = {
    "same, then valid": ([8, 8, 1], [CONV2D | {"padding": "same"}, CONV2D | {"kernel": [2, 3]}]),
    "strides over the edge": ([8, 8, 1], [CONV2D | {"padding": "same", "stride": 2}, {"type": "avg_pool", "padding": "same", "stride": 1, "size": 3}]),
    "pools between": ([8, 8, 1], [CONV2D, {"type": "avg_pool"}, CONV2D]),
    "several channels in": ([4, 4, 4], [CONV2D | {"padding": "same"}, CONV2D]),
    "a signal": ([16, 4], [{"type": "conv1d", "filters": 3, "kernel": 4, "stride": 3, "padding": "same"}, {"type": "conv1d", "filters": 2, "kernel": 2}]),
    "each step alone": ([16, 4], [{"type": "dense", "units": 3}]),
    "past a skip": ([8, 8, 1], [CONV2D | {"padding": "same"}, CONV2D | {"padding": "same", "kernel": 5}, {"type": "residual", "skip": "conv2d_1"}]),
}  # fmt: skip


def session_of(name: str) -> Session:
    shape, layers = NETWORKS[name]
    return Session(
        Scenario.model_validate(
            {
                "id": "seen", "title": "seen", "dtype": "float64",
                "data": {"source": "digits", "samples": 20, "batch_size": 4, "shape": shape},
                "layers": [*layers, {"type": "flatten"}, {"type": "dense", "units": 10}],
                "loss": {"type": "sparse_categorical_cross_entropy"}, "optimizer": {"type": "sgd", "lr": 0.1},
                "train": {"iterations": 3}, "probes": {"off": ["all"]},
            }
        )
    )  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_window_is_where_a_change_is_felt(name):
    """Change one place of the input after the other: the output moves for those in the box alone, and up to its edges."""
    session = session_of(name)
    machine, program = session.machine, session.program
    layer = [each for each in program.layers if each.positions > 1][-1]
    generator = np.random.default_rng(1)
    session.prepare()

    def output(x: np.ndarray) -> np.ndarray:
        machine.restart()
        machine.data[: x.size] = x.reshape(-1)
        machine.run(0, layer.forward_op + 1)
        size = layer.values
        return machine.mem[layer.output : layer.output + size].reshape(layer.shape).copy()

    n = program.n_train
    x = generator.normal(size=(n, *program.dataset.form))
    before = output(x)
    felt = np.zeros((*layer.shape[:-1], *program.dataset.form[:-1]), bool)
    for place in np.ndindex(*program.dataset.form[:-1]):
        changed = x.copy()
        changed[(slice(None), *place)] += 10.0
        felt[(..., *place)] = (output(changed) != before).any(axis=-1)
    for place in np.ndindex(*layer.shape[:-1]):
        box = window_on_input(program, layer.name, place)
        assert box is not None
        expected = np.zeros(program.dataset.form[:-1], bool)
        expected[tuple(slice(first, end) for first, end in box)] = True
        np.testing.assert_array_equal(felt[place], expected, str((place, box)))


def test_behind_a_flatten_everything_is_seen():
    session = session_of("pools between")
    assert window_on_input(session.program, "dense_1", ()) == ((0, 8), (0, 8))
    assert windows(session.program, "conv2d_2", (0, 0))["avg_pool_1"] == ((0, 3), (0, 3))
    with pytest.raises(KeyError, match="no layer 'conv'"):
        windows(session.program, "conv", (0, 0))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_output_is_the_sum_of_what_it_reads(name):
    session = session_of(name)
    session.step("op", 2 + len(session.program.layers))
    frame = session.frame()
    for index, layer in enumerate(session.program.layers):
        if layer.kind not in (*SUMMED, *POOLED):
            continue
        x = frame.layers[index - 1].activation if index else frame.inputs
        out = frame.layers[index]
        parts = {parameter.role: parameter.value for parameter in out.parameters}
        for at in range(layer.values):
            reads = sources(session.program, layer, at)
            values = np.where(reads < 0, 0.0, x[:, reads])
            if layer.kind in SUMMED:
                expected = values @ parts["weight"][at % layer.units].ravel() + parts["bias"][at % layer.units]
            else:
                expected = x[:, reads[reads >= 0]].mean(axis=1)
            np.testing.assert_allclose(out.activation[:, at], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["strides over the edge", "a signal", "each step alone"])
def test_who_reads_a_number_does_read_it(name):
    program = session_of(name).program
    for index, layer in enumerate(program.layers):
        if layer.kind in (*SUMMED, *POOLED):
            n = int(np.prod(layer.shape_in))
            for read in range(n):
                found = reader_of(program, layer, read)
                if found is not None:
                    assert sources(program, layer, found[0])[found[1]] == read
            assert index or reader_of(program, layer, 0) is not None
