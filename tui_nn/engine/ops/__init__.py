"""The kernels, one file a family. Importing this package enters them all in the registry."""

from tui_nn.engine.ops import activations, dense, load, losses, optimizers

__all__ = ["activations", "dense", "load", "losses", "optimizers"]
