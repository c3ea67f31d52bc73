"""The scenario file as frozen pydantic models: what a run is, before anything is loaded or compiled.

The tables stand in spec/, one file a family. Field descriptions are the hover help of editors that read the JSON Schema.
What one field can say about itself is checked there; what needs two fields or the data is in check.py.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from tui_nn.scenario.spec.base import MAX_BESIDE, MAX_LAYERS, MAX_SEED, NO_TEXT, EitherText, Line, Model, Reference
from tui_nn.scenario.spec.data import Data
from tui_nn.scenario.spec.layers import Layer
from tui_nn.scenario.spec.losses import Loss
from tui_nn.scenario.spec.optimizers import Optimizer
from tui_nn.scenario.spec.playback import Expectation, ScriptLine
from tui_nn.scenario.spec.probes import Probes
from tui_nn.scenario.spec.regularizers import Clip
from tui_nn.scenario.spec.schedules import Schedule, Stopping
from tui_nn.scenario.spec.training import Train


class Scenario(Model):
    """A whole training run: data, network, loss, optimizer, and what is to be seen in it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    """Short name in small letters, digits and hyphens, like "xor-mlp"."""
    title: Annotated[Line, Field(min_length=1)]
    """Name as shown in the gallery."""
    extends: Reference | None = None
    """A preset, or a file in the same folder, whose data, layers, training and seed hold where this file says nothing."""
    change: dict[str, Any] = {}
    """With extends: single settings of that scenario, like "layers[0].init" = "he_normal" or "optimizer.lr" = 0.1."""
    twin: Reference | None = None
    """A preset, or a file in the same folder, that the debugger opens beside this one, step for step."""
    beside: Annotated[tuple[Reference, ...], Field(strict=False, min_length=1, max_length=MAX_BESIDE)] | None = None
    """Several such presets or files, one to five, that are opened beside this one, all moved together."""
    summary: EitherText = NO_TEXT
    """What it teaches, in one sentence."""
    tags: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(strict=False, max_length=20)] = ()
    """Words to find it by."""
    order: int = 1000
    """Place in the gallery; small numbers first."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Decides everything random: data, split, initial weights, shuffles."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the training arithmetic."""
    data: Data
    """What is learnt."""
    layers: Annotated[tuple[Layer, ...], Field(strict=False, min_length=1, max_length=MAX_LAYERS)]
    """The network, from input to output."""
    loss: Loss
    """What training makes small."""
    optimizer: Optimizer
    """How the parameters are updated."""
    schedule: Schedule | None = None
    """How the learning rate changes over time; constant if left out."""
    clip: Clip | None = None
    """Bounds on the gradients."""
    train: Train
    """The planned length of the run."""
    stopping: Stopping | None = None
    """When the run ends before its plan."""
    probes: Probes = Probes()
    """What is measured beside the loss."""
    lesson: EitherText = NO_TEXT
    """The text beside the run."""
    script: Annotated[tuple[ScriptLine, ...], Field(strict=False, max_length=500)] = ()
    """Playback, line by line."""
    expect: Annotated[tuple[Expectation, ...], Field(strict=False, max_length=200)] = ()
    """What the headless test checks."""

    _remarks: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What loading did beyond the file, for a person to read."""
        return self._remarks

    @property
    def companions(self) -> tuple[str, ...]:
        """What is opened beside it: the twin first, each once."""
        return tuple(dict.fromkeys([*([self.twin] if self.twin else []), *(self.beside or ())]))

    def with_remark(self, remark: str) -> "Scenario":
        scenario = self.model_copy()
        scenario._remarks = (*self._remarks, remark)
        return scenario
