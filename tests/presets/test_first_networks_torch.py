"""The same networks in plain PyTorch, written as a beginner writes them: they learn as much on the same data."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.presets.runs import IS_FULL, metric, session_of, trained

torch: Any = pytest.importorskip("torch")

ADAM = "classifier-32-64-256-5-adam"
NETWORKS: dict[str, tuple[tuple[int, ...], Any]] = {  # preset -> widths, optimizer
    "digits-25-15-10": ((64, 25, 15, 10), lambda parameters: torch.optim.Adam(parameters, lr=1e-3)),
    "classifier-32-64-256-5": ((32, 64, 256, 5), lambda parameters: torch.optim.SGD(parameters, lr=0.01)),
    ADAM: ((32, 64, 256, 5), lambda parameters: torch.optim.Adam(parameters, lr=0.01)),
}
SEEDS = range(5)


def network(widths: tuple[int, ...]) -> Any:
    """Glorot uniform weights, zero biases, sigmoid behind all layers but the last. The loss takes its logits."""
    layers = []
    for n_in, n_out in pairwise(widths):
        dense = torch.nn.Linear(n_in, n_out)
        torch.nn.init.xavier_uniform_(dense.weight)
        torch.nn.init.zeros_(dense.bias)
        layers += [dense, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers[:-1])


def start_from(net: Any, session: Any) -> None:
    """Copy the session's first weights, so that both runs leave from one place."""
    dense = [layer for layer in session.frame().layers if layer.kind == "dense"]
    with torch.no_grad():
        for layer, target in zip(dense, net[::2], strict=True):
            target.weight.copy_(torch.tensor(np.array(layer.parameters[0].value)))
            target.bias.copy_(torch.tensor(np.array(layer.parameters[1].value)))


def updated(net: Any, optimizer: Any, x: Any, y: Any) -> float:
    """One update; the loss before it."""
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def tensors(x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
    return torch.tensor(np.array(x), dtype=torch.float32), torch.tensor(np.array(y)).reshape(-1).long()


def accuracy(net: Any, x: Any, y: Any) -> float:
    with torch.no_grad():
        return float((net(x).argmax(dim=1) == y).float().mean())


@pytest.mark.parametrize("preset", NETWORKS)
def test_parameters_are_as_many(preset: str):
    net = network(NETWORKS[preset][0])
    assert sum(p.numel() for p in net.parameters()) == session_of(preset).program.n_parameters


@pytest.mark.parametrize("preset", NETWORKS)
def test_from_one_start_both_have_the_same_losses(preset: str):
    """Two epochs on the same batches. Round-off alone parts them: 1e-4 is what float32 makes of it by then."""
    widths, make = NETWORKS[preset]
    session, net = session_of(preset), network(widths)
    start_from(net, session)
    optimizer, theirs = make(net.parameters()), []
    for iteration in range(2 * session.program.iterations_per_epoch):
        session.goto(iteration, 1)
        theirs.append(updated(net, optimizer, *tensors(session.frame().inputs, session.frame().targets)))
    session.goto(len(theirs))
    np.testing.assert_allclose(session.history["loss"], theirs, rtol=1e-4)


@pytest.mark.skipif(not IS_FULL, reason="five runs of PyTorch")
@pytest.mark.parametrize("preset", ["digits-25-15-10", ADAM])
def test_from_its_own_start_pytorch_gets_as_far(preset: str):
    """Own weights, own shuffles, the same digits: mean validation accuracy of five seeds within 1 point."""
    widths, make = NETWORKS[preset]
    ours, theirs = [], []
    for seed in SEEDS:
        session = trained(preset, f"seed={seed}")
        data = session.program.dataset
        x, y = tensors(data.x_train, data.y_train)
        torch.manual_seed(seed)
        net = network(widths)
        optimizer = make(net.parameters())
        for _ in range(session.scenario.train.epochs or 0):
            for batch in torch.randperm(len(x)).split(32):
                updated(net, optimizer, x[batch], y[batch])
        ours.append(metric(session, "val_accuracy"))
        theirs.append(accuracy(net, *tensors(data.x_val, data.y_val)))
    print(f"{preset}: ours {np.mean(ours):.4f}, PyTorch {np.mean(theirs):.4f}")
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.01)


@pytest.mark.skipif(not IS_FULL, reason="five runs of PyTorch")
def test_on_the_plateau_pytorch_gets_as_far_from_the_same_start():
    """On a plateau the accuracy hangs on the start (16 points of std), so PyTorch is given ours, and our batches."""
    preset = "classifier-32-64-256-5"
    widths, make = NETWORKS[preset]
    ours, theirs = [], []
    for seed in SEEDS:
        session, net = session_of(preset, f"seed={seed}"), network(widths)
        start_from(net, session)
        optimizer = make(net.parameters())
        for iteration in range(session.planned_iterations):
            session.goto(iteration, 1)
            updated(net, optimizer, *tensors(session.frame().inputs, session.frame().targets))
        session.goto(session.planned_iterations)
        data = session.program.dataset
        ours.append(metric(session, "val_accuracy"))
        theirs.append(accuracy(net, *tensors(data.x_val, data.y_val)))
    print(f"{preset}: ours {np.mean(ours):.4f}, PyTorch {np.mean(theirs):.4f}")
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.01)
