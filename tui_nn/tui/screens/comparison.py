"""The page on two runs: curves over each other at once, and what differs as soon as it has been looked up in a thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget

from tui_nn.tui.chrome import Bar
from tui_nn.tui.comparison import WORDS, Side, chart_lines, comparison_lines, metrics_of, spans_decades
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line, Page
from tui_nn.tui.paint import paint
from tui_nn.tui.screens.modal import SCROLL, DrawnModal, quiet
from tui_nn.tui.text import fit, wrap

if TYPE_CHECKING:
    from tui_nn.debugger.compare import Comparison
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import Text

FOOT = {
    "en": (("← →", "metric"), ("y", "log"), ("x", "other run"), ("↑ ↓ PgUp PgDn", "scroll"), ("esc", "close")),
    "ko": (("← →", "지표"), ("y", "로그"), ("x", "다른 학습"), ("↑ ↓ PgUp PgDn", "스크롤"), ("esc", "닫기")),
}
SHARE = 0.42  # of the page, that the chart takes
MOST_SAID = 3  # rows for a lesson's words


class _Left(Exception):
    """Nobody wants to know any more."""


class Chart(Widget):
    """The curves; its screen draws them."""

    DEFAULT_CSS = "Chart { width: 1fr; height: 12; }"
    strips: list[Strip] | None = None

    def reset(self) -> None:
        self.strips = None
        self.refresh()

    def on_resize(self) -> None:
        self.reset()

    def render_line(self, y: int) -> Strip:
        if self.strips is None:
            self.strips = paint(self, self.screen.chart(*self.size))  # type: ignore[attr-defined]
        return self.strips[y] if y < len(self.strips) else Strip.blank(self.size.width)


class ComparisonScreen(DrawnModal[None]):
    """sides: all that are open; compared are the one at `first` and, in turn, each other one, beginning with `second`.

    pasts: what to look things up in, a Session for each side, of which nobody else knows. said: a lesson's words.
    """

    DEFAULT_CSS = """
    ComparisonScreen { align: center middle; background: $background 60%; }
    ComparisonScreen > Vertical { width: 100%; max-width: 160; height: 100%; max-height: 56; background: $surface; padding: 0 1; }
    ComparisonScreen Bar { position: relative; width: 1fr; height: 1; }
    ComparisonScreen Page { width: 1fr; height: 1fr; }
    """
    BINDINGS = quiet(
        {"escape,q,enter,d,ㅂ,ㅇ": "close", "left": "metric(-1)", "right": "metric(1)", "y,ㅛ": "log", "x,ㅌ": "other"}
        | SCROLL
    )

    def __init__(
        self, sides: Sequence[Side], first: int, second: int, pasts: Sequence[Session], ink: Ink, lang: str,
        said: Text | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sides, self.first, self.second, self.pasts = tuple(sides), first, second, tuple(pasts)
        self.ink, self.lang, self.said = ink, lang, said
        self.metrics = metrics_of(self.sides)
        self.metric = self.metrics[0]
        self.is_log = spans_decades(self.sides, self.metric)
        self.found: dict[int, Comparison | str] = {}  # by the second one; a text says why there is none
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Is what differs still being looked up?"""
        return self.second not in self.found and not self._is_over.is_set()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("compare-title")
            yield Chart()
            yield Page(self.ink, self._lines)
            yield Bar("compare-said")
            yield Bar("compare-foot")

    def on_mount(self) -> None:
        self._look_up()
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def chart(self, width: int, height: int) -> list[Line]:
        found = self.found.get(self.second)
        parting = None if found is None or isinstance(found, str) else found.parting
        at = None if parting is None else parting.position.iteration
        return chart_lines(self.sides, self.metric, self.is_log, at, width, height, self.ink)

    def _lines(self, width: int) -> list[Line]:
        ink, found, words = self.ink, self.found.get(self.second), WORDS[self.lang]
        if found is None:
            return [[], [ink.say(fit(words["busy"], width), "strong")], [ink.say(fit(words["left"], width), "dim")]]
        if isinstance(found, str):
            return [[ink.say(line, "bad")] for line in wrap(found, width)]
        return comparison_lines(found, (self.sides[self.first], self.sides[self.second]), width, ink, self.lang)

    def _draw(self) -> None:
        ink, width = self.ink, max(min(self.app.size.width, 160) - 2, 10)
        height = min(self.app.size.height, 56)
        for chart in self.query(Chart):
            chart.styles.height = max(int((height - 2) * SHARE), 4)
            chart.reset()
        title = " · ".join(self.sides[k].title for k in (self.first, self.second))
        rule = ink.glyph("rule_focus")
        said = wrap(getattr(self.said, self.lang), width)[:MOST_SAID] if self.said else []
        foot = [(key, word) for key, word in FOOT[self.lang] if key != "x" or len(self.sides) > 2]
        keys = [part for key, word in foot for part in (ink.say(key, "key"), ink.say(f" {word}   ", "dim"))]
        for name, lines in (
            ("title", [[ink.say(f"{rule} ", "accent"), ink.say(fit(title, width - 2), "title")]]),
            ("said", [[ink.say(line, "strong")] for line in said]),
            ("foot", [keys]),
        ):
            for bar in self.query(f"#compare-{name}").results(Bar):
                bar.styles.height = len(lines)
                bar.display = bool(lines)
                bar.show(lines)
        for page in self.query(Page):
            page.reset()

    # Looking up

    def _look_up(self) -> None:
        """One at a time: they share what is led through the past."""
        if self._thread is None and self.second not in self.found:
            self._thread = threading.Thread(
                target=self._work, args=(self.second,), name="tui-nn comparing", daemon=True
            )
            self._thread.start()

    def _work(self, second: int) -> None:
        from tui_nn.debugger.compare import compare

        found: Comparison | str
        try:
            found = compare(self.pasts[self.first], self.pasts[second], self._between, is_past=True)
        except _Left:
            return
        except Exception as error:  # told on the page; the runs are not touched
            found = f"{type(error).__name__}: {error}"
        if not self._is_over.is_set():
            self.app.call_from_thread(self._told, second, found)

    def _between(self) -> None:
        if self._is_over.is_set():
            raise _Left

    def _told(self, second: int, found: Comparison | str) -> None:
        self.found[second], self._thread = found, None
        if self.is_mounted:
            self._look_up()  # the user may have turned to another one meanwhile
            self._draw()

    # Keys

    def action_metric(self, by: int) -> None:
        self.metric = self.metrics[(self.metrics.index(self.metric) + by) % len(self.metrics)]
        self.is_log = spans_decades(self.sides, self.metric)
        for chart in self.query(Chart):
            chart.reset()

    def action_log(self) -> None:
        self.is_log = not self.is_log
        for chart in self.query(Chart):
            chart.reset()

    def action_other(self) -> None:
        others = [k for k in range(len(self.sides)) if k != self.first]
        self.second = others[(others.index(self.second) + 1) % len(others)]
        self._look_up()
        self._draw()

    def action_scroll(self, rows: int) -> None:
        for page in self.query(Page):
            page.scroll_by(rows)

    def action_close(self) -> None:
        self.dismiss()

    def on_unmount(self) -> None:
        self._is_over.set()
