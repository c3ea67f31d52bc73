"""Activations: formulas for the listing, and their own numbers. Their kernels are in engine/ops."""

from tui_nn.engine.parts.kind import Kind, a_value_each

SATURATED = 0.05  # of its slope at 0: a unit whose mean slope over the batch is less


def _smooth(forward: str, backward: str, **more) -> Kind:
    """One whose forward row leaves its slopes for its backward row."""
    return Kind(forward, backward, scratch=a_value_each, is_activation=True, **more)


def _leaky_relu(spec) -> tuple[str, str]:
    slope = f"{spec.negative_slope:g}"
    return f"a = max(z, {slope} z)", f"δz = δa where z > 0, else {slope} δa"


def _elu(spec) -> tuple[str, str]:
    alpha = "" if spec.alpha == 1.0 else f"{spec.alpha:g} "
    return f"a = z where z > 0, else {alpha}(e^z - 1)", f"δz = δa where z > 0, else {alpha}δa e^z"


def _gelu(spec) -> tuple[str, str]:
    if spec.approximate == "none":
        return "a = z Φ(z)", "δz = δa · (Φ(z) + z φ(z))"
    return "a = z (1 + tanh u) / 2,  u = √(2/π) (z + 0.0447 z³)", "δz = δa · (1 + tanh u + z u' (1 - tanh² u)) / 2"


ACTIVATIONS = {
    "sigmoid": Kind(
        "a = 1 / (1 + e^-z)", "δz = δa · a(1 - a)", is_activation=True, slope=lambda units: (0.0, 1.0, 0.25)
    ),
    "tanh": Kind("a = tanh z", "δz = δa · (1 - a²)", is_activation=True, slope=lambda units: (1.0, 0.0, 1.0)),
    "relu": Kind("a = max(z, 0)", "δz = δa where z > 0", is_activation=True, can_die=True),
    "softmax": Kind(
        "a = e^z / Σ e^z",
        "δz = a (δa - Σ a δa)",
        is_activation=True,
        slope=lambda units: (0.0, 1.0, (units - 1) / units**2),
    ),
    "step": Kind(
        "a = 1 where z > 0, else 0",
        "δz = δa, straight through: the perceptron rule (the true slope is 0)",
        is_activation=True,
        has_slope=False,
    ),
    "leaky_relu": Kind(
        "a = max(z, s z)",
        "δz = δa where z > 0, else s δa",
        settings=lambda spec: (spec.negative_slope,),
        formulas=_leaky_relu,
        is_activation=True,
        can_die=True,
    ),
    "elu": _smooth(
        "a = z where z > 0, else α (e^z - 1)",
        "δz = δa where z > 0, else α δa e^z",
        settings=lambda spec: (spec.alpha,),
        formulas=_elu,
    ),
    "selu": _smooth(
        "a = 1.0507 (z where z > 0, else 1.6733 (e^z - 1))", "δz = 1.0507 (δa where z > 0, else 1.6733 δa e^z)"
    ),
    "gelu": _smooth(
        "a = z Φ(z)",
        "δz = δa · (Φ(z) + z φ(z))",
        settings=lambda spec: (float(spec.approximate == "tanh"),),
        formulas=_gelu,
    ),
    "softplus": _smooth("a = log(1 + e^z)", "δz = δa · 1 / (1 + e^-z)"),
    "swish": _smooth("a = z σ(z),  σ(z) = 1 / (1 + e^-z)", "δz = δa · σ(z) (1 + z σ(-z))"),
}
