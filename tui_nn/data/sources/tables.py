"""Measured tables, embedded: iris, wine, breast cancer. All in raw units; `standardize` is for them."""

from __future__ import annotations

from dataclasses import dataclass

from tui_nn.data.embedded import chosen, read_archive
from tui_nn.data.late import np
from tui_nn.data.registry import Samples, source
from tui_nn.data.shape import DataShape
from tui_nn.scenario.spec.data import BreastCancerData, IrisData, WineData


@dataclass(frozen=True, slots=True)
class Table:
    """What the archive does not say of itself."""

    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    attribution: str


NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
LICENSE = "CC BY 4.0"

TABLES = {
    "iris": Table(
        ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
        ("setosa", "versicolor", "virginica"),
        f"Fisher, R. A. (1936). Iris. UCI Machine Learning Repository. https://doi.org/10.24432/C56C76, {LICENSE}",
    ),
    "wine": Table(
        (
            "alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "total phenols", "flavanoids",
            "nonflavanoid phenols", "proanthocyanins", "color intensity", "hue", "OD280/OD315 of diluted wines", "proline",
        ),
        ("Barolo", "Grignolino", "Barbera"),
        "Aeberhard, S. & Forina, M. (1992). Wine. UCI Machine Learning Repository. "
        f"https://doi.org/10.24432/C5PC7J, {LICENSE}",
    ),
    "breast_cancer": Table(
        tuple(f"{statistic} {what}" for statistic in ("mean", "error of", "worst") for what in NUCLEUS),
        ("benign", "malignant"),
        "Wolberg, W., Mangasarian, O., Street, N. & Street, W. (1993). Breast Cancer Wisconsin (Diagnostic). "
        f"UCI Machine Learning Repository. https://doi.org/10.24432/C5DW2B, {LICENSE}",
    ),
}  # fmt: skip


def table_shape(data: IrisData | WineData | BreastCancerData) -> DataShape:
    names = TABLES[data.source]
    classes = len(names.class_names)
    if classes == 2:
        return DataShape("binary", data.samples, len(names.feature_names), 1)
    return DataShape("multiclass", data.samples, len(names.feature_names), classes)


@source(*TABLES, shape=table_shape)
def table(data: IrisData | WineData | BreastCancerData, seed: int) -> Samples:
    """The rows of NAME.npz in the order of the published file. Source: NAME.ATTRIBUTION.md, one folder up."""
    names, archive = TABLES[data.source], read_archive(data.source)
    rows = chosen(len(archive["labels"]), data.samples, seed)
    label = archive["labels"][rows]
    is_binary = len(names.class_names) == 2
    return Samples(
        archive["inputs"][rows],
        label.astype(np.float64)[:, np.newaxis] if is_binary else label.astype(np.int64),
        names.feature_names,
        names.class_names,
        attribution=names.attribution,
    )
