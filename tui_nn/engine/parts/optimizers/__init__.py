"""Optimizers: slots, formulas, the settings and tables their kernels read, and the effective step in NumPy."""

from __future__ import annotations

from tui_nn.engine.parts.optimizers import steps, tables
from tui_nn.engine.parts.optimizers.part import OptimizerPart

ADAM_SLOTS = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
ADAM = "m, v moving means of g, g²;  θ -= lr · m̂ / (√v̂ + ε)"


def _momentum_kernel(spec) -> str:
    return "nesterov" if spec.nesterov else "momentum"


def _adam_kernel(spec) -> str:
    """The fast kernel where every option has its usual value."""
    is_plain = spec.bias_correction and not spec.eps_inside_root and "max_exp_avg_sq" not in spec.slots
    return "adam" if is_plain else "adam_general"


OPTIMIZERS = {
    "sgd": OptimizerPart((), "θ -= lr · g", steps.sgd),
    "momentum": OptimizerPart(("momentum_buffer",), "b = μ b + g;  θ -= lr · b", steps.momentum, _momentum_kernel),
    "nesterov": OptimizerPart(("momentum_buffer",), "b = μ b + g;  θ -= lr (g + μ b)", steps.nesterov),
    "adagrad": OptimizerPart(("sum",), "s += g²;  θ -= lr · g / (√s + ε)", steps.adagrad),
    "adadelta": OptimizerPart(
        ("square_avg", "acc_delta"), "v, d moving means of g², Δ²;  Δ = g √(d + ε) / √(v + ε);  θ -= lr Δ", steps.adadelta
    ),
    "rmsprop": OptimizerPart(
        ("square_avg", "grad_avg", "momentum_buffer"), "v moving mean of g²;  θ -= lr · g / (√v + ε)", steps.rmsprop
    ),
    "adam": OptimizerPart(ADAM_SLOTS, ADAM, steps.adam, _adam_kernel, tables.adam),
    "amsgrad": OptimizerPart(
        ADAM_SLOTS, "v* = max(v*, v);  θ -= lr · m̂ / (√v̂* + ε)", steps.adam, _adam_kernel, tables.adam
    ),
    "adamw": OptimizerPart(ADAM_SLOTS, ADAM, steps.adam, _adam_kernel, tables.adam),
    "adamax": OptimizerPart(
        ("exp_avg", "exp_inf"), "u = max(β2 u, |g| + ε);  θ -= lr · m̂ / u", steps.adamax, table=tables.adam
    ),
    "nadam": OptimizerPart(
        ("exp_avg", "exp_avg_sq"), "θ -= lr · (μ' m̂ + (1 - μ) ĝ) / (√v̂ + ε)", steps.nadam, table=tables.nadam
    ),
    "radam": OptimizerPart(
        ("exp_avg", "exp_avg_sq"), "θ -= lr · m̂ r √(1 - β2ᵗ) / (√v + ε);  early: lr · m̂", steps.radam, table=tables.radam
    ),
    "lion": OptimizerPart(("exp_avg",), "θ -= lr · sign(β1 m + (1 - β1) g)", steps.lion),
    "muon": OptimizerPart(
        ("momentum_buffer", "orthogonal"), "b = μ b + (1 - μ) g;  θ -= lr · √max(1, out/in) · orthogonal(b)",
        steps.muon, table=tables.adam, vector_slots=("exp_avg", "exp_avg_sq"), vector_kernel="muon_vector",
        vector_formula=ADAM, places=tables.MUON_PLACES,
    ),
}  # fmt: skip

__all__ = ["OPTIMIZERS", "OptimizerPart"]
