"""From a word to its term, and from what is being typed to all terms that it may mean."""

from __future__ import annotations

import re

from tui_nn.glossary.index import composed, index, key_of, tokens_of
from tui_nn.glossary.terms import Term, all_terms


def lookup(word: str, kind: str = "") -> Term | None:
    """The term that a word, a symbol or a name of the program stands for.

    "grad_norm.dense_1" is found as grad_norm, "dense_1" as dense. kind ("activation", "init", "loss", ...) tells apart names
    that occur in several tables of a scenario.
    """
    found = lookup_all(word, kind)
    return found[0] if found else None


def lookup_all(word: str, kind: str = "") -> tuple[Term, ...]:
    """As `lookup`; of a symbol with several meanings all terms."""
    known, word = index(), composed(word).strip()
    if kind and f"{kind}.{word}" in known.names:
        return (known.names[f"{kind}.{word}"],)
    by_symbol = known.symbols.get(tokens_of(word))
    if by_symbol:
        return by_symbol
    found = known.word(key_of(word)) or known.names.get(word) or known.bare.get(word.casefold())
    if found is None:
        head = re.split(r"[.@\[]", word, maxsplit=1)[0]
        head = re.sub(r"_\d+$", "", head)
        return lookup_all(head, kind) if head and head != word else ()
    return (found,)


def matching(query: str) -> list[Term]:
    """For a filter that is being typed: what the query names first, then words that begin with it, that have it, definitions."""
    text = " ".join(composed(query).casefold().split())
    if not text:
        return list(all_terms())
    named = lookup_all(query)
    ranked: list[tuple[int, int, Term]] = []
    for place, term in enumerate(all_terms()):
        rank = 0 if term in named else _rank(term, text)
        if rank is not None:
            ranked.append((rank, place, term))
    return [term for _, _, term in sorted(ranked, key=lambda row: row[:2])]


def _rank(term: Term, query: str) -> int | None:
    own = [word.casefold() for word in term.word.values()]
    others = [word.casefold() for word in (*term.also, *term.forms, *term.symbols, term.id, *term.names)]
    if any(word.startswith(query) for word in own):
        return 1
    if any(query in word for word in own):
        return 2
    if any(word.startswith(query) for word in others):
        return 3
    if any(query in word for word in others):
        return 4
    if len(query) > 1 and any(query in text.casefold() for text in term.text.values()):
        return 5
    return None
