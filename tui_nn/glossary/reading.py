"""From a text to the terms that occur in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from tui_nn.glossary.index import TOKEN, Index, composed, index
from tui_nn.glossary.terms import Term

MAX_TEXT = 20_000  # characters; a text is read no further
MAX_GRAM = 8  # tokens of the longest term
GAPS = frozenset(
    ("", " ", "-", "_", "\n", "\n ")
)  # what may part a term's words; columns of a table stand further apart
PARTICLES = frozenset([
    "은", "는", "이", "가", "을", "를", "의", "에", "에서", "에는", "로", "으로", "과", "와", "도", "만", "마다", "까지", "부터", "인", "이고",
    "입니다", "이다", "이며",
])  # fmt: skip
ARTICLES = frozenset(("a", "i"))  # letters that are words
# Letters that authors take for many things. They count only where the text speaks of what they mean here: v is Adam's beside Adam.
SHARED_LETTERS = frozenset("BJLdemostuv")


def terms_in(text: str) -> list[Term]:
    """The terms that occur in a text, each once, in order of appearance. Longest words first; at most MAX_TEXT characters."""
    found: dict[str, Term] = {}
    sure: dict[str, Term] = {}
    for terms, is_sure in _scan(composed(text[:MAX_TEXT])):
        for k, term in enumerate(terms):
            found.setdefault(term.id, term)
            if is_sure and k == 0:  # of a symbol's further meanings, b as momentum's buffer, none is sure
                sure[term.id] = term
    named = {other for term in sure.values() for other in term.see}
    return [
        term for term in found.values() if term.id in sure or term.id in named or not sure.keys().isdisjoint(term.see)
    ]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def _scan(text: str) -> Iterator[tuple[tuple[Term, ...], bool]]:
    """Greedy from the left: at each place the longest term, or what a symbol may mean; and whether that is sure."""
    known = index()
    tokens = [_Token(match[0], match.start(), match.end()) for match in TOKEN.finditer(text)]
    formulas = _formula_lines(text)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if "가" <= token.text[0] <= "힣":
            end = yield from _scan_korean(text, token, known)
            while at < len(tokens) and tokens[at].start < end:
                at += 1
            continue
        last = at + 1
        while last < len(tokens) and last - at < MAX_GRAM and text[tokens[last - 1].end : tokens[last].start] in GAPS:
            last += 1
        for stop in range(last, at, -1):
            words = [each.text for each in tokens[at:stop]]
            terms, is_sure = _meant(words, known), True
            if stop == at + 1 and not terms:
                letter = _letter(tokens, at, formulas, known)
                terms, is_sure = known.symbols.get(letter, ()), letter not in SHARED_LETTERS
            if terms:
                yield terms, is_sure
                break
        else:
            stop = at + 1
        at = stop


def _meant(words: list[str], known: Index) -> tuple[Term, ...]:
    """A term in words, or a symbol that cannot be mistaken for a letter of the text."""
    key = " ".join(words)
    if len(words) > 1 or not (len(key) == 1 and key.isascii()):
        if key in known.symbols:
            return known.symbols[key]
        term = known.word(key.casefold())
        return (term,) if term else ()
    return ()


def _letter(tokens: list[_Token], at: int, formulas: list[tuple[int, int]], known: Index) -> str:
    """The single letter that is a symbol here: in a line with a formula, with a number or a power behind it perhaps. "" if none."""
    token = tokens[at]
    bare = token.text.rstrip("0123456789²³ᵀ")
    if len(bare) != 1 or bare not in known.symbols or not any(a <= token.start < b for a, b in formulas):
        return ""
    if at and tokens[at - 1].text in ("'", "’"):
        return ""  # the s of "Adam's"
    is_assigned = at + 1 < len(tokens) and tokens[at + 1].text == "="
    return "" if bare in ARTICLES and not is_assigned else bare


def _formula_lines(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        if "=" in line or "∂" in line or "←" in line:
            spans.append((start, start + len(line)))
        start += len(line)
    return spans


def _scan_korean(text: str, token: _Token, known: Index) -> Generator[tuple[tuple[Term, ...], bool], None, int]:
    """Terms that begin in this run of syllables; returns where the search goes on.

    Korean joins particles to the end of a word and words to each other: a term may be followed by anything, and one of three
    syllables may stand inside a longer word. One of a single syllable must stand alone but for a particle.
    """
    at, joined = token.start, True
    while at < token.end:
        longest = min(known.longest_korean, len(text) - at)
        for length in range(longest, 0, -1):
            word = text[at : at + length].replace("\n", " ")
            term = known.korean.get(word)
            if term is None or not (joined or length >= 3):
                continue
            rest = text[at + length : token.end]
            if length == 1 and rest and rest not in PARTICLES:
                continue
            yield (term,), True
            at, joined = at + length, True
            break
        else:
            at, joined = at + 1, False
    return at
