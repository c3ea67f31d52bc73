"""Controls of the chapter "Networks as functions": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

WITHOUT_BATCH_NORM = ["layers[1].type=dropout", "layers[1].rate=0"]

CONTROLS_OF_FUNCTIONS = [
    ("backprop-by-hand", ["data.y=[2.0]"], ("grad.dense_2", "grad.dense_1", "weight.dense_1")),
    ("backprop-by-hand", ["optimizer.lr=0.0001"], ("loss < 0.000001",)),
    ("computational-graph", WITHOUT_BATCH_NORM, ("abs(grad.dense_1[0])", "weight.dense_1")),
    ("computational-graph", ["optimizer.lr=0.001"], ("accuracy",)),
    ("deep-vs-shallow", ["layers[0:3].activation=linear"], ("accuracy >= 0.99", "accuracy >= 0.95")),
    ("deep-vs-shallow", ["data.turns=0"], ("accuracy < 0.8",)),
    ("deep-vs-shallow-wide", ["data.turns=1"], ALL),
    ("deep-vs-shallow-line", ["optimizer.lr=0.00003"], ("loss < 0.015", "count(loss")),
    ("deep-vs-shallow-line", ["layers[0:3].activation=linear"], ("loss@60",)),
    ("deep-vs-shallow-line-wide", ["optimizer.lr=0.00003"], ALL),
    ("epochs-and-iterations", ["data.batch_size=96"], ("iteration == 1000", "iteration == 2000")),
    ("epochs-and-iterations", ["data.batch_size=full"], ("iteration == 1000", "iteration == 2000", "weight.dense_1")),
    ("head-binary", ["optimizer.lr=0.0001"], ALL),
    ("head-multiclass", ["layers[1].init=normal", "layers[1].init_std=50"], ("max(act_mean",)),
    ("head-multiclass", ["optimizer.lr=0.0001"], ("accuracy", "act_std.softmax_1 > 0.46")),
    ("head-regression", ["layers[1].activation=sigmoid"], ALL),
    ("mlp-as-matrices", ["layers[0].activation=linear"], ("act_mean.dense_2@0", "count(accuracy")),
    ("mlp-as-matrices", ["layers[0].init=ones"], ("act_mean.dense_1@0",)),
    ("one-hot-or-index", ["layers[1].init=xavier_uniform"], ("loss@0", "delta_norm")),
    ("one-hot-or-index", ["optimizer.lr=0.0001"], ("mean(loss)",)),
    ("one-hot-or-index-sparse", ["layers[1].init=xavier_uniform"], ("loss@0", "delta_norm")),
    ("one-hot-or-index-sparse", ["optimizer.lr=0.0001"], ("mean(loss)",)),
    ("representation", ["layers[0:3].init=zeros"], ALL),
    ("representation", ["layers[1:3].activation=linear"], ("accuracy",)),
]
