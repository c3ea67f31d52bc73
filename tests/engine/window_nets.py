"""Networks of convolution and pooling, for the tests of one iteration and of whole runs."""

from __future__ import annotations

from typing import Any

from tests.engine.make import make_session
from tui_nn.debugger.session import Session

HIDDEN = ("conv1d", "conv2d", "batch_norm")  # what the activation stands behind
FLATTEN, GLOBAL = {"type": "flatten"}, {"type": "global_avg_pool"}

# name -> (form of a sample, layers but for the last). Widths around the blocks of 8 and 16 outputs and of 6 places,
# windows of even and unequal sides, strides that leave a rest, and inputs that some windows never reach.
WINDOW_NETS: dict[str, tuple[tuple[int, ...], list[dict[str, Any]]]] = {
    "conv2d-valid": (
        (7, 6, 2),
        [
            {"type": "conv2d", "filters": 3, "kernel": [3, 2]},
            {"type": "conv2d", "filters": 9, "kernel": 2, "stride": 2},
            FLATTEN,
        ],
    ),
    "conv2d-same": (
        (5, 4, 1),
        [
            {"type": "conv2d", "filters": 4, "kernel": 3, "padding": "same"},
            {"type": "conv2d", "filters": 17, "kernel": [4, 3], "stride": 2, "padding": "same"},
            FLATTEN,
        ],
    ),
    "conv2d-channels": (
        (4, 4, 3),
        [
            {"type": "conv2d", "filters": 5, "kernel": 1},
            {"type": "conv2d", "filters": 5, "kernel": 3, "padding": "same", "bias": False},
            {"type": "batch_norm", "eps": 0.1},  # a small one makes corners so sharp that differences of 6e-6 see them
            {"type": "dropout", "rate": 0.3},
            {"type": "conv2d", "filters": 5, "kernel": 2, "padding": "same"},
            {"type": "residual", "skip": "batch_norm_1"},
            {"type": "layer_norm", "eps": 0.1},
            GLOBAL,
        ],
    ),
    "conv1d": (
        (11, 2),
        [
            {"type": "conv1d", "filters": 6, "kernel": 4, "stride": 3, "padding": "same"},
            {"type": "conv1d", "filters": 3, "kernel": 2},
            FLATTEN,
        ],
    ),
    "conv1d-pools": (
        (13, 1),
        [
            {"type": "conv1d", "filters": 9, "kernel": 3},
            {"type": "max_pool"},
            {"type": "conv1d", "filters": 4, "kernel": 1, "stride": 2},
            {"type": "avg_pool", "size": 2, "stride": 1, "padding": "same"},
            FLATTEN,
        ],
    ),
    "pools": (
        (9, 8, 1),
        [
            {"type": "conv2d", "filters": 4, "kernel": 2},
            {"type": "max_pool", "size": 3, "stride": 2, "padding": "same"},
            {"type": "avg_pool", "size": 2, "stride": 1, "padding": "same"},
            {"type": "max_pool", "size": 2, "stride": 1},
            GLOBAL,
        ],
    ),
}

# Every kernel once, on so few numbers that plain Python gets through it.
TINY = (
    (4, 4, 1),
    [
        {"type": "conv2d", "filters": 3, "kernel": 2, "padding": "same"},
        {"type": "max_pool", "size": 3, "stride": 1},
        {"type": "conv2d", "filters": 2, "kernel": 3, "stride": 2, "padding": "same"},
        {"type": "avg_pool", "size": 2, "stride": 1, "padding": "same"},
        GLOBAL,
    ],
)


def window_session(family: str, hidden: str = "tanh", loss: Any = "mse", n_out: int = 3, **settings: Any) -> Session:
    """The activation stands behind every convolution with a bias and every batch norm."""
    form, layers = TINY if family == "tiny" else WINDOW_NETS[family]
    with_hidden = [
        {**layer, "activation": hidden} if layer["type"] in HIDDEN and layer.get("bias", True) else layer
        for layer in layers
    ]
    usual: dict[str, Any] = {"n": 10, "n_val": 4, "batch_size": 4, "form": form}
    return make_session([*with_hidden, (n_out, "linear")], loss, **usual | settings)
