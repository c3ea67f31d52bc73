"""The app: composes screens, remembers theme and language, and leaves a summary. What training means it does not know."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.errors import NoWidget
from textual.widgets import Input

from tui_nn.tui import config
from tui_nn.tui.arrange import is_too_small
from tui_nn.tui.commands import JAMO, PANELS, Command, bindings_for
from tui_nn.tui.ink import Ink
from tui_nn.tui.palette import Palette, TableProvider
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.modal import PageScreen, TooSmall
from tui_nn.tui.themes import DARK, LIGHT, theme_of
from tui_nn.tui.view import LANGUAGES

if TYPE_CHECKING:
    from tui_nn.tui.screens.debugger import DebuggerScreen

NO_COLOUR_THEME = "ansi-dark"
COLLECT_AFTER = (2_000, 5, 20)  # objects; turns of the first generation; of the second


@dataclass(frozen=True)
class Wish:
    """A scenario to open, and what to do with it first."""

    ref: str
    overrides: tuple[str, ...] = ()
    at: int | None = None
    play: bool = False
    speed: float = 1.0


@dataclass
class Options:
    lang: str = "en"
    ascii: bool = False
    theme: str | None = None
    wish: Wish | None = None
    remembered: dict[str, str] = field(default_factory=dict)


class TuiApp(App[int]):
    """A gallery, at most one debugger, and modal screens on top; the bottom screen stays empty and is never seen."""

    TITLE = "tui-nn"
    CSS = """
    Screen { overflow: hidden; }
    CommandPalette > Vertical { max-width: 100; }
    CommandPalette SearchIcon { display: none; }
    * { scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface; scrollbar-color: $panel; scrollbar-corner-color: $surface; }
    """
    COMMANDS = {TableProvider}
    BINDINGS = bindings_for("app")
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self, options: Options) -> None:
        self.is_mono = "NO_COLOR" in os.environ
        # With native ANSI colours Textual drops all colour under NO_COLOR; otherwise it would turn them to greys.
        super().__init__(ansi_color=True if self.is_mono else None)
        self.options = options
        self.lang = options.lang
        self.register_theme(theme_of(dark=True))
        self.register_theme(theme_of(dark=False))
        self.theme = self._first_theme()
        self.ink = Ink(self.current_theme.dark, self.is_mono, options.ascii)
        self.animation_level = "none"
        self.debugger: DebuggerScreen | None = None  # the one run that is open, on the screen or under the gallery
        self.summary = ""
        self._jamo_seen = False
        self._spared: bool | None = None  # see `spare_collector`

    def _first_theme(self) -> str:
        if self.is_mono:
            return NO_COLOUR_THEME
        for name in (self.options.theme, os.environ.get("TEXTUAL_THEME"), self.options.remembered.get("theme")):
            if name in ("dark", "light"):
                name = DARK if name == "dark" else LIGHT
            if name in self.available_themes:
                return name
        return DARK

    def on_mount(self) -> None:
        if self.options.wish:
            self.open_scenario(self.options.wish)
        else:
            self.push_screen(GalleryScreen(self.ink, self.lang))
        self._check_size(self.size.width, self.size.height)
        self.call_after_refresh(self.spare_collector)

    def spare_collector(self) -> None:
        """What has been built by now lives as long as the app: keep the garbage collector from walking it at every turn.

        Once for the app, and once more with Numba: its 120,000 objects made one turn in a hundred last 130 ms. And fewer
        turns: at full speed the screen makes 700 objects, Python's measure, in a fraction of a frame.
        """
        gc.set_threshold(*COLLECT_AFTER)
        has_numba = "numba" in sys.modules
        if self._spared != has_numba:
            self._spared = has_numba
            gc.freeze()

    # Opening and leaving a run

    def open_scenario(self, wish: Wish) -> None:
        """Show the debugger on a scenario; the run that was open before is closed."""
        from tui_nn.tui.screens.debugger import DebuggerScreen

        if self.debugger is not None:
            self.close_run()
        self.debugger = DebuggerScreen(wish, self.ink, self.lang)
        self.push_screen(self.debugger)

    def show_gallery(self) -> None:
        """Put the gallery over the debugger; the run waits below it, paused."""
        if self.debugger is not None and self.screen is self.debugger:
            self.debugger.pause_all()
            self.push_screen(GalleryScreen(self.ink, self.lang, is_above=True))

    def return_to_run(self) -> None:
        """From a gallery that lies above a debugger back to it."""
        if isinstance(self.screen, GalleryScreen) and self.screen.is_above:
            self.pop_screen()

    def close_run(self) -> None:
        """End the open run and take its screen away, with whatever lies above it."""
        debugger, self.debugger = self.debugger, None
        if debugger is None:
            return
        debugger.close()
        while debugger in self.screen_stack:
            self.pop_screen()

    def opening_failed(self, report: str) -> None:
        """Back to the gallery, with the reason on a page of its own."""
        self.close_run()
        if not any(isinstance(screen, GalleryScreen) for screen in self.screen_stack):
            self.push_screen(GalleryScreen(self.ink, self.lang))
        self.show_report("This scenario cannot be used", report)
        self._check_size(*self.size)

    def show_report(self, title: str, report: str) -> None:
        from tui_nn.tui.text import wrap_report

        ink = self.ink
        self.push_screen(
            PageScreen(title, ink, lambda width: [[ink.say(line)] for line in wrap_report(report, width - 1)])
        )

    # Commands

    async def perform(self, command: Command) -> None:
        """Do what a row of the table says, wherever it belongs; the palette's way in."""
        screen: Any = self.screen
        if command.where in PANELS:
            screen.action_panel(command.where)
            await self.run_action(command.action, default_namespace=screen.panels[command.where])
        else:
            await self.run_action(command.action, default_namespace=self if command.where == "app" else screen)

    def action_language(self) -> None:
        self.lang = LANGUAGES[(LANGUAGES.index(self.lang) + 1) % len(LANGUAGES)]
        config.save(lang=self.lang)
        for screen in self.screen_stack:
            if hasattr(screen, "use_language"):
                screen.use_language(self.lang)  # type: ignore[attr-defined]

    def action_theme(self) -> None:
        if self.is_mono:
            self.notify("NO_COLOR is set: there is only one theme.", timeout=4)
            return
        dark = not self.current_theme.dark
        self.theme = DARK if dark else LIGHT
        self.ink = Ink(dark, self.is_mono, self.options.ascii)
        config.save(theme=self.theme)
        for screen in self.screen_stack:
            if hasattr(screen, "use_ink"):
                screen.use_ink(self.ink)  # type: ignore[attr-defined]

    def action_help(self) -> None:
        from tui_nn.tui.screens.help import help_lines

        screen: Any = self.screen
        if not hasattr(screen, "help_about"):
            return
        focused, about, places = screen.help_about()
        ink = self.ink
        self.push_screen(
            PageScreen("Keys and words", ink, lambda width: help_lines(focused, about, places, width, ink))
        )

    def action_command_palette(self) -> None:
        if not isinstance(self._top(), Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_quit(self) -> None:
        self.leave()

    def leave(self) -> None:
        """Stop the machine first, whatever it is doing; then the screen."""
        self.close_session()
        self.exit(0)

    def close_session(self) -> None:
        if self.debugger is not None:
            self.summary = self.debugger.close() or self.summary

    # Keys and sizes

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if isinstance(self._top(), TooSmall):
            return action == "quit"
        return super().check_action(action, parameters)

    def _top(self) -> object:
        return self.screen_stack[-1] if self.screen_stack else None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.MouseEvent) and not (event.is_forwarded or self._lies_on_something(event)):
            return
        is_jamo = isinstance(event, events.Key) and event.character in JAMO.values()
        if is_jamo and not self._jamo_seen and not isinstance(self.focused, Input):
            self._jamo_seen = True
            self.notify("Hangul input is on: letter keys work as their jamo (ㄴ is s, ㅜ is n).", timeout=5)
        await super().on_event(event)

    def _lies_on_something(self, event: events.MouseEvent) -> bool:
        """While the window grows the mouse may be where nothing has been laid out yet; Textual would end the focus."""
        try:
            self.screen.get_widget_at(int(event.x), int(event.y))
        except NoWidget:
            return False
        return True

    def on_resize(self, event: events.Resize) -> None:
        self._check_size(event.size.width, event.size.height)

    def _check_size(self, width: int, height: int) -> None:
        top = self._top()
        if is_too_small(width, height):
            if isinstance(top, Palette):
                self.pop_screen()  # it cannot be laid out in a few columns (ValueError in Textual 8.2)
            if not isinstance(top, TooSmall):
                self.push_screen(TooSmall(self.ink))
        elif isinstance(top, TooSmall):
            self.pop_screen()


def run(
    scenario: str | None, *, lang: str | None, overrides: Sequence[str], at: int | None, ascii: bool, play: bool, speed: float,
    theme: str | None,
) -> int:  # fmt: skip
    """See `tui_nn.tui.run_app`."""
    from tui_nn.cli_text import default_language

    remembered = config.load()
    chosen = next((name for name in (lang, remembered.get("lang")) if name in LANGUAGES), default_language())
    wish = Wish(scenario, tuple(overrides), at, play, speed) if scenario is not None else None
    app = TuiApp(Options(chosen, ascii, theme, wish, remembered))
    try:
        status = app.run()
    finally:
        app.close_session()
    if app.summary:
        print(app.summary)
    sys.stdout.flush()
    return status if status is not None else app.return_code or 0
