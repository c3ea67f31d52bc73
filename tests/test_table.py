"""A table in one test: every case runs, and all that fail are named."""

import pytest

from tests.table import over


def test_every_failure_is_named_with_its_reason():
    """Of six cases two fail: the text has both, as parametrize would call them, and none of the others."""
    seen = []

    @over(["a", "b", "c"], [(1, 2.5), (3, 4.0)])
    def product(name: str, one: int, other: float):
        """Its claim."""
        seen.append((name, one, other))
        assert (name, one) != ("b", 3), "three of b"
        if name == "c" and one == 1:
            raise KeyError("c")

    assert (product.__name__, product.__doc__) == ("product", "Its claim.")
    with pytest.raises(AssertionError) as caught:
        product()
    assert seen == [(name, *pair) for name in "abc" for pair in ((1, 2.5), (3, 4.0))]
    first, *told = [line for line in str(caught.value).splitlines() if line.startswith("[") or "cases" in line]
    assert first == "2 of 6 cases failed:"
    assert [line.split("]")[0] for line in told] == ["[b-3-4.0", "[c-1-2.5"]
    assert "three of b" in str(caught.value)
    assert "three of b" in str(caught.value.__cause__)


def test_nothing_is_proved_by_no_case():
    @over([])
    def empty(_: str): ...

    with pytest.raises(AssertionError, match="no case"):
        empty()


def test_an_object_is_called_by_its_id():
    @over([type("Preset", (), {"id": "xor-mlp"})()])
    def broken(_: object):
        raise ValueError("no")

    with pytest.raises(AssertionError, match=r"\[xor-mlp\] ValueError: no"):
        broken()
