"""PyTorch, eager: nn.Sequential, its Adam, a loop in Python that shuffles once an epoch and gathers its batches."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch  # pyright: ignore[reportMissingImports]

if TYPE_CHECKING:
    from tui_nn.bench.peers.worker import Run, Task

ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


def about() -> dict[str, str]:
    return {"PyTorch": torch.__version__}


def variants(task: Task) -> dict[str, Run]:
    """Its default Adam on one thread and on two; the fused one, which is not the default, on one."""
    threads = [1, 2] if (os.cpu_count() or 1) > 1 else [1]
    runs = {f"eager/{n}": timed(task, n, is_fused=False) for n in threads}
    return {**runs, "fused/1": timed(task, 1, is_fused=True)}


def timed(task: Task, threads: int, is_fused: bool) -> Run:
    def run(n: int) -> tuple[float, int]:
        torch.set_num_threads(threads)
        step = make_step(task, is_fused)
        batches = shuffled_batches(len(task.x), task.batch)
        start = time.perf_counter()
        for rows in itertools.islice(batches, n):
            step(rows)
        return time.perf_counter() - start, n

    return run


def losses(task: Task, n: int) -> list[float]:
    step = make_step(task, is_fused=False)
    batches = itertools.cycle(torch.arange(len(task.x)).split(task.batch))
    return [float(step(rows)) for rows in itertools.islice(batches, n)]


def shuffled_batches(n: int, batch: int) -> Iterator[torch.Tensor]:
    while True:
        yield from torch.randperm(n).split(batch)


def make_step(task: Task, is_fused: bool) -> Callable[[torch.Tensor], torch.Tensor]:
    """A network with the initial weights; the function trains it on the samples of one batch and gives their loss."""
    network = torch.nn.Sequential(*modules(task))
    loss_of = torch.nn.BCEWithLogitsLoss() if task.is_binary else torch.nn.CrossEntropyLoss()
    setting = task.settings
    optimizer = torch.optim.Adam(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=setting["lr"],
        betas=(setting["beta1"], setting["beta2"]),
        eps=setting["eps"],
        **({"fused": True} if is_fused else {}),
    )
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y)
    if len(task.form) == 2:
        x = x.reshape(-1, *task.form)
    elif len(task.form) == 3:
        x = x.reshape(-1, *task.form).permute(0, 3, 1, 2).contiguous()  # channels first, as it likes them best

    def step(rows: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(network(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def modules(task: Task) -> list[torch.nn.Module]:
    """The layers, with the starting weights."""
    parts: list[torch.nn.Module] = []
    starts, channels = iter(task.parameters), task.form[-1]
    for layer in task.layers:
        if layer["type"] == "flatten":
            parts.append(ChannelsLast())
            continue
        start = [torch.from_numpy(each) for each in next(starts)]
        if layer["type"] == "lstm":
            parts.append(Last(start))
            continue
        weight, bias = start
        if layer["type"] == "conv2d":
            part: Any = torch.nn.Conv2d(channels, layer["filters"], layer["kernel"], padding=layer["padding"])
            channels = layer["filters"]
        else:
            part = torch.nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            part.weight.copy_(weight)
            part.bias.copy_(bias)
        parts.append(part)
        if "activation" in layer:
            parts.append(ACTIVATIONS[layer["activation"]]())
    return parts


class Last(torch.nn.Module):
    """PyTorch's LSTM, which hands on what it says behind the last step."""

    def __init__(self, start: list[torch.Tensor]):
        super().__init__()
        weight_ih, weight_hh, bias = start
        self.lstm: Any = torch.nn.LSTM(weight_ih.shape[1], weight_hh.shape[1], batch_first=True)
        self.lstm.bias_hh_l0.requires_grad_(False)  # beside the first bias it says nothing new
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(weight_ih)
            self.lstm.weight_hh_l0.copy_(weight_hh)
            self.lstm.bias_ih_l0.copy_(bias)
            self.lstm.bias_hh_l0.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.lstm(x)[0][:, -1]


class ChannelsLast(torch.nn.Module):
    """Flatten in the order of the other sides."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)
