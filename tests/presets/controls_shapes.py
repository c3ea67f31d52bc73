"""Controls of the presets that look and remember: (preset, overrides, parts of what must fail with them)."""

ALL = ("",)
STANDS_STILL = ["optimizer.lr=0.00001"]
NO_GATE_OPEN = "layers[0].update_bias=0"

CONTROLS_OF_SHAPES = [
    ("cnn-digits", STANDS_STILL, ("val_accuracy > 0.92", "val_accuracy >= 0.955")),
    ("cnn-digits", ["layers[0].kernel=1"], ("val_accuracy > 0.92", "val_accuracy >= 0.955")),
    ("cnn-digits", ["data.validation=0.8887", "data.batch_size=20", "train.epochs=100"], ("gap",)),
    ("cnn-digits-dense", STANDS_STILL, ALL),
    ("cnn-ekg", STANDS_STILL, ("val_accuracy", "epoch_loss")),
    ("cnn-ekg", ["layers[0].kernel=5"], ("val_accuracy", "epoch_loss")),
    ("cnn-ekg", ["layers[3].gain=20"], ("abs(loss",)),
    ("rnn-forgets", ["layers[0].recurrent_gain=1"], ALL),
    ("lstm-remembers", ["layers[0].forget_bias=0"], ALL),
    ("gru-remembers", [NO_GATE_OPEN], ALL),
]
