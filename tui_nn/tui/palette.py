"""The command palette: every command, tab, word and preset, found by any part of its name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.command import (
    CommandInput,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
    SearchIcon,
)
from textual.containers import Horizontal, Vertical
from textual.widgets import LoadingIndicator, OptionList

from tui_nn.tui.commands import COMMANDS, PANELS, PLACES, Command
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.tui.app import TuiApp


PAGE = 8  # entries
MAX_WORDS = 12  # of the glossary for one query: what else matches is better looked up there


class Found(CommandList, can_focus=False):
    """What was found. A click may come when it holds less than was drawn: Textual 8.2 ends in an IndexError there."""

    def on_click(self, event: events.Click) -> None:
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()


class Palette(CommandPalette):
    """Textual's palette, with a page key that can be pressed before the list has been laid out, and closed at any moment.

    In Textual 8.2 the first ends in a KeyError: its own page action looks the highlighted line up in a layout not yet made.
    The second ends in NoMatches: what gathers commands goes on for a moment, and looks for a list that is gone.
    """

    BINDINGS = [
        Binding("pageup", "page(-1)", "Previous page", show=False),
        Binding("pagedown", "page(1)", "Next page", show=False),
    ]

    def compose(self) -> ComposeResult:
        """As Textual's, with a list of our own."""
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield CommandInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield Found()
                yield LoadingIndicator()

    def action_page(self, by: int) -> None:
        options = self.query_one(OptionList)
        if options.option_count:
            options.highlighted = clamp((options.highlighted or 0) + by * PAGE, options.option_count)

    def dismiss(self, result: Any = None) -> AwaitComplete:  # as in screens/modal.py; it cannot have two such parents
        self._cancel_gather_commands()
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _gather_commands(self, search_value: str) -> Any:
        return super()._gather_commands(search_value) if self.is_current else None

    def _watch__list_visible(self) -> None:
        if self.query(OptionList):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self.query(OptionList):
            await super()._watch__show_busy()


class TableProvider(Provider):
    """Offers what can be done on the screen from which the palette was opened."""

    def _offered(self) -> Iterator[tuple[str, Command]]:
        place = getattr(self.screen, "where", "")
        is_asked = bool(place == "debugger" and self.screen.playing.is_open)  # type: ignore[attr-defined]
        places = ("app", place, *(PANELS if place == "debugger" else ()), *(("question",) if is_asked else ()))
        for command in COMMANDS:
            if command.where in places and command.id != "palette":
                yield f"{command.help.rstrip('.')}  [{command.shown_keys}]", command

    async def discover(self) -> Hits:
        for text, command in self._offered():
            yield DiscoveryHit(escape(text), self._callback(command), text=text, help=PLACES[command.where])

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, command in self._offered():
            if (score := matcher.match(text)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(escape(text)),
                    self._callback(command),
                    text=text,
                    help=PLACES[command.where],
                )

    def _callback(self, command: Command) -> partial:
        app: TuiApp = self.app  # type: ignore[assignment]
        return partial(app.perform, command)


class TabProvider(Provider):
    """Every tab of every panel, and every view of a microscope: "Show Weights: histogram"."""

    def _offered(self) -> Iterator[tuple[str, partial]]:
        from tui_nn.tui.microscope import TITLES, microscope

        screen: Any = self.screen
        for name, panel in getattr(screen, "panels", {}).items():
            for i, tab in enumerate(panel.tabs):
                yield f"Show {tab}", partial(_show_tab, screen, name, i)
        if hasattr(screen, "panels"):
            for name, title in TITLES.items():
                for i, mode in enumerate(microscope(name).modes):
                    yield f"Show {title}: {mode}", partial(_show_mode, screen, name, i)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, show in self._offered():
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), show, text=text, help="panels")


def _show_tab(screen: Any, name: str, index: int) -> None:
    panel = screen.panels[name]
    screen.action_panel(name)
    panel.switch_tab(index - panel.active_tab())


def _show_mode(screen: Any, name: str, index: int) -> None:
    screen.view.modes[name] = index
    screen.look_at(name)


class WordProvider(Provider):
    """What is ...? Every word of the glossary, by its own name or any other book's, in either language."""

    async def search(self, query: str) -> Hits:
        from tui_nn.glossary import matching

        app: TuiApp = self.app  # type: ignore[assignment]
        matcher = self.matcher(query)
        words = query.casefold().removeprefix("what is").strip(" ?")
        for place, term in enumerate(matching(words)[:MAX_WORDS] if words else ()):
            text = f"What is {term.word['en']}?  {term.word['ko']}"
            if (score := matcher.match(text)) > 0:
                title = matcher.highlight(text)
            else:  # found by another of its words, or by its definition
                score, title = 0.3 - 0.01 * place, escape(text)
            yield Hit(score, title, partial(app.action_glossary, term.id), text=text, help="words")


class PresetProvider(Provider):
    """Open a preset. By their ids: to read the titles, every file would have to be opened."""

    async def search(self, query: str) -> Hits:
        from tui_nn.scenario.presets import preset_ids

        app: TuiApp = self.app  # type: ignore[assignment]
        matcher = self.matcher(query)
        for preset_id in preset_ids():
            text = f"Open {preset_id}"
            score = max(matcher.match(text), matcher.match(text.replace("-", " ")))
            if score > 0:
                yield Hit(
                    score, matcher.highlight(text), partial(app.open_preset, preset_id), text=text, help="scenarios"
                )


PROVIDERS = {TableProvider, TabProvider, WordProvider, PresetProvider}


def escape(text: str) -> str:
    """Square brackets are markup to Textual; here they are keys."""
    return text.replace("[", "\\[")
