"""Times beside their targets: what the benchmarks of the screen print."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple


def within(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Took(NamedTuple):
    """Seconds by the clock on the wall, and of this thread on a processor: the same on a machine that is free."""

    wall: float
    cpu: float

    def __add__(self, other: Took) -> Took:  # type: ignore[override]
        return Took(self.wall + other.wall, self.cpu + other.cpu)


class Clock:
    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.thread_time()

    @property
    def took(self) -> Took:
        return Took(time.perf_counter() - self.wall, time.thread_time() - self.cpu)


class Verdict:
    """Prints each figure beside its target."""

    def __init__(self, is_quick: bool) -> None:
        self.is_quick, self.n_missed = is_quick, 0

    def of(self, n: int) -> int:
        """How many of n cases: a smoke run takes the first."""
        return 1 if self.is_quick else n

    def times(self, name: str, took: Sequence[Took | float], median_ms: float | None, p95_ms: float) -> None:
        ms = [1e3 * (each if isinstance(each, float | int) else each.wall) for each in took]
        cpu = [1e3 * each.cpu for each in took if not isinstance(each, float | int)]
        own = f"  (processor: {statistics.median(cpu):5.1f}, {within(cpu, 0.95):5.1f})" if cpu else ""
        median, p95 = statistics.median(ms), within(ms, 0.95)
        is_met = p95 <= p95_ms and (median_ms is None or median <= median_ms)
        target = f"p95 {p95_ms:g}" if median_ms is None else f"median {median_ms:g}, p95 {p95_ms:g}"
        self._say(
            name, f"n {len(ms):4}  least {min(ms):6.1f}  median {median:6.1f}  p95 {p95:6.1f} ms{own}", target, is_met
        )

    def figure(self, name: str, value: float, most: float, unit: str, text: str = "") -> None:
        self._say(name, f"{text}{value:6.2f} {unit}", f"{most:g}", value <= most)

    def _say(self, name: str, text: str, target: str, is_met: bool) -> None:
        self.n_missed += not is_met
        word = "" if self.is_quick else "  met" if is_met else "  MISSED"
        print(f"{name:34} {text}  (target {target}){word}", flush=True)
