"""Random moves, edits, undos and forks: one position, iteration, op and the edits so far, is the same bytes by every route.

TUI_NN_FULL=1: 100,000 moves over all presets and four networks with dropout, batch norm, lstm and convolution.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.debugger.wander import HEADING, Range, Wanderer
from tests.engine.make import make_session
from tests.engine.watch_nets import net_session
from tests.presets.runs import PRESETS
from tui_nn.debugger.session import Session
from tui_nn.engine import layout as at
from tui_nn.engine.program import Program
from tui_nn.scenario import load_scenario

FULL = os.environ.get("TUI_NN_FULL") == "1"
ALL = 100_000
NETWORKS = ("dropout", "batch-norm", "lstm", "convolution")
QUICK = ("xor-mlp", "early-stopping", "optimizer-race-adam")
MOVES = {"small": 860, "middle": 300, "large": 40} if FULL else {"small": 70, "middle": 20, "large": 5}
RANGES = {"small": Range(), "middle": Range(near=20, far=200), "large": Range(near=4, far=8, runs=2, edits=2)}
wandered: list[tuple[int, int, int]] = []  # moves, positions, revisits


def size_of(program: Program) -> str:
    """A move of a small network takes about a millisecond, most of it to look at what is there; of the others up to half a second."""
    work = sum(tensor.size * layer.positions for layer in program.layers for tensor in layer.parameters)
    if program.n_parameters > 1e6:
        return "large"
    return "middle" if max(program.memory_size, work * program.batch_size) > 1e6 else "small"


def wander(name: str, session: Session) -> None:
    size = size_of(session.program)
    within = RANGES[size] if FULL else replace(RANGES[size], far=150)
    wanderer = Wanderer(session, f"moves {name}", within, any_setting=FULL)
    wanderer.wander(MOVES[size])
    print(HEADING)
    print(wanderer.row(name, wanderer.check_fresh()))
    wandered.append((wanderer.moves.total(), len(wanderer.seen), wanderer.revisits))
    assert wanderer.revisits > 0.1 * MOVES[size]


@pytest.mark.parametrize("name", NETWORKS)
def test_random_moves_find_the_same_bytes_on_networks(name):
    """Masks, running statistics, states over time: each is decided by its position."""
    wander(f"({name})", net_session(name))


@pytest.mark.parametrize("preset", PRESETS if FULL else QUICK)
def test_random_moves_find_the_same_bytes(preset):
    """Wherever a session or a fork of it comes again, it finds what was there before; and a fresh run, which only goes
    forward and is edited on the way, finds it too."""
    wander(preset, Session(load_scenario(preset)))


def test_that_was_all_of_them():
    """The sums."""
    moves, positions, revisits = (sum(each[k] for each in wandered) for k in range(3))
    print(
        f"{len(wandered)} networks: {moves:,} moves; {positions:,} positions, each equal to a fresh run, {revisits:,} revisits"
    )
    if len(wandered) == len(PRESETS) + len(NETWORKS):
        assert moves >= ALL


def test_what_is_compared_holds_all_that_a_position_decides():
    """Each kind of number, changed in memory, makes other bytes; back again, the same."""
    layers = [(5, "tanh"), {"type": "batch_norm"}, {"type": "dropout", "rate": 0.4}, (2, "linear")]
    session = make_session(layers, n=10, n_val=4, batch_size=4, optimizer="adam", schedule={"type": "step", "every": 2})
    program, machine = session.program, session.machine
    session.goto(5, program.ops[-1].index)  # the end of an epoch
    dense, norm, dropout = (
        next(layer for layer in program.layers if layer.kind == kind) for kind in ("dense", "batch_norm", "dropout")
    )
    weight = dense.parameters[0].offset
    places = {
        "weight": weight, "gradient": weight + program.grad_shift, "output": dense.output, "delta": dense.delta, "mask": dropout.scratch,
        **{f"slot {name}": weight + shift for name, shift in program.slot_shifts.items()},
        **{tensor.role: tensor.offset for tensor in norm.buffers},
        "input": program.input_offset, "target": program.target_offset,
    }  # fmt: skip
    cells = {name: (machine.mem, place) for name, place in places.items()}
    cells |= {
        "learning rate": (machine.setting, at.LR),
        "order": (machine.order, 9),
        "sample": (machine.ctl, at.HEADER),
    }
    before = session.state_bytes()
    for name, (array, place) in cells.items():
        kept = array[place]
        array[place] += 1
        assert session.state_bytes() != before, name
        array[place] = kept
        assert session.state_bytes() == before, name
    assert {"slot exp_avg", "running_mean", "mask"} <= set(cells)
