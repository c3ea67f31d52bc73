"""Controls of batches and momentum, in the chapter "Optimizers": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

CONTROLS_OF_DESCENT = [
    ("gd", ["data.batch_size=1"], ALL),
    ("gd", ["optimizer.lr=1.05"], ("loss == min(loss)",)),
    ("sgd", ["data.batch_size=full"], ALL),
    ("mini-batch", ["data.batch_size=1"], ALL),
    ("mini-batch", ["data.batch_size=full"], ALL),
    ("batch-lr-scaling", ["data.batch_size=64"], ALL),
    ("batch-lr-scaling", ["optimizer.lr=0.0002"], ALL),
    ("batch-lr-scaling-x16", ["optimizer.lr=0.002"], ALL),
    ("batch-lr-scaling-x16", ["data.batch_size=256", "optimizer.lr=0.128"], ALL),
    ("batch-lr-scaling-x64", ["optimizer.lr=0.09"], ALL),
    ("sgd-escapes", ["data.batch_size=full"], ALL),
    ("sgd-escapes", ["optimizer.lr=1.0"], ALL),
    ("sgd-escapes-stays", ["data.batch_size=1"], ("abs(loss", "abs(weight")),
    ("sgd-escapes-stays", ["optimizer.lr=3.5"], ("grad_norm",)),
    ("momentum", ["optimizer.momentum=0"], ("< 0.000001", "0.9162")),
    ("momentum", ["data.condition=10"], ("> 0.000001", "0.9162")),
    ("momentum-plain", ["optimizer.lr=0.02"], ALL),
    ("momentum-usual", ["optimizer.momentum=0"], ALL),
    ("momentum-rolls-through", ["optimizer.momentum=0"], ALL),
    ("momentum-rolls-through-plain", ["optimizer.momentum=0.9"], ALL),
]
