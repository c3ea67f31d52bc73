"""One test over a table of cases, for claims that are cheap to check and stand for thousands of cases."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any


def over(*tables: Collection[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Run the body for every case of a table, or every combination of several, and then fail with all that failed.

    Each failure is named by its case, as parametrize would name it, with its reason; the first one's traceback is kept.
    A case of parametrize takes pytest about 5 ms, and its collecting as much again: ten times what such a body takes.
    The body has no fixtures; a tuple is several arguments. A test without a single case fails.
    """

    def decorate(body: Callable[..., None]) -> Callable[[], None]:
        def test() -> None:
            __tracebackhide__ = True
            failed: list[tuple[str, Exception]] = []
            cases = combinations(tables)
            for case in cases:
                try:
                    body(*case)
                except Exception as problem:
                    failed.append((named(case), problem))
            assert cases, "no case in the table"
            if failed:
                told = "\n".join(f"[{name}] {type(problem).__name__}: {problem}" for name, problem in failed)
                raise AssertionError(f"{len(failed)} of {len(cases)} cases failed:\n{told}") from failed[0][1]

        test.__name__, test.__qualname__, test.__doc__ = body.__name__, body.__qualname__, body.__doc__
        test.__module__ = body.__module__
        return test

    return decorate


def combinations(tables: Collection[Collection[Any]]) -> list[tuple[Any, ...]]:
    """The arguments of every case; the last table turns fastest."""
    rows: list[tuple[Any, ...]] = [()]
    for table in tables:
        rows = [(*row, *(case if isinstance(case, tuple) else (case,))) for row in rows for case in table]
    return rows


def named(case: tuple[Any, ...]) -> str:
    """short-and-readable: texts and numbers as they are, an object by its id, name or kind."""
    words = []
    for value in case:
        if not isinstance(value, str | int | float):
            value = getattr(value, "id", None) or getattr(value, "__name__", None) or repr(value)
        words.append(str(value)[:80])
    return "-".join(words)
