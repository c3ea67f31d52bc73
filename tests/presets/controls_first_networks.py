"""Controls of the chapter "The networks people write first": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)

# Over 0.1 s a run: their own seed is enough outside the full run.
SLOW_FIRST_NETWORKS = {
    "classifier-32-64-256-5",
    "classifier-32-64-256-5-adam",
    "digits-25-15-10",
    "digits-300",
    "digits-bottleneck",
    "digits-dropout",
    "digits-l2",
}

WITHOUT_DROPOUT = ["layers[1].rate=0", "layers[3].rate=0"]

CONTROLS_OF_FIRST_NETWORKS = [
    ("classifier-32-64-256-5", ["layers[0:2].gain=4"], ("act_signal", "abs(val_loss", "val_loss > 1.5")),
    ("classifier-32-64-256-5", ["layers[2].gain=10"], ("grad_norm.dense_1",)),
    ("classifier-32-64-256-5-adam", ["optimizer.type=sgd"], ALL),
    ("digits-25-15-10", ["layers[2].init=normal"], ("abs(loss - 2.3026)",)),
    (
        "digits-25-15-10",
        ["layers[0:2].gain=4", "optimizer.lr=0.01"],
        ("act_signal.sigmoid_2 < 0.05", "val_accuracy < 0.25"),
    ),
    ("digits-25-15-10", ["optimizer.type=sgd"], ("val_accuracy >= 0.93",)),
    ("digits-300", ["data.validation=0.2"], ("val_loss - loss",)),
    ("digits-300", ["optimizer.lr=0.0001"], ("count(loss", "val_loss > 1.005")),
    ("digits-bottleneck", ["layers[2].units=20"], ("val_accuracy < 0.9", "val_accuracy < 0.96")),
    ("digits-bottleneck", ["optimizer.lr=0.1"], ("val_accuracy > 0.2",)),
    ("digits-dropout", WITHOUT_DROPOUT, ("act_mean", "count(loss")),
    ("digits-dropout", ["layers[1].rate=0.9", "layers[3].rate=0.9"], ("val_accuracy",)),
    ("digits-l2", ["layers[0:3].l2=0.00001"], ("abs(penalty", "weight_norm", "min(loss)")),
    ("digits-l2", ["layers[0:3].l2=0.1"], ("val_accuracy",)),
]
