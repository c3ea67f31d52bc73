"""The glossary: what every word on the screen means, in English and Korean.

The words stand in words/*.toml. Nothing is read before the first question, and nothing heavier than tomllib is imported.
"""

from tui_nn.glossary.find import lookup, lookup_all, matching
from tui_nn.glossary.reading import terms_in
from tui_nn.glossary.terms import Term, all_terms, term

__all__ = ["Term", "all_terms", "lookup", "lookup_all", "matching", "term", "terms_in"]
