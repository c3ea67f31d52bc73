"""The sources of samples, one file a family. A new family is one file here and its line below."""

from tui_nn.data.sources import blobs, digits, ekg, gates, lines, planar, points, ravine, sequences, tables

__all__ = ["blobs", "digits", "ekg", "gates", "lines", "planar", "points", "ravine", "sequences", "tables"]
