"""Layers: formulas for the listing, settings and scratch memory. Their kernels are in engine/ops."""

from tui_nn.engine.parts.kind import Kind, a_value_each

LAYERS = {
    "dense": Kind("z = x Wᵀ + b", "∂W = δᵀ x, ∂b = Σ δ, δx = δ W"),
    "dropout": Kind(
        "a = x · mask / (1 - p)",
        "δx = δ · mask / (1 - p)",
        settings=lambda spec: (spec.rate,),
        scratch=a_value_each,  # the mask
        evaluation="skip",
    ),
    "batch_norm": Kind(
        "x̂ = (x - mean) / √(var + ε) over the batch;  y = γ x̂ + β",
        "∂γ = Σ δ x̂, ∂β = Σ δ, δx = γ (δ - mean δ - x̂ mean δx̂) / √(var + ε)",
        settings=lambda spec: (spec.momentum, spec.eps),
        scratch=lambda rows, place: 8 * place.units + rows * place.values,  # four float64 for each unit, then x̂
        evaluation="own",
        evaluate="y = γ (x - running_mean) / √(running_var + ε) + β",
        first_values={"weight": 1.0, "running_var": 1.0},
    ),
    "layer_norm": Kind(
        "x̂ = (x - mean) / √(var + ε) over the units;  y = γ x̂ + β",
        "∂γ = Σ δ x̂, ∂β = Σ δ, δx = (γδ - mean γδ - x̂ mean γδx̂) / √(var + ε)",
        settings=lambda spec: (spec.eps,),
        scratch=lambda rows, place: (
            4 * place.units + rows * place.positions * (place.units + 1)
        ),  # two float64 for each unit, x̂, 1 / deviation
        evaluation="own",
        first_values={"weight": 1.0},
    ),
    "residual": Kind("y = x + skip", "δx = δ"),
}
