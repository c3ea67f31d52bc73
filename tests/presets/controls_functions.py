"""Controls of the chapter "Networks as functions": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

CONTROLS_OF_FUNCTIONS = [
    ("epochs-and-iterations", ["data.batch_size=96"], ("iteration == 1000", "iteration == 2000")),
    ("epochs-and-iterations", ["data.batch_size=full"], ("iteration == 1000", "iteration == 2000", "weight.dense_1")),
    ("mlp-as-matrices", ["layers[0].activation=linear"], ("act_mean.dense_2@0", "count(accuracy")),
    ("mlp-as-matrices", ["layers[0].init=ones"], ("act_mean.dense_1@0",)),
]
