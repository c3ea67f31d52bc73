"""One term, and reading all of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A word and what it means.

    word, text: by language, "en" and "ko".
    also:    other words for it, in either language, and other books' words.
    forms:   how these words are also written: other endings, British spelling. Found, not shown.
    symbols: how formulas write it; capitals count, and two terms may share one (b is a bias, and momentum's buffer).
    names:   what the program calls it, with a kind before the dot: "metric.loss", "activation.step", "column.right". They are
             found by `lookup`, never in running text, where "or" and "values" are common words.
    see:     ids of related terms.
    where:   what shows it: a panel, a tab or a metric, as `show` in a script; "" for none.
    """

    id: str
    word: dict[str, str]
    text: dict[str, str]
    also: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    formula: str = ""
    see: tuple[str, ...] = ()
    where: str = ""
    source: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """Every way in which a text may say it, each once."""
        return tuple(dict.fromkeys((*self.word.values(), *self.also, *self.forms)))


@cache
def all_terms() -> tuple[Term, ...]:
    """Every term, by its English word."""
    terms = [_term(name, table) for name, table in _tables()]
    return tuple(sorted(terms, key=lambda each: each.word["en"].casefold()))


@cache
def _by_id() -> dict[str, Term]:
    return {each.id: each for each in all_terms()}


def term(term_id: str) -> Term:
    """The term with that id. KeyError if there is none."""
    return _by_id()[term_id]


def _tables() -> list[tuple[str, dict[str, Any]]]:
    folder = files("tui_nn.glossary") / "words"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    return [row for path in paths for row in tomllib.loads(path.read_text(encoding="utf-8")).items()]


def _term(name: str, table: dict[str, Any]) -> Term:
    many = {key: tuple(table.pop(key, ())) for key in ("also", "forms", "symbols", "names", "see")}
    english, korean = table.pop("word")
    texts = {"en": table.pop("en"), "ko": table.pop("ko")}
    return Term(name, {"en": english, "ko": korean}, texts, **many, **table)
