"""The glossary: the words that are on the screen now, then all; a page for each, with links to follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_nn.tui.chrome import Bar
from tui_nn.tui.glossary import Entry, Group, Link, entries_of, groups_of, links_of, list_lines, page_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line, Page
from tui_nn.tui.paint import paint
from tui_nn.tui.screens.modal import Modal, quiet
from tui_nn.tui.text import cells
from tui_nn.tui.view import clamp

WIDE = 76  # cells; from here on the page stands beside the list
TITLE = {"en": "What is this?", "ko": "이건 무엇일까요?"}
FILTER = {"en": "type to find a word", "ko": "찾을 말을 입력하세요"}
LIST_KEYS = {
    "en": (("enter", "explain"), ("esc", "close"), ("↑ ↓", "choose")),
    "ko": (("enter", "풀이"), ("esc", "닫기"), ("↑ ↓", "고르기")),
}
PAGE_KEYS = {
    "en": (("enter", "follow"), ("esc", "back"), ("tab ↑ ↓", "links"), ("l", "한국어")),
    "ko": (("enter", "따라가기"), ("esc", "뒤로"), ("tab ↑ ↓", "고르기"), ("l", "English")),
}


class TermList(Widget, can_focus=False):
    """The rows themselves; the screen holds the selection."""

    def __init__(self, lines: Callable[[int, int], list[Line]]) -> None:
        super().__init__()
        self._write, self._lines, self._drawn_for = lines, [], None

    def reset(self) -> None:
        self._drawn_for = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        if self._drawn_for != self.size:
            self._lines, self._drawn_for = self._write(*self.size), self.size
        return paint(self, [self._lines[y] if y < len(self._lines) else []])[0]

    def on_mouse_scroll_down(self) -> None:
        self.screen.action_choose(1)  # type: ignore[attr-defined]

    def on_mouse_scroll_up(self) -> None:
        self.screen.action_choose(-1)  # type: ignore[attr-defined]


class GlossaryScreen(Modal[str | None]):
    """Closes with what the user wants to look at ("optimizer"), or None."""

    DEFAULT_CSS = """
    GlossaryScreen { align: center middle; background: $background 60%; }
    GlossaryScreen > Vertical { width: 100%; max-width: 112; height: 100%; max-height: 44; background: $surface; padding: 0 1; }
    GlossaryScreen Bar { position: relative; width: 1fr; height: 1; }
    GlossaryScreen > Vertical > Input, GlossaryScreen > Vertical > Input:focus { padding: 0 2; background: $surface; }
    GlossaryScreen TermList { width: 1fr; height: 1fr; }
    GlossaryScreen Page { width: 1fr; height: 1fr; display: none; }
    GlossaryScreen Horizontal { height: 1fr; width: 1fr; }
    GlossaryScreen.wide TermList { width: 40%; }
    GlossaryScreen.wide Page { display: block; padding: 0 0 0 1; border-left: solid $panel; }
    GlossaryScreen.wide.ascii Page { border-left: ascii $panel; }
    GlossaryScreen.reading Page { display: block; }
    GlossaryScreen.reading TermList, GlossaryScreen.reading Input { display: none; }
    GlossaryScreen.wide.reading TermList, GlossaryScreen.wide.reading Input { display: block; }
    """
    WHERE_NOTHING_IS_TYPED = {"left": "choose(-1)", "right": "choose(1)", "q,i,ㅂ,ㅑ": "close", "l,ㅣ": "app.language"}
    BINDINGS = quiet(
        {"escape": "back", "f2": "close", "enter": "go", "pageup": "page(-1)", "pagedown": "page(1)"}
        | {"up,shift+tab": "choose(-1)", "down,tab": "choose(1)"}
        | WHERE_NOTHING_IS_TYPED
    )

    def __init__(
        self, texts: Sequence[tuple[str, str]], ink: Ink, lang: str, can_leave: bool, first: Entry | None = None
    ) -> None:
        super().__init__(classes="ascii" if ink.ascii else "")
        self.texts, self.ink, self.lang, self.can_leave = texts, ink, lang, can_leave
        self.selected, self.query_text = 0, ""
        self.groups: list[Group] = groups_of(texts, "", lang)
        self.trail = [(first, 0)] if first else []  # pages opened, with the link chosen on each
        self._places: list[int] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Bar("glossary-title")
            yield Input(placeholder=FILTER[self.lang], compact=True, select_on_focus=False)
            with Horizontal():
                yield TermList(self._list)
                yield Page(self.ink, self._page)
            yield Bar("glossary-foot")

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    # What is shown

    @property
    def entry(self) -> Entry | None:
        """The term whose page stands open, or beside the list."""
        if self.trail:
            return self.trail[-1][0]
        entries = entries_of(self.groups)
        return entries[clamp(self.selected, len(entries))] if entries else None

    @property
    def links(self) -> list[Link]:
        return links_of(self.entry, self.can_leave) if self.entry else []

    def _list(self, width: int, height: int) -> list[Line]:
        n = len(entries_of(self.groups))
        return list_lines(self.groups, clamp(self.selected, n), self.lang, width - 1, height, self.ink)

    def _page(self, width: int) -> list[Line]:
        if self.entry is None:
            return []
        chosen = self.trail[-1][1] if self.trail else None
        lines, self._places = page_lines(self.entry, self.links, chosen, self.lang, width - 1, self.ink)
        return lines

    def _arrange(self) -> None:
        if not self.query("#glossary-foot"):  # closed before it stood
            return
        is_reading = bool(self.trail)
        self.set_class(self.app.size.width >= WIDE, "wide")
        self.set_class(is_reading, "reading")
        self.query_one(Page if is_reading else Input).focus()
        self._draw()

    def _draw(self, keep: bool = False) -> None:
        """keep: stay where the page has been scrolled to, as far as the chosen link stays in sight."""
        page = self.query_one(Page)
        top = page.top if keep else 0
        page.ink = self.ink
        page.reset()
        if self.trail and page.size.height:
            self._page(page.size.width)
            if self._places:
                row = self._places[clamp(self.trail[-1][1], len(self._places))]
                is_first = self.trail[-1][1] == 0
                top = 0 if is_first and row < page.size.height else max(top, row - page.size.height + 1)
                top = min(top, row)
        page.top = top
        self.query_one(TermList).reset()
        rule, keys = self.ink.glyph("rule_focus"), PAGE_KEYS if self.trail else LIST_KEYS
        self.query_one("#glossary-title", Bar).show(
            [[self.ink.say(f"{rule} ", "accent"), self.ink.say(TITLE[self.lang], "title")]]
        )
        self.query_one("#glossary-foot", Bar).show([self._foot(keys[self.lang])])

    def _foot(self, keys: Sequence[tuple[str, str]]) -> Line:
        line: Line = []
        for key, label in keys:
            gap = [self.ink.say("   ")] if line else []
            more = [*gap, self.ink.say(key, "key"), self.ink.say(f" {label}", "dim")]
            if sum(cells(segment.text) for segment in (*line, *more)) <= self.app.size.width:
                line += more
        return line

    # What the user does

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._take_query():
            self.trail = []
            self._arrange()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field: it comes behind the letters, as a binding of the screen's own might not."""
        self.action_go()

    def _take_query(self) -> bool:
        """Filter by what has been typed; False if that is done."""
        text = self.query_one(Input).value
        if text == self.query_text:
            return False
        self.query_text, self.selected = text, 0
        self.groups = groups_of(self.texts, text, self.lang)
        return True

    def action_choose(self, by: int) -> None:
        """The next entry of the list, or the next link of the page."""
        if self.trail:
            entry, chosen = self.trail[-1]
            n = len(self.links)
            if n:
                self.trail[-1] = entry, clamp(chosen + by, n)
                self._draw(keep=True)
            else:
                self.query_one(Page).scroll_by(by)
        else:
            self.selected = clamp(self.selected + by, len(entries_of(self.groups)))
            self._draw()

    def action_page(self, by: int) -> None:
        if self.trail:
            self.query_one(Page).scroll_by(by * max(self.query_one(Page).size.height - 1, 1))
        else:
            self.action_choose(by * max(self.query_one(TermList).size.height - 1, 1))

    def action_go(self) -> None:
        """Open the selected term, or follow the chosen link."""
        if not self.trail:
            self._take_query()
            if self.entry is not None:
                self.trail.append((self.entry, 0))
                self._arrange()
        elif self.links:
            self.action_follow(self.trail[-1][1])

    def action_pick(self, number: int) -> None:
        """A click on a row of the list: select it; again, or where the page is not in sight, open it."""
        is_again = number == self.selected and not self.trail
        self.selected, self.trail = number, []
        if is_again or not self.has_class("wide"):
            self.action_go()
        else:
            self._arrange()

    def action_follow(self, number: int) -> None:
        if not self.links:  # clicked while the search took the page away
            return
        link = self.links[clamp(number, len(self.links))]
        if link.term is None:
            self.dismiss(link.where)
            return
        if self.trail:
            self.trail[-1] = self.trail[-1][0], number
        elif self.entry is not None:
            self.trail.append((self.entry, number))
        self.trail.append((link.term, 0))
        self._arrange()

    def action_back(self) -> None:
        """One page back; from the list: clear what was typed, then close."""
        if self.trail:
            self.trail.pop()
            self._arrange()
        elif self.query_text:
            self.query_one(Input).value = ""
        else:
            self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)

    # What the app asks

    def use_ink(self, ink: Ink) -> None:
        self.ink = ink
        self._draw(keep=True)

    def use_language(self, lang: str) -> None:
        self.lang = lang
        self.groups = groups_of(self.texts, self.query_text, lang)
        self.query_one(Input).placeholder = FILTER[lang]
        self._draw(keep=True)
