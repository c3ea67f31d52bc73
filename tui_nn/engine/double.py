"""Float64 numbers inside the memory of a float32 run: where sums over a batch are taken, so that they lose nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tui_nn.engine import intrinsics, lowlevel, plain

WIDTH = 2  # elements of memory kept for one; a float64 run needs only the first


@intrinsic
def _doubles(typing_context, pointer, offset, n):
    result = types.Array(types.float64, 1, "C")

    def generate(context, builder, signature, args):
        start = builder.bitcast(builder.gep(args[0], [args[1]]), ir.DoubleType().as_pointer())
        return intrinsics._view(context, builder, signature.return_type, start, [args[2]])

    return result(pointer, types.intp, types.intp), generate


def _plain_doubles(pointer, offset, n):
    size = n * 8 // pointer.itemsize
    plain.check(pointer, offset, size)
    return pointer[offset : offset + size].view(np.float64)


# doubles(mem, offset, n): a (n,) float64 array on the WIDTH * n elements of mem from `offset`, an even number, on.
doubles: Any = _doubles if lowlevel.IS_JIT else _plain_doubles
