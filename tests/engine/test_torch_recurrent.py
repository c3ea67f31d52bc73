"""PyTorch, met live by recurrent layers and embeddings, with every optimizer, activation and loss: see test_torch_sweep.py.

TUI_NN_FULL=1 takes every combination, 200 states each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.make import ACTIVATIONS, LOSSES, YES_OR_NO
from tests.engine.optimizer_cases import CASES, TYPES
from tests.engine.recurrent_nets import NETWORKS, session_of
from tests.engine.test_torch_optimizers import SHARED, double_default

torch = pytest.importorskip("torch")
make_torch: Any = pytest.importorskip("tests.golden.make_torch")
sweep: Any = pytest.importorskip("tests.engine.test_torch_sweep")
assert double_default  # a fixture

FEW = ("rnn", "lstm", "gru", "lstm-to-sequence", "embedding")


@pytest.fixture(autouse=True)
def recurrent_network(monkeypatch):
    from tests.golden import torch_optimizers
    from tests.golden.torch_recurrent import RecurrentNetwork

    monkeypatch.setattr(make_torch, "TorchNetwork", RecurrentNetwork)
    monkeypatch.setattr(torch.optim._muon, "_zeropower_via_newtonschulz", torch_optimizers.exact_newton_schulz)


def twin(name: str, n: int, **settings: Any) -> Any:
    """26 training samples in batches of 9, 9 and 8."""
    pair = sweep.Twin(session_of(name, **{"n": 26, "batch_size": 9, "n_val": 6} | settings), n)
    pair.noise_by_tensor = True
    return pair


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", SHARED if sweep.IS_FULL else [case for case in TYPES if case in SHARED])
@pytest.mark.parametrize("name", NETWORKS if sweep.IS_FULL else FEW)
def test_every_network_with_every_optimizer(name, case, dtype, double_default):
    """1e-11 in float64, 3e-5 in float32, per tensor of parameters and slots (by default the first 9 states)."""
    if not sweep.IS_FULL and dtype == "float32" and case not in ("sgd", "adam"):
        pytest.skip("only with TUI_NN_FULL=1")
    pair = twin(name, 200 if sweep.IS_FULL else 9, optimizer=CASES[case], dtype=dtype)
    # A gate that stands still has gradients that cancel: in float32 up to a quarter of all is round-off, in float64 a fortieth.
    pair.check(f"{name} {case} {dtype}", sweep.TOLERANCE[dtype], case, most_noise=0.03 if dtype == "float64" else 0.3)


ANSWERED_ONCE = [name for name in NETWORKS if not name.endswith("to-sequence")]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS if sweep.IS_FULL else ["relu"])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_every_kind_with_every_activation_and_loss(kind, hidden, loss, monkeypatch, double_default):
    """An activation behind the layer; float64 with SGD (by default relu, 4 states)."""
    n_out = 1 if loss in YES_OR_NO else 3
    layers = [{"type": kind, "units": 4, "activation": hidden}, {"type": "dense", "units": n_out}]
    monkeypatch.setitem(NETWORKS, "made", layers)
    twin("made", 200 if sweep.IS_FULL else 4, loss=loss).check(f"{kind} {hidden} {loss}", sweep.TOLERANCE["float64"])


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_as_many_as_pytorch_counts(name):
    pair = twin(name, 0)
    shapes = [tuple(parameter.shape) for parameter in pair.torch.model.parameters()]
    assert [tensor.shape for tensor in pair.program.tensors] == shapes


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_classes_at_every_step(kind, double_default):
    """A loss over positions: sparse cross-entropy of 26 samples x 5 steps, its gradient against PyTorch's of the same mean."""
    from dataclasses import replace

    from tests.engine.make import make_dataset, make_scenario, waves
    from tests.engine.recurrent_nets import N_IN, STEPS
    from tests.golden.torch_recurrent import RecurrentNetwork
    from tui_nn.debugger.session import Session

    layers = [{"type": kind, "units": 6, "returns": "sequence"}, {"type": "dense", "units": 3}]
    y = (np.arange(26 * STEPS) * 7 % 3).reshape(26, STEPS)
    loss = "sparse_categorical_cross_entropy"
    data = make_dataset(loss, 26, STEPS * N_IN, 3, x=waves(26, STEPS * N_IN), y=y)
    session = Session(make_scenario(layers, loss, batch_size=26), replace(data, form=(STEPS, N_IN), n_steps=STEPS))
    session.goto(0, next(op.index for op in session.program.ops if op.phase == "update"))
    model = RecurrentNetwork(session, make_torch.activation)
    with torch.no_grad():
        for tensor, parameter in zip(session.program.tensors, model.parameters(), strict=True):
            parameter.copy_(torch.from_numpy(tensor.view(session.machine.mem).copy()))
    chosen = session.frame().sample_indices
    out = model(torch.from_numpy(data.x_train[chosen]))
    wanted = torch.nn.functional.cross_entropy(out.reshape(-1, 3), torch.from_numpy(y[chosen].reshape(-1)))
    wanted.backward()
    assert session.frame().metrics["loss"] == pytest.approx(wanted.item(), rel=1e-12)
    mem, shift = session.machine.mem, session.program.grad_shift
    parameters: Any = model.parameters()
    for tensor, parameter in zip(session.program.tensors, parameters, strict=True):
        np.testing.assert_allclose(tensor.view(mem, shift), parameter.grad.numpy(), rtol=1e-9, atol=1e-13)
