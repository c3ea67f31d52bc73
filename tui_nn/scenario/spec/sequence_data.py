"""Sources whose samples are read in time, step after step: signals, and tasks that ask what was seen earlier."""

from typing import Annotated, Literal

from pydantic import Field

from tui_nn.scenario.spec.data_common import DataSpec, Noise, Samples

MAX_STEPS = 1_000

Steps = Annotated[int, Field(ge=2, le=MAX_STEPS)]
Spread = Annotated[float, Field(ge=0.0, le=1.0)]


class EkgData(DataSpec):
    """Made-up EKG signals, healthy (0) or sick (1): five waves a beat, P, Q, R, S and T. An R wave is 1 high.

    Where in a beat the signal begins is random, so no single time step tells the two apart.
    """

    source: Literal["ekg"]
    """Where the samples come from."""
    samples: Samples = 400
    """How many signals, every other one sick."""
    length: Annotated[int, Field(ge=16, le=MAX_STEPS)] = 100
    """Time steps of a signal."""
    beats: Annotated[float, Field(ge=0.5, le=20.0)] = 2.0
    """Heart beats that fit into a signal, on average."""
    sickness: Literal["st_elevation", "t_inversion", "fibrillation"] = "st_elevation"
    """What is wrong with the sick: raised between S and T, T upside down, or no P and irregular beats."""
    severity: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """How far the sickness has gone: 1 for all of it."""
    rate_spread: Spread = 0.1
    """Standard deviation of the heart rate among signals, as a share of its mean."""
    gain_spread: Spread = 0.1
    """Standard deviation of the signals' size, as a share of its mean."""
    wander: Noise = 0.1
    """Standard deviation of the slow wave on which a signal floats: the breath, a loose electrode."""
    noise: Noise = 0.05
    """Standard deviation of the normal noise added to every time step."""


Encoding = Literal["one_hot", "index"]


class RecallData(DataSpec):
    """Delayed recall: a token is shown at the first time step, and asked for at the last, when the cue comes.

    One input for each token (1 while it is shown) and one for the cue. Two tokens are a yes-or-no task, more are classes.
    """

    source: Literal["recall"]
    """Where the samples come from."""
    samples: Samples = 400
    """How many sequences, evenly shared by the tokens."""
    classes: Annotated[int, Field(ge=2, le=20)] = 4
    """How many tokens there are; 2 takes binary_cross_entropy and one output, more take a softmax loss and one output each."""
    delay: Annotated[int, Field(ge=0, le=MAX_STEPS - 2)] = 18
    """Time steps between the token and the cue: a sequence has delay + 2."""
    noise: Noise = 0.0
    """Standard deviation of the normal noise on the tokens' inputs during the delay."""
    encoding: Encoding = "one_hot"
    """An input for each token; or "index", one number a step for an embedding: blank comes behind the tokens, the cue behind blank."""


class AddingData(DataSpec):
    """The adding problem: at every time step a number from 0 to 1 and a marker; the answer is the sum of the two marked.

    One marker is in the first half, one in the second. Who always says 1 has a mean squared error of 1/6.
    """

    source: Literal["adding"]
    """Where the samples come from."""
    samples: Samples = 1_000
    """How many sequences."""
    steps: Steps = 20
    """Time steps of a sequence."""


class EchoData(DataSpec):
    """Echo: a random token at every time step; the answer at every step is the token some steps before.

    The first steps have nothing to repeat: their answer is blank, class 0. Token k is class k + 1.
    """

    source: Literal["echo"]
    """Where the samples come from."""
    samples: Samples = 400
    """How many sequences."""
    steps: Steps = 12
    """Time steps of a sequence."""
    classes: Annotated[int, Field(ge=2, le=20)] = 3
    """How many tokens there are; the network has one output more, for blank."""
    delay: Annotated[int, Field(ge=0, le=MAX_STEPS - 1)] = 3
    """How many steps later a token is to be repeated; 0 for at once."""
    encoding: Encoding = "one_hot"
    """An input for each token; or "index", one number a step, from 0 on, for an embedding."""
