"""How the time of an iteration and its memory grow with width, depth and batch, beside the arithmetic that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tui_nn.bench.arithmetic import multiply_adds, n_parameters
from tui_nn.bench.measure import Figure, Plan, Say, measure
from tui_nn.bench.sides import OURS
from tui_nn.bench.workloads import Workload, dense, make_program

Sweep = Literal["width", "depth", "batch"]

# 3, 5, 7, 9, 17 stand beside a power of two: a width that suits the vector registers badly would show there.
# Between 29 and 30 a layer of 900 weights goes over to BLAS.
WIDTHS = (3, 5, 7, 8, 9, 16, 17, 24, 29, 30, 32, 64, 128, 256, 512, 1024)
DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
QUICK_SIZES: dict[Sweep, tuple[int, ...]] = {"width": (8, 9, 16), "depth": (1, 2), "batch": (1, 32)}
SIZES: dict[Sweep, tuple[int, ...]] = {"width": WIDTHS, "depth": DEPTHS, "batch": BATCHES}
TITLES: dict[Sweep, str] = {
    "width": "width w: w-w-w-w-10 relu, batch 32",
    "depth": "depth d: 32, d hidden layers of 32, 10; tanh, batch 32",
    "batch": "batch: 32-32-32-32-10 relu",
}
CLIFF = 1.5  # times as long for one multiply-add as in the row before
INVERSION = 1.1  # times as long as the next larger network
PLAN = Plan(processes=3, repeats=3, seconds=0.1)
QUICK = Plan(processes=1, repeats=1, seconds=0.01)


@dataclass(frozen=True)
class Case:
    """One row of a sweep."""

    sweep: Sweep
    size: int

    @property
    def workload(self) -> Workload:
        name = f"{self.sweep}-{self.size}"
        if self.sweep == "width":
            return dense(name, (*[self.size] * 4, 10), "relu", 32, 1024)
        if self.sweep == "depth":
            return dense(name, (*[32] * (self.size + 1), 10), "tanh", 32, 1024)
        return dense(name, (*[32] * 4, 10), "relu", self.size, 2048)


def scaling(sizes: dict[Sweep, tuple[int, ...]], plan: Plan, say: Say) -> dict[str, Any]:
    """Measure every sweep: {"versions": ..., "sweeps": {name: [row, ...]}}. All probes are on."""
    cases = [Case(sweep, size) for sweep, column in sizes.items() for size in column]
    times = measure([case.workload for case in cases], [OURS], [], plan, say, only={OURS.name: ["all"]})
    sweeps: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        chosen = times.figure(case.workload.id, OURS.name, ["all"])
        assert chosen is not None
        sweeps.setdefault(case.sweep, []).append(row(case, chosen[1]))
    for rows in sweeps.values():
        marks = cliffs([entry["best_us"] for entry in rows], [entry["multiply_adds"] for entry in rows])
        for entry, mark in zip(rows, marks, strict=True):
            entry["cliff"] = mark
    plan_data = {"processes": plan.processes, "repeats": plan.repeats, "seconds_a_repeat": plan.seconds}
    return {"versions": times.about, "plan": plan_data, "cliff_factor": CLIFF, "sweeps": sweeps}


def row(case: Case, figure: Figure) -> dict[str, Any]:
    workload = case.workload
    work = multiply_adds(workload)
    return {
        case.sweep: case.size,
        "best_us": figure.best,
        "median_us": figure.median,
        "multiply_adds": work,
        "parameters": n_parameters(workload),
        "samples": workload.batch,
        "ns_per_multiply_add": figure.best * 1e3 / work,
        "us_per_sample": figure.best / workload.batch,
        **memory(workload),
    }


def memory(workload: Workload) -> dict[str, int]:
    """Bytes: what an iteration touches, and what a checkpoint and all of them together may take."""
    from tui_nn.engine.machine import Machine

    program = make_program(workload)
    machine = Machine(program)
    return {
        "memory_bytes": machine.mem.nbytes,
        "checkpoint_bytes": program.state_size * program.dtype.itemsize,
        "checkpoints_bytes": machine.recording.kept.nbytes,
    }


def cliffs(times: Sequence[float], work: Sequence[float]) -> list[str]:
    """A mark for each row of a sweep, from the time and the arithmetic of each.

    "peak": a unit of its arithmetic takes over CLIFF times as long as in both neighbours; "step": as in the row before,
    and stays there; "inverted": the next larger network takes less time altogether. The first row has none before it,
    the last none behind it.
    """
    costs = [time / units for time, units in zip(times, work, strict=True)]
    last = len(costs) - 1
    marks = []
    for k, cost in enumerate(costs):
        mark = ""
        if k > 0 and cost > CLIFF * costs[k - 1]:
            mark = "peak" if k == last or cost > CLIFF * costs[k + 1] else "step"
        elif k < last and times[k] > INVERSION * times[k + 1]:
            mark = "inverted"
        marks.append(mark)
    return marks


def scaling_text(data: dict[str, Any]) -> str:
    from tui_nn.cli_text import table

    blocks = []
    for sweep, rows in data["sweeps"].items():
        head = (
            sweep,
            "µs/iteration",
            "median",
            "multiply-adds",
            "ns each",
            "weights",
            "µs/sample",
            "memory",
            "store",
            "",
        )
        body = [
            (
                str(entry[sweep]),
                f"{entry['best_us']:,.2f}",
                f"{entry['median_us']:,.2f}",
                f"{entry['multiply_adds']:,}",
                f"{entry['ns_per_multiply_add']:.4f}",
                f"{entry['parameters']:,}",
                f"{entry['us_per_sample']:.3f}",
                size_text(entry["memory_bytes"]),
                size_text(entry["checkpoints_bytes"]),
                f"cliff ({entry['cliff']})" if entry["cliff"] else "",
            )
            for entry in rows
        ]
        blocks.append(f"{TITLES[sweep]}\n{table(head, body, right=range(9))}")
    marked = sum(bool(entry["cliff"]) for rows in data["sweeps"].values() for entry in rows)
    blocks.append(
        f"cliffs: {marked or 'none'}. A row is marked where a multiply-add takes over {data['cliff_factor']} times as long"
        " as in the\nrow before, or the next larger network less time than it; docs/PERFORMANCE.md explains each."
    )
    return "\n\n".join(blocks)


def size_text(n: int) -> str:
    """Bytes as KB or MB (1024)."""
    return f"{n / 1024:,.0f} KB" if n < 2**20 else f"{n / 2**20:,.1f} MB"
