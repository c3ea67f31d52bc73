"""Time of one training iteration beside its floor, and beside PyTorch where that is installed.

    python tests/bench/bench_engine.py [--quick]

The floor is what cannot be saved: the iteration's matrix products by NumPy's BLAS on one core, plus one pass of Adam
by NumPy. For networks whose products are smaller than a NumPy call the floor is loose, and PyTorch is the peer to read.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from tui_nn.data.dataset import Dataset
from tui_nn.engine.compiler import build_program
from tui_nn.engine.machine import Machine
from tui_nn.scenario.model import Scenario

WORKLOADS = {
    "2-2-1 tanh, batch 4": ([2, 2, 1], "tanh", 4, 400),
    "2-8-8-1 tanh, batch 10": ([2, 8, 8, 1], "tanh", 10, 500),
    "64-100-50-20-10 relu, batch 32": ([64, 100, 50, 20, 10], "relu", 32, 1437),
    "784-100-50-20-10 relu, batch 100": ([784, 100, 50, 20, 10], "relu", 100, 10_000),
    "50 x 32 tanh, batch 32": ([2, *[32] * 50, 1], "tanh", 32, 500),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smoke run: few iterations, two repeats")
    quick = parser.parse_args().quick
    print(f"machine: {platform.node()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{'float32, Adam, shuffled, all probes':36} {'us/iteration':>12} {'median':>8} {'floor':>8} {'torch':>8}  ratios"
    )
    for name, (widths, activation, batch, n) in WORKLOADS.items():
        ours = engine(widths, activation, batch, n)
        peers: dict[str, Callable[[int], float]] = {"ours": ours, "floor": floor(widths, batch)}
        if (torch := torch_peer(widths, activation, batch, n)) is not None:
            peers["torch"] = torch
        times = interleaved(peers, repeats=2 if quick else 9, budget=0.02 if quick else 0.2)
        best = {peer: min(values) for peer, values in times.items()}
        torch_time = f"{best['torch']:8.1f}" if "torch" in best else "       -"
        ratios = f"{best['floor'] / best['ours']:.0%} of the floor's speed"
        if "torch" in best:
            ratios += f", {best['torch'] / best['ours']:.1f}x PyTorch"
        median = statistics.median(times["ours"])
        print(f"{name:36} {best['ours']:12.2f} {median:8.2f} {best['floor']:8.2f} {torch_time}  {ratios}")


def interleaved(peers: dict[str, Callable[[int], float]], repeats: int, budget: float) -> dict[str, list[float]]:
    """Microseconds per iteration, each peer in turn, so that a slow moment of the machine meets all of them."""
    counts = {name: max(3, int(budget / max(peer(3) / 3, 1e-7))) for name, peer in peers.items()}
    times: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            times[name].append(peer(counts[name]) / counts[name] * 1e6)
    return times


def engine(widths: list[int], activation: str, batch: int, n: int) -> Callable[[int], float]:
    program = build_program(*workload(widths, activation, batch, n))

    def run(iterations: int) -> float:
        machine = Machine(program)  # a fresh state: a long-converged one is full of subnormals
        machine.prepare()
        machine.run(2, 0)
        start = time.perf_counter()
        machine.run(2 + iterations, 0)
        return time.perf_counter() - start

    return run


def workload(widths: list[int], activation: str, batch: int, n: int) -> tuple[Scenario, Dataset]:
    is_binary = widths[-1] == 1
    layers = [{"type": "dense", "units": units, "activation": activation} for units in widths[1:]]
    layers[-1]["activation"] = "linear"
    scenario = Scenario.model_validate(
        {
            "id": "bench",
            "title": "bench",
            "data": {"source": "xor" if is_binary else "digits", "batch_size": batch},
            "layers": layers,
            "loss": {"type": "binary_cross_entropy" if is_binary else "sparse_categorical_cross_entropy"},
            "optimizer": {"type": "adam"},
            "train": {"iterations": 1_000_000},
        }
    )
    generator = np.random.default_rng(0)
    x = generator.normal(size=(n, widths[0]))
    y = (x[:, :1] > 0).astype(float) if is_binary else generator.integers(0, widths[-1], n)
    none = np.zeros(widths[0])
    dataset = Dataset(
        name="bench", task="binary" if is_binary else "multiclass", n_features=widths[0], n_outputs=widths[-1],
        x_train=x, y_train=y, x_val=x[:0], y_val=y[:0], image_shape=None, feature_names=(), class_names=(),
        attribution="", mean=none, scale=none + 1,
    )  # fmt: skip
    return scenario, dataset


def floor(widths: list[int], batch: int) -> Callable[[int], float]:
    generator = np.random.default_rng(0)
    real = np.float32
    x = [generator.normal(size=(batch, width)).astype(real) for width in widths]
    w = [generator.normal(size=pair).astype(real) for pair in itertools.pairwise(widths)]
    z = [np.empty((batch, width), real) for width in widths[1:]]
    gw, gx = [np.empty_like(weight) for weight in w], [np.empty_like(values) for values in x[:-1]]
    n = sum(weight.size + weight.shape[1] for weight in w)
    param, grad, m, v, a, b = (np.ones(n, real) for _ in range(6))

    def run(iterations: int) -> float:
        start = time.perf_counter()
        for _ in range(iterations):
            for k, weight in enumerate(w):
                np.dot(x[k], weight, z[k])
                np.dot(x[k].T, z[k], gw[k])
                if k:
                    np.dot(z[k], weight.T, gx[k])
            np.multiply(m, real(0.9), m)
            np.multiply(grad, real(0.1), a)
            np.add(m, a, m)
            np.multiply(v, real(0.999), v)
            np.multiply(grad, grad, a)
            np.multiply(a, real(0.001), a)
            np.add(v, a, v)
            np.sqrt(v, b)
            np.add(b, real(1e-8), b)
            np.divide(m, b, a)
            np.multiply(a, real(1e-3), a)
            np.subtract(param, a, param)
        return time.perf_counter() - start

    return run


def torch_peer(widths: list[int], activation: str, batch: int, n: int) -> Callable[[int], float] | None:
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None
    torch.set_num_threads(1)
    scenario, dataset = workload(widths, activation, batch, n)
    x = torch.tensor(dataset.x_train, dtype=torch.float32)
    is_binary = widths[-1] == 1
    y = torch.tensor(dataset.y_train, dtype=torch.float32 if is_binary else torch.int64)
    loss_of = torch.nn.BCEWithLogitsLoss() if is_binary else torch.nn.CrossEntropyLoss()
    kind = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[activation]

    def run(iterations: int) -> float:
        parts: list[torch.nn.Module] = []
        for n_in, n_out in itertools.pairwise(widths):
            parts += [torch.nn.Linear(n_in, n_out), kind()]
        network = torch.nn.Sequential(*parts[:-1])
        optimizer = torch.optim.Adam(network.parameters(), lr=scenario.optimizer.lr)
        order, done, per_epoch = torch.randperm(n), 0, -(-n // batch)
        start = time.perf_counter()
        while done < iterations:
            if done % per_epoch == 0:
                order = torch.randperm(n)
            rows = order[done % per_epoch * batch :][:batch]
            optimizer.zero_grad()
            loss_of(network(x[rows]), y[rows]).backward()
            optimizer.step()
            done += 1
        return time.perf_counter() - start

    return run


if __name__ == "__main__":
    main()
