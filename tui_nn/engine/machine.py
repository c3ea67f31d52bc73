"""The machine: a program's memory, its compiled kernels, and the loop that runs them.

Constructing one allocates and copies the starting weights; Numba is loaded by the first `prepare` or `run`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.plain import MARGIN
from tui_nn.engine.program import Program
from tui_nn.engine.recording import NEVER, Kept, Recording, spacing
from tui_nn.engine.rows import first_row
from tui_nn.engine.target import Aim, Target
from tui_nn.engine.watch import Watch

# Of the header, what goes over to a machine that goes on in the same place.
CARRIED = (
    at.ITERATION, at.OP, at.ROWS, at.BATCH_START, at.IS_EPOCH_END, at.ORDER_EPOCH, at.HAS_ENDED, at.SLOT,
    at.EPOCH, at.PASS, at.BLANK,
)  # fmt: skip

Progress = Callable[[int, int, str], None]


class Snapshot(NamedTuple):
    """Copies that a frame is made of."""

    ctl: np.ndarray  # header and the batch's sample indices
    mem: np.ndarray  # state, gradients, activations, deltas


class Standing(NamedTuple):
    """All that decides what a machine does next, and all that it would show: copies, to go on from in another machine.

    rows: the newest of the history, (n, columns), of which the last belongs to the iteration under way, if one is.
    """

    mem: np.ndarray
    ctl: np.ndarray
    lr: float
    rows: np.ndarray


class Machine:
    """Executes one program into a recording. Not thread-safe, except `stop`, `ask`, `sent`: one caller runs it, others may look.

    mail: the mailbox, which the machines of one session share.
    """

    def __init__(self, program: Program, recording: Recording | None = None, mail: np.ndarray | None = None):
        self.program = program
        self.recording = recording or Recording(program)
        self._memory = _aligned(program.memory_size + at.NOTES, program.dtype)  # notes take memory when there are any
        self.mem, self.notes = self._memory[: program.memory_size], self._memory[program.memory_size :]
        self.ctl = self._initial_ctl()
        self.count_parts()
        self.setting = program.setting.copy()
        self.data = np.ascontiguousarray(program.data)
        self.mail = np.zeros(at.N_MAIL, np.int64) if mail is None else mail
        self.sent_ctl = np.zeros(at.HEADER + program.batch_size, np.int64)
        self.sent_mem = np.zeros(program.frame_size, program.dtype)
        first = int(self.ctl[at.ADDRESS])
        self.address = self.ctl[first : first + len(program.kernels)]
        self._target = Target(self.program, self.recording, self.ctl)
        self._loop: Any = None
        self._watch: Watch | None = None
        self._compiling = threading.RLock()
        self.restart()

    def _initial_ctl(self) -> np.ndarray:
        program = self.program
        order = at.HEADER + program.batch_size
        code = order + program.n_train
        address = code + program.table.size
        tallied = address + len(program.kernels) + 1  # the last is that of `watch`, if anything is watched
        counted = tallied + len(program.tallied)
        batch, fixed = _counts(program.table)
        before = counted + 2 * len(batch) + len(fixed)
        epochs = program.epochs
        rows_before = epochs.rows_before
        watches = before + len(rows_before)
        ctl = np.zeros(watches + at.WATCH_CELLS, np.int64)
        ctl[at.WATCHES] = watches
        ctl[before:watches] = rows_before
        ctl[at.BEFORE], ctl[at.N_BEFORE] = before, len(rows_before)
        ctl[at.FIRST_WHOLE], ctl[at.NEXT_EPOCH], ctl[at.LONGEST] = epochs.first_whole, epochs.epoch + 1, epochs.longest
        ctl[at.SHIFT] = (
            epochs.sample_at(epochs.first) - (epochs.per_epoch - epochs.first_whole + epochs.first) * epochs.batch_size
        )
        ctl[at.BORN] = program.born
        ctl[at.HIST_FIRST] = self.recording.first
        ctl[code:address] = program.table.reshape(-1)
        ctl[at.VAL_ROWS], ctl[at.TEST_ROWS] = program.n_val, program.n_test
        ctl[at.COUNTED], ctl[at.N_COUNTED] = counted, len(batch)
        ctl[counted + len(batch) : counted + 2 * len(batch)] = batch
        cells = {(at.ROWS, factor): counted + k for k, factor in enumerate(batch)}
        cells |= {key: counted + 2 * len(batch) + k for k, key in enumerate(fixed)}
        for row in range(code, address, at.ROW):
            if ctl[row + at.POSITIONS] > 1:
                ctl[row + at.ROWS_AT] = cells[int(ctl[row + at.ROWS_AT]), int(ctl[row + at.POSITIONS])]
        self._fixed = [(cells[key], *key) for key in fixed]
        ctl[at.ORDER_EPOCH] = -1
        ctl[at.N_OPS] = len(program.ops)
        ctl[at.BATCH_SIZE] = program.batch_size
        ctl[at.N_TRAIN] = program.n_train
        ctl[at.PER_EPOCH] = program.iterations_per_epoch
        # With the whole set in one batch an order would change nothing but the rounding.
        ctl[at.IS_SHUFFLED] = program.scenario.data.shuffle and program.batch_size < program.n_train
        ctl[at.SEED] = program.scenario.seed
        ctl[at.ORDER], ctl[at.CODE], ctl[at.ADDRESS] = order, code, address
        ctl[at.TALLIED], ctl[at.N_TALLIED] = tallied, len(program.tallied)
        ctl[tallied:counted] = [code + op * at.ROW for op in program.tallied]
        ctl[at.SETTLE] = address + program.settle
        ctl[at.N_METRICS] = program.n_columns
        ctl[at.STATE_SIZE], ctl[at.FRAME_SIZE] = program.state_size, program.frame_size
        ctl[at.KEEP_EVERY], ctl[at.KEEP_FEW], ctl[at.KEEP_PARTS] = spacing(program, self.recording.slots)
        ctl[at.CHECKPOINT_LAST] = NEVER if self.recording.is_past else -1
        ctl[at.LOSS_COLUMN] = program.metrics["loss"].column
        return ctl

    def count_parts(self) -> None:
        """Rows of the validation and test part, at each place of a sample; again, when their samples were changed."""
        for cell, part, factor in self._fixed:
            self.ctl[cell] = self.ctl[part] * factor

    # Compiling

    @property
    def is_ready(self) -> bool:
        return self._loop is not None and bool(self.address.all())

    def has_kernel(self, op: int) -> bool:
        return self._loop is not None and bool(self.address[self._kernels(op)].all())

    def prepare(self, on_progress: Progress | None = None, up_to: int | None = None) -> None:
        """Compile (or load from the cache) the loop, then the kernels in program order, up to an op or all.

        Other threads may call it at the same time: each kernel is compiled once, and what is ready is never waited for.
        """
        names = self.program.kernels
        missing = [
            k for k in self._kernels(len(self.program.ops) - 1 if up_to is None else up_to) if not self.address[k]
        ]
        if self._loop is not None and not missing:
            return
        self._compile_ahead()
        total = len(missing) + (self._loop is None)
        done = 0
        if self._loop is None:
            if on_progress:
                on_progress(done, total, "loop")
            self._compile_loop()
            done += 1
        for k in missing:
            if on_progress:
                on_progress(done, total, names[k])
            self._compile_kernel(k)
            done += 1
        if on_progress:
            on_progress(total, total, "")

    def _compile_ahead(self) -> None:
        from tui_nn.engine import compiled, precompile

        if compiled.lowlevel.IS_JIT:
            precompile.compile_ahead(self.program.kernels, self.program.dtype)

    def _compile_loop(self) -> None:
        from tui_nn.engine import compiled

        with self._compiling:
            self._loop = compiled.loop(self.program.dtype)

    def _compile_kernel(self, k: int) -> None:
        from tui_nn.engine import compiled, precompile

        name, dtype = self.program.kernels[k], self.program.dtype
        with self._compiling:
            if not self.address[k]:
                precompile.wait_for(name, dtype)
                self.address[k] = compiled.address(name, dtype)

    # Watching

    def watch(self, offsets: Iterable[int]) -> Watch:
        """Note these numbers of mem behind every row that writes them, in place of those watched so far; see Watch.

        Errors: ValueError for too many, and for what is no parameter, gradient, slot or buffer.
        """
        self.unwatch()
        self._watch = Watch(self, offsets)
        return self._watch

    def unwatch(self) -> None:
        if self._watch is not None:
            self._watch.end()
        self._watch = None

    def prepare_watch(self) -> None:
        """Compile the kernel that calls watched rows; its address stands behind those of the program's."""
        from tui_nn.engine import compiled

        k = int(self.ctl[at.ADDRESS]) + len(self.program.kernels)
        with self._compiling:
            if not self.ctl[k]:
                self.ctl[k] = compiled.address("watch", self.program.dtype)

    def _kernels(self, last: int) -> list[int]:
        """Those that rows 0 .. last need. Kernels are numbered by first use, so they are the first few."""
        program = self.program
        kernels = list(range(int(program.table[: last + 1, at.KERNEL].max()) + 1))
        is_waiting = program.tallied and (self.ctl[at.SLOT] > 0 or program.tallied[0] <= last)
        return [*kernels, program.settle] if is_waiting else kernels

    # Running

    @property
    def iteration(self) -> int:
        return int(self.ctl[at.ITERATION])

    @property
    def op(self) -> int:
        return int(self.ctl[at.OP])

    def run(self, goal_iteration: int, goal_op: int) -> int:
        """Run forward to that position, or until something stops it; the answer says why (AT_GOAL ... in layout.py).

        Errors: ValueError if the position lies behind, or if there is no such row.
        """
        if not 0 <= goal_op < len(self.program.ops):
            raise ValueError(
                f"no op {goal_op} in {goal_iteration}:{goal_op}; an iteration has ops 0 to {len(self.program.ops) - 1}"
            )
        if (goal_iteration, goal_op) < (self.iteration, self.op):
            raise ValueError(
                f"cannot run back from {self.iteration}:{self.op} to {goal_iteration}:{goal_op}; restore first"
            )
        last = len(self.program.ops) - 1
        same = goal_iteration == self.iteration
        self.prepare(up_to=max(0, goal_op - 1) if same else last)
        recording, goal = self.recording, (goal_iteration, goal_op)
        while True:
            until = min(goal, self._target.choose())
            why = self._loop(
                self.ctl, self.setting, self._memory, self.data, self._target.aim.exact.reshape(-1), self.mail,
                recording.kept_at, recording.kept_in, recording.kept, self.sent_ctl, self.sent_mem, *until,
            )  # fmt: skip
            if (why != at.AT_GOAL or until == goal) and (why != at.HISTORY_FULL or not self._target.make_room()):
                return why

    def rows_before(self, iteration: int, first: int | None = None, end: int | None = None) -> np.ndarray:
        """(end - first, columns): what an iteration looks back on, or the rows from `first` on, up to it or `end`.

        NaN where it has none. Of a checkpoint's iteration, or of one since the last jump.
        """
        first = first_row(self.program, iteration) if first is None else first
        return self._target.between(first, iteration if end is None else end)

    @property
    def written(self) -> Aim:
        """The rows it writes, of which those up to its iteration are there since the last jump."""
        return self._target.aim

    @property
    def order(self) -> np.ndarray:
        """(n_train,) the samples in the order in which the epoch under way takes them; of no meaning before its first load."""
        first = int(self.ctl[at.ORDER])
        return self.ctl[first : first + self.program.n_train]

    @property
    def hist(self) -> np.ndarray:
        """The recording's exact rows, from iteration `recording.first` on; a row is NaN until it is written."""
        return self.recording.hist

    def stop(self) -> None:
        """Ask the loop to leave before its next iteration."""
        self.mail[at.STOP] = 1

    # Going back

    def restart(self) -> None:
        """To position (0, 0): the starting weights, and nothing computed yet."""
        self._start_with(self.program.initial, 0)

    def _start_with(self, state: np.ndarray, iteration: int) -> None:
        self.mem[:] = 0
        self.mem[: self.program.state_size] = state
        self.ctl[at.ITERATION] = self.ctl[at.BLANK] = iteration
        self.ctl[at.OP] = 0
        self._target.anew()

    def put(self, kept: Kept) -> None:
        """To the start of a checkpoint's iteration."""
        self.mem[: self.program.state_size] = kept.state
        self.ctl[at.ITERATION], self.ctl[at.OP] = kept.iteration, 0
        self._target.anew()

    def restore(self, iteration: int) -> int:
        """To the newest checkpoint at or before `iteration`, or to the start; returns its iteration."""
        kept = self.recording.newest_before(iteration, self.n_kept)
        if kept is None or kept.iteration == 0:  # that one is the start itself
            self.restart()
            return 0
        self.put(kept)
        return kept.iteration

    @property
    def n_kept(self) -> int:
        """Checkpoints in the open store of the recording."""
        return int(self.ctl[at.CHECKPOINT_COUNT])

    def nearest_checkpoint(self, iteration: int) -> int | None:
        """The iteration `restore` would land on; None: there is no checkpoint."""
        kept = self.recording.newest_before(iteration, self.n_kept)
        return kept.iteration if kept else None

    def kept_states(self, last: int) -> list[Kept]:
        """Checkpoints up to iteration `last`: views, of which none changes while it stands still."""
        return self.recording.kept_until(last, self.n_kept)

    def freeze(self) -> None:
        """Nothing kept up to now is ever dropped: others share it. See `Recording.past`."""
        self.recording.freeze(self.n_kept)
        self.ctl[at.CHECKPOINT_COUNT] = 0

    def load(self, state: np.ndarray, iteration: int) -> None:
        """Put parameters and slots, (state_size,), in place as they are after `iteration` updates."""
        self._start_with(state, iteration)

    def resume(self, state: np.ndarray, iteration: int, rows: np.ndarray) -> None:
        """As `load`, with the newest rows of the history, (n, columns), which some rows of the program look back on.

        What lies before them stays untouched, and takes no memory.
        """
        self.recording.begin(iteration, rows, len(rows))
        self.load(state, iteration)

    def forget(self) -> None:
        """At the start of an iteration: of what it has recorded only that stays which this iteration looks back on."""
        before = self.rows_before(self.iteration)
        self.recording.begin(self.iteration, before, len(before))
        self._target.anew()

    # From one machine to another

    def standing(self, first: int) -> Standing:
        """Where it stands, with the history's rows from iteration `first` on."""
        rows = self.rows_before(self.iteration, first, self.iteration + (self.op > 0))
        return Standing(self.mem.copy(), self.ctl.copy(), float(self.setting[at.LR]), rows)

    def take_over(self, standing: Standing) -> None:
        """Go on from there. Of a machine whose program has the same layout; rows of the history are there already."""
        ctl, before = self.ctl, standing.ctl
        self.mem[:] = standing.mem
        first, end = at.HEADER, int(before[at.ORDER]) + self.program.n_train
        ctl[first:end] = before[first:end]
        counted = int(before[at.COUNTED])
        ctl[counted : counted + before[at.N_COUNTED]] = before[counted : counted + before[at.N_COUNTED]]
        for cell in CARRIED:
            ctl[cell] = before[cell]
        self._target.anew(standing.rows)
        moved = (before[at.HIST_FIRST] - ctl[at.HIST_FIRST]) * ctl[at.N_METRICS]
        ctl[at.FIRST_HIST] = before[at.FIRST_HIST] + moved
        self.setting[:] = self.program.setting
        if self.program.schedule_op is not None and self.op > self.program.schedule_op:
            self.setting[at.LR] = standing.lr  # its row has been executed in this iteration

    # Frames

    def snapshot(self) -> Snapshot:
        """A copy of what stands in memory now. Not while it runs."""
        return Snapshot(
            self.ctl[: at.HEADER + self.program.batch_size].copy(), self.mem[: self.program.frame_size].copy()
        )

    def first_ask(self) -> None:
        """Want a frame from a run that is about to start; what an earlier run has sent is forgotten."""
        self.mail[at.SENT] = 0
        self.mail[at.WANT] = 1

    def ask(self) -> None:
        """Want the next frame from the running loop."""
        self.mail[at.WANT] = 1

    def has_sent(self) -> bool:
        """Is the frame asked for there? Then `sent` may be read until the next `ask`."""
        return self.mail[at.WANT] == 0 and self.mail[at.SENT] > 0

    def sent(self) -> Snapshot:
        return Snapshot(self.sent_ctl.copy(), self.sent_mem.copy())


def _counts(table: np.ndarray) -> tuple[list[int], list[tuple[int, int]]]:
    """What rows count as samples x places: the factors of the batch's, and (part, factor) of the other parts'."""
    asked = {(int(row[at.ROWS_AT]), int(row[at.POSITIONS])) for row in table if row[at.POSITIONS] > 1}
    batch = sorted(factor for part, factor in asked if part == at.ROWS)
    return batch, sorted(key for key in asked if key[0] != at.ROWS)


def _aligned(n: int, dtype: np.dtype) -> np.ndarray:
    """n zeros that start on a cache line, and MARGIN more behind them."""
    raw = np.zeros((n + MARGIN) * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + n * dtype.itemsize].view(dtype)
