"""Time to the first screen and to the first step, in a real pseudo-terminal, from a warm and from a cold compile cache.

    python tests/bench/bench_start.py [--quick] [--scenario digits-dnn]

Targets: first screen 0.6 s, warm and cold; first step 1.5 s, warm. The clock starts with the command. The first screen
is the debugger drawn whole; for the first step, `s` is pressed as soon as that stands, and the position must have moved.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.terminal import Terminal, position_on, stands

SCREEN_S, STEP_S = 0.6, 1.5


def start(scenario: str, cache: str | None) -> tuple[float, float]:
    """Seconds from the command to the first screen and to the first step."""
    env = {"TUI_NN_CACHE_DIR": cache} if cache else {}
    with tempfile.TemporaryDirectory() as config:
        command = [sys.executable, "-m", "tui_nn", "open", scenario]
        with Terminal(command, env={**env, "TUI_NN_CONFIG_DIR": config}) as term:
            screen_s = term.wait_for(stands, 60, "debugger screen")
            before = position_on(term.text)
            term.send("s")
            step_s = term.wait_for(lambda text: position_on(text) != before, 120, "step")
            term.send("q")
            term.wait_exit(20)
    return screen_s, step_s


def report(name: str, times: list[tuple[float, float]], step_target: float | None) -> bool:
    """Print medians beside their targets; True when they are met."""
    screen_s, step_s = (statistics.median(column) for column in zip(*times, strict=True))
    step_text = f"(target {step_target:.2f})" if step_target else "(no target)"
    print(
        f"{name:28} first screen {screen_s:5.2f} s (target {SCREEN_S:.2f})   "
        f"first step {step_s:5.2f} s {step_text}   best {min(times)[0]:.2f}, {min(step for _, step in times):.2f}"
    )
    return screen_s <= SCREEN_S and (step_target is None or step_s <= step_target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a smoke run: once each, and no verdict")
    parser.add_argument("--scenario", default="digits-dnn")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else 7
    print(f"machine: {platform.node()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{arguments.scenario}, 120x40, Python {platform.python_version()}, median of {runs}")
    start(arguments.scenario, None)  # fills the cache, and the operating system's
    met = [report("warm compile cache", [start(arguments.scenario, None) for _ in range(runs)], STEP_S)]
    cold = []
    for _ in range(1 if arguments.quick else 3):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(start(arguments.scenario, cache))
    met.append(report("cold compile cache", cold, None))
    if not arguments.quick:
        print("targets met" if all(met) else "TARGETS MISSED")
        sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
