"""Controls of the optimizers with a stride for every weight: (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

CONTROLS_OF_ADAPTIVE = [
    ("adagrad", ["optimizer.type=sgd", "optimizer.lr=0.0158"], ("abs(weight.dense_1[0,0] - 0.5)",)),
    ("adagrad", ["data.condition=1"], ("grad.dense_1", "v.dense_1")),
    ("adagrad", ["optimizer.lr=5"], ("abs(weight.dense_1[0,0] - 9.54396)",)),
    ("rmsprop", ["optimizer.rho=0.99"], ("weight.dense_1[0,0] - 1.58114", "update_ratio")),
    ("rmsprop", ["data.condition=1"], ("grad.dense_1",)),
    ("rmsprop", ["optimizer.lr=0.05"], ("abs(weight.dense_1[0,0] - 10)",)),
    ("rmsprop-late-steps", ["schedule.type=cosine"], ("update_ratio.dense_1 > 0.0001", "mean(update_ratio.dense_1)")),
    ("rmsprop-late-steps", ["optimizer.lr=0.001"], ("loss < 1",)),
    ("rmsprop-late-steps-cured", ["schedule.type=constant"], ("weight_norm.dense_1 < 0.000001", "mean(update_ratio")),
    ("rmsprop-late-steps-cured", ["optimizer.lr=0.001"], ("loss < 1",)),
    ("adam-by-hand", ["optimizer.bias_correction=false"], ALL),
    ("adam", ["optimizer.eps=1e-7"], ("6.5 * sqrt", "loss < 0.005")),
    ("adam", ["optimizer.lr=0.002"], ("abs(weight.dense_1[0,1] - 0.001)",)),
    ("adam-adapts", ["optimizer.beta1=0"], ("m.dense_1", "update_ratio")),
    ("adam-adapts", ["data.x=[[1.0, 1.0], [-1.0, 1.0]]"], ("abs(m.dense_1[0,0]) > 0.99",)),
    ("adam-adapts", ["optimizer.lr=0.02"], ("loss@198",)),
    ("adam-lr-one", ["optimizer.lr=0.01"], ALL),
    ("adam-lr-one-cured", ["optimizer.lr=1"], ALL),
    ("epsilon", ["optimizer.eps=1e-8"], ("isnan(weight", "isnan(loss)")),
    ("epsilon", ["data.samples=10"], ("grad.dense_1[0,0] == 0",)),  # other pixels are always 0 among ten
    ("epsilon-cured", ["optimizer.eps=0"], ALL),
    ("optimizer-race", ["optimizer.lr=0.09"], ("abs(weight", "min(loss)")),
    ("optimizer-race", ["optimizer.lr=0.11"], ("max(loss)",)),
    ("optimizer-race-momentum", ["optimizer.momentum=0"], ALL),
    ("optimizer-race-rmsprop", ["optimizer.rho=0.99"], ("update_ratio",)),
    ("optimizer-race-rmsprop", ["optimizer.lr=0.01"], ("min(loss)",)),
    ("optimizer-race-rmsprop", ["optimizer.lr=2"], ("max(loss)",)),
    ("optimizer-race-adagrad", ["optimizer.lr=0.05"], ALL),
    ("optimizer-race-adam", ["optimizer.lr=0.01"], ALL),
]
