"""What is known of each part besides its kernels: formulas for the listing, slots, settings, what it needs of memory.

No Numba here: a program can be compiled and shown before the machine is loaded. One file a family; a new part is an
entry here, a kernel of the same name in engine/ops, and a table in scenario/spec.
"""

from tui_nn.engine.parts.kinds import KINDS, Kind
from tui_nn.engine.parts.losses import LOSSES, LossPart, loss_part
from tui_nn.engine.parts.optimizers import OPTIMIZERS, OptimizerPart

__all__ = ["KINDS", "LOSSES", "OPTIMIZERS", "Kind", "LossPart", "OptimizerPart", "loss_part"]
