"""The few things that only LLVM can say: arrays over borrowed memory, calls through an address, fences, prefetches."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def kernel_signature(real: types.Type):
    """`kernel(row, ctl, setting, mem, data, hist)`: row is the offset of the op's row in ctl."""
    pointer = types.CPointer(real)
    return types.void(types.intp, types.CPointer(types.int64), types.CPointer(types.float64), pointer, pointer, pointer)


def _view(context, builder, array_type, pointer, shape):
    """An array over borrowed memory: no reference count, so making one is free."""
    width = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    strides = [width] if len(shape) == 1 else [builder.mul(shape[1], width), width]
    array = make_array(array_type)(context, builder)
    populate_array(
        array,
        data=pointer,
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=width,
        meminfo=None,
    )
    return array._getvalue()


@intrinsic
def view1(typing_context, pointer, offset, n):
    """`n` elements from `offset` on, as a 1-D array."""
    result = types.Array(pointer.dtype, 1, "C")

    def generate(context, builder, signature, args):
        start = builder.gep(args[0], [args[1]])
        return _view(context, builder, signature.return_type, start, [args[2]])

    return result(pointer, types.intp, types.intp), generate


@intrinsic
def view2(typing_context, pointer, offset, rows, columns):
    """`rows * columns` elements from `offset` on, as a 2-D array in C order."""
    result = types.Array(pointer.dtype, 2, "C")

    def generate(context, builder, signature, args):
        start = builder.gep(args[0], [args[1]])
        return _view(context, builder, signature.return_type, start, [args[2], args[3]])

    return result(pointer, types.intp, types.intp, types.intp), generate


@intrinsic
def borrow(typing_context, array):
    """The same array without its reference count, which costs an atomic addition wherever the array is passed on."""

    def generate(context, builder, signature, args):
        given, result = make_array(array)(context, builder, args[0]), make_array(array)(context, builder)
        populate_array(result, given.data, given.shape, given.strides, given.itemsize, None)
        return result._getvalue()

    return array(array), generate


@intrinsic(prefer_literal=True)
def stack_array(typing_context, pointer, n):
    """An array of `n` numbers, a constant, on the stack of the kernel; `pointer` gives the precision."""
    if not isinstance(n, types.IntegerLiteral):
        return None
    size = n.literal_value
    result = types.Array(pointer.dtype, 1, "C")

    def generate(context, builder, signature, args):
        start = cgutils.alloca_once(builder, context.get_data_type(pointer.dtype), size=size)
        return _view(context, builder, signature.return_type, start, [context.get_constant(types.intp, size)])

    return result(pointer, n), generate


@intrinsic
def call_kernel(typing_context, address, row, ctl, setting, mem, data, hist):
    """Call the kernel at `address`, from the loop (with arrays) or from a kernel (with its pointers).

    Kernels never raise, so the returned status is dropped.
    """
    result = types.void(address, types.intp, ctl, setting, mem, data, hist)

    def generate(context, builder, signature, args):
        declared = kernel_signature(signature.args[4].dtype)
        function_type = context.call_conv.get_function_type(types.void, declared.args)
        function = builder.inttoptr(args[0], function_type.as_pointer())
        pointers = [
            a if isinstance(t, types.CPointer) else make_array(t)(context, builder, a).data
            for t, a in zip(signature.args[2:], args[2:], strict=True)
        ]
        context.call_conv.call_function(builder, function, types.void, declared.args, [args[1], *pointers])
        return context.get_dummy_value()

    return result, generate


@intrinsic
def fence(typing_context):
    """What was written before is seen by other threads before what is written after."""

    def generate(context, builder, signature, args):
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def prefetch(typing_context, pointer, offset):
    """Ask for the cache line at `offset`; a row fetched two ahead halves the cost of gathering a batch."""

    def generate(context, builder, signature, args):
        byte_pointer = ir.IntType(8).as_pointer()
        int32 = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch",
            (byte_pointer,),
            ir.FunctionType(ir.VoidType(), [byte_pointer, int32, int32, int32]),
        )
        place = builder.bitcast(builder.gep(args[0], [args[1]]), byte_pointer)
        builder.call(function, [place, int32(0), int32(2), int32(1)])
        return context.get_dummy_value()

    return types.void(pointer, types.intp), generate


@intrinsic
def power_of_two(typing_context, shifted):
    """2**n for the n that stands in the low bits of `shifted` (see vecmath): move it to where the exponent is.

    In integers of the float's own width: Numba would widen them, and the loop would not vectorise.
    """
    is_single = shifted == types.float32
    width, real, bits = (32, ir.FloatType(), 23) if is_single else (64, ir.DoubleType(), 52)
    bias = 127 - 0x4B400000 if is_single else 1023 - 0x4338000000000000
    integer = ir.IntType(width)

    def generate(context, builder, signature, args):
        biased = builder.add(builder.bitcast(args[0], integer), ir.Constant(integer, bias))
        return builder.bitcast(builder.shl(biased, ir.Constant(integer, bits)), real)

    return shifted(shifted), generate


# The bits of sqrt(1/2): mantissas are taken between sqrt(1/2) and sqrt(2), so that log has no jump at 1.
HALF_ROOT_32, HALF_ROOT_64 = 0x3F3504F3, 0x3FE6A09E667F3BCD


def _integers(real: types.Type):
    """An integer of the float's width, its exponent's place, the bits of sqrt(1/2), the float in LLVM."""
    if real == types.float32:
        return ir.IntType(32), 23, HALF_ROOT_32, ir.FloatType()
    return ir.IntType(64), 52, HALF_ROOT_64, ir.DoubleType()


@intrinsic
def exponent(typing_context, x):
    """n of x = m * 2**n with m between sqrt(1/2) and sqrt(2), as a float; x is positive and normal."""
    integer, place, half_root, real = _integers(x)

    def generate(context, builder, signature, args):
        behind = builder.sub(builder.bitcast(args[0], integer), ir.Constant(integer, half_root))
        return builder.sitofp(builder.ashr(behind, ir.Constant(integer, place)), real)

    return x(x), generate


@intrinsic
def mantissa(typing_context, x):
    """m of x = m * 2**n with m between sqrt(1/2) and sqrt(2); x is positive and normal."""
    integer, place, half_root, real = _integers(x)

    def generate(context, builder, signature, args):
        bits = builder.bitcast(args[0], integer)
        behind = builder.sub(bits, ir.Constant(integer, half_root))
        n = builder.ashr(behind, ir.Constant(integer, place))
        return builder.bitcast(builder.sub(bits, builder.shl(n, ir.Constant(integer, place))), real)

    return x(x), generate
