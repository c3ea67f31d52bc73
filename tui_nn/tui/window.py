"""Which iterations of a run the curves show: all, or a window that is zoomed, moved, and follows the newest."""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 8  # iterations; with fewer a chart says no more than the reading line


@dataclass(frozen=True)
class Window:
    """
    span: iterations from edge to edge; None: all.
    last: the iteration at the right edge; None: the newest there is, also when more come.
    """

    span: int | None = None
    last: int | None = None

    def edges(self, newest: int, end: int) -> tuple[int, int]:
        """The first and the last iteration shown. newest: the last one measured; end: the right edge of the whole."""
        if self.span is None or self.span >= newest:
            return 0, end
        last = newest if self.last is None else max(min(self.last, newest), self.span)
        return last - self.span, last

    def zoomed(self, factor: float, at: int, newest: int, end: int) -> Window:
        """Wider (factor above 1) or narrower, `at` staying where it stands; beyond the whole run: all of it."""
        first, last = self.edges(newest, end)
        span = max(round((last - first) * factor), LEAST)
        if span >= newest:
            return self if factor < 1 else ALL
        at = min(max(at, first), last)
        left = round(at - (at - first) / (last - first) * span)
        return _window(span, left + span, newest)

    def panned(self, by: int, newest: int, end: int) -> Window:
        """The same span, `by` iterations further; it stops at either end."""
        if self.span is None:
            return self
        first, last = self.edges(newest, end)
        return _window(last - first, last + by, newest) if (first, last) != (0, end) else self

    def showing(self, at: int, newest: int, end: int) -> Window:
        """Moved by just as much as brings `at` into it."""
        first, last = self.edges(newest, end)
        return self.panned(min(at - first, 0) + max(at - last, 0), newest, end) if not first <= at <= last else self


def _window(span: int, last: int, newest: int) -> Window:
    last = max(last, span)
    return Window(span, None if last >= newest else last)


ALL = Window()
