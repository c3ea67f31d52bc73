"""Lanes among each other: turned, repeated, added up eight at a time, written crosswise, and questions about all of them.

These shuffle whole vectors of eight, whatever the registers are: LLVM splits them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tui_nn.engine.lanes import INT32, Lanes, address_of, call_llvm, join, mask_of, registers_of, spread_number
from tui_nn.engine.plain import LANES


def picked(builder, x, y, lanes: list[int]) -> Any:
    """Lanes of two vectors: those of y count from the length of x on."""
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes))


def whole_of(builder, value) -> Any:
    """All lanes as one vector."""
    registers = registers_of(builder, value)
    return registers[0] if len(registers) == 1 else picked(builder, registers[0], registers[1], list(range(LANES)))


def split(builder, kind: Lanes, whole) -> Any:
    """One vector as the registers of a value."""
    places = [list(range(start, start + kind.width)) for start in kind.starts]
    return join(builder, kind, [whole] if kind.width == LANES else [picked(builder, whole, whole, p) for p in places])


@intrinsic
def totals(typing_context, a, b, c, d, e, f, g, h):
    """Eight sums over all lanes at once: lane k has that of the k-th. Half the work of eight times `total`."""

    def halved(builder, x, y, low, high):
        return builder.fadd(picked(builder, x, y, low), picked(builder, x, y, high))

    def generate(context, builder, signature, args):
        rows = [whole_of(builder, arg) for arg in args]
        for low, high in (
            ([0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]),
            ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]),
            ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]),
        ):
            rows = [halved(builder, x, y, low, high) for x, y in zip(rows[::2], rows[1::2], strict=True)]
        return split(builder, a, rows[0])

    return a(a, b, c, d, e, f, g, h), generate


@intrinsic(prefer_literal=True)
def load_again(typing_context, source, at, count):
    """The `count` numbers from element `at` on, over and over; a constant that divides LANES."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    kind, n = Lanes(source.dtype), count.literal_value

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        few = builder.load(builder.bitcast(place, ir.VectorType(kind.scalar, n).as_pointer()), align=kind.size)
        return split(builder, kind, picked(builder, few, few, [k % n for k in range(LANES)]))

    return kind(source, types.intp, count), generate


@intrinsic
def store_turned(typing_context, target, at, step, n, columns, a, b, c, d):
    """Write a[i], b[i], c[i], d[i], or the first `columns` of them, side by side at `at + i * step`, for i < n."""

    def generate(context, builder, signature, args):
        x, y, z, w = (whole_of(builder, arg) for arg in args[5:])
        quads = []  # k: rows k and k + 4
        for lanes in ([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]):
            front, back = picked(builder, x, y, lanes), picked(builder, z, w, lanes)
            quads.append(picked(builder, front, back, [0, 1, 8, 9, 4, 5, 12, 13]))
            quads.append(picked(builder, front, back, [2, 3, 10, 11, 6, 7, 14, 15]))
        mask = mask_of(builder, args[4], 0, 4)
        suffix = f"v4f{8 * a.size}.p0"
        for k in range(LANES):
            values = picked(builder, quads[k % 4], quads[k % 4], [k // 4 * 4 + i for i in range(4)])
            with builder.if_then(builder.icmp_signed(">", args[3], args[3].type(k))):
                offset = builder.add(args[1], builder.mul(args[2], args[2].type(k)))
                place = address_of(context, builder, signature.args[0], args[0], offset)
                place = builder.bitcast(place, values.type.as_pointer())
                call_llvm(builder, "masked.store", ir.VoidType(), [values, place, INT32(a.size), mask], suffix)
        return context.get_dummy_value()

    return types.void(target, types.intp, types.intp, types.intp, types.intp, a, b, c, d), generate


@intrinsic(prefer_literal=True)
def turned(typing_context, values, by):
    """Each lane moved up by a constant, the last ones to the front."""
    if not isinstance(by, types.IntegerLiteral):
        return None
    lanes = [(k - by.literal_value) % LANES for k in range(LANES)]

    def generate(context, builder, signature, args):
        whole = whole_of(builder, args[0])
        return split(builder, values, picked(builder, whole, whole, lanes))

    return values(values, by), generate


def _of_lanes(predicate: str, combine: str) -> Any:
    """An intrinsic: do all lanes (`and_`), or some (`or_`), compare so with a number? NaN never does."""

    def ask(typing_context, values, limit):
        def generate(context, builder, signature, args):
            answer = None
            for register in registers_of(builder, args[0]):
                lanes = builder.fcmp_ordered(predicate, register, spread_number(builder, args[1], values.width))
                bits = builder.bitcast(lanes, ir.IntType(values.width))
                answer = bits if answer is None else getattr(builder, combine)(answer, bits)
            if combine == "and_":
                return builder.icmp_unsigned("==", answer, ir.Constant(ir.IntType(values.width), -1))
            return builder.icmp_unsigned("!=", answer, ir.Constant(ir.IntType(values.width), 0))

        return types.boolean(values, values.real), generate

    return intrinsic(ask)


all_below, some_above = _of_lanes("<", "and_"), _of_lanes(">", "or_")
