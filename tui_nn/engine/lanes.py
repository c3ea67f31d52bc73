"""Eight numbers side by side in vector registers: sums that stay there while a kernel runs over a small layer.

LLVM packs a loop over an array into vectors, but not eight sums over an inner loop. So the small products say it
themselves: `load`, arithmetic, `store`. The last block of a row has fewer than eight columns: then only `live` lanes
are read and written, and the others are 0.

Registers are taken 256 bits wide, one for float32, two for float64: where wider ones are in use, one of three ports
rests, and the loops around the probes slow down.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable
from numba.np.arrayobj import make_array

from tui_nn.engine.plain import LANES

BITS = 256
INT32 = ir.IntType(32)


class Lanes(types.Type):
    """LANES numbers of one precision."""

    def __init__(self, real: types.Type):
        self.real = real
        self.size = 4 if real == types.float32 else 8  # bytes of a number
        self.width = BITS // 8 // self.size  # of a register, in numbers
        self.scalar = ir.FloatType() if real == types.float32 else ir.DoubleType()
        self.vector = ir.VectorType(self.scalar, self.width)
        self.suffix = f"v{self.width}f{8 * self.size}"
        super().__init__(name=f"Lanes({real})")

    @property
    def starts(self) -> range:
        """The first lane of each register."""
        return range(0, LANES, self.width)

    @property
    def zeros(self) -> ir.Constant:
        return ir.Constant(self.vector, None)


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.LiteralStructType([kind.vector] * len(kind.starts)))


def registers_of(builder, value) -> list:
    return [builder.extract_value(value, k) for k in range(len(value.type.elements))]


def join(builder, kind: Lanes, registers: list):
    value = ir.Constant(ir.LiteralStructType([kind.vector] * len(registers)), ir.Undefined)
    for k, register in enumerate(registers):
        value = builder.insert_value(value, register, k)
    return value


def each(kind: Lanes, compute: Callable) -> Any:
    """Code that computes each register from the same registers of the arguments."""

    def generate(context, builder, signature, args):
        columns = zip(*(registers_of(builder, arg) for arg in args), strict=True)
        return join(builder, kind, [compute(builder, *column) for column in columns])

    return generate


def call_llvm(builder, name: str, result: ir.Type, args, suffix: str):
    """Call an LLVM intrinsic by its full name."""
    function_type = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}"), args)


def spread_number(builder, value, width: int):
    vector = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    first = builder.insert_element(vector, value, INT32(0))
    return builder.shuffle_vector(first, vector, ir.Constant(ir.VectorType(INT32, width), [0] * width))


def mask_of(builder, live, start: int, width: int):
    """True for those of the lanes from `start` on that are among the first `live`. In 32 bits: 64 would take wider registers."""
    few = builder.select(builder.icmp_signed("<", live, live.type(LANES)), live, live.type(LANES))
    places = ir.Constant(ir.VectorType(INT32, width), list(range(start, start + width)))
    return builder.icmp_signed("<", places, spread_number(builder, builder.trunc(few, INT32), width))


def address_of(context, builder, source, value, at):
    """The address of element `at` of a pointer or of an array in C order."""
    data = value if isinstance(source, types.CPointer) else make_array(source)(context, builder, value).data
    return builder.gep(data, [at])


def _behind(builder, place, start: int, kind: Lanes):
    """The address of lane `start`, as that of a register."""
    return builder.bitcast(builder.gep(place, [ir.IntType(64)(start)]), kind.vector.as_pointer())


@intrinsic
def load(typing_context, source, at, live):
    """The `live` numbers (or eight, if it is more; none, if it is not positive) from element `at` on; 0 in the lanes behind."""
    kind = Lanes(source.dtype)

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        registers = []
        for start in kind.starts:
            mask = mask_of(builder, args[2], start, kind.width)
            operands = [_behind(builder, place, start, kind), INT32(kind.size), mask, kind.zeros]
            registers.append(call_llvm(builder, "masked.load", kind.vector, operands, f"{kind.suffix}.p0"))
        return join(builder, kind, registers)

    return kind(source, types.intp, types.intp), generate


@intrinsic
def load_through(typing_context, source, at):
    """The eight numbers from element `at` on, though the last may not be the array's: those are not to be used.

    Without a mask, which costs a product a tenth of its speed. Behind the end of `mem` there is room for it (MARGIN).
    """
    kind = Lanes(source.dtype)

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        return join(
            builder, kind, [builder.load(_behind(builder, place, k, kind), align=kind.size) for k in kind.starts]
        )

    return kind(source, types.intp), generate


@intrinsic
def load_wide(typing_context, source, at, live):
    """`wide(load(...))`, converted on the way from memory."""
    given, kind = Lanes(source.dtype), Lanes(types.float64)
    vector = ir.VectorType(given.scalar, kind.width)
    suffix = f"v{kind.width}f{8 * given.size}.p0"

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        registers = []
        for start in kind.starts:
            mask = mask_of(builder, args[2], start, kind.width)
            pointer = builder.bitcast(builder.gep(place, [ir.IntType(64)(start)]), vector.as_pointer())
            operands = [pointer, INT32(given.size), mask, ir.Constant(vector, None)]
            numbers = call_llvm(builder, "masked.load", vector, operands, suffix)
            registers.append(numbers if given == kind else builder.fpext(numbers, kind.vector))
        return join(builder, kind, registers)

    return kind(source, types.intp, types.intp), generate


@intrinsic
def load_column(typing_context, source, at, step, live):
    """Like `load`, of every step-th number."""
    kind = Lanes(source.dtype)

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        index = ir.VectorType(INT32, kind.width)
        step = spread_number(builder, builder.trunc(args[2], INT32), kind.width)
        registers = []
        for start in kind.starts:
            steps = ir.Constant(index, list(range(start, start + kind.width)))
            offsets = builder.mul(step, steps)
            places = builder.gep(place, [offsets], source_etype=kind.scalar)
            places.type = ir.VectorType(place.type, kind.width)  # llvmlite thinks it is one pointer
            operands = [places, INT32(kind.size), mask_of(builder, args[3], start, kind.width), kind.zeros]
            registers.append(
                call_llvm(builder, "masked.gather", kind.vector, operands, f"{kind.suffix}.v{kind.width}p0")
            )
        return join(builder, kind, registers)

    return kind(source, types.intp, types.intp, types.intp), generate


@intrinsic
def store(typing_context, target, at, live, values):
    """Write the first `live` lanes from element `at` on."""

    def generate(context, builder, signature, args):
        place = address_of(context, builder, signature.args[0], args[0], args[1])
        registers = registers_of(builder, args[3])
        is_whole = builder.icmp_signed(">=", args[2], args[2].type(LANES))
        with builder.if_else(is_whole, likely=True) as (whole, part):
            with whole:  # a masked store makes the next kernel's loads wait
                for start, register in zip(values.starts, registers, strict=True):
                    builder.store(register, _behind(builder, place, start, values), align=values.size)
            with part:
                for start, register in zip(values.starts, registers, strict=True):
                    mask = mask_of(builder, args[2], start, values.width)
                    operands = [register, _behind(builder, place, start, values), INT32(values.size), mask]
                    call_llvm(builder, "masked.store", ir.VoidType(), operands, f"{values.suffix}.p0")
        return context.get_dummy_value()

    return types.void(target, types.intp, types.intp, values), generate


@intrinsic
def spread(typing_context, value):
    """The same number in every lane."""
    kind = Lanes(value)

    def generate(context, builder, signature, args):
        return join(builder, kind, [spread_number(builder, args[0], kind.width)] * len(kind.starts))

    return kind(value), generate


@intrinsic
def spread_from(typing_context, source, at):
    """Element `at` in every lane. (An array's own index may count from its end, which has to be asked each time.)"""
    kind = Lanes(source.dtype)

    def generate(context, builder, signature, args):
        number = builder.load(address_of(context, builder, signature.args[0], args[0], args[1]))
        return join(builder, kind, [spread_number(builder, number, kind.width)] * len(kind.starts))

    return kind(source, types.intp), generate


@intrinsic
def multiply_add(typing_context, a, b, c):
    """a * b + c, in one rounding where the processor can."""
    return c(c, c, c), each(c, lambda builder, *args: call_llvm(builder, "fmuladd", c.vector, args, c.suffix))


@intrinsic
def wide(typing_context, values):
    """The same numbers in float64."""
    kind = Lanes(types.float64)

    def generate(context, builder, signature, args):
        if values == kind:
            return args[0]
        (register,) = registers_of(builder, args[0])
        parts = []
        for start in kind.starts:
            lanes = ir.Constant(ir.VectorType(INT32, kind.width), list(range(start, start + kind.width)))
            parts.append(builder.fpext(builder.shuffle_vector(register, register, lanes), kind.vector))
        return join(builder, kind, parts)

    return kind(values), generate


@intrinsic
def sqrt(typing_context, values):
    return values(values), each(
        values, lambda builder, a: call_llvm(builder, "sqrt", values.vector, [a], values.suffix)
    )


@intrinsic
def below(typing_context, a, b):
    """1 where a < b, else 0: also where either is NaN."""
    ones = ir.Constant(a.vector, [1.0] * a.width)

    def compute(builder, x, y):
        return builder.select(builder.fcmp_ordered("<", x, y), ones, a.zeros)

    return a(a, b), each(a, compute)


@intrinsic
def not_negative(typing_context, values):
    """0 where a number is below 0, as rounding may leave a variance. NaN stays NaN."""

    def compute(builder, a):
        return builder.select(builder.fcmp_ordered("<", a, values.zeros), values.zeros, a)

    return values(values), each(values, compute)


@intrinsic
def larger(typing_context, a, b):
    """The larger of both in each lane; NaN where either is."""
    return a(a, b), each(a, lambda builder, *args: call_llvm(builder, "maximum", a.vector, args, a.suffix))


@intrinsic
def first(typing_context, values, live):
    """The first `live` lanes; 0 in those behind."""

    def generate(context, builder, signature, args):
        registers = []
        for start, register in zip(values.starts, registers_of(builder, args[0]), strict=True):
            mask = mask_of(builder, args[1], start, values.width)
            registers.append(builder.select(mask, register, values.zeros))
        return join(builder, values, registers)

    return values(values, types.intp), generate


@intrinsic
def total(typing_context, values):
    """The sum over all lanes: halves onto each other, until one number is left."""

    def generate(context, builder, signature, args):
        sums, *others = registers_of(builder, args[0])
        for other in others:
            sums = builder.fadd(sums, other)
        half = values.width // 2
        while half:
            behind = ir.Constant(ir.VectorType(INT32, half), list(range(half, 2 * half)))
            front = ir.Constant(ir.VectorType(INT32, half), list(range(half)))
            sums = builder.fadd(builder.shuffle_vector(sums, sums, front), builder.shuffle_vector(sums, sums, behind))
            half //= 2
        return builder.extract_element(sums, INT32(0))

    return values.real(values), generate


def _operator(function: Callable, name: str):
    """An operator between Lanes by LLVM's instruction. (An overload would be a function to compile for every use.)"""

    @type_callable(function)
    def type_operator(context):
        return lambda a, b: a if isinstance(a, Lanes) and a == b else None

    @lower_builtin(function, Lanes, Lanes)
    def lower_operator(context, builder, signature, args):
        generate = each(signature.return_type, lambda builder, x, y: getattr(builder, name)(x, y))
        return generate(context, builder, signature, args)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")
