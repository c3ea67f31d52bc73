"""What stops cost: the first and last true op of random conditions, and ten conditions set on a run.

python tests/bench/bench_stops.py [--quick]

First table: conditions of every kind in a history of 10,000 iterations, those that metrics decide and those for which
single values have to be made again; beside it one replay of all iterations at full speed. Target: p95 within 1 s, or where
values are made again within 1.3 such replays. Second table: a run with ten conditions over one without, in turns, the least
of their times; each condition is evaluated at every op, though it halts nothing. Target: at most 10 % more.
"""

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

QUICK = "--quick" in sys.argv[1:]
ITERATIONS = 1_000 if QUICK else 10_000
CONDITIONS = 10 if QUICK else 100  # on each preset
PRESETS = ("xor-mlp", "digits-dnn", "batch-norm", "lstm-remembers")[: 1 if QUICK else None]
ROUNDS = 2 if QUICK else 15
SECONDS = 0.3 if QUICK else 0.5  # of one run
TEN = (
    "loss > 2 * min(loss)",
    "delta_norm.{first} < 1e-6",
    "isnan(loss)",
    "grad_norm > 100 * mean(grad_norm)",
    "act_std.{first} > 1e3",
    "weight.{first}[0,0] changes sign",
    "bias.{last}[0] > 1e3",
    "abs(grad.{last}[0,0]) > 1e3",
    "count(loss > 10 * loss@0) > 5",
    "update_ratio.{first} > 1 and not isfinite(weight_norm.{last})",
)


def main() -> None:
    print(f"first and last true op of {CONDITIONS} random conditions in {ITERATIONS:,} iterations, ms")
    print(
        f"{'preset':<20} {'replay':>8} | {'metrics':<9} {'p50':>7} {'p95':>7} | {'values':<9} {'p50':>7} {'p95':>7} {'of replay':>9}"
    )
    for preset in PRESETS:
        _search(preset)
    print("\nten conditions on a run")
    print(f"{'work':<20} {'plain':>12} {'with ten':>12} {'more':>8}")
    from tui_nn.bench.workloads import WORKLOADS

    for work in WORKLOADS[: 2 if QUICK else None]:
        _ten(work)


def _search(preset: str) -> None:
    import numpy as np

    from tests.debugger.conditions import Conditions
    from tui_nn import Session, load_scenario
    from tui_nn.debugger.context import parse_for
    from tui_nn.debugger.position import START
    from tui_nn.debugger.search import first_true, last_true
    from tui_nn.engine.machine import Machine

    session = Session(load_scenario(preset))
    session.goto(ITERATIONS)
    source = Conditions(session, preset, ITERATIONS)
    replay, took = float("inf"), {False: [], True: []}
    other = Machine(session.program)
    for _ in range(CONDITIONS):
        other.restart()
        began = perf_counter()
        other.run(ITERATIONS, 0)
        replay = min(replay, perf_counter() - began)
        expression = parse_for(session.program, source.condition())
        session.goto(ITERATIONS)
        searches = (
            lambda e=expression: first_true(session, e, START, session.reached),
            lambda e=expression: last_true(session, e, session.reached),
        )
        for search in searches:
            began = perf_counter()
            search()
            took[bool(expression.elements)].append(perf_counter() - began)
    metrics, values = (1e3 * np.percentile(took[kind], [50, 95]) for kind in (False, True))
    is_met = metrics[1] <= 1e3 and values[1] <= max(1e3, 1.3e3 * replay)
    verdict = "met" if is_met else "MISSED"
    print(
        f"{preset:<20} {1e3 * replay:>8.1f} | {len(took[False]):<9} {metrics[0]:>7.1f} {metrics[1]:>7.1f} "
        f"| {len(took[True]):<9} {values[0]:>7.1f} {values[1]:>7.1f} {values[1] / (1e3 * replay):>9.2f}  {verdict}",
        flush=True,
    )


def _ten(work) -> None:
    from tui_nn.bench.workloads import make_dataset, scenario_data
    from tui_nn.debugger.session import Session
    from tui_nn.scenario.model import Scenario

    session = Session(Scenario.model_validate(scenario_data(work)), make_dataset(work))
    layers = [layer.name for layer in session.program.layers if layer.parameters]
    dense = [name for name in layers if name.startswith("dense")]
    for text in TEN:
        session.stops.add(text.format(first=dense[0], last=dense[-1]), ignore=10**9)
    session.run(50)
    least, n = {False: float("inf"), True: float("inf")}, 50
    while n < 10**6:  # of a small network 50 iterations are done before a run has begun
        took = min(_timed(session, n), _timed(session, n))  # one may be disturbed
        if took > SECONDS / 4:
            n = int(n * SECONDS / took)
            break
        n *= 4
    for _ in range(ROUNDS):
        for has_stops in least:
            for stop in session.stops:
                stop.enabled = has_stops
            session.goto(0)
            began = perf_counter()
            stop = session.run(n)
            least[has_stops] = min(least[has_stops], perf_counter() - began)
            assert stop.position.iteration == n, stop
    plain, ten = (1e6 * least[key] / n for key in (False, True))
    print(
        f"{work.id:<20} {plain:>9.2f} us {ten:>9.2f} us {100 * (ten / plain - 1):>+6.1f} %  {'met' if ten <= 1.1 * plain else 'MISSED'}",
        flush=True,
    )


def _timed(session, n: int) -> float:
    began = perf_counter()
    session.run(n)
    return perf_counter() - began


if __name__ == "__main__":
    main()
