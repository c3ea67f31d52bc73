"""Controls of the chapter "Generalisation": (preset, overrides, parts of what must fail with them)."""

ALL = ("",)
STANDS_STILL = ["optimizer.lr=0.00001"]

CONTROLS_OF_GENERALISATION = [
    ("early-stopping", ["stopping.patience=200"], ("count(loss", "mean(loss")),
    ("early-stopping", STANDS_STILL, ("val_loss",)),
    ("l1", ["layers[0:3].l1=0.000000000001"], ("weight.dense_1", "penalty", "mean(loss")),
    ("l1", ["layers[0:3].l1=0.1"], ("val_accuracy",)),
    (
        "l2",
        ["layers[0:3].l2=0.000000000001"],
        ("weight_norm.dense_1", "abs(penalty", "mean(loss", "weight.dense_1[0,0]"),
    ),
    ("l2", ["layers[0:3].l2=0.1"], ("val_accuracy",)),
    ("max-norm", ["layers[0:3].max_norm=3"], ("max(weight_norm", "mean(loss")),
    ("max-norm", ["layers[0:3].max_norm=0.3"], ("weight_norm.dense_3 > 4.74", "val_accuracy")),
    ("overfit", STANDS_STILL, ALL),
    ("overfit", ["layers[0:3].l2=0.001"], ("mean(loss@990", "val_loss > 100")),
    ("train-val-test", STANDS_STILL, ALL),
    ("weight-decay", ["optimizer.weight_decay=0"], ("weight_norm", "mean(loss")),
    ("weight-decay", STANDS_STILL, ("val_accuracy",)),
    ("weight-decay-as-loss", ["layers[0:3].l2=0.000000000001"], ("weight_norm.dense_1 <", "abs(penalty")),
    ("weight-decay-as-loss", STANDS_STILL, ("val_accuracy",)),
    ("weight-decay-adam", ["optimizer.type=adamw"], ALL),
    ("weight-decay-adamw", ["optimizer.type=adam"], ALL),
]
