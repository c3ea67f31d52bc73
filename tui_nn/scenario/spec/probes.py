"""[probes]: what is measured beside the loss."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, WithJsonSchema

from tui_nn.scenario.errors import shown
from tui_nn.scenario.spec.base import MAX_ITERATIONS, Model

Switch = Literal[
    "all",
    "accuracy",
    "grad_norm",
    "delta_norm",
    "weight_norm",
    "update_ratio",
    "act_mean",
    "act_std",
    "act_signal",
    "saturated",
    "dead",
    "penalty",
    "clip_scale",
    "epoch_loss",
    "gap",
]
PROBES = tuple(name for name in get_args(Switch) if name != "all")
CURVATURE = ("sharpness", "lr_limit")
SHARPNESS_PARAMETERS = 200_000  # its vectors then take 28 MB
SHARPNESS_VALUES = 4_000_000  # 16 MB in float32, 32 in float64


def _schedule(value: Any) -> int | str:
    if value in ("auto", "off"):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_ITERATIONS:
        return value
    raise ValueError(
        f'got {shown(value)}; sharpness must be "auto", "off", or a number of iterations from 1 on, like 100'
    )


class Probes(Model):
    """Measurements, all on unless switched off, except sharpness. None of them feeds back into training."""

    off: Annotated[tuple[Switch, ...], Field(strict=False, max_length=20)] = ()
    """Metrics to leave out, for all layers; "all" leaves only the losses and lr."""
    sharpness: Annotated[
        int | Literal["auto", "off"],
        PlainValidator(_schedule),
        WithJsonSchema(
            {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_ITERATIONS}, {"enum": ["auto", "off"]}]}
        ),
    ] = "off"
    """When to measure sharpness and lr_limit: every so many iterations, or "auto": as often as costs little."""

    def has(self, metric: str) -> bool:
        """Is a metric like "grad_norm.dense_1" measured, as far as switches go?"""
        family = metric.split(".")[0].removeprefix("val_").removeprefix("test_")
        if family in CURVATURE:
            return self.sharpness != "off" and "all" not in self.off
        return family not in PROBES or not ({family, "all"} & set(self.off))
