"""What the probes cost: time of an iteration with none, with all but sharpness, and with sharpness "auto".

python tests/bench/bench_probes.py [--quick]

Each run has enough iterations for sharpness to be measured on its schedule several times. The runs are interleaved and
the least of their times counts: whatever else the machine does only ever adds.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

QUICK = "--quick" in sys.argv[1:]
REPEATS = 3 if QUICK else 9
CASES = {"off": {"off": ["all"]}, "all": {}, "all and sharpness": {"sharpness": "auto"}}


def main() -> None:
    from tui_nn.bench.workloads import WORKLOADS, make_dataset, scenario_data
    from tui_nn.engine.compiler import build_program
    from tui_nn.engine.machine import Machine
    from tui_nn.scenario.model import Scenario

    print(f"{'work':<20} {'off':>10} {'all':>18} {'and sharpness':>18} {'period':>8} {'one':>10}")
    for work in WORKLOADS:
        dataset, machines = make_dataset(work), {}
        for name, probes in CASES.items():
            scenario = Scenario.model_validate(scenario_data(work) | {"probes": probes})
            machines[name] = Machine(build_program(scenario, dataset))
            machines[name].prepare()
        program = machines["all and sharpness"].program
        period = next(op.due.period for op in program.ops if op.kind == "sharpness")
        n = period * (1 if QUICK else 3)
        least = dict.fromkeys(CASES, float("inf"))
        for _ in range(REPEATS):
            for name, machine in machines.items():
                least[name] = min(least[name], _seconds(machine, 0, n))
        one = min(_measurement(machines["all and sharpness"]) for _ in range(REPEATS))
        off, on, sharp = (1e6 * least[name] / n for name in CASES)
        print(
            f"{work.id:<20} {off:>7.2f} us {on:>7.2f} us {_more(on, off):>7} {sharp:>7.2f} us {_more(sharp, on):>7} "
            f"{period:>8,} {1e6 * one / sharp:>7.1f} it"
        )


def _seconds(machine, first: int, last: int) -> float:
    from time import perf_counter

    machine.restart()
    machine.run(first, 0)
    before = perf_counter()
    machine.run(last, 0)
    return perf_counter() - before


def _measurement(machine) -> float:
    """Seconds of one measurement alone: its row, in iteration 0."""
    from time import perf_counter

    op = next(op.index for op in machine.program.ops if op.kind == "sharpness")
    machine.restart()
    machine.run(0, op)
    before = perf_counter()
    machine.run(0, op + 1)
    return perf_counter() - before


def _more(value: float, base: float) -> str:
    return f"{100 * (value / base - 1):+.1f} %"


if __name__ == "__main__":
    main()
