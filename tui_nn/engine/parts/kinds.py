"""Every kind of row a network can have."""

from tui_nn.engine.parts.activations import ACTIVATIONS
from tui_nn.engine.parts.kind import Kind
from tui_nn.engine.parts.layers import LAYERS
from tui_nn.engine.parts.recurrence import RECURRENT
from tui_nn.engine.parts.windows import WINDOWS

KINDS: dict[str, Kind] = LAYERS | WINDOWS | RECURRENT | ACTIVATIONS
