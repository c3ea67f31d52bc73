"""Optimizers: by hand, against the formulas, and what each of them promises."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests import reference_optimizers as reference
from tests.engine.make import first_update, make_session, waves
from tests.engine.optimizer_cases import CASES, PATHS, TYPES
from tui_nn.debugger.context import Here, parse_for
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine.machine import Machine
from tui_nn.scenario.spec.optimizers import MOMENTS

LAYERS = [(5, "tanh"), (2, "linear")]
every_case = pytest.mark.parametrize("case", CASES)
every_path = pytest.mark.parametrize("case", PATHS)


def drive(session: Session, gradients: list[np.ndarray]) -> None:
    """One iteration, but with these gradients in place of the backward rows'."""
    session.step("op")  # the load row: the iteration has begun
    machine, program = session.machine, session.program
    for tensor, grad in zip(program.tensors, gradients, strict=True):
        tensor.view(machine.mem, program.grad_shift)[:] = grad
    machine.ctl[at.OP] = first_update(program)
    machine.run(machine.iteration + 1, 0)


def random_gradients(session: Session, t: int) -> list[np.ndarray]:
    """Of any size from 1e-3 to 10, of both signs, and one in ten exactly 0; the same in every version of NumPy."""
    found = []
    for k, tensor in enumerate(session.program.tensors):
        x = waves(tensor.size, 2, phase=17.0 * t + 5.0 * k)
        grad = x[:, 0] * 10.0 ** (2.0 * x[:, 1] - 1.0)
        found.append(np.where(np.arange(tensor.size) % 10 == 3, 0.0, grad).reshape(tensor.shape))
    return found


def start(session: Session) -> None:
    """Parameters between -1 and 1, none of them 0."""
    for k, tensor in enumerate(session.program.tensors):
        tensor.view(session.machine.mem)[:] = waves(tensor.size, 1, phase=3.0 + k).reshape(tensor.shape)


def close(ours: np.ndarray, wanted: np.ndarray, tolerance: float) -> None:
    assert np.abs(ours - wanted).max() <= tolerance * max(1e-3, np.abs(wanted).max())


class Expected:
    """The same updates in tests/reference_optimizers.py, in float64."""

    def __init__(self, session: Session):
        self.spec, self.settings = session.scenario.optimizer, session.program.settings
        self.tensors = session.program.tensors
        self.params = [t.view(session.machine.mem).astype(np.float64) for t in self.tensors]
        self.slots = [[self.start_of(name, t.shape) for name in self.names(t)] for t in self.tensors]
        self.t = 0

    def names(self, tensor: Any) -> tuple[str, ...]:
        return self.spec.slots if len(tensor.shape) == 2 else self.spec.vector_slots

    def start_of(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        return np.full(shape, self.spec.first_slots.get(name, 0.0))

    def update(self, gradients: list[np.ndarray]) -> None:
        self.t += 1
        for k, (tensor, grad) in enumerate(zip(self.tensors, gradients, strict=True)):
            self.params[k] = self._one(k, tensor, self.params[k], grad)

    def _one(self, k: int, tensor: Any, param: np.ndarray, grad: np.ndarray) -> np.ndarray:
        is_muon, is_matrix = self.spec.type == "muon", len(tensor.shape) == 2
        if self.spec.weight_decay > 0.0 and (is_matrix or not is_muon):
            param, grad = reference.decayed(param, grad, self.settings, self.spec.decay)
        if is_muon and is_matrix:
            before = param
            param, self.slots[k][0] = reference.muon(param, grad, self.slots[k][0], self.settings)
            self.slots[k][1] = (before - param) / np.abs(before - param).max()  # up to the scale; see below
            return param
        update, _ = reference.OPTIMIZERS[self.spec.type]
        after = np.empty_like(param)
        for place in np.ndindex(param.shape):
            kept = tuple(float(slot[place]) for slot in self.slots[k])
            after[place], kept = update(float(param[place]), float(grad[place]), kept, self.settings, self.t)
            for slot, value in zip(self.slots[k], kept, strict=True):
                slot[place] = value
        return after

    def compare(self, session: Session, tolerance: float) -> None:
        mem = session.machine.mem
        for tensor, param, slots in zip(self.tensors, self.params, self.slots, strict=True):
            close(tensor.view(mem), param, tolerance)
            shifts = session.program.slots_of(tensor)
            assert tuple(shifts) == self.names(tensor)
            for (name, shift), wanted in zip(shifts.items(), slots, strict=True):
                kept = tensor.view(mem, shift)
                close(kept / np.abs(kept).max() if name == "orthogonal" else kept, wanted, tolerance)


@every_case
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-5)])
def test_fifty_updates_follow_the_formulas(case, dtype, tolerance):
    """Parameters and slots of a 3-5-2 network after each of 50 updates with gradients of any size: within 1e-12 of the
    largest of tests/reference_optimizers.py in float64, and 2e-5 in float32, whose own round-off is 6e-8 an operation."""
    session = make_session(LAYERS, optimizer=CASES[case], dtype=dtype)
    session.prepare()
    start(session)
    expected = Expected(session)
    for t in range(1, 51):
        gradients = [grad.astype(dtype) for grad in random_gradients(session, t)]
        drive(session, gradients)
        expected.update([grad.astype(np.float64) for grad in gradients])
        expected.compare(session, tolerance)


@every_path
def test_a_layer_of_more_than_one_block_moves_alike(case):
    """1,640 parameters in one row, two updates: past the end of a block of 1,024 the formulas are the same."""
    session = make_session([(40, "linear")], n=1, n_in=40, optimizer=CASES[case])
    start(session)
    expected = Expected(session)
    for t in (1, 2):
        gradients = random_gradients(session, t)
        drive(session, gradients)
        expected.update(gradients)
    expected.compare(session, 1e-11)


# By hand


def line(optimizer: dict[str, Any], **settings: Any) -> Session:
    """One weight and one bias, both 1, to be driven by hand."""
    session = make_session([(1, "linear")], n=1, n_in=1, optimizer=optimizer, **settings)
    for tensor in session.program.tensors:
        tensor.view(session.machine.mem)[:] = 1.0
    return session


def biases(optimizer: dict[str, Any], gradients: tuple[float, ...]) -> list[float]:
    """The bias after each of these gradients, starting from 1."""
    session, seen = line(optimizer), []
    for grad in gradients:
        drive(session, [np.array([[grad]]), np.array([grad])])
        seen.append(float(session.program.tensors[1].view(session.machine.mem)[0]))
    return seen


ROOT = math.sqrt
# lr, options, two gradients, and the bias after each, from 1. Every number worked out on paper.
BY_HAND = {
    "sgd: 1 - 0.5·1; 0.5 - 0.5·0.5": ({"type": "sgd", "lr": 0.5}, (1.0, 0.5), [0.5, 0.25]),
    "sgd with decay: g = 1 + 0.5·1; 0 + 0.5·0.25": (
        {"type": "sgd", "lr": 0.5, "weight_decay": 0.5}, (1.0, 0.0), [0.25, 0.1875],
    ),
    "momentum: b = 2, 0.5·2 + 1": ({"type": "momentum", "lr": 0.25, "momentum": 0.5}, (2.0, 1.0), [0.5, 0.0]),
    "dampening: b = 2 undamped, 0.5·2 + 0.75·4 = 4": (
        {"type": "momentum", "lr": 0.25, "momentum": 0.5, "dampening": 0.25}, (2.0, 4.0), [0.5, -0.5],
    ),
    "nesterov: b = 2: 2 + 1; b = 2: 1 + 1": (
        {"type": "nesterov", "lr": 0.25, "momentum": 0.5}, (2.0, 1.0), [0.25, -0.25],
    ),
    "adagrad: s = 9: 3/3; s = 25: 4/5": (
        {"type": "adagrad", "lr": 0.5, "eps": 0.0}, (3.0, 4.0), [0.5, 0.1],
    ),
    "adagrad from 16: s = 25: 3/5; lr/(1 + 1), s = 169: 12/13": (
        {"type": "adagrad", "lr": 1.0, "eps": 0.0, "initial_accumulator_value": 16.0, "lr_decay": 1.0}, (3.0, 12.0),
        [0.4, 0.4 - 6.0 / 13.0],
    ),
    "adadelta: v = 2, Δ = 2·√(1/3), d = 2/3; v = 1, Δ = 0": (
        {"type": "adadelta", "lr": 0.5, "rho": 0.5, "eps": 1.0}, (2.0, 0.0), [1.0 - ROOT(1 / 3), 1.0 - ROOT(1 / 3)],
    ),
    "rmsprop: v = 8: 4/√8; v = 4: 0": (
        {"type": "rmsprop", "lr": 0.5, "rho": 0.5, "eps": 0.0}, (4.0, 0.0), [1.0 - ROOT(0.5), 1.0 - ROOT(0.5)],
    ),
    "centred: v = 8, m = 2: 4/√(8 - 4); v = 4, m = 1: 0": (
        {"type": "rmsprop", "lr": 0.25, "rho": 0.5, "eps": 0.0, "centered": True}, (4.0, 0.0), [0.5, 0.5],
    ),
    "with momentum: v = 16/5: 4/√3.2, then half of that": (
        {"type": "rmsprop", "lr": 0.1, "rho": 0.8, "eps": 0.0, "momentum": 0.5}, (4.0, 0.0),
        [1.0 - 0.4 / ROOT(3.2), 1.0 - 0.6 / ROOT(3.2)],
    ),
    "adam, betas 1/2: m̂ = v̂ = 1, sign; m = 1/4, v = 1/4: (1/4)/(3/4) over √(1/3)": (
        {"type": "adam", "lr": 0.5, "beta1": 0.5, "beta2": 0.5, "eps": 0.0}, (1.0, 0.0), [0.5, 0.5 - 0.5 / ROOT(3)],
    ),
    "adam uncorrected: (1/2)/√(1/2); (1/4)/√(1/4)": (
        {"type": "adam", "lr": 1.0, "beta1": 0.5, "beta2": 0.5, "eps": 0.0, "bias_correction": False}, (1.0, 0.0),
        [1.0 - ROOT(0.5), 0.5 - ROOT(0.5)],
    ),
    "eps inside: v̂ = 9: 3/√(9 + 1)": (
        {"type": "adam", "lr": 1.0, "eps": 1.0, "eps_inside_root": True}, (3.0,), [1.0 - 3.0 / ROOT(10)],
    ),
    "eps outside: 3/(3 + 1)": ({"type": "adam", "lr": 1.0, "eps": 1.0}, (3.0,), [0.25]),
    "amsgrad: v = 1/2 stays: m = 1/4, v̂ = (1/2)/(3/4): (1/3)/√(2/3)": (
        {"type": "amsgrad", "lr": 0.5, "beta1": 0.5, "beta2": 0.5, "eps": 0.0}, (1.0, 0.0),
        [0.5, 0.5 - 0.5 / 3 / ROOT(2 / 3)],
    ),
    "adamw: 1·(1 - 0.5·0.5) - 0.5; g = 0 all along the same decay": (
        {"type": "adamw", "lr": 0.5, "eps": 0.0, "weight_decay": 0.5}, (2.0,), [0.25],
    ),
    "adamax, betas 1/2: u = 2, m̂ = 2; u = 1, m̂ = (1/2)/(3/4)": (
        {"type": "adamax", "lr": 0.5, "beta1": 0.5, "beta2": 0.5, "eps": 0.0}, (2.0, 0.0), [0.5, 0.5 - 1 / 3],
    ),
    "nadam, mu = 1/4 always: (3/4)/(3/4) of g, (1/4)/(15/16) of m = 1/2; v̂ = 1": (
        {"type": "nadam", "lr": 1.0, "beta1": 0.5, "beta2": 0.5, "eps": 0.0, "momentum_decay": 0.0}, (1.0,),
        [1.0 - 1.0 - 0.5 * 4 / 15],
    ),
    "radam: too early for v: lr·m̂": ({"type": "radam", "lr": 0.25, "beta1": 0.5}, (2.0, 0.0), [0.5, 0.5 - 1 / 6]),
    "lion: sign +, m = 0.5; c = 0.5·0.5 - 0.5·0.2 = 0.15: sign +": (
        {"type": "lion", "lr": 0.25, "beta1": 0.5, "beta2": 0.5}, (1.0, -0.2), [0.75, 0.5],
    ),
    "lion with decay: 1·(1 - 0.25·2) - 0.25; 0.25/2 + 0.25": (
        {"type": "lion", "lr": 0.25, "beta1": 0.5, "beta2": 0.5, "weight_decay": 2.0}, (1.0, -3.0), [0.25, 0.375],
    ),
    "muon moves a bias by Adam: sign": ({"type": "muon", "adam_lr": 0.5, "adam_eps": 0.0}, (3.0,), [0.5]),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_first_updates_by_hand(name):
    """From 1, with the numbers of the case's name."""
    optimizer, gradients, wanted = BY_HAND[name]
    assert biases(optimizer, gradients) == pytest.approx(wanted, rel=1e-14, abs=1e-15)


def test_every_optimizer_has_a_case_by_hand():
    assert {table["type"] for table, _, _ in BY_HAND.values()} == set(TYPES)


def test_muon_by_hand():
    """A 1x1 gradient is its own singular value, 1 once divided by its size: one step of the iteration makes it
    3.4445 - 4.7750 + 2.0315 = 0.7010, so 1 - 0.5 * 0.7010. With eps = 4, 2 / 4 = 1/2 becomes 1.1888515625."""
    session = line({"type": "muon", "lr": 0.5, "ns_steps": 1})
    weight = session.program.tensors[0].view(session.machine.mem)
    drive(session, [np.array([[-2.0]]), np.zeros(1)])
    assert weight[0, 0] == pytest.approx(1.0 + 0.5 * 0.7010, rel=1e-14)
    session = line({"type": "muon", "lr": 0.5, "ns_steps": 1, "eps": 1.0, "momentum": 0.0})
    weight = session.program.tensors[0].view(session.machine.mem)
    drive(session, [np.array([[0.5]]), np.zeros(1)])
    assert weight[0, 0] == pytest.approx(1.0 - 0.5 * (3.4445 / 2 - 4.7750 / 8 + 2.0315 / 32), rel=1e-14)


@pytest.mark.parametrize(("n_in", "n_out"), [(6, 4), (4, 6), (5, 5), (40, 30)])
def test_muons_matrix_is_nearly_orthogonal(n_in, n_out):
    """Singular values of the matrix between 0.5 and 1.25 however unlike those of the gradient (1 to 1/100), and the
    move is lr * √max(1, out/in) times it."""
    session = make_session([(n_out, "linear")], n=1, n_in=n_in, optimizer={"type": "muon", "lr": 0.5})
    tensor, mem = session.program.tensors[0], session.machine.mem
    u, _, vt = np.linalg.svd(waves(n_out, n_in), full_matrices=False)
    grad = u * np.geomspace(1.0, 0.01, min(n_in, n_out)) @ vt
    before = tensor.view(mem).copy()
    drive(session, [grad, np.zeros(n_out)])
    orthogonal = tensor.view(mem, session.program.slot_shifts["orthogonal"])
    values = np.linalg.svd(orthogonal, compute_uv=False)
    assert values.min() > 0.5
    assert values.max() < 1.25
    moved = (before - tensor.view(mem)) / 0.5
    assert moved == pytest.approx(math.sqrt(max(1.0, n_out / n_in)) * orthogonal, rel=1e-9, abs=1e-12)


def test_muon_moves_each_matrix_in_a_row_of_its_own():
    session = make_session(LAYERS, optimizer=CASES["muon-plain"])
    rows = [(op.label, op.kernel) for op in session.program.ops if op.phase == "update"][:3]
    assert rows == [
        ("decay dense_1.weight", "decouple_decay"), ("update dense_1.weight", "muon"), ("update dense_1.bias", "muon_vector"),
    ]  # fmt: skip


# Properties


@every_case
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_effective_step_is_what_the_update_subtracted(case, dtype):
    """Value before, less its decay, less effective_step is the value after; and all steps are 0 before the first."""
    session = make_session(LAYERS, n=10, batch_size=4, optimizer=CASES[case], dtype=dtype)
    spec, lr = session.scenario.optimizer, session.scenario.optimizer.lr
    assert all((p.effective_step == 0).all() for layer in session.frame().layers for p in layer.parameters)
    for t in (1, 2, 30):
        session.goto(t - 1)
        before = {p.name: p.value.astype(np.float64) for layer in session.frame().layers for p in layer.parameters}
        session.goto(t)
        for layer in session.frame().layers:
            for p in layer.parameters:
                value = before[p.name]
                if spec.decay == "decoupled" and (spec.type != "muon" or p.role == "weight"):
                    value = value * (1.0 - lr * spec.weight_decay)
                # The change of a float32 of size 1 is known to 6e-8 only.
                tiny = 1e-14 if dtype == "float64" else 3e-7
                assert np.abs(value - p.effective_step - p.value).max() <= tiny + 1e-11 * np.abs(p.effective_step).max()
                assert np.abs(p.effective_step).max() > 0.0


@every_path
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_full_speed_and_op_by_op_leave_the_same_bytes(case, dtype):
    """40 iterations of uneven batches in one call, and every row by a call of its own: state and history, byte by byte.
    Then back to iteration 7, to the middle of 20, and forward again: the same bytes, for slots are part of the state."""
    settings: dict[str, Any] = {"n": 10, "n_val": 3, "batch_size": 4, "optimizer": CASES[case], "dtype": dtype}
    fast, slow = (
        make_session([(9, "relu"), (2, "linear")], **settings),
        make_session([(9, "relu"), (2, "linear")], **settings),
    )
    fast.goto(40)
    while slow.position.iteration < 40:
        slow.step("op")
    assert slow.state_bytes() == fast.state_bytes()
    history = fast.machine.hist[:40].tobytes()
    assert slow.machine.hist[:40].tobytes() == history
    fast.goto(7)
    fast.goto(20, 5)
    fast.goto(40)
    assert slow.state_bytes() == fast.state_bytes()
    assert fast.machine.hist[:40].tobytes() == history


@every_path
def test_update_probes_are_what_numpy_finds(case):
    """weight_norm: of weight and bias behind the update; update_ratio: the steps' norm over the parameters' norm, those
    being behind the update plus the steps. Also where a layer is moved by two rows."""
    session = make_session(LAYERS, n=10, batch_size=4, optimizer=CASES[case])
    for iteration in (1, 2, 6):
        session.goto(iteration)
        for layer in session.frame().layers:
            if layer.kind == "dense":
                after = np.concatenate([p.value.reshape(-1) for p in layer.parameters])
                step = np.concatenate([p.effective_step.reshape(-1) for p in layer.parameters])
                assert layer.metrics["weight_norm"] == pytest.approx(np.linalg.norm(after), rel=1e-12)
                ratio = np.linalg.norm(step) / np.linalg.norm(after + step)
                assert layer.metrics["update_ratio"] == pytest.approx(ratio, rel=1e-9)


@every_path
def test_probes_that_are_off_change_no_bit_of_the_state(case):
    sessions = [make_session(LAYERS, optimizer=CASES[case], probes={"off": off}) for off in ([], ["all"])]
    for session in sessions:
        session.goto(20)
    assert sessions[0].state_bytes() == sessions[1].state_bytes()
    assert "weight_norm.dense_1" in sessions[0].program.metrics
    assert "weight_norm.dense_1" not in sessions[1].program.metrics


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_general_adam_with_usual_options_is_the_plain_one(dtype):
    """Its kernel in place of the fast one, 50 iterations of 1,322 parameters: the same bytes of parameters and slots."""
    plain = make_session([(40, "tanh"), (2, "linear")], n_in=30, optimizer="adam", dtype=dtype)
    program = plain.program
    kernels = tuple("adam_general" if name == "adam" else name for name in program.kernels)
    general = Machine(replace(program, kernels=kernels))
    general.run(50, 0)
    plain.goto(50)
    assert general.mem[: program.state_size].tobytes() == plain.machine.mem[: program.state_size].tobytes()


@pytest.mark.parametrize("case", ["adam", "amsgrad", "adamw", "adamax", "nadam", "rmsprop", "adagrad", "adadelta"])
def test_without_eps_a_gradient_of_exactly_0_gives_nan_there_and_only_there(case):
    """0/0 in the first update, at the weight whose gradient is 0: its value is NaN, the others' are finite. With the
    usual eps there is none."""
    gradients = [np.array([[1.0, 0.0, -2.0]]), np.array([0.5])]
    for settings, wanted in (({"eps": 0.0}, [False, True, False]), ({}, [False] * 3)):
        session = make_session([(1, "linear")], n=1, n_in=3, optimizer={**CASES[case], **settings})
        drive(session, gradients)
        weight, bias = (tensor.view(session.machine.mem) for tensor in session.program.tensors)
        assert np.isnan(weight[0]).tolist() == wanted
        assert np.isfinite(bias).all()


@every_path
def test_nan_stays_nan(case):
    """A NaN gradient makes its parameter NaN, for good, and leaves every other one finite. Muon: its whole matrix."""
    session = make_session([(2, "linear")], n=1, n_in=3, optimizer=CASES[case])
    grad = np.ones((2, 3))
    grad[1, 2] = math.nan
    for gradients in ([grad, np.ones(2)], [np.ones((2, 3)), np.ones(2)]):
        drive(session, gradients)
        weight, bias = (tensor.view(session.machine.mem) for tensor in session.program.tensors)
        if CASES[case]["type"] == "muon":
            assert np.isnan(weight).all()
        else:
            assert np.isnan(weight).tolist() == [[False] * 3, [False, False, True]]
        assert np.isfinite(bias).all()


def test_a_centred_variance_below_0_by_rounding_counts_as_0():
    """With one gradient for ever, mean square and squared mean meet, and of 400 such weights the difference rounds to just
    below 0 for some. Their step is lr * g / eps then, and never NaN."""
    optimizer = {"type": "rmsprop", "lr": 1e-3, "rho": 0.6, "eps": 1e-3, "centered": True}
    session = make_session([(1, "linear")], n=1, n_in=400, optimizer=optimizer, dtype="float32")
    grads = [waves(1, 400).astype(np.float32), np.ones(1, np.float32)]
    for _ in range(60):
        drive(session, grads)
    weight, shifts = session.program.tensors[0], session.program.slot_shifts
    mem = session.machine.mem
    square, mean = (weight.view(mem, shifts[name]).astype(np.float64) for name in ("square_avg", "grad_avg"))
    assert (square - mean**2 < 0).any()
    assert np.isfinite(weight.view(mem)).all()


NADAM_LATE = [65_534, 65_535, 65_536, 65_537, 200_000]


@pytest.mark.parametrize(("beta1", "momentum_decay"), [(0.9, 4e-3), (0.99999, 4e-3), (0.9999999, 0.0), (0.99999, 20.0)])
def test_nadams_shares_past_the_table_are_those_of_the_product(beta1, momentum_decay):
    """The kernel's closed form past 65,536 updates, and that of the frame, against the product of all momenta: one update
    from known m and v within 1e-11."""
    session = line({"type": "nadam", "lr": 0.5, "beta1": beta1, "momentum_decay": momentum_decay})
    settings, program = session.program.settings, session.program
    k = np.arange(1, max(NADAM_LATE) + 2)
    momenta = beta1 * (1.0 - 0.5 * 0.96 ** (k * momentum_decay))
    logs = np.cumsum(np.log(momenta.astype(np.longdouble)))
    tensor = program.tensors[1]
    for t in NADAM_LATE:
        state = program.initial.copy()
        tensor.view(state, program.slot_shifts["exp_avg"])[:] = 0.3
        tensor.view(state, program.slot_shifts["exp_avg_sq"])[:] = 0.04
        session.machine.load(state, t - 1)
        session.machine.run(t, 0)
        mem = session.machine.mem
        grad = float(tensor.view(mem, program.grad_shift)[0])
        m, v = settings["beta1"] * 0.3 + (1 - beta1) * grad, 0.999 * 0.04 + (1 - 0.999) * grad**2
        product, product_next = float(np.exp(logs[t - 1])), float(np.exp(logs[t]))
        m_hat = momenta[t] * m / (1 - product_next) + (1 - momenta[t - 1]) * grad / (1 - product)
        step = 0.5 * m_hat / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        assert -float(tensor.view(mem)[0]) == pytest.approx(step, rel=1e-9)


@pytest.mark.parametrize("case", ["adam", "adamax", "radam", "amsgrad", "nadam"])
@pytest.mark.parametrize("t", [1, 5, 6, 37_000, 65_535, 65_536, 300_000])
def test_tables_and_what_follows_them_are_the_formulas(case, t):
    """One update from known slots as number t: in the table, at its end, and past it."""
    session = line({**CASES[case], "lr": 0.5, "eps": 1e-8})
    program, tensor = session.program, session.program.tensors[1]
    state = program.initial.copy()
    known = {"exp_avg": 0.3, "exp_avg_sq": 0.04, "exp_inf": 0.04, "max_exp_avg_sq": 0.05}
    for name, shift in program.slot_shifts.items():
        tensor.view(state, shift)[:] = known[name]
    session.machine.load(state, t - 1)
    session.machine.run(t, 0)
    mem = session.machine.mem
    grad = float(tensor.view(mem, program.grad_shift)[0])
    slots = tuple(known[name] for name in program.slot_shifts)
    update, _ = reference.OPTIMIZERS[CASES[case]["type"]]
    if case != "nadam" or t < 40_000:  # a product of t factors; past that the test above
        wanted, _ = update(0.0, grad, slots, program.settings, t)
        assert float(tensor.view(mem)[0]) == pytest.approx(wanted, rel=1e-11)


@pytest.mark.parametrize(("beta2", "uses_v"), [(0.65, False), (0.7, True)])
@pytest.mark.parametrize("t", [3, 1_000, 70_000])
def test_radam_with_a_short_memory(beta2, uses_v, t):
    """rho never exceeds 2 / (1 - beta2) - 1: 4.7 for 0.65, so v is never used, at t = 1,000 neither, where the table has
    settled and ended; 5.7 for 0.7, which passes 5 some time."""
    session = line({"type": "radam", "lr": 0.5, "beta2": beta2})
    program, tensor = session.program, session.program.tensors[1]
    state = program.initial.copy()
    tensor.view(state, program.slot_shifts["exp_avg"])[:] = 0.3
    tensor.view(state, program.slot_shifts["exp_avg_sq"])[:] = 0.04
    session.machine.load(state, t - 1)
    session.machine.run(t, 0)
    mem = session.machine.mem
    grad = float(tensor.view(mem, program.grad_shift)[0])
    wanted, (m, _) = reference.radam(0.0, grad, (0.3, 0.04), program.settings, t)
    assert float(tensor.view(mem)[0]) == pytest.approx(wanted, rel=1e-11)
    is_plain = wanted == pytest.approx(-0.5 * m / (1 - 0.9**t), rel=1e-12)
    assert is_plain != (uses_v and t > 3)


# Facts


def steps_of_adam(gradients: np.ndarray, quiet: int) -> list[float]:
    """What each of these updates subtracts at lr = 1, after `quiet` updates whose gradient was 0."""
    session, steps = line({"type": "adam", "lr": 1.0, "eps": 0.0}), []
    session.machine.load(session.program.initial.copy(), quiet)
    bias = session.program.tensors[1].view(session.machine.mem)
    for grad in gradients:
        before = float(bias[0])
        drive(session, [np.full((1, 1), grad), np.full(1, grad)])
        steps.append(before - float(bias[0]))
    return steps


@pytest.mark.parametrize("quiet", [0, 1_000, 100_000])
def test_adams_step_is_at_most_7_3_lr_whatever_the_gradients(quiet):
    """m_hat = Σ c g and v_hat = Σ d g², so by Cauchy-Schwarz |m_hat| / √v_hat <= √Σ c²/d, which grows with t towards
    (1 - beta1) / √((1 - beta2)(1 - beta1²/beta2)) = 7.27: no step is ever longer, in lr. Gradients that grow like
    (beta2/beta1)^t reach it once the corrections are over. One gradient alone after a long rest, Kingma & Ba's worst
    case, gives (1 - beta1) / √(1 - beta2) = 3.16."""
    beta1, beta2 = 0.9, 0.999
    bound = (1 - beta1) / math.sqrt((1 - beta2) * (1 - beta1**2 / beta2))
    assert bound == pytest.approx(7.27, abs=5e-3)
    growing = steps_of_adam((beta2 / beta1) ** np.arange(300.0), quiet)
    others = steps_of_adam(waves(300, 1).reshape(-1) ** 9, quiet)
    assert max(map(abs, growing + others)) <= bound * (1 + 1e-9)
    if quiet == 100_000:
        assert growing[-1] == pytest.approx(bound, rel=1e-6)
        assert steps_of_adam(np.ones(1), quiet) == pytest.approx([math.sqrt(10.0)], rel=1e-9)


@pytest.mark.parametrize(("momentum", "iterations"), [(False, 691), (True, 69)])
def test_iterations_down_a_ravine_of_condition_100(momentum, iterations):
    """Curvatures 1 and 100, each method at its best setting: plain descent contracts by (k-1)/(k+1) an iteration and
    needs 691 to 1e-6; momentum by (√k-1)/(√k+1), about 69 (its transient adds a few)."""
    low, high = 1.0, 100.0
    optimizer: dict[str, Any] = {"type": "sgd", "lr": 2 / (low + high)}
    if momentum:
        beta = ((math.sqrt(high) - math.sqrt(low)) / (math.sqrt(high) + math.sqrt(low))) ** 2
        optimizer = {"type": "momentum", "lr": (2 / (math.sqrt(high) + math.sqrt(low))) ** 2, "momentum": beta}
    session = line(optimizer)
    weight, bias = (tensor.view(session.machine.mem) for tensor in session.program.tensors)
    n, sizes = 0, []
    while n < 1000 and (not sizes or sizes[-1] > 1e-6 * math.sqrt(2)):
        drive(session, [low * weight, high * bias])
        sizes.append(math.hypot(weight.item(), bias.item()))
        n += 1
    assert n == (iterations if not momentum else pytest.approx(iterations, abs=25))
    rate = (sizes[-1] / sizes[n // 2]) ** (1 / (n - 1 - n // 2))
    assert rate == pytest.approx(99 / 101 if not momentum else 9 / 11, rel=0.03)


def test_dampening_spares_the_first_gradient_only():
    """PyTorch's rule: the buffer is the first gradient; from then on (1 - dampening) of each."""
    session = line({"type": "momentum", "lr": 0.5, "momentum": 0.5, "dampening": 0.5})
    shift, seen = session.program.slot_shifts["momentum_buffer"], []
    for _ in range(3):
        drive(session, [np.full((1, 1), 4.0), np.full(1, 4.0)])
        seen.append(float(session.program.tensors[1].view(session.machine.mem, shift)[0]))
    assert seen == [4.0, 4.0, 4.0]  # 4; 2 + 2; 2 + 2


@every_case
def test_m_and_v_are_found_by_conditions(case):
    """`m.L[i,j]` is the first moment or what stands for it, `v.L[i,j]` the second; asked for only where they are kept."""
    session = make_session(LAYERS, optimizer=CASES[case])
    session.goto(3)
    spec, here = session.scenario.optimizer, Here(session)
    for parameter in session.frame().layers[0].parameters:
        index = (4, 2) if parameter.role == "weight" else (4,)
        for kind in MOMENTS:
            name, text = (
                spec.moment(kind, parameter.role == "weight"),
                f"{kind}.dense_1[{','.join(map(str, index))}] > 0",
            )
            if name is None:
                with pytest.raises(ValueError, match=f"{spec.type} keeps no '{kind}' of a {parameter.role}"):
                    parse_for(session.program, text)
            else:
                (element,) = parse_for(session.program, text).elements
                assert here.element(element) == parameter.slots[name][index] != 0.0
