"""From a word, or from a text, to terms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tui_nn.glossary.terms import Term, all_terms

MAX_TEXT = 20_000  # characters; a text is read no further
MAX_GRAM = 8  # tokens of the longest term
TOKEN = re.compile(r"[가-힣]+|(?:[^\W_가-힣]\u0302?)+|[^\s_-]")
GAPS = frozenset(
    ("", " ", "-", "_", "\n", "\n ")
)  # what may part the words of one term; in a table columns stand further apart
PARTICLES = frozenset(
    [
        "은",
        "는",
        "이",
        "가",
        "을",
        "를",
        "의",
        "에",
        "에서",
        "에는",
        "로",
        "으로",
        "과",
        "와",
        "도",
        "만",
        "마다",
        "까지",
        "부터",
        "인",
        "이고",
        "입니다",
        "이다",
        "이며",
    ]
)
ARTICLES = frozenset(["a", "i"])  # letters that are words
NOT_TERMS = frozenset(("means",))  # a verb far more often than two means


@dataclass(frozen=True)
class _Index:
    words: dict[str, Term]  # by `_key`
    symbols: dict[str, tuple[Term, ...]]
    names: dict[str, Term]  # "activation.step"
    bare: dict[str, Term]  # "step"
    korean: dict[str, Term]
    longest_korean: int


@cache
def _index() -> _Index:
    words: dict[str, Term] = {}
    symbols: dict[str, tuple[Term, ...]] = {}
    names: dict[str, Term] = {}
    bare: dict[str, Term] = {}
    for term in all_terms():
        for word in (*term.words, term.id):
            words.setdefault(_key(word), term)
        for symbol in term.symbols:
            key = " ".join(TOKEN.findall(_nfc(symbol)))
            symbols[key] = (*symbols.get(key, ()), term)
        for name in term.names:
            names[name] = term
            bare.setdefault(name.partition(".")[2].casefold(), term)
    korean = {word: term for term in all_terms() for word in map(_nfc, term.words) if re.fullmatch("[가-힣 ]+", word)}
    return _Index(words, symbols, names, bare, korean, max(map(len, korean)))


def lookup(word: str, kind: str = "") -> Term | None:
    """The term that a word, a symbol or a name of the program stands for.

    "grad_norm.dense_1" is found as grad_norm, "dense_1" as dense. kind ("activation", "init", "loss", ...) tells apart names
    that occur in several tables of a scenario.
    """
    found = lookup_all(word, kind)
    return found[0] if found else None


def lookup_all(word: str, kind: str = "") -> tuple[Term, ...]:
    """As `lookup`; of a symbol with several meanings all terms."""
    index, word = _index(), _nfc(word).strip()
    if kind and f"{kind}.{word}" in index.names:
        return (index.names[f"{kind}.{word}"],)
    by_symbol = index.symbols.get(" ".join(TOKEN.findall(word)))
    if by_symbol:
        return by_symbol
    found = _by_words(_key(word)) or index.names.get(word) or index.bare.get(word.casefold())
    if found is None:
        head = re.split(r"[.@\[]", word, maxsplit=1)[0]
        head = re.sub(r"_\d+$", "", head)
        return lookup_all(head, kind) if head and head != word else ()
    return (found,)


def matching(query: str) -> list[Term]:
    """For a filter that is being typed: what the query names first, then words that begin with it, that have it, definitions."""
    text = " ".join(_nfc(query).casefold().split())
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


def terms_in(text: str) -> list[Term]:
    """The terms that occur in a text, each once, in order of appearance. Longest words first; at most MAX_TEXT characters."""
    found: dict[str, Term] = {}
    unsure: set[str] = set()
    for terms in _scan(_nfc(text[:MAX_TEXT])):
        unsure |= {term.id for term in terms[1:]}
        for term in terms:
            found.setdefault(term.id, term)
        unsure -= {terms[0].id}
    # A symbol's further meanings count only where the text speaks of such things: b is momentum's where momentum is.
    sure = set(found) - unsure
    return [term for term in found.values() if term.id in sure or sure.intersection(term.see)]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def _scan(text: str) -> Iterator[tuple[Term, ...]]:
    """Greedy from the left: at each place the longest term, or what a symbol may mean. A letter is a symbol only in a formula."""
    index = _index()
    tokens = [_Token(match[0], match.start(), match.end()) for match in TOKEN.finditer(text)]
    formulas = _formula_lines(text)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if "가" <= token.text[0] <= "힣":
            end = yield from _scan_korean(text, token, index)
            while at < len(tokens) and tokens[at].start < end:
                at += 1
            continue
        last = at + 1
        while last < len(tokens) and last - at < MAX_GRAM and text[tokens[last - 1].end : tokens[last].start] in GAPS:
            last += 1
        for stop in range(last, at, -1):
            words = [each.text for each in tokens[at:stop]]
            terms = _meant(words, index)
            if stop == at + 1 and not terms:
                terms = _symbol(text, tokens, at, formulas, index)
            if terms:
                yield terms
                break
        else:
            stop = at + 1
        at = stop


def _meant(words: list[str], index: _Index) -> tuple[Term, ...]:
    """A term in words, or a symbol that cannot be mistaken for a letter of the text."""
    key = " ".join(words)
    if len(words) > 1 or not (len(key) == 1 and key.isascii()):
        if key in index.symbols:
            return index.symbols[key]
        term = _by_words(key.casefold())
        return (term,) if term else ()
    return ()


def _symbol(
    text: str, tokens: list[_Token], at: int, formulas: list[tuple[int, int]], index: _Index
) -> tuple[Term, ...]:
    """A single letter, with a number or a power behind it perhaps, in a line with a formula."""
    token = tokens[at]
    bare = token.text.rstrip("0123456789²³ᵀ")
    if len(bare) != 1 or bare not in index.symbols or not any(a <= token.start < b for a, b in formulas):
        return ()
    if at and tokens[at - 1].text in ("'", "’"):
        return ()  # the s of "Adam's"
    if bare in ARTICLES and not (at + 1 < len(tokens) and tokens[at + 1].text == "="):
        return ()
    return index.symbols[bare]


def _formula_lines(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        if "=" in line or "∂" in line or "←" in line:
            spans.append((start, start + len(line)))
        start += len(line)
    return spans


def _scan_korean(text: str, token: _Token, index: _Index):
    """Terms that begin in this run of syllables; returns where the search goes on.

    Korean joins particles to the end of a word and words to each other: a term may be followed by anything, and one of three
    syllables may stand inside a longer word. One of a single syllable must stand alone but for a particle.
    """
    at, joined = token.start, True
    while at < token.end:
        longest = min(index.longest_korean, len(text) - at)
        for length in range(longest, 0, -1):
            word = text[at : at + length].replace("\n", " ")
            term = index.korean.get(word)
            if term is None or not (joined or length >= 3):
                continue
            rest = text[at + length : token.end]
            if length == 1 and rest and rest not in PARTICLES:
                continue
            yield (term,)
            at, joined = at + length, True
            break
        else:
            at, joined = at + 1, False
    return at


def _by_words(key: str) -> Term | None:
    """The term of a key, which may be a plural."""
    words = _index().words
    if key in words:
        return words[key]
    if key in NOT_TERMS or len(key) < 4:
        return None
    for ending in ("s", "es"):
        if key.endswith(ending) and key[: -len(ending)] in words and not key.endswith("ss"):
            return words[key[: -len(ending)]]
    return None


def _key(text: str) -> str:
    return " ".join(TOKEN.findall(_nfc(text))).casefold()


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
