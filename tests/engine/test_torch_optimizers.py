"""PyTorch's optimizers, met: from each of its 200 states, one iteration of ours lands on its next. Lion: optax's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine.make import make_dataset, make_scenario, make_session, waves
from tests.engine.optimizer_cases import CASES
from tests.engine.peers import ITERATIONS, batches, is_noise
from tests.engine.test_optimizers import drive, random_gradients, start
from tui_nn.debugger.session import Session

# One iteration's round-off, as in test_torch.py.
ONE_ITERATION = {"float64": 1e-11, "float32": 3e-5}
LACKING = ("inside", "uncorrected", "lion")  # PyTorch does not have these; tests/reference_optimizers.py does
SHARED = [name for name in CASES if not any(word in name for word in LACKING)]
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def small_session(case: str, dtype: str) -> Session:
    scenario = make_scenario(
        [(5, "tanh"), (4, "sigmoid"), (2, "linear")], "mse", batch_size=16, optimizer=CASES[case], dtype=dtype
    )
    return Session(scenario, make_dataset("mse", 60, 3, 2))


class Sides:
    """A session and PyTorch's run of the same network, tensor by tensor."""

    def __init__(self, session: Session):
        from tests.golden.make_torch import TorchRun

        self.session, self.program = session, session.program
        order = batches(session)
        session.goto(0)
        mem = session.machine.mem
        self.order = order
        self.torch = TorchRun(session, np.concatenate([t.view(mem).reshape(-1) for t in self.program.tensors]))

    def theirs(self) -> list[dict[str, np.ndarray]]:
        """For each tensor "value" and its slots as they are now; what PyTorch makes at the first step is 0 before."""
        found = []
        for tensor, parameter in zip(self.program.tensors, self.torch.parameters, strict=True):
            kept = {"value": parameter.detach()} | {
                name: self.torch.optimizer.state[parameter].get(name) for name in self.program.slots_of(tensor)
            }
            zeros = np.full(
                tensor.shape, self.session.scenario.optimizer.first_slots.get("sum", 0.0), self.program.dtype
            )
            found.append({name: zeros if array is None else array.numpy().copy() for name, array in kept.items()})
        return found

    def ours_after(self, states: list[dict[str, np.ndarray]], iteration: int) -> list[dict[str, np.ndarray]]:
        """One iteration of ours from that state."""
        state, machine = self.program.initial.copy(), self.session.machine
        places = [{"value": 0, **self.program.slots_of(tensor)} for tensor in self.program.tensors]
        for tensor, shifts, arrays in zip(self.program.tensors, places, states, strict=True):
            for name, shift in shifts.items():
                tensor.view(state, shift)[:] = arrays[name]
        machine.load(state, iteration)
        machine.run(iteration + 1, 0)
        return [
            {name: tensor.view(machine.mem, shift).copy() for name, shift in shifts.items()}
            for tensor, shifts in zip(self.program.tensors, places, strict=True)
        ]

    def noise(self) -> list[np.ndarray]:
        """Elements whose gradient is round-off, on either side."""
        grads = [t.view(self.session.machine.mem, self.program.grad_shift) for t in self.program.tensors]
        theirs: list[Any] = [p.grad for p in self.torch.parameters]
        dtype = self.session.scenario.dtype
        flat = [
            is_noise(np.concatenate([g.reshape(-1) for g in side]), dtype).astype(bool)
            for side in (grads, [grad.numpy() for grad in theirs])
        ]
        ends = np.cumsum([t.size for t in self.program.tensors])[:-1]
        return [
            part.reshape(t.shape)
            for part, t in zip(np.split(flat[0] | flat[1], ends), self.program.tensors, strict=True)
        ]


def compare(sides: Sides, tolerance: float, skip: tuple[str, ...] = ()) -> float:
    """The worst distance over all states, tensors and slots, as max |a - b| / max(1e-3, max |b|)."""
    worst, left_out = 0.0, 0
    for iteration in range(ITERATIONS):
        before = sides.theirs()
        sides.torch.step(sides.order[iteration])
        ours, theirs, noise = sides.ours_after(before, iteration), sides.theirs(), sides.noise()
        for a, b, is_left_out in zip(ours, theirs, noise, strict=True):
            left_out += int(is_left_out.sum())
            for name in a.keys() - set(skip):
                gap = np.where(is_left_out, 0.0, np.abs(a[name].astype(np.float64) - b[name]))
                worst = max(worst, float(gap.max()) / max(1e-3, float(np.abs(b[name]).max())))
    assert worst <= tolerance
    assert left_out < 0.05 * ITERATIONS * sides.program.n_parameters
    return worst


@pytest.fixture
def double_default():
    """PyTorch keeps NAdam's product of momenta in its default precision, whatever that of the parameters."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.parametrize("case", [name for name in SHARED if not name.startswith("muon")])
@every_dtype
def test_one_iteration_lands_on_pytorchs_next_state(case, dtype, double_default):
    """Parameters and every slot, from each of the 200 states of its run: 1e-11 in float64, 3e-5 in float32."""
    sides = Sides(small_session(case, dtype))
    skip = ("momentum_buffer",) if case == "momentum-0" else ()  # PyTorch keeps none then
    start_, worst = sides.theirs(), compare(sides, ONE_ITERATION[dtype], skip)
    print(f"live {case} {dtype}: {ITERATIONS} states, worst {worst:.1e}")
    moved = [np.abs(a["value"] - b["value"]).max() for a, b in zip(start_, sides.theirs(), strict=True)]
    assert max(moved) > (1e-3 if case == "adadelta" else 0.05)  # it has learnt, not stood still


@pytest.mark.parametrize("case", [name for name in SHARED if name.startswith("muon")])
@every_dtype
def test_muon_lands_on_pytorchs_next_state_but_for_its_bfloat16(case, dtype, double_default, monkeypatch):
    """torch.optim.Muon as it is, within 5 % of the largest parameter: its Newton-Schulz runs in bfloat16, 8 bits. With the
    same steps in the matrix's own precision put in their place, everything else (momentum, look ahead, scale, decay, and
    Adam for the biases) as closely as all other optimizers."""
    from tests.golden import torch_optimizers

    sides = Sides(small_session(case, dtype))
    loose = compare(sides, 0.05, skip=("orthogonal",))
    module = double_default.optim._muon
    monkeypatch.setattr(module, "_zeropower_via_newtonschulz", torch_optimizers.exact_newton_schulz)
    exact = compare(Sides(small_session(case, dtype)), ONE_ITERATION[dtype], skip=("orthogonal",))
    print(f"live {case} {dtype}: worst {loose:.1e} with bfloat16, {exact:.1e} without")


def test_nadams_product_in_float32_is_where_pytorch_strays():
    """Without double_default PyTorch's float32 product of momenta is off by some 1e-7: that, and no more, is the gap."""
    pytest.importorskip("torch")
    worst = compare(Sides(small_session("nadam", "float64")), 1e-6)
    assert worst > 1e-11


# Lion and the orthogonal matrix by optax, where it is installed.


def optax_lion(case: str, gradients: list[list[np.ndarray]], params: list[np.ndarray]) -> list[np.ndarray]:
    import jax  # pyright: ignore[reportMissingImports]
    import optax  # pyright: ignore[reportMissingImports]

    jax.config.update("jax_enable_x64", True)
    table: dict[str, Any] = {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0} | CASES[case]
    optimizer = optax.lion(table["lr"], table["beta1"], table["beta2"], weight_decay=table["weight_decay"])
    values: Any = [jax.numpy.asarray(p) for p in params]
    state = optimizer.init(values)
    for grads in gradients:
        updates, state = optimizer.update([jax.numpy.asarray(g) for g in grads], state, values)
        values = optax.apply_updates(values, updates)
    return [np.asarray(value) for value in values]


@pytest.mark.parametrize("case", ["lion", "lion-options"])
def test_lion_is_optaxs(case):
    """50 updates with gradients of any size: the same parameters to 1e-12."""
    pytest.importorskip("optax")
    session = make_session([(5, "tanh"), (2, "linear")], optimizer=CASES[case])
    session.prepare()
    start(session)
    tensors, mem = session.program.tensors, session.machine.mem
    params = [tensor.view(mem).copy() for tensor in tensors]
    gradients = [random_gradients(session, t) for t in range(1, 51)]
    for grads in gradients:
        drive(session, grads)
    for tensor, wanted in zip(tensors, optax_lion(case, gradients, params), strict=True):
        assert tensor.view(mem) == pytest.approx(wanted, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("n_in", "n_out"), [(6, 4), (4, 6)])
def test_muons_orthogonal_matrix_is_optaxs(n_in, n_out):
    """Of one gradient, to 1e-9 (optax adds its eps of 1e-8 where Muon takes the greater)."""
    pytest.importorskip("optax")
    import jax  # pyright: ignore[reportMissingImports]
    from optax import contrib  # pyright: ignore[reportMissingImports]

    jax.config.update("jax_enable_x64", True)
    session = make_session([(n_out, "linear")], n=1, n_in=n_in, optimizer={"type": "muon", "momentum": 0.0})
    grad = waves(n_out, n_in)
    drive(session, [grad, np.zeros(n_out)])
    coefficients = jax.numpy.asarray((3.4445, -4.7750, 2.0315))
    wanted = contrib._muon.orthogonalize_via_newton_schulz(jax.numpy.asarray(grad), coefficients, 5, eps=0.0)
    ours = session.program.tensors[0].view(session.machine.mem, session.program.slot_shifts["orthogonal"])
    assert ours == pytest.approx(np.asarray(wanted), rel=1e-9, abs=1e-12)
