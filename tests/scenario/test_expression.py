"""The condition language: what parses, what it is worth, at one position and over a run, and that nothing else can happen."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_nn.scenario import ExpressionError, parse_expression
from tui_nn.scenario.expression import validate_names

NAN, INF = math.nan, math.inf


class Run:
    """A run of a few iterations, at its end: both contexts in one. val_loss is measured after the second and fourth."""

    def __init__(self, n: int = 5) -> None:
        self.columns = {
            "loss": np.ma.MaskedArray([3.0, 2.0, NAN, 1.0, 2.0])[:n],
            "val_loss": np.ma.MaskedArray([0.0, 5.0, 5.0, 4.0, 4.0], mask=[True, False, False, False, False])[:n],
            "never": np.ma.MaskedArray([0.0] * 5, mask=True)[:n],
            "grad_norm.dense_1": np.array([1e-9, 1e-3, 1.0, INF, 0.0])[:n],
        }

    def rows(self, name):
        return self.columns[name]

    so_far = rows

    def value(self, name):
        return self.at(name, len(self.columns[name]) - 1)

    def at(self, name, iteration):
        column = self.columns[name]
        known = iteration < len(column) and not np.ma.getmaskarray(column)[iteration]
        return float(column[iteration]) if known else None

    def element(self, element):
        return {"weight": 10.0, "bias": 20.0}.get(element.kind, 30.0) + sum(element.index)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("10 - 3 - 2", 5),
        ("10 / 2 / 5", 1),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("- - 3", 3),
        ("(1 + 2) * 3", 9),
        (".5 + 1e-1 + 1_000", 1000.6),
        ("loss", 2),
        ("10 * loss@0", 30),
        ("-loss@0 ** 2", -9),
        ("min(loss)", 1),
        ("max(loss)", 3),
        ("mean(loss)", 2),  # (3 + 2 + 1 + 2) / 4: the nan is passed over
        ("min(val_loss)", 4),
        ("mean(val_loss)", 4.5),  # (5 + 5 + 4 + 4) / 4
        ("count(loss < 3)", 3),
        ("count(val_loss == 5)", 2),
        ("min(loss - val_loss)", -3),  # 2-5, nan, 1-4, 2-4
        ("min(7, loss, never)", 2),
        ("max(loss, min(loss))", 2),
        ("mean(1, loss)", 1.5),
        ("count(loss > 1, loss > 2, 1 > 0)", 2),
        ("abs(-3) + sqrt(16) + log10(1000)", 10),
        ("1 / 0", INF),
        ("-1 / 0", -INF),
        ("log10(0)", -INF),
        ("10 ** 400", INF),
        ("weight.dense_1[3,4]", 17),
        ("bias.dense_1[2]", 22),
        ("grad.dense_1[1,1]", 32),
    ],
)
def test_numbers_worked_by_hand(text, value):
    """Precedence, associativity, functions and history."""
    assert parse_expression(text).evaluate(Run()) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["0 / 0", "sqrt(-1)", "(-8) ** 0.5", "never", "never + 1", "loss@99", "min(never)", "mean(never)"]
)
def test_what_has_no_number_is_nan_and_never_an_exception(text):
    """IEEE 754 answers for arithmetic; unmeasured is nan to a caller that wants a number."""
    assert math.isnan(parse_expression(text).evaluate(Run()))


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("1 < loss <= 2", True),
        ("3 > loss > 2", False),
        ("loss == 2 and not loss > 2", True),
        ("not loss == 2 or loss == 2", True),
        ("loss > 5 or loss > 4 and loss > 0", False),
        ("isnan(loss@2)", True),
        ("isfinite(loss)", True),
        ("isfinite(1/0)", False),
        ("loss@2 != loss@2", True),  # nan is not itself
        ("loss@2 < 1", False),
        ("loss@2 >= 1", False),
        ("never < 1", False),
        ("never >= 1", False),
        ("never == never", False),
        ("never != 1", False),
        ("isnan(never)", False),  # not measured is not the same as nan
        ("isfinite(never)", False),
        ("not never < 1", True),
        ("loss@99 > 0", False),
        ("val_loss > 0 and never > 0", False),
        ("count(never > 0) == 0", True),
        ("(1 < 2) == (3 < 4)", True),
    ],
)
def test_truths_worked_by_hand(text, truth):
    """Comparisons, chains, logic, nan and what was not measured. A condition answers with a bool."""
    answer = parse_expression(text).evaluate(Run())
    assert answer is truth


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("loss < 2.5", [0, 1, 0, 1, 1]),
        ("loss == min(loss)", [1, 1, 0, 1, 0]),
        ("loss@1 == 2", [0, 1, 1, 1, 1]),  # nobody knows loss@1 at iteration 0
        ("loss@99 > 0", [0, 0, 0, 0, 0]),
        ("val_loss > 4", [0, 1, 1, 0, 0]),
        ("not val_loss > 4", [1, 0, 0, 1, 1]),
        ("count(loss >= 2) >= 2", [0, 1, 1, 1, 1]),
        ("isnan(loss)", [0, 0, 1, 0, 0]),
        ("isfinite(grad_norm.dense_1)", [1, 1, 1, 0, 1]),
        ("grad_norm.dense_1 < 1e-6", [1, 0, 0, 0, 1]),
        ("mean(loss) < 2.3", [0, 0, 0, 1, 1]),  # 3, 2.5, 2.5, 2, 2
        ("max(loss, val_loss) == 5", [0, 1, 1, 0, 0]),
    ],
)
def test_rows_worked_by_hand(text, rows):
    """One call answers for every iteration; min and its kin grow with the history."""
    expression = parse_expression(text)
    assert expression.is_vectorizable
    assert expression.evaluate_rows(Run()).tolist() == [bool(row) for row in rows]


METRIC = st.sampled_from(
    ["loss", "val_loss", "never", "grad_norm.dense_1", "loss@0", "loss@2", "val_loss@1", "1", "2.5", "0"]
)


def expressions() -> st.SearchStrategy[str]:
    """Metric-only expressions, small and valid."""

    def grow(inner):
        return st.one_of(
            st.tuples(
                inner, st.sampled_from(["+", "-", "*", "/", "**", "<", "<=", "==", "!=", "and", "or"]), inner
            ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            inner.map(lambda x: f"not ({x})"),
            inner.map(lambda x: f"-({x})"),
            st.tuples(st.sampled_from(["min", "max", "mean", "count"]), inner).map(lambda t: f"{t[0]}({t[1]}, loss)"),
            st.tuples(st.sampled_from(["min", "max", "mean", "count"]), inner).map(
                lambda t: f"{t[0]}(loss + 0 * ({t[1]}))"
            ),
            st.tuples(st.sampled_from(["abs", "isnan", "isfinite", "sqrt", "log10"]), inner).map(
                lambda t: f"{t[0]}({t[1]})"
            ),
        )

    return st.recursive(METRIC, grow, max_leaves=6)


@given(expressions())
def test_rows_agree_with_single_positions(text):
    """The whole run at once says what asking at each position says: breakpoints at speed are breakpoints by hand."""
    if len(text) > 500:
        return
    expression = parse_expression(f"({text}) > 1")
    if not expression.names:
        return
    one_by_one = [expression.evaluate(Run(n)) for n in range(1, 6)]
    assert expression.evaluate_rows(Run()).tolist() == one_by_one
    assert expression.evaluate_rows(Run(), start=2).tolist() == one_by_one[2:]


def test_rows_do_not_touch_parameters():
    """There is no history of single weights; asking for one is a mistake of the caller."""
    expression = parse_expression("weight.dense_1[0,0] > 0")
    assert not expression.is_vectorizable
    with pytest.raises(ValueError, match="no history"):
        expression.evaluate_rows(Run())


def test_names_are_listed():
    """What a caller has to provide, found without evaluating."""
    expression = parse_expression("min(loss) < val_loss@3 and grad.dense_2[1,2] > bias.dense_1[0]")
    assert expression.names == {"loss", "val_loss"}
    assert [(e.kind, e.layer, e.index) for e in expression.elements] == [
        ("grad", "dense_2", (1, 2)),
        ("bias", "dense_1", (0,)),
    ]


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("weight.dense_1[0,0]", "dense_1.weight"),
        ("weight.batch_norm_1[0]", "batch_norm_1.weight"),
        ("weight_hh.lstm_1[0,2]", "lstm_1.weight_hh"),
        ("bias_hh.gru_1[2]", "gru_1.bias_hh"),
        ("grad.dense_1[0,0]", "dense_1.weight"),
        ("v.conv2d_1[0,0,1,1]", "conv2d_1.weight"),
        ("m.dense_1[0]", "dense_1.bias"),
        ("grad.weight.batch_norm_1[0]", "batch_norm_1.weight"),
        ("m.weight_ih.lstm_1[0,2]", "lstm_1.weight_ih"),
        ("weight.bias[0,0]", "bias.weight"),  # a layer may be called like a role
        ("grad.weight.bias[0,0]", "bias.weight"),
        ("grad.bias[0,0]", "bias.weight"),
    ],
)
def test_every_parameter_has_a_name(text, parameter):
    """Role, then layer; behind grad, m and v the role may be left out. An element says itself as it was written."""
    (element,) = parse_expression(f"{text} > 0").elements
    assert element.parameter == parameter
    assert str(element) == text


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty condition"),
        ("loss <", 7, "ends too early"),
        ("loss = 1", 6, "write '=='"),
        ("loss && 1", 6, "write 'and'"),
        ("loss || 1", 6, "write 'or'"),
        ("!loss", 1, "write 'not'"),
        ("2 ^ 3", 3, "write '**'"),
        ("95 %", 4, "as a number"),
        ("'loss' < 1", 1, "quote"),
        ("loss < 1;", 9, "remove it"),
        ("1 2", 3, "operator is missing"),
        ("(1", 3, "')' is missing before the end"),
        ("minn(loss)", 1, "did you mean 'min'?"),
        ("eval(loss)", 1, "unknown function"),
        ("min(3)", 1, "like min(loss)"),
        ("min(weight.a[0,0])", 1, "like min(loss)"),
        ("sqrt(1, 2)", 1, "one value"),
        ("sqrt()", 1, "one value"),
        ("loss@-1", 6, "whole number"),
        ("loss@1.5", 6, "whole number"),
        ("loss@99999999", 6, "whole number"),
        ("loss[1]", 1, "has no elements"),
        ("weight.dense_1", 1, "like weight.dense_1[0,0]"),
        ("weight.dense_1[1,2,3,4,5]", 1, "5 indices"),
        ("weight.dense_1[1]@3", 18, "no history"),
        ("weight.bias.dense_1[1]", 1, "has no elements"),
        ("grad.slope.dense_1[1]", 1, "has no elements"),
        ("grad.m.weight.dense_1[1,1]", 1, "has no elements"),
        ("and 1", 1, "stands where a value"),
        ("1__0", 1, "not a number"),
        ("loss.", 5, "remove it"),
        ("손실 < 1", 1, "remove it"),
        ("(" * 60, 51, "50 levels"),
        ("not " * 60 + "1", 201, "50 levels"),
        ("-" * 60 + "1", 51, "50 levels"),
        ("2**" * 60 + "1", 151, "50 levels"),
        ("a+" * 250 + "a", 501, "at most 500"),
    ],
)
def test_mistakes_get_a_column_and_a_cure(text, column, words):
    """The column counts from 1, and the words say what to do."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert words in str(caught.value)
    assert caught.value.column == column
    assert isinstance(caught.value, ValueError)


def test_the_longest_chain_is_evaluated():
    """250 terms in 499 characters stay far from the end of Python's stack."""
    assert parse_expression("1+" * 249 + "1").evaluate(Run()) == 250


SHAPES = {"dense_1.weight": (4, 2), "dense_1.bias": (4,), "out.weight": (1, 4), "out.bias": (1,), "bare.weight": (2, 1)}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("loss < 1 and weight.dense_1[3,1] > bias.out[0]", []),
        ("los < 1", ["unknown name 'los'; did you mean 'loss'? (column 1 of the condition)"]),
        ("x < 1", ["unknown name 'x'; known: loss, val_loss (column 1 of the condition)"]),
        ("bias.dense_2[0] > 0", ["unknown layer 'dense_2'; did you mean 'dense_1'? (column 1 of the condition)"]),
        (
            "weight.dense_1[4,0] > 0",
            [
                "[4,0] is outside weight.dense_1, whose shape is [4, 2]; indices count from 0 (column 1 of the condition)"
            ],
        ),
        ("bias.bare[0] > 0", ["bare has no bias; it has weight (column 1 of the condition)"]),
        ("m.bare[0] > 0", ["bare has no bias; it has weight (column 1 of the condition)"]),
        ("weight.dense_1[4] > 0", ["1 index for weight.dense_1, whose shape is [4, 2] (column 1 of the condition)"]),
        (
            "grad.dense_1[4] > 0",
            ["[4] is outside grad.dense_1, whose shape is [4]; indices count from 0 (column 1 of the condition)"],
        ),
        (
            "los > 0 and v.dense_1[9,9] > 0",
            [
                "unknown name 'los'; did you mean 'loss'? (column 1 of the condition)",
                "[9,9] is outside v.dense_1, whose shape is [4, 2]; indices count from 0 (column 13 of the condition)",
            ],
        ),
    ],
)
def test_names_are_held_against_the_network(text, problems):
    """Unknown names get the nearest known one; indices are held against the parameter's shape."""
    assert [str(p) for p in validate_names(parse_expression(text), ["loss", "val_loss"], SHAPES)] == problems


TOKENS = st.sampled_from(
    [
        "loss",
        "val_loss",
        "weight.a[0,1]",
        "m.b[2]",
        "@",
        "@0",
        "(",
        ")",
        "[",
        "]",
        ",",
        "+",
        "-",
        "*",
        "/",
        "**",
        "<",
        "<=",
        "==",
        "!=",
        "not",
        "and",
        "or",
        "min(",
        "count(",
        "isnan(",
        "1",
        "2.5",
        "1e9",
        ".",
        "=",
        "'",
        "é",
    ]
)


@given(
    st.one_of(
        st.text(max_size=600), st.lists(TOKENS, max_size=60).map(" ".join), st.lists(TOKENS, max_size=60).map("".join)
    )
)
def test_any_text_parses_or_is_an_expression_error(text):
    """Nothing a stranger can write raises anything else; what parses can be evaluated."""
    expression, column = None, 1
    try:
        expression = parse_expression(text)
    except ExpressionError as error:
        column = error.column
    assert 1 <= column <= max(len(text), 500) + 1
    if expression is not None and expression.names <= {"loss", "val_loss"}:
        assert isinstance(expression.evaluate(Run()), float | bool)
