"""Controls of the runs that explode, and of their cures: (preset, overrides, parts of what must fail with them)."""

ALL = ("",)
STANDS_STILL = ["optimizer.lr=0.0000001"]

CONTROLS_OF_EXPLOSIONS = [
    ("exploding-init", ["layers[0:11].init=he_normal"], ALL),
    ("exploding-init-cured", ["layers[0:11].init=normal"], ALL),
    ("exploding-init-cured", STANDS_STILL, ("mean(accuracy)",)),
    ("exploding-lr", ["optimizer.lr=0.03"], ("count(update_ratio", "count(grad_norm", "not isfinite")),
    ("exploding-lr", STANDS_STILL, ("mean(accuracy)",)),
    ("exploding-clipped", ["clip.norm=1000000"], ("isfinite(loss)", "clip_scale")),
    ("exploding-clipped", STANDS_STILL, ("mean(accuracy)",)),
    ("point-of-no-return", ["optimizer.lr=0.5"], ("loss > 100", "loss@198", "1e25", "not isfinite")),
    ("point-of-no-return", ["optimizer.lr=1.3"], ("min(loss)",)),
]
