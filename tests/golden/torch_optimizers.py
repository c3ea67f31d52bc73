"""PyTorch's optimizers from a scenario's table. Needs torch==2.13.0."""

from __future__ import annotations

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

SAME = ("lr", "eps", "weight_decay", "momentum", "dampening", "nesterov", "rho", "lr_decay", "initial_accumulator_value",
        "centered", "momentum_decay", "decoupled_weight_decay", "amsgrad", "ns_steps")  # fmt: skip
CLASSES = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "amsgrad": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
}


def torch_optimizer(spec: Any, parameters: list[Any]) -> Any:
    """Errors: NotImplementedError for what PyTorch does not have: Lion, eps inside the root, no bias correction."""
    table = spec.model_dump()
    kind = table["type"]
    if table.get("eps_inside_root") or not table.get("bias_correction", True):
        raise NotImplementedError(f"PyTorch's {kind} has no such option")
    if kind == "muon":
        return MuonWithAdam(table, parameters)
    if kind not in CLASSES:
        raise NotImplementedError(f"PyTorch has no {kind}")
    settings = {key: table[key] for key in SAME if key in table}
    if "beta1" in table:
        settings["betas"] = table["beta1"], table["beta2"]
    if kind == "rmsprop":
        settings["alpha"] = settings.pop("rho")
    if kind == "nesterov":
        settings["nesterov"] = True
    if kind == "amsgrad":
        settings["amsgrad"] = True
    return CLASSES[kind](parameters, **settings)


class MuonWithAdam:
    """torch.optim.Muon for the matrices, Adam for the rest, as its documentation advises.

    Its Muon takes matrices alone; the weights of a convolution are given to it as one, a row for each filter.
    """

    def __init__(self, table: dict[str, Any], parameters: list[Any]):
        scale = "match_rms_adamw" if table["match_rms_adamw"] else "original"
        own = {key: table[key] for key in ("lr", "weight_decay", "momentum", "nesterov", "eps", "ns_steps")}
        betas = table["adam_beta1"], table["adam_beta2"]
        self.flat = {p: torch.nn.Parameter(p.detach().flatten(1)) for p in parameters if p.ndim >= 2}  # the same memory
        self.optimizers = [
            torch.optim.Muon(list(self.flat.values()), adjust_lr_fn=scale, **own),
            torch.optim.Adam(
                [p for p in parameters if p.ndim < 2], lr=table["adam_lr"], betas=betas, eps=table["adam_eps"]
            ),
        ]

    @property
    def state(self) -> dict[Any, Any]:
        muon, adam = (optimizer.state for optimizer in self.optimizers)
        found = {p: adam.get(p, {}) for group in self.optimizers[1].param_groups for p in group["params"]}
        for p, flat in self.flat.items():
            found[p] = {name: kept.reshape(p.shape) for name, kept in muon.get(flat, {}).items()}
        return found

    def zero_grad(self) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        for p in self.flat:
            p.grad = None

    def step(self) -> None:
        for p, flat in self.flat.items():
            flat.grad = p.grad.flatten(1)
        for optimizer in self.optimizers:
            optimizer.step()


def exact_newton_schulz(grad: Any, coefficients: Any, steps: int, eps: float) -> Any:
    """What torch.optim._muon computes in bfloat16, in the matrix's own precision."""
    a, b, c = coefficients
    x = grad.T if grad.size(0) > grad.size(1) else grad
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if grad.size(0) > grad.size(1) else x
