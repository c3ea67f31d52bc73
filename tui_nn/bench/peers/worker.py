"""One side of the benchmark in a process of its own: requests on stdin, answers on stdout, a JSON object a line.

    python worker.py MODULE [FOLDER]

MODULE is a side: `about()`, `variants(task)`, `losses(task, n)`. It is looked for beside this file, then in FOLDER.
Any Python from 3.10 with NumPy and the module's own library will do.

    (start)                                       -> {"about": {...}} | {"absent": library} | {"failed": why}
    {"do": "prepare", "task": file, "seconds": s, "only": [variant] or null}
                                                  -> {"iterations": {variant: in one repeat of about s seconds}}
    {"do": "repeat", "variant": name}             -> {"seconds": of the repeat, "iterations": done in it}
    {"do": "losses", "task": file, "n": n}        -> {"losses": of the first n iterations, samples in their own order}
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# run(n): at least n iterations from the initial weights; (seconds, iterations done). What it sets up is not timed.
Run = Callable[[int], "tuple[float, int]"]

MOST_ROUNDS = 6


@dataclass(frozen=True)
class Task:
    """A workload as every side gets it, whatever its library.

    layers: tables as in a scenario ("type", sizes, "activation"), the last a dense one that gives logits.
    parameters: the starting values of each layer that has any, in the order of the layers, as PyTorch lists and shapes them:
            [weight (out, in) or (out, in, height, width), bias (out,)], float32; of an lstm [weight_ih, weight_hh, bias],
            gates in its order, and no second bias.
    Shapes: x (n, product of form) float32; y (n, 1) float32 of 0 and 1, or (n,) int64 class index.
    """

    form: list[int]
    layers: list[dict[str, Any]]
    batch: int
    settings: dict[str, float]  # of Adam: lr, beta1, beta2, eps
    x: Any
    y: Any
    parameters: list[list[Any]]

    @property
    def is_binary(self) -> bool:
        return self.layers[-1]["units"] == 1


def load_task(file: str) -> Task:
    import numpy as np

    with np.load(file) as arrays:
        parameters: dict[str, list[Any]] = {}
        for key in arrays:
            if key.startswith("parameter "):
                parameters.setdefault(key.split()[1].split(".")[0], []).append(arrays[key])
        spec = json.loads(str(arrays["spec"]))
        return Task(**spec, x=arrays["x"], y=arrays["y"], parameters=list(parameters.values()))


def calibrated(run: Run, seconds: float) -> int:
    """How many iterations take about that long, once everything lazy has happened."""
    run(2)
    n = 1
    took, done = run(n)
    for _ in range(MOST_ROUNDS):
        if took >= 0.5 * seconds or done < n:
            break
        n = math.ceil(done * min(20.0, 1.05 * seconds / max(took, 1e-9)))
        took, done = run(n)
    return max(1, round(done * seconds / max(took, 1e-9)))


def serve(side: Any, requests: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The answers, in the order of the requests."""
    runs: dict[str, Run] = {}
    counts: dict[str, int] = {}
    for line in requests:
        request = json.loads(line)
        if request["do"] == "prepare":
            runs.clear()  # the memory of the workload before
            runs, only = side.variants(load_task(request["task"])), request.get("only")
            runs = {name: run for name, run in runs.items() if only is None or name in only}
            counts = {name: calibrated(run, request["seconds"]) for name, run in runs.items()}
            yield {"iterations": counts}
        elif request["do"] == "repeat":
            name = request["variant"]
            seconds, done = runs[name](counts[name])
            yield {"seconds": seconds, "iterations": done}
        elif request["do"] == "losses":
            yield {"losses": side.losses(load_task(request["task"]), request["n"])}


def main(module: str, folder: str = "") -> None:
    # Whatever a library prints goes to stderr; the answers keep the pipe to themselves.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=pipe, flush=True)

    if folder and folder not in sys.path:
        sys.path.insert(1, folder)  # a checkout comes before an installed copy
    try:
        side = importlib.import_module(module)
    except ModuleNotFoundError as error:
        return answer({"absent": error.name})
    except Exception as error:  # a library that is there and broken
        return answer({"failed": f"{type(error).__name__}: {error}"})
    answer({"about": side.about()})
    try:
        for message in serve(side, iter(sys.stdin.readline, "")):
            answer(message)
    except Exception as error:
        answer({"failed": f"{type(error).__name__}: {error}"})
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
