"""Where each word, symbol and name stands: dictionaries from their spelling to terms, made once."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from tui_nn.glossary.terms import Term, all_terms

TOKEN = re.compile(r"[가-힣]+|(?:[^\W_가-힣]\u0302?)+|[^\s_-]")  # a letter may wear a hat: m̂
NOT_PLURAL = frozenset(("means",))  # a verb far more often than two means


@dataclass(frozen=True)
class Index:
    """Keys of words are case-folded tokens, parted by a blank; those of symbols keep their case."""

    words: dict[str, Term]
    symbols: dict[str, tuple[Term, ...]]
    names: dict[str, Term]  # "activation.step"
    bare: dict[str, Term]  # the same without the kind, "step"; and ids
    korean: dict[str, Term]  # words that are Korean throughout, as they stand
    longest_korean: int

    def word(self, key: str) -> Term | None:
        """The term of a key, which may be a plural."""
        if key in self.words:
            return self.words[key]
        if key in NOT_PLURAL or len(key) < 4 or key.endswith("ss"):
            return None
        stems = (key.removesuffix("s"), key.removesuffix("es"))
        return next((self.words[stem] for stem in stems if stem != key and stem in self.words), None)


@cache
def index() -> Index:
    words: dict[str, Term] = {}
    symbols: dict[str, tuple[Term, ...]] = {}
    names: dict[str, Term] = {}
    bare: dict[str, Term] = {}
    for term in all_terms():
        for word in term.words:
            words.setdefault(key_of(word), term)
        for symbol in term.symbols:
            key = tokens_of(symbol)
            symbols[key] = (*symbols.get(key, ()), term)
        for name in term.names:
            names[name] = term
            bare.setdefault(name.partition(".")[2].casefold(), term)
    for term in all_terms():
        bare.setdefault(term.id, term)
    korean = {
        word: term for term in all_terms() for word in map(composed, term.words) if re.fullmatch("[가-힣 ]+", word)
    }
    return Index(words, symbols, names, bare, korean, max(map(len, korean)))


def key_of(text: str) -> str:
    return tokens_of(text).casefold()


def tokens_of(text: str) -> str:
    return " ".join(TOKEN.findall(composed(text)))


def composed(text: str) -> str:
    """Hangul as syllables: some systems write them as their letters."""
    return unicodedata.normalize("NFC", text)
