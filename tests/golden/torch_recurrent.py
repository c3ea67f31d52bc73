"""A scenario's recurrent network in PyTorch: its own kernels for rnn, lstm and gru, with our parameters and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from tui_nn.debugger.session import Session
from tui_nn.scenario.naming import layer_names


class Recurrent(torch.nn.Module):
    """The parameters of one layer, in our order. PyTorch's second biases are 0 where ours has none, and never move."""

    weight: Any
    weight_ih: Any
    weight_hh: Any
    bias: Any
    bias_hh: Any

    def __init__(self, kind: str, spec: Any, shapes: dict[str, tuple[int, ...]], dtype: torch.dtype):
        super().__init__()
        self.kind, self.spec = kind, spec
        for role, shape in shapes.items():
            self.register_parameter(role, torch.nn.Parameter(torch.zeros(shape, dtype=dtype)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "embedding":
            return torch.nn.functional.embedding(x.reshape(len(x), -1).long(), self.weight.T)
        n = self.spec.units
        zeros = torch.zeros(1, len(x), n, dtype=x.dtype)
        second = torch.zeros_like(self.bias)
        if self.kind == "gru":
            second = torch.cat([second[: 2 * n], self.bias_hh])
        weights = [self.weight_ih, self.weight_hh, self.bias, second]
        rest = (True, 1, 0.0, self.training, False, True)  # biases, one layer, no dropout, one way, batch first
        if self.kind == "lstm":
            hidden = torch.lstm(x, (zeros, zeros), weights, *rest)[0]
        else:
            hidden = (torch.gru if self.kind == "gru" else torch.rnn_tanh)(x, zeros, weights, *rest)[0]
        return hidden if self.spec.returns == "sequence" else hidden[:, -1]


class RecurrentNetwork(torch.nn.Module):
    """As TorchNetwork, of networks with recurrent layers."""

    def __init__(self, session: Session, activation: Callable[[Any], torch.nn.Module]):
        super().__init__()
        scenario = session.scenario
        dtype = getattr(torch, scenario.dtype)
        self.masks: dict[str, torch.Tensor] = {}
        rows = layer_names(scenario, session.program.dataset.form)
        self.shapes = [row.shape_in for row in rows]
        parts: list[torch.nn.Module] = []
        for row in rows:
            spec: Any = scenario.layers[row.index]
            if row.kind == "dense":
                parts.append(torch.nn.Linear(row.shape_in[-1], spec.units, dtype=dtype))
            elif row.kind == spec.type:
                parts.append(Recurrent(row.kind, spec, spec.parameter_shapes(row.shape_in), dtype))
            else:
                parts.append(activation(spec))
        self.parts = torch.nn.ModuleList(parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for shape, part in zip(self.shapes, self.parts, strict=True):
            x = part(x.reshape(len(x), *shape))
        return x

    def statistics(self) -> list[torch.Tensor]:
        return []
