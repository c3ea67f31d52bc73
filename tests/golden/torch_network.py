"""A scenario's network in PyTorch: the same rows, with skips, and with dropout's masks put in from outside.

Outputs keep our order of axes, channels last; what PyTorch wants first is turned there and back around its modules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tui_nn.debugger.session import Session
from tui_nn.scenario.naming import layer_names


class TorchNetwork(torch.nn.Module):
    """`masks` has the mask of every dropout row, (rows, units), for the next forward pass in training."""

    def __init__(self, session: Session, activation: Callable[[Any], torch.nn.Module]):
        super().__init__()
        scenario = session.scenario
        self.dtype = getattr(torch, scenario.dtype)
        self.masks: dict[str, torch.Tensor] = {}
        self.rows: list[tuple[str, str, Any, tuple[int, ...]]] = [
            (row.name, row.kind, scenario.layers[row.index], row.shape_in)
            for row in layer_names(scenario, session.program.dataset.form)
        ]
        parts = [self._part(kind, spec, shape, activation) for _, kind, spec, shape in self.rows]
        self.parts = torch.nn.ModuleList(parts)

    def _part(
        self, kind: str, spec: Any, shape: tuple[int, ...], activation: Callable[[Any], torch.nn.Module]
    ) -> torch.nn.Module:
        n_in = shape[-1]
        if kind == "dense":
            return torch.nn.Linear(n_in, spec.units, bias=spec.bias, dtype=self.dtype)
        if kind == "batch_norm":
            return ChannelsFirst(
                torch.nn.BatchNorm1d(n_in, eps=spec.eps, momentum=spec.momentum, dtype=self.dtype), is_flat=True
            )
        if kind in ("conv1d", "conv2d"):
            convolution = torch.nn.Conv1d if kind == "conv1d" else torch.nn.Conv2d
            window = spec.window(shape)
            module = convolution(n_in, spec.filters, window, spec.stride, bias=spec.bias, dtype=self.dtype)  # pyright: ignore
            return ChannelsFirst(module, edges(spec, shape))
        if kind in ("max_pool", "avg_pool"):
            return ChannelsFirst(
                Pool(kind, spec, len(shape) - 1), edges(spec, shape), -torch.inf if kind == "max_pool" else 0.0
            )
        if kind == "layer_norm":
            return torch.nn.LayerNorm(n_in, eps=spec.eps, dtype=self.dtype)
        if kind in ("dropout", "residual", "global_avg_pool"):
            return torch.nn.Identity()  # forward does it: they need more than x
        return activation(spec)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = {"input": x}
        for (name, kind, spec, shape), part in zip(self.rows, self.parts, strict=True):
            x = x.reshape(len(x), *shape)  # what a flatten in between does
            if kind == "dropout" and self.training:
                x = x * self.masks[name].reshape(x.shape)
            elif kind == "residual":
                x = x + outputs[spec.skip]
            elif kind == "global_avg_pool":
                x = x.flatten(1, -2).mean(dim=1)
            else:
                x = part(x)
            outputs[name] = x
        return x

    def statistics(self) -> list[torch.Tensor]:
        """Running statistics, in the order of the program's buffers."""
        return [kept for name, kept in self.named_buffers() if not name.endswith("num_batches_tracked")]


def edges(spec: Any, shape: tuple[int, ...]) -> list[int]:
    """Cells over the edges as F.pad takes them: the last axis first, before and behind. TensorFlow's rule for "same"."""
    cells = []
    for n, window in zip(shape[:-1], spec.window(shape), strict=True):
        missing = max(0, (math.ceil(n / spec.step()) - 1) * spec.step() + window - n) if spec.padding == "same" else 0
        cells = [missing // 2, missing - missing // 2, *cells]
    return cells


class ChannelsFirst(torch.nn.Module):
    """A module of PyTorch's on (rows, channels, *places), for x of (rows, *places, channels)."""

    def __init__(
        self, module: torch.nn.Module, cells: list[int] | None = None, fill: float = 0.0, is_flat: bool = False
    ):
        super().__init__()
        self.module, self.cells, self.fill, self.is_flat = module, cells, fill, is_flat

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.is_flat:
            return self.module(x.reshape(-1, x.shape[-1])).reshape(x.shape)
        x = x.movedim(-1, 1)
        if not self.cells or not any(self.cells):
            return self.module(x).movedim(1, -1)
        out = self.module(torch.nn.functional.pad(x, self.cells, value=self.fill))
        if isinstance(self.module, Pool) and self.module.kind == "avg_pool":
            out = out / self.module(torch.nn.functional.pad(torch.ones_like(x), self.cells))
        return out.movedim(1, -1)


class Pool(torch.nn.Module):
    """Of an input with its cells over the edge. (Those of a mean do not count: ChannelsFirst divides by the share that does.)"""

    def __init__(self, kind: str, spec: Any, axes: int):
        super().__init__()
        functions = torch.nn.functional
        names = {
            "max_pool": (functions.max_pool1d, functions.max_pool2d),
            "avg_pool": (functions.avg_pool1d, functions.avg_pool2d),
        }
        self.pool, self.spec, self.kind = names[kind][axes - 1], spec, kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x, self.spec.size, self.spec.step())
