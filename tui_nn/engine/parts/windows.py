"""Convolution and pooling: formulas for the listing, and where their windows stand. Their kernels are in engine/ops."""

from __future__ import annotations

from math import prod

from tui_nn.engine.parts.kind import Kind, Shaped, a_value_each


def window_cells(place: Shaped) -> dict[str, int]:
    """The cells of ops/windows.py. A sequence is an image of height 1, with a window as high."""
    spec, shape = place.spec, place.shape_in
    sizes, axes = spec.window(shape), spec.along(shape)
    *_, (height, tall, rows, top, frame_height), (width, wide, columns, left, frame_width) = (
        (1, 1, 1, 0, 1),
        *((n, size, *axis) for n, size, axis in zip(shape[:-1], sizes, axes, strict=True)),
    )
    return {
        "height": height, "width": width, "out_height": rows, "out_width": columns, "window_height": tall,
        "window_width": wide, "stride": spec.step(), "top": top, "left": left, "frame_height": frame_height,
        "frame_width": frame_width,
    }  # fmt: skip


def whole_cells(place: Shaped) -> dict[str, int]:
    """One window that is as large as the input."""
    height, width = (1, *place.shape_in)[-3:-1]
    return {
        "height": height, "width": width, "out_height": 1, "out_width": 1, "window_height": height,
        "window_width": width, "stride": 1, "top": 0, "left": 0, "frame_height": height, "frame_width": width,
    }  # fmt: skip


def convolution_scratch(rows: int, place: Shaped) -> int:
    """The input within its zeros; going back instead delta within its own, the weights turned round, a bias of zeros."""
    spec, shape = place.spec, place.shape_in
    weights = prod(spec.parameter_shapes(shape)["weight"])
    back = rows * prod(spec.delta_frame(shape)) * place.units + weights + shape[-1]
    return max(framed_input(rows, place), back)


def framed_input(rows: int, place: Shaped) -> int:
    return rows * place.spec.kept_in_evaluation(place.shape_in)


def convolution(product: str, across: str, back: str, stream: int) -> Kind:
    return Kind(
        f"z[{back}] = b + Σ x[{product}] W[{across}]",
        f"∂W[{across}] = Σ δ[{back}] x[{product}], ∂b = Σ δ, δx = Σ δ W where a window was",
        scratch=convolution_scratch,
        is_scratch_whole=False,
        scratch_in_evaluation=framed_input,
        cells=window_cells,
        kernel="convolution",
        by_sample=True,
        stream=stream,
    )


WINDOWS = {
    "conv1d": convolution("s·i + k", "k", "i", stream=1),
    "conv2d": convolution("s·i + k, s·j + l", "k, l", "i, j", stream=2),
    "max_pool": Kind(
        "y = the largest x in each window",
        "δx = δ where the largest x was, else 0",
        scratch=a_value_each,  # where it was
        cells=window_cells,
        by_sample=True,
    ),
    "avg_pool": Kind(
        "y = the mean of x in each window",
        "δx = δ / n, n of each window's size, added up",
        cells=window_cells,
        by_sample=True,
    ),
    "global_avg_pool": Kind(
        "y = the mean of x over all places", "δx = δ / n", cells=whole_cells, kernel="avg_pool", by_sample=True
    ),
}
