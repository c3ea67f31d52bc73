"""What going anywhere costs: jumps to any op of a long history, and what recording that history adds to training.

python tests/bench/bench_timeline.py [--quick] [--checkpoint-mb=N] [PRESET ...]

A run is trained up to so many iterations; then it goes to random ops of them, and each jump is timed, without and with
the frame of what is to be seen there. Targets: 95 % of jumps within 50 ms in 10,000 iterations of every preset; 99 %
within 5 ms, 25 ms with the frame, in 1,000,000 iterations of a 2-8-8-1 network. Recording: at most 5 %, as the least time
of a run that keeps checkpoints over one that keeps none, measured in turns.
"""

import random
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.verdict import within

QUICK = "--quick" in sys.argv[1:]
CHOSEN = [word for word in sys.argv[1:] if not word.startswith("-")]
MB = next((int(word.partition("=")[2]) for word in sys.argv if word.startswith("--checkpoint-mb=")), None)
JUMPS = 30 if QUICK else 300
LONG = 20_000 if QUICK else 1_000_000
HISTORY = 300 if QUICK else 10_000
TURNS = 3 if QUICK else 15
FEW = ("zero-init", "digits-dnn", "lstm-remembers")
MS = 50.0  # the target


def main() -> None:
    from tui_nn.scenario.presets import preset_ids

    presets = CHOSEN or (FEW if QUICK else preset_ids())
    print(
        f"jumps to any op, {JUMPS} each, in ms{'':<13} {'history':>9} {'state':>9} {'p50':>7} {'p95':>7} {'p99':>7} {'with frame p99':>15}"
    )
    missed = [preset for preset in presets if not _preset(preset)]
    print(f"{len(missed)} of {len(presets)} presets above {MS:.0f} ms at p95: {', '.join(missed) or 'none'}")
    if not CHOSEN:
        _long()
        for name, n in (("784-100-50-20-10", 1_000), ("2-8-8-1", 10_000), ("2-8-8-1", 100_000)):
            _recording(name, n // 10 if QUICK else n)


def _preset(preset: str) -> bool:
    """10,000 iterations; where as many states as there is room for stand too far apart for that, the planned ones."""
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import load_scenario

    session = Session(load_scenario(preset), checkpoint_mb=MB)
    session.prepare()
    session.goto(3)
    before = perf_counter()
    n = max(5, HISTORY // 400)
    session.goto(3 + n)
    each = (perf_counter() - before) / n
    slots = len(session.machine.recording.kept_at)
    at_best = 0.95e3 * each * HISTORY / slots
    if at_best > MS:
        session.goto(session.planned_iterations)
        is_met = _print(preset, session, session.planned_iterations, share=0.95, target_ms=MS)
        print(
            f"{'':<12} {HISTORY:,} iterations of {1e3 * each:.1f} ms: {slots} states stand {at_best:,.0f} ms apart at best (p95)"
        )
        return is_met
    session.goto(HISTORY)
    return _print(preset, session, HISTORY, share=0.95, target_ms=MS)


def _long() -> None:
    session = _session("2-8-8-1")
    session.goto(LONG)
    _print("2-8-8-1", session, LONG, share=0.99, target_ms=5.0)


def _print(name: str, session, n: int, share: float, target_ms: float) -> bool:
    chance = random.Random(f"jumps {name}")
    bare, framed = [], []
    for _ in range(JUMPS):
        place = chance.randrange(n), chance.randrange(len(session.program.ops))
        before = perf_counter()
        session.goto(*place)
        bare.append(1e3 * (perf_counter() - before))
        _ = session.frame().layers
        framed.append(1e3 * (perf_counter() - before))
    state = session.program.state_size * session.program.dtype.itemsize
    is_met = within(bare, share) <= target_ms
    print(
        f"{name:<44} {n:>9,} {state / 1024:>6,.0f} KB {within(bare, 0.5):>7.2f} {within(bare, 0.95):>7.2f} "
        f"{within(bare, 0.99):>7.2f} {within(framed, 0.99):>15.2f}  {'met' if is_met else 'MISSED'}",
        flush=True,
    )
    return is_met


def _recording(name: str, n: int) -> None:
    """Training with checkpoints over training without, in turns."""
    from tui_nn.engine import layout as at
    from tui_nn.engine.machine import NEVER

    session = _session(name)
    machine, least = session.machine, {True: float("inf"), False: float("inf")}
    machine.run(10, 0)
    for _ in range(TURNS):
        for keeps in (True, False):
            machine.restart()
            machine.ctl[at.CHECKPOINT_COUNT], machine.ctl[at.CHECKPOINT_LAST] = 0, -1 if keeps else NEVER
            before = perf_counter()
            machine.run(n, 0)
            least[keeps] = min(least[keeps], (perf_counter() - before) / n)
    more = 100 * (least[True] / least[False] - 1)
    verdict = "met" if more <= 5 else "MISSED"
    print(
        f"recording {n:>7,} iterations of {name:<19} {1e6 * least[False]:.2f} us without, {1e6 * least[True]:.2f} us with: {more:+.1f} % (target 5 %) {verdict}"
    )


def _session(name: str):
    from tui_nn.bench.workloads import WORKLOADS, make_dataset, scenario_data
    from tui_nn.debugger.session import Session
    from tui_nn.scenario.model import Scenario

    work = next(work for work in WORKLOADS if work.id.startswith(name))
    session = Session(Scenario.model_validate(scenario_data(work)), make_dataset(work))
    session.prepare()
    return session


if __name__ == "__main__":
    main()
