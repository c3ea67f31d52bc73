"""Our own side: the machine at full speed from its initial weights, with every probe and with none but the loss."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tui_nn.bench.workloads import Workload, make_program
from tui_nn.engine import layout as at
from tui_nn.engine.machine import Machine
from tui_nn.engine.program import Program

if TYPE_CHECKING:
    from tui_nn.bench.peers.worker import Run, Task


def about() -> dict[str, str]:
    import numba
    import numpy as np
    import scipy
    from threadpoolctl import threadpool_info

    import tui_nn

    versions = {"tui-nn": tui_nn.__version__, "numba": numba.__version__}
    versions |= {"numpy": np.__version__, "scipy": scipy.__version__}
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    if blas:
        pool = blas[-1]
        kind = pool.get("architecture") or "unknown kernels"
        versions["BLAS"] = f"{pool['internal_api']} {pool['version']} ({kind}), {pool['num_threads']} thread"
    return versions


def variants(task: Task) -> dict[str, Run]:
    workload = workload_of(task)
    return {"off": timed(make_program(workload, has_probes=False)), "all": timed(make_program(workload))}


def workload_of(task: Task) -> Workload:
    return Workload("task", tuple(task.form), tuple(task.layers), task.batch, len(task.x))


def timed(program: Program) -> Run:
    """One machine for all repeats: its checkpoints and its history are in memory before the first timed run.

    Checkpoints are kept in the untimed run alone; over a long run they are so rare that they cost nothing (1 in
    `last // slots` iterations), in its first hundred iterations each one is copied.
    """
    machine = Machine(program)
    machine.prepare()
    warm = 0

    def run(n: int) -> tuple[float, int]:
        nonlocal warm
        n = min(n, machine.recording.history_limit)
        if n > warm:
            machine.restart()
            machine.run(n, 0)
            warm = n
        machine.restart()  # a long-converged state is full of subnormal numbers, which are slow
        start = time.perf_counter()
        machine.run(n, 0)
        return time.perf_counter() - start, n

    return run


def losses(task: Task, n: int) -> list[float]:
    program = make_program(workload_of(task))
    machine = Machine(program)
    machine.ctl[at.IS_SHUFFLED] = 0
    machine.run(n, 0)
    return machine.hist[:n, program.metrics["loss"].column].astype(float).tolist()
