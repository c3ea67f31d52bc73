"""PyTorch, met live by every family of layers: with every optimizer, activation and loss that it has too.

From each of PyTorch's states one iteration of ours, as in test_torch.py. Dropout replays our masks in PyTorch; running
statistics are part of the state; evaluation mode is compared as well. TUI_NN_FULL=1 takes every combination, 200 states each.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from tests.engine import layer_nets
from tests.engine.layer_nets import family_session
from tests.engine.make import ACTIVATIONS, LOSSES, YES_OR_NO
from tests.engine.optimizer_cases import CASES, TYPES
from tests.engine.peers import is_noise
from tests.engine.test_torch_optimizers import SHARED, double_default
from tests.engine.window_nets import WINDOW_NETS, window_session
from tui_nn.debugger.session import Session
from tui_nn.engine.probe_rows import LAST_FIRED

torch = pytest.importorskip("torch")
make_torch: Any = pytest.importorskip("tests.golden.make_torch")
assert double_default  # a fixture

IS_FULL = os.environ.get("TUI_NN_FULL") == "1"
TOLERANCE = {"float64": 1e-11, "float32": 3e-5}  # as in test_torch.py: one iteration's round-off
OPTIMIZERS = SHARED if IS_FULL else [case for case in TYPES if case in SHARED]
SPARED_BY = 1e-3
UNKEPT = {
    "orthogonal",
    "momentum-0 momentum_buffer",
}  # what PyTorch does not keep: Muon's step, a buffer that is the gradient

FAMILIES = (*layer_nets.FAMILIES, *WINDOW_NETS)
SHORT = ["all", "conv2d-channels", "pools"]

State = dict[str, np.ndarray]


def session_of(family: str, **settings: Any) -> Session:
    """26 training samples in batches of 9, 9 and 8: no batch of 2, through which batch norm lets hardly any gradient."""
    usual: dict[str, Any] = {"n": 26, "batch_size": 9, "n_val": 6}
    make = window_session if family in WINDOW_NETS else family_session
    return make(family, **usual | settings)


class Twin:
    """A session and PyTorch's run of the same network. A state has every parameter, slot and running statistic by name."""

    def __init__(self, session: Session, iterations: int):
        self.session, self.program, self.machine = session, session.program, session.machine
        self.draws = self._draw(iterations)
        start = [tensor.view(self.machine.mem).reshape(-1) for tensor in self.program.tensors]
        self.torch = make_torch.TorchRun(session, np.concatenate(start))
        self.parts = {
            (tensor.name, slot): (tensor, shift)
            for tensor in self.program.tensors
            for slot, shift in {"": 0, **self.program.slots_of(tensor)}.items()
        }
        tensors = [tensor for layer in self.program.layers for tensor in layer.buffers]
        self.buffers = [tensor for tensor in tensors if tensor.role != LAST_FIRED]  # a probe's own

    # Beside the largest gradient of all, or of the same tensor: the error of a first layer may be small and right all the same.
    noise_by_tensor = False

    def _draw(self, iterations: int) -> list[tuple[np.ndarray, State]]:
        """The samples of every iteration's batch and the masks of its dropout layers, as the machine draws them."""
        found = []
        for iteration in range(iterations):
            self.session.goto(iteration, self.program.loss_op)
            frame = self.session.frame()
            masks = {layer.name: layer.mask.copy() for layer in frame.layers if layer.mask is not None}
            found.append((frame.sample_indices.copy(), masks))
        self.session.goto(0)
        return found

    def theirs(self) -> State:
        """PyTorch makes slots at the first step; until then they are as they start."""
        kept = dict(zip((tensor.name for tensor in self.program.tensors), self.torch.parameters, strict=True))
        first = self.session.scenario.optimizer.first_slots
        state = {}
        for (name, slot), (tensor, _) in self.parts.items():
            value = kept[name].detach() if not slot else self.torch.optimizer.state[kept[name]].get(slot)
            empty = np.full(tensor.shape, first.get(slot, 0.0), self.program.dtype)
            state[f"{name} {slot}"] = empty if value is None else value.numpy().copy()
        pairs = zip(self.buffers, self.torch.model.statistics(), strict=True)
        return state | {f"{tensor.name} ": value.numpy().copy() for tensor, value in pairs}

    def ours_after(self, state: State, iteration: int) -> State:
        """One iteration of ours from that state."""
        places = [*((f"{name} {slot}", *part) for (name, slot), part in self.parts.items())]
        places += [(f"{tensor.name} ", tensor, 0) for tensor in self.buffers]
        begin = self.program.initial.copy()
        for key, tensor, shift in places:
            tensor.view(begin, shift)[:] = state[key]
        self.machine.load(begin, iteration)
        self.machine.run(iteration + 1, 0)
        return {key: tensor.view(self.machine.mem, shift).copy() for key, tensor, shift in places}

    def noise(self) -> dict[str, np.ndarray]:
        """By parameter, the elements whose gradient is round-off, on either side."""
        tensors, dtype = self.program.tensors, self.session.scenario.dtype
        ours = [tensor.view(self.machine.mem, self.program.grad_shift) for tensor in tensors]
        sides = [ours, [parameter.grad.numpy() for parameter in self.torch.parameters]]
        if self.noise_by_tensor:
            flat = [np.concatenate([is_noise(grad.reshape(-1), dtype) for grad in side]) for side in sides]
        else:
            flat = [is_noise(np.concatenate([grad.reshape(-1) for grad in side]), dtype) for side in sides]
        cuts = np.cumsum([tensor.size for tensor in tensors])[:-1]
        parts = zip(tensors, np.split(flat[0] | flat[1], cuts), strict=True)
        return {tensor.name: part.reshape(tensor.shape) for tensor, part in parts}

    def check(
        self, label: str, tolerance: float, case: str = "", most_noise: float = 0.05, spared: float = 0.0
    ) -> None:
        """One iteration of ours from each of PyTorch's states lands on its next.

        spared: share of the states that may miss by more, but by at most SPARED_BY.
        """
        each, left_out = [], 0
        after = self.theirs()
        for iteration, (batch, masks) in enumerate(self.draws):
            before = after
            self.torch.step(batch, masks)
            ours, after, noise = self.ours_after(before, iteration), self.theirs(), self.noise()
            left_out += sum(int(part.sum()) for part in noise.values())
            worst = 0.0
            for key, b in after.items():
                name, slot = key.split(" ")
                if not {slot, f"{case} {slot}"} & UNKEPT:
                    gap = np.where(noise.get(name, False), 0.0, np.abs(ours[key].astype(np.float64) - b))
                    worst = max(worst, float(gap.max()) / max(1e-3, float(np.abs(b).max())))
            each.append(worst)
        share = left_out / (len(self.draws) * self.program.n_parameters)
        worst, beyond = max(each), sum(gap > tolerance for gap in each)
        missed = f", {beyond} states by more than {tolerance:g}" if beyond else ""
        print(
            f"{label}: {len(self.draws)} states, worst {worst:.1e}{missed}, {share:.2%} of elements left out as noise"
        )
        assert all(np.isfinite(array).all() for array in after.values())
        assert beyond <= spared * len(each), label
        assert worst <= (SPARED_BY if spared else tolerance), label
        assert share < most_noise, label
        self._check_evaluation(after, tolerance)

    def _check_evaluation(self, state: State, tolerance: float) -> None:
        """An epoch's last iteration from there; then val_loss is PyTorch's loss in evaluation mode with our parameters."""
        per_epoch = self.program.iterations_per_epoch
        iteration = (len(self.draws) // per_epoch + 1) * per_epoch - 1
        ours = self.ours_after(state, iteration)
        tensors = [*self.program.tensors, *self.buffers]
        with torch.no_grad():
            for tensor, kept in zip(tensors, [*self.torch.parameters, *self.torch.model.statistics()], strict=True):
                kept.copy_(torch.from_numpy(np.ascontiguousarray(ours[f"{tensor.name} "])))
        dataset = self.program.dataset
        wanted = self.torch.evaluate(dataset.x_val, dataset.y_val)
        found = float(self.machine.hist[iteration, self.program.metrics["val_loss"].column])
        assert found == pytest.approx(wanted, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", OPTIMIZERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_with_every_optimizer(family, case, dtype, double_default, monkeypatch):
    """1e-11 in float64, 3e-5 in float32, per tensor of parameters, slots and statistics (by default the first 9 states)."""
    from tests.golden import torch_optimizers

    # Muon in the matrix's own precision: PyTorch's bfloat16 is met in test_torch_optimizers.py.
    monkeypatch.setattr(torch.optim._muon, "_zeropower_via_newtonschulz", torch_optimizers.exact_newton_schulz)
    if not IS_FULL and dtype == "float32" and case not in ("sgd", "adam"):
        pytest.skip("only with TUI_NN_FULL=1")
    session = session_of(family, optimizer=CASES[case], dtype=dtype)
    twin, options = Twin(session, 200 if IS_FULL else 9), {}
    if family in WINDOW_NETS and dtype == "float32":
        # Behind a normalisation the gradients of shared weights cancel over all places, and two numbers of a pool's window may
        # be nearly alike: in few states float32 then keeps fewer digits. In float64 none is spared.
        options = {"spared": 0.05, "most_noise": 0.2}
    twin.check(f"{family} {case} {dtype}", TOLERANCE[dtype], case, **options)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
@pytest.mark.parametrize("family", FAMILIES if IS_FULL else SHORT)
def test_every_family_with_every_activation_and_loss(family, hidden, loss):
    """The same in float64 with SGD (by default a network of all families, 4 states)."""
    session = session_of(family, hidden=hidden, loss=loss, n_out=1 if loss in YES_OR_NO else 3)
    # Two batch norms with only linear layers between: the second takes off the first one's bias, whose gradient is 0.
    most_noise = 0.08 if (family, hidden) == ("batch-norm", "linear") else 0.05
    label = f"{family} {hidden} {loss}"
    Twin(session, 200 if IS_FULL else 4).check(label, TOLERANCE["float64"], most_noise=most_noise)


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_as_many_as_pytorch_counts(family):
    """And they have its shapes, in its order."""
    twin = Twin(session_of(family), 0)
    shapes = [tuple(parameter.shape) for parameter in twin.torch.model.parameters()]
    assert [tensor.shape for tensor in twin.program.tensors] == shapes
    assert twin.program.n_parameters == sum(parameter.numel() for parameter in twin.torch.model.parameters())
