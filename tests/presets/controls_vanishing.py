"""Controls of the vanishing gradient's presets: (preset, overrides, parts of what must fail with them)."""

ALL = ("",)


def passed_on(*layers: int) -> list[str]:
    """Overrides that put dropout of rate 0 in place of these layers: it passes everything on, unchanged."""
    return [f"layers[{index}].{change}" for index in layers for change in ("type=dropout", "rate=0")]


CONTROLS_OF_VANISHING = [
    ("vanishing-cured-batchnorm", passed_on(*range(1, 20, 2)), ALL),
    ("vanishing-cured-residual", passed_on(*range(2, 200, 2)), ALL),
    ("vanishing-deep", ["layers[0:100].init=orthogonal"], ALL),
    ("vanishing-tanh", ["layers[0:10].init_std=0.4"], ALL),
    ("vanishing-tanh-cured", ["layers[0:10].init=normal", "layers[0:10].init_std=0.1"], ALL),
]
