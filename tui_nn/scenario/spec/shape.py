"""The shape of what flows through a network, for one sample: (units,), (steps, features) or (height, width, channels).

The last axis is the units (features, channels); at each place of the others stands one vector of them. In memory the
samples come first, and everything is in C order: laying the same numbers out otherwise costs nothing.
"""

from math import prod

Shape = tuple[int, ...]

Box = tuple[tuple[int, int], ...]  # places: the first and the one behind the last along each axis but that of the units

RANKS = {1: "a flat input", 2: "a sequence [steps, features]", 3: "an image [height, width, channels]"}


def positions(shape: Shape) -> int:
    """Places at which a vector of units stands: 1 of a flat layer, steps of a sequence, pixels of an image."""
    return prod(shape[:-1])


def dims(shape: Shape) -> str:
    """As it stands behind the batch in "[32,8,8,16]": "8,8,16"."""
    return ",".join(map(str, shape))


def whole(shape: Shape) -> Box:
    """All places of that shape."""
    return tuple((0, n) for n in shape[:-1])


def hull(first: Box, second: Box) -> Box:
    """The smallest box that both are in."""
    return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(first, second, strict=True))
