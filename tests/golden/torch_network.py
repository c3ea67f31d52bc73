"""A scenario's network in PyTorch: the same rows, with skips, and with dropout's masks put in from outside."""

from __future__ import annotations

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
        self.rows: list[tuple[str, str, Any]] = [
            (row.name, row.kind, scenario.layers[row.index]) for row in layer_names(scenario)
        ]
        widths = [layer.n_in for layer in session.program.layers]
        parts = [
            self._part(kind, spec, n_in, activation) for (_, kind, spec), n_in in zip(self.rows, widths, strict=True)
        ]
        self.parts = torch.nn.ModuleList(parts)

    def _part(self, kind: str, spec: Any, n_in: int, activation: Callable[[Any], torch.nn.Module]) -> torch.nn.Module:
        if kind == "dense":
            return torch.nn.Linear(n_in, spec.units, bias=spec.bias, dtype=self.dtype)
        if kind == "batch_norm":
            return torch.nn.BatchNorm1d(n_in, eps=spec.eps, momentum=spec.momentum, dtype=self.dtype)
        if kind == "layer_norm":
            return torch.nn.LayerNorm(n_in, eps=spec.eps, dtype=self.dtype)
        if kind in ("dropout", "residual"):
            return torch.nn.Identity()  # forward does it: they need more than x
        return activation(spec)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs = {"input": x}
        for (name, kind, spec), part in zip(self.rows, self.parts, strict=True):
            if kind == "dropout" and self.training:
                x = x * self.masks[name]
            elif kind == "residual":
                x = x + outputs[spec.skip]
            else:
                x = part(x)
            outputs[name] = x
        return x

    def statistics(self) -> list[torch.Tensor]:
        """Running statistics, in the order of the program's buffers."""
        return [kept for name, kept in self.named_buffers() if not name.endswith("num_batches_tracked")]
