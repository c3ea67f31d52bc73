"""Handwritten digits, embedded."""

from __future__ import annotations

from tui_nn.data.embedded import chosen, read_archive
from tui_nn.data.late import np
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.spec.data import DigitsData

DIGITS_ATTRIBUTION = (
    "Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. "
    "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49, CC BY 4.0"
)


def digits_shape(data: DigitsData) -> DataShape:
    return DataShape("multiclass", data.samples, 64, 10)


@source("digits", shape=digits_shape)
def digits(data: DigitsData, seed: int) -> Samples:
    """Handwritten digits as 64 grey values from 0 to 1 (the file's 0..16 over 16), row by row.

    Source: digits.npz and digits.ATTRIBUTION.md, one folder up.
    """
    archive = read_archive("digits")
    rows = chosen(len(archive["labels"]), data.samples, seed)
    return Samples(
        archive["images"][rows].astype(np.float64) / 16.0,
        archive["labels"][rows].astype(np.int64),
        tuple(f"pixel {row},{column}" for row in range(8) for column in range(8)),
        tuple("0123456789"),
        image_shape=(8, 8),
        attribution=DIGITS_ATTRIBUTION,
    )
