"""Controls of the chapter "Networks as functions": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

CONTROLS_OF_FUNCTIONS = [
    ("mlp-as-matrices", ["layers[0].activation=linear"], ("act_mean.dense_2@0", "count(accuracy")),
    ("mlp-as-matrices", ["layers[0].init=ones"], ("act_mean.dense_1@0",)),
]
