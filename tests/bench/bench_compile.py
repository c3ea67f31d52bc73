"""Time from a command to the first op and to full speed, with an empty compile cache and with a full one.

    python tests/bench/bench_compile.py [--quick] [preset ...]

Each run is a process of its own. Targets: cold, first op 3 s and full speed 6 s after the process began; warm, full
speed 0.7 s after the imports. The longest silence is that between two reports of progress.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

FIRST_OP_S, FULL_SPEED_S, WARM_S = 3.0, 6.0, 0.7


def measure(preset: str) -> dict[str, float]:
    """In this process: seconds after its start, or as near to it as Python lets us see."""
    from time import perf_counter

    begin = perf_counter()
    import numba  # noqa: F401
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401

    from tui_nn.debugger.session import Session
    from tui_nn.engine import compiled  # noqa: F401
    from tui_nn.scenario import load_scenario

    imported = perf_counter()
    session = Session(load_scenario(preset))
    session.step("op")
    stepped = perf_counter()
    ticks = [stepped]
    session.prepare(lambda *_: ticks.append(perf_counter()))
    ready = perf_counter()
    session.step("iteration")
    silence = max(b - a for a, b in zip(ticks, [*ticks[1:], ready], strict=True))
    return {"imports": imported - begin, "first": stepped - begin, "full": ready - begin, "silence": silence}


def child(preset: str, cache: str) -> dict[str, float]:
    env = os.environ | {"TUI_NN_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, __file__, "--child", preset], env=env, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a smoke run: one preset, and no verdict")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("presets", nargs="*")
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(arguments.presets[0])))
        return
    from tui_nn.scenario import preset_dir

    presets = arguments.presets or sorted(path.stem for path in preset_dir().glob("*.toml"))
    presets = presets[:1] if arguments.quick else presets
    print(f"machine: {platform.node()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{'preset':<20} {'cold: imports':>14} {'first op':>9} {'full speed':>11} {'silence':>8} {'warm: beyond imports':>21}"
    )
    worst = {"first": 0.0, "full": 0.0, "warm": 0.0}
    for preset in presets:
        with tempfile.TemporaryDirectory() as cache:
            cold = child(preset, cache)
            warm = min((child(preset, cache) for _ in range(1 if arguments.quick else 3)), key=lambda run: run["full"])
        beyond = warm["full"] - warm["imports"]
        print(
            f"{preset:<20} {cold['imports']:>12.2f} s {cold['first']:>7.2f} s {cold['full']:>9.2f} s "
            f"{cold['silence']:>6.2f} s {beyond:>19.2f} s"
        )
        for name, value in (("first", cold["first"]), ("full", cold["full"]), ("warm", beyond)):
            worst[name] = max(worst[name], value)
    if not arguments.quick:
        met = worst["first"] <= FIRST_OP_S and worst["full"] <= FULL_SPEED_S and worst["warm"] <= WARM_S
        print(
            f"worst: first op {worst['first']:.2f} s (target {FIRST_OP_S}), full speed {worst['full']:.2f} s "
            f"(target {FULL_SPEED_S}), warm {worst['warm']:.2f} s (target {WARM_S}): {'met' if met else 'MISSED'}"
        )
        sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
