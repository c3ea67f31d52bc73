"""Tasks whose answer was seen many time steps ago: delayed recall, the adding problem, and echo.

A sample is a row of (steps, features), one step's inputs after the other's.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from tui_nn.data.late import np
from tui_nn.data.randomness import PURPOSE_DATA, generator
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.data.sources.blobs import MAX_NUMBERS
from tui_nn.data.sources.planar import ranks, yes_or_no
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.spec.sequence_data import AddingData, EchoData, RecallData


def too_many_numbers(samples: int, numbers: int, key: str, what: str, each: int = 1, fixed: int = 0) -> Iterator[Fault]:
    """A fault where all samples together have more numbers than a source may make.

    numbers: of one sample, (value of `key` + fixed) * each; the cure says how large the value may be.
    """
    if samples * numbers > MAX_NUMBERS:
        value, most = numbers // each - fixed, MAX_NUMBERS // samples // each - fixed
        yield Fault(
            ("data", key),
            f"got {value:,}; with {samples:,} samples that is more than {MAX_NUMBERS:,} numbers: "
            f"use at most {most:,} {what}, or fewer samples",
        )


def step_names(steps: int, names: list[str]) -> tuple[str, ...]:
    return tuple(f"{name} t{step}" for step in range(steps) for name in names)


def recall_shape(data: RecallData) -> DataShape:
    form = (data.delay + 2, 1 if data.encoding == "index" else data.classes + 1)
    if data.classes == 2:
        return DataShape("binary", data.samples, prod(form), 1, form=form)
    return DataShape("multiclass", data.samples, prod(form), data.classes, form=form)


def recall_faults(data: RecallData) -> Iterator[Fault]:
    if data.classes > data.samples:
        yield Fault(
            ("data", "classes"),
            f"got {data.classes}; {data.samples} samples leave some without any: use at most {data.samples} classes",
        )
    if data.encoding == "index" and data.noise > 0.0:
        yield Fault(
            ("data", "noise"), f'got {data.noise:g}; tokens that are numbers have no noise: use encoding = "one_hot"'
        )
    each = recall_shape(data).form[1]
    yield from too_many_numbers(data.samples, (data.delay + 2) * each, "delay", "steps of delay", each, fixed=2)


@source("recall", shape=recall_shape, faults=recall_faults)
def recall(data: RecallData, seed: int) -> Samples:
    """Step 0: the token, one-hot. Then `delay` steps of noise, or of nothing. Last: the cue, the last input, is 1.

    Encoded as an index, a step is one number: the token, `classes` for blank, `classes` + 1 for the cue.
    Sample i has token i mod classes. Two tokens are a yes-or-no task.
    """
    steps, classes = data.delay + 2, data.classes
    label = ranks(data.samples, classes)[0]
    y = yes_or_no(label) if classes == 2 else label
    if data.encoding == "index":
        tokens = np.full((data.samples, steps), float(classes))
        tokens[:, 0], tokens[:, -1] = label, classes + 1
        return Samples(tokens, y, step_names(steps, ["token"]), tuple(map(str, range(classes))))
    x = np.zeros((data.samples, steps, classes + 1))
    if data.noise > 0.0:
        x[:, 1:-1, :classes] = data.noise * generator(seed, PURPOSE_DATA).standard_normal((data.samples, data.delay, classes))  # fmt: skip
    x[np.arange(data.samples), 0, label] = 1.0
    x[:, -1, classes] = 1.0
    names = step_names(steps, [*(f"token {k}" for k in range(classes)), "cue"])
    return Samples(x.reshape(data.samples, -1), y, names, tuple(map(str, range(classes))))


def adding_shape(data: AddingData) -> DataShape:
    return DataShape("regression", data.samples, 2 * data.steps, 1, form=(data.steps, 2))


def adding_faults(data: AddingData) -> Iterator[Fault]:
    yield from too_many_numbers(data.samples, 2 * data.steps, "steps", "steps", each=2)


@source("adding", shape=adding_shape, faults=adding_faults)
def adding(data: AddingData, seed: int) -> Samples:
    """Values uniform in [0, 1); a 1 marks one step of the first half and one of the second; y is the sum of their values.

    The sum of two such numbers has mean 1 and variance 2/12: that is what the answer 1 costs.
    Source: Hochreiter & Schmidhuber (1997), experiment 4; markers as in Arjovsky, Shah & Bengio (2016).
    """
    random = generator(seed, PURPOSE_DATA)
    n, half = data.samples, data.steps // 2
    x = np.zeros((n, data.steps, 2))
    x[:, :, 0] = random.random((n, data.steps))
    first, second = random.integers(0, half, n), random.integers(half, data.steps, n)
    rows = np.arange(n)
    x[rows, first, 1] = x[rows, second, 1] = 1.0
    y = x[rows, first, 0] + x[rows, second, 0]
    return Samples(
        x.reshape(n, -1), y[:, np.newaxis], step_names(data.steps, ["value", "marker"]), target_names=("sum",)
    )


def echo_shape(data: EchoData) -> DataShape:
    form = (data.steps, 1 if data.encoding == "index" else data.classes)
    return DataShape("multiclass", data.samples, prod(form), data.classes + 1, form=form, n_steps=data.steps)


def echo_faults(data: EchoData) -> Iterator[Fault]:
    if data.delay >= data.steps:
        yield Fault(
            ("data", "delay"),
            f"got {data.delay}; of {data.steps} steps no token would be heard again: use at most {data.steps - 1}",
        )
    yield from too_many_numbers(
        data.samples, prod(echo_shape(data).form), "steps", "steps", each=echo_shape(data).form[1]
    )


@source("echo", shape=echo_shape, faults=echo_faults)
def echo(data: EchoData, seed: int) -> Samples:
    """A random token at each step, one-hot; y (n, steps) is the token `delay` steps before, counted from 1; 0 is blank."""
    n, steps = data.samples, data.steps
    tokens = generator(seed, PURPOSE_DATA).integers(0, data.classes, (n, steps))
    y = np.zeros((n, steps), dtype=np.int64)
    y[:, data.delay :] = 1 + tokens[:, : steps - data.delay]
    class_names = ("blank", *map(str, range(data.classes)))
    if data.encoding == "index":
        return Samples(tokens.astype(np.float64), y, step_names(steps, ["token"]), class_names)
    x = np.zeros((n, steps, data.classes))
    np.put_along_axis(x, tokens[:, :, np.newaxis], 1.0, axis=2)
    names = [f"token {k}" for k in range(data.classes)]
    return Samples(x.reshape(n, -1), y, step_names(steps, names), class_names)
