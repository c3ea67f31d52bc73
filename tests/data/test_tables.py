"""The embedded tables are the published ones, number for number, and say whose they are."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from tests.data.make import load

# name: (samples a class, a digest of inputs and labels, the DOI)
TABLES = {
    "iris": ([50, 50, 50], "6e592aace77bce225cd6af938de731a5798c8c30ee9cc5f1cd6abdea81e3bb25", "10.24432/C56C76"),
    "wine": ([59, 71, 48], "b6ff7c6847be41ee158bdf2267e98a97e1d240566564154aba1c0cc61f551fc3", "10.24432/C5PC7J"),
    "breast_cancer": (
        [357, 212],
        "28fc6b7cdb8a1824689c926a6004e0800c4032a4ee1db540331d0b293ff2a468",
        "10.24432/C5DW2B",
    ),
}

# Means as printed: iris by R (5.843, 3.057, 3.758, 1.199), wine in the documentation of its copies, cut or rounded there.
IRIS_MEANS = [5.84, 3.06, 3.76, 1.20]
WINE_MEANS = [13.0, 2.34, 2.37, 19.5, 99.7, 2.30, 2.03, 0.36, 1.59, 5.1, 0.96, 2.61, 747]


@pytest.mark.parametrize("name", TABLES)
def test_table_is_the_published_one(name):
    """As many samples of each class as published, byte for byte what was embedded, with its attribution."""
    counts, wanted, doi = TABLES[name]
    data = load(source=name)
    assert np.bincount(data.y_train.ravel().astype(int)).tolist() == counts
    table = np.column_stack([data.x_train, data.y_train])
    assert hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == wanted
    assert doi in data.attribution
    assert "CC BY 4.0" in data.attribution
    assert doi in files("tui_nn.data").joinpath(f"{name}.ATTRIBUTION.md").read_text(encoding="utf-8")


def test_iris_has_fishers_numbers():
    """Column means as published; flowers 35 and 38 as in Fisher's paper, not as in the file at UCI."""
    data = load(source="iris")
    assert data.x_train.mean(axis=0).round(2).tolist() == IRIS_MEANS
    assert data.x_train[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert data.x_train[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert (data.task, data.n_outputs) == ("multiclass", 3)
    assert data.class_names == ("setosa", "versicolor", "virginica")
    # One species stands apart: petals under 2.5 cm are setosa, all of them and no others.
    assert np.array_equal(data.x_train[:, 2] < 2.5, data.y_train == 0)


def test_wine_has_the_published_means_and_ranges():
    """Alcohol 11.03 to 14.83, proline 278 to 1680; the means to the places that are printed."""
    data = load(source="wine")
    assert data.x_train.mean(axis=0) == pytest.approx(WINE_MEANS, rel=0.01)
    named = dict(zip(data.feature_names, data.x_train.T, strict=True))
    assert (named["alcohol"].min(), named["alcohol"].max()) == (11.03, 14.83)
    assert (named["proline"].min(), named["proline"].max()) == (278, 1680)
    assert (named["magnesium"].min(), named["magnesium"].max()) == (70, 162)


def test_breast_cancer_counts_malignant_as_one():
    """212 malignant; their nuclei are larger. Ranges as in the set's documentation; the first case is malignant."""
    data = load(source="breast_cancer")
    assert (data.task, data.n_outputs, data.class_names) == ("binary", 1, ("benign", "malignant"))
    named = dict(zip(data.feature_names, data.x_train.T, strict=True))
    assert (named["mean radius"].min(), named["mean radius"].max()) == (6.981, 28.11)
    assert (named["worst area"].min(), named["worst area"].max()) == (185.2, 4254.0)
    malignant = data.y_train[:, 0] == 1
    assert malignant.sum() == 212
    assert named["mean radius"][malignant].mean() == pytest.approx(17.46, abs=0.005)
    assert named["mean radius"][~malignant].mean() == pytest.approx(12.15, abs=0.005)
    assert data.x_train[0, :3].tolist() == [17.99, 10.38, 122.8]
    assert malignant[0]


@pytest.mark.parametrize("name", TABLES)
def test_tables_equal_the_copies_in_scikit_learn(name):
    """An independent copy, where it is installed, has the same numbers in the same order; there, benign is 1."""
    datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = getattr(datasets, f"load_{name}")(), load(source=name)
    assert np.array_equal(ours.x_train, theirs.data)
    target = 1 - theirs.target if name == "breast_cancer" else theirs.target
    assert np.array_equal(ours.y_train.ravel(), target)


@pytest.mark.parametrize("name", TABLES)
def test_fewer_samples_are_a_subset_in_order(name):
    """samples = 30 takes 30 rows of the table, its answers with them, others for another seed."""
    whole, one, other = load(source=name), load(1, source=name, samples=30), load(2, source=name, samples=30)
    rows = iter([row.tobytes() for row in np.column_stack([whole.x_train, whole.y_train])])
    assert len(one.x_train) == 30
    assert all(
        row.tobytes() in rows for row in np.column_stack([one.x_train, one.y_train])
    )  # `in` reads on from the last
    assert not np.array_equal(one.x_train, other.x_train)
