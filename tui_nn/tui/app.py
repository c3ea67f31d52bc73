"""The app: composes screens, remembers theme and language, and leaves a summary. What training means it does not know."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.errors import NoWidget
from textual.widgets import Input

from tui_nn.tui import config, keymap, visited
from tui_nn.tui.arrange import is_too_small
from tui_nn.tui.chrome import log_mark
from tui_nn.tui.commands import COMMANDS, JAMO, PANELS, Command, bindings_for, use_own_keys
from tui_nn.tui.hints import ALL_SEEN, Hints, hint_line
from tui_nn.tui.ink import Ink
from tui_nn.tui.keymap import Keymap
from tui_nn.tui.palette import PROVIDERS, Palette
from tui_nn.tui.recovering import look_for_left
from tui_nn.tui.screens.gallery import GalleryScreen
from tui_nn.tui.screens.modal import PageScreen, TooSmall
from tui_nn.tui.strays import Captured, Strays, stand_in
from tui_nn.tui.themes import DARK, LIGHT, theme_of
from tui_nn.tui.view import LANGUAGES

if TYPE_CHECKING:
    from rich.segment import Segment
    from textual.dom import DOMNode

    from tui_nn.tui.screens.debugger import DebuggerScreen

NO_COLOUR_THEME = "ansi-dark"
LOG_PERIOD_S = 0.25
COLLECT_AFTER = (2_000, 5, 20)  # objects; turns of the first generation; of the second


@dataclass(frozen=True)
class Wish:
    """A scenario to open, and what to do with it first."""

    ref: str
    overrides: tuple[str, ...] = ()
    at: int | None = None
    play: bool = False
    speed: float = 1.0
    twin: bool = True  # open the network beside it, if it names one
    title: str = ""  # to be called by until it is read


@dataclass
class Options:
    lang: str = "en"
    ascii: bool = False
    theme: str | None = None
    wish: Wish | None = None
    remembered: dict[str, Any] = field(default_factory=dict)
    hints: bool = False  # may a first visit be given hints?
    keymap: Keymap = field(default_factory=Keymap)
    strays: Strays = field(default_factory=Strays)
    captured: Captured | None = None
    checkpoint_mb: float | None = None  # see Session
    journal: bool = False  # is what is done kept, so that a crash loses nothing, and what was left offered?


class TuiApp(App[int]):
    """A gallery, at most one debugger, and modal screens on top; the bottom screen stays empty and is never seen."""

    TITLE = "tui-nn"
    CSS = """
    Screen { overflow: hidden; }
    CommandPalette > Vertical { max-width: 100; }
    CommandPalette SearchIcon { display: none; }
    * { scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface; scrollbar-color: $panel; scrollbar-corner-color: $surface; }
    """
    COMMANDS = PROVIDERS
    BINDINGS = bindings_for("app")
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self, options: Options) -> None:
        self.is_mono = "NO_COLOR" in os.environ
        # With native ANSI colours Textual drops all colour under NO_COLOR; otherwise it would turn them to greys.
        super().__init__(ansi_color=True if self.is_mono else None)
        self.options = options
        self.lang = options.lang
        self.strays = options.strays
        seen = options.remembered.get("hints_seen", 0) if options.hints else ALL_SEEN
        self.hints = Hints(seen, lambda seen: self.remember(hints_seen=seen))
        use_own_keys(options.keymap.keys)
        self.register_theme(theme_of(dark=True))
        self.register_theme(theme_of(dark=False))
        self.theme = self._first_theme()
        self.ink = Ink(self.current_theme.dark, self.is_mono, options.ascii)
        self.animation_level = "none"
        self.debugger: DebuggerScreen | None = None  # the one run that is open, on the screen or under the gallery
        self.summary = ""
        self._jamo_seen = False
        self._n_marked = 0
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
        stand_in(self.strays)
        self.set_interval(LOG_PERIOD_S, self._watch_strays)
        self.set_keymap(keymap.for_textual(self.options.keymap.keys))
        if self.options.wish:
            self.open_scenario(self.options.wish)
        else:
            self.push_screen(GalleryScreen(self.ink, self.lang))
        if self.options.keymap.problems:
            self.show_report("The keymap file", self.options.keymap.report(keymap.keymap_path()))
        self._check_size(self.size.width, self.size.height)
        self.call_after_refresh(self.spare_collector)
        if self.options.journal:
            self.call_after_refresh(lambda: look_for_left(self))

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
        visited.remember(wish.ref)
        self.debugger = DebuggerScreen(wish, self.ink, self.lang)
        self.push_screen(self.debugger)

    def open_preset(self, preset_id: str) -> None:
        """Open it, or return to it if it is the run that is open."""
        if self.debugger is not None and self.debugger.scenario_id == preset_id:
            self.return_to_run()
        else:
            self.open_scenario(Wish(preset_id))

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

    def give_up_opening(self) -> None:
        """Back to the gallery."""
        self.close_run()
        if not any(isinstance(screen, GalleryScreen) for screen in self.screen_stack):
            self.push_screen(GalleryScreen(self.ink, self.lang))

    def opening_failed(self, report: str) -> None:
        """Back to the gallery, with the reason on a page of its own."""
        self.give_up_opening()
        self.show_report("This scenario cannot be used", report)
        self._check_size(*self.size)

    def show_report(self, title: str, report: str) -> None:
        from tui_nn.tui.text import wrap_report

        ink = self.ink
        self.push_screen(
            PageScreen(title, ink, lambda width: [[ink.say(line)] for line in wrap_report(report, width - 1)])
        )

    # What is remembered, said once, or printed by others

    def remember(self, **settings: Any) -> None:
        """Keep settings for the next opening, of a scenario or of the program; None forgets one."""
        self.options.remembered |= settings
        config.save(**settings)

    def hint_line(self, width: int) -> list[Segment]:
        """The hint to give a newcomer now; empty if there is none."""
        hint = self.hints.shown()
        return hint_line(hint, self.lang, width, self.ink) if hint else []

    def log_mark(self) -> list[Segment]:
        key = next(command.shown_key for command in COMMANDS if command.id == "log")
        return log_mark(self.strays.n_new, key, self.ink)

    def _watch_strays(self) -> None:
        if self.options.captured is not None:
            self.options.captured.fetch()
        if self.strays.n_new != self._n_marked:
            self._n_marked = self.strays.n_new
            self._draw_footers()

    def _draw_footers(self) -> None:
        for screen in self.screen_stack:
            if hasattr(screen, "draw_footer") and screen.is_mounted:
                screen.draw_footer()  # type: ignore[attr-defined]

    async def run_action(
        self, action: Any, default_namespace: DOMNode | None = None, namespaces: Mapping[str, DOMNode] | None = None
    ) -> bool:
        """Every way to a command leads through here: keys, clicks, the palette."""
        is_done = await super().run_action(action, default_namespace, namespaces)
        if is_done and isinstance(action, str) and self.hints.note(action.removeprefix("app.")):
            self._draw_footers()
        return is_done

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
        self.remember(lang=self.lang)
        for screen in self.screen_stack:
            if hasattr(screen, "use_language"):
                screen.use_language(self.lang)  # type: ignore[attr-defined]
        self._draw_footers()

    def action_theme(self) -> None:
        if self.is_mono:
            self.notify("NO_COLOR is set: there is only one theme.", timeout=4)
            return
        dark = not self.current_theme.dark
        self.theme = DARK if dark else LIGHT
        self.ink = Ink(dark, self.is_mono, self.options.ascii)
        self.remember(theme=self.theme)
        for screen in self.screen_stack:
            if hasattr(screen, "use_ink"):
                screen.use_ink(self.ink)  # type: ignore[attr-defined]

    def action_help(self) -> None:
        from tui_nn.tui.glossary import words_here
        from tui_nn.tui.screens.help import help_lines

        screen: Any = self.screen
        if not hasattr(screen, "help_about"):
            return
        focused, about, places = screen.help_about()
        ink, lang = self.ink, self.lang
        words = words_here(screen, lang)
        self.push_screen(
            PageScreen("Keys and words", ink, lambda width: help_lines(focused, about, places, width, ink, words, lang))
        )

    def action_jump(self) -> None:
        from tui_nn.tui.jump import labelled
        from tui_nn.tui.screens.jump import JumpScreen

        screen: Any = self.screen
        if hasattr(screen, "jump_places"):
            targets = labelled(screen.jump_places())
            self.push_screen(
                JumpScreen(targets, self.size, self.ink, self.lang), lambda place: place and screen.jump_to(place)
            )

    def action_log(self) -> None:
        from tui_nn.tui.screens.log import LogScreen

        if not isinstance(self._top(), LogScreen):
            self.push_screen(LogScreen(self.strays, self.ink, self.lang))

    def action_glossary(self, term_id: str = "") -> None:
        """The words on the screen, or the page of one; from a page the user may go to what shows it."""
        from tui_nn.glossary import term
        from tui_nn.tui.glossary import texts_of
        from tui_nn.tui.screens.glossary import GlossaryScreen

        screen: Any = self.screen
        if not hasattr(screen, "help_about"):
            return

        def chosen(where: str | None) -> None:
            if where and hasattr(screen, "look_at"):
                screen.look_at(where)

        texts, can_leave = texts_of(screen, self.lang), hasattr(screen, "look_at")
        first = term(term_id) if term_id else None
        self.push_screen(GlossaryScreen(texts, self.ink, self.lang, can_leave, first), chosen)

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
        self.hints.end_visit()

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
                top.dismiss()  # it cannot be laid out in a few columns (ValueError in Textual 8.2)
            if not isinstance(top, TooSmall):
                self.push_screen(TooSmall(self.ink))
        elif isinstance(top, TooSmall):
            self.pop_screen()


def run(
    scenario: str | None, *, lang: str | None, overrides: Sequence[str], at: int | None, ascii: bool, play: bool, speed: float,
    theme: str | None, twin: bool = True, checkpoint_mb: float | None = None,
) -> int:  # fmt: skip
    """See `tui_nn.tui.run_app`."""
    from tui_nn.cli_text import default_language

    remembered, strays = config.load(), Strays()
    chosen = next((name for name in (lang, remembered.get("lang")) if name in LANGUAGES), default_language())
    wish = Wish(scenario, tuple(overrides), at, play, speed, twin) if scenario is not None else None
    app: TuiApp | None = None
    try:
        with Captured(strays) as captured:
            budget = checkpoint_mb or remembered.get("checkpoint_mb")
            options = Options(
                chosen, ascii, theme, wish, remembered, True, keymap.load(), strays, captured, budget, True
            )
            app = TuiApp(options)
            try:
                status = app.run()
            finally:
                app.close_session()
    finally:  # also of an app that ended in an exception, which Textual has written to the error stream
        sys.stderr.write(strays.report())
    if app.summary:
        print(app.summary)
    sys.stdout.flush()
    gc.freeze()  # or Python would walk all of Numba once more at exit: half of the time that quitting takes
    return status if status is not None else app.return_code or 0
