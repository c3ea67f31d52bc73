"""`tui-nn bench`: how long one training iteration takes, beside other libraries; and how that grows with the network."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_text import print_json, remark

if TYPE_CHECKING:
    from tui_nn.bench.workloads import Workload


def run_bench(*, is_scaling: bool, names: Sequence[str], pythons: Sequence[str], is_quick: bool, as_json: bool) -> int:
    """Measure and print. Exit status 1 if our own side fails; a peer that does is named, and left out."""
    from tui_nn.bench.sides import SideError

    if is_scaling and names:
        raise click.UsageError("--scaling has its own networks; leave out --workload")
    workloads = chosen_workloads(names)
    progress = Progress()
    try:
        data, text = scaling(is_quick, progress) if is_scaling else comparison(workloads, pythons, is_quick, progress)
    except SideError as error:
        progress.clear()
        remark(f"cannot measure: {error}")
        return 1
    finally:
        progress.clear()
    if as_json:
        print_json(data)
    else:
        click.echo(text)
    return 0


def chosen_workloads(names: Sequence[str]) -> list[Workload]:
    """Those named, in the order of the table; all by default. Errors: click.BadParameter for a name that is none."""
    from tui_nn.bench.workloads import WORKLOADS

    known = [workload.id for workload in WORKLOADS]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"no workload {name!r}; there are {', '.join(known)}", param_hint="--workload")
    return [workload for workload in WORKLOADS if not names or workload.id in names]


def comparison(
    workloads: Sequence[Workload], pythons: Sequence[str], is_quick: bool, progress: Progress
) -> tuple[dict[str, Any], str]:
    from tui_nn.bench.machine_info import machine_info
    from tui_nn.bench.measure import QUICK, Plan, measure
    from tui_nn.bench.report import report, report_text
    from tui_nn.bench.sides import FLOOR, OURS, PEERS, find_peer

    plan, machine = QUICK if is_quick else Plan(), machine_info()
    peers = []
    for side in PEERS:
        progress(f"looking for {side.name}")
        peers.append(find_peer(side, [*pythons, sys.executable]))
    times = measure(workloads, [OURS, FLOOR], peers, plan, progress)
    data = report(workloads, times, peers, plan, machine)
    return data, report_text(data)


def scaling(is_quick: bool, progress: Progress) -> tuple[dict[str, Any], str]:
    from tui_nn.bench import scaling as sweeps
    from tui_nn.bench.machine_info import machine_info
    from tui_nn.bench.report import machine_text

    sizes, plan = (sweeps.QUICK_SIZES, sweeps.QUICK) if is_quick else (sweeps.SIZES, sweeps.PLAN)
    data = {"machine": machine_info(), **sweeps.scaling(sizes, plan, progress)}
    return data, f"{machine_text(data)}\n\n{sweeps.scaling_text(data)}"


class Progress:
    """What is being waited for, on stderr: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.is_drawn = False

    def __call__(self, message: str) -> None:
        if not self.is_terminal:
            remark(message)
            return
        self.clear()
        click.echo(f"{message} ...", err=True, nl=False)
        self.is_drawn = True

    def clear(self) -> None:
        if self.is_drawn:
            click.echo("\r\x1b[K", err=True, nl=False)
            self.is_drawn = False
