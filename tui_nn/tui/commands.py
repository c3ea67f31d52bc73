"""The one table of commands. Bindings, footer, help, palette and the README's key table are all read from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui_nn.tui.keys import shown_key

# The Korean 2-set layout: what an unshifted Latin key types while Hangul input is on.
JAMO = dict(zip("qwertyuiopasdfghjklzxcvbnm", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", strict=True))

SHOWN = {
    "full_stop": ".", "comma": ",", "right_square_bracket": "]", "left_square_bracket": "[", "right_curly_bracket": "}",
    "left_curly_bracket": "{", "question_mark": "?", "colon": ":", "slash": "/", "less_than_sign": "<",
    "greater_than_sign": ">", "escape": "esc", "ctrl+p": "^p", "ctrl+c": "^c", "ctrl+z": "^z", "ctrl+y": "^y", "f1": "F1", "f2": "F2", "home": "Home", "end": "End",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "shift+tab": "shift+tab",
    "plus": "+", "minus": "-", "equals_sign": "=",
}  # fmt: skip

PLACES = {
    "app": "Everywhere",
    "gallery": "Gallery",
    "debugger": "Debugger",
    "question": "While the lesson asks",
    "program": "Program panel",
    "layers": "Layers panel",
    "detail": "Microscopes panel",
    "curves": "Curves panel",
    "lesson": "Lesson panel",
}
PANELS = ("program", "layers", "detail", "curves", "lesson")


@dataclass(frozen=True)
class Command:
    """One thing a user can do.

    keys:   Textual's key names; the jamo of unshifted letters are added by `all_keys`.
    label:  one or two words for the footer.
    help:   one sentence.
    where:  a key of PLACES; a panel's commands work while it has the focus, a question's before those of the debugger
            while one is open.
    action: a Textual action, called on the app, the screen or the panel of `where`.
    footer: rank in the footer: on a narrow screen the highest numbers go first; None stays out of it.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: str
    action: str
    footer: int | None = None

    @property
    def jamo(self) -> tuple[str, ...]:
        return tuple(JAMO[key] for key in self.keys if key in JAMO)

    @property
    def all_keys(self) -> tuple[str, ...]:
        return self.keys + self.jamo

    @property
    def active_keys(self) -> tuple[str, ...]:
        """The user's own, if the keymap file gives any; else those of the table."""
        return _own_keys.get(self.id, self.keys)

    @property
    def shown_keys(self) -> str:
        """The keys as a person reads them: "s ." or "? F1"."""
        return " ".join(SHOWN.get(key) or shown_key(key) for key in self.active_keys)

    @property
    def shown_key(self) -> str:
        """The first of them; empty if it has none."""
        return self.shown_keys.partition(" ")[0]


_own_keys: Mapping[str, tuple[str, ...]] = {}  # of this process, which has one screen; see keymap.py


def use_own_keys(keys: Mapping[str, tuple[str, ...]]) -> None:
    """From here on footer, help and palette show these keys; the app tells Textual of them."""
    global _own_keys
    _own_keys = keys


COMMANDS: tuple[Command, ...] = (
    # Debugger: moving in time
    Command("step", ("s", "full_stop"), "op", "Execute the next operation.", "debugger", "step('op')", 1),
    Command("back", ("comma",), "back", "Take the last operation back.", "debugger", "back('op')", 3),
    Command("iteration", ("n", "right_square_bracket"), "iteration", "Go to the start of the next iteration (one update).", "debugger", "step('iteration')", 6),
    Command("back-iteration", ("left_square_bracket",), "iteration back", "Go to the start of this iteration; if there, of the one before.", "debugger", "back('iteration')"),
    Command("epoch", ("right_curly_bracket",), "epoch", "Go to the start of the next epoch (one pass over the data).", "debugger", "step('epoch')"),
    Command("back-epoch", ("left_curly_bracket",), "epoch back", "Go to the start of this epoch; if there, of the one before.", "debugger", "back('epoch')"),
    Command("run", ("space", "c"), "run/pause", "Train at full speed, or pause; while the lesson plays, pause and resume it.", "debugger", "run_pause", 4),
    Command("until", ("u",), "until", "Run until a condition holds, such as loss < 0.1; back dead.relu_1 > 0 goes back to where it held last.", "debugger", "until"),
    Command("stops", ("k",), "stops", "The stops: set one at an operation, a condition or a value that changes; write, switch off, remove.", "debugger", "stops"),
    Command("stop-before", ("ctrl+up",), "stop before", "Go back to the last place before here at which a stop fires.", "debugger", "to_stop(-1)"),
    Command("stop-after", ("ctrl+down",), "next stop", "Run to the next place at which a stop fires.", "debugger", "to_stop(1)"),
    Command("goto", ("g",), "go to", "Go to a position: an iteration, or iteration:operation.", "debugger", "goto"),
    Command("first", ("home",), "start", "Go back to the very start.", "debugger", "first"),
    Command("last", ("end",), "last", "Go to the furthest position reached so far.", "debugger", "last"),
    Command("play", ("p",), "play", "Play the lesson: it moves the run and explains; space pauses it.", "debugger", "play"),
    Command("line-back", ("b",), "line back", "While the lesson plays: go back to the start of its line, or to the line before.", "debugger", "line(-1)"),
    Command("line-on", ("o",), "next line", "While the lesson plays: go on to its next line without waiting.", "debugger", "line(1)"),
    Command("lesson-speed", ("h",), "lesson speed", "Play the lesson at half, single, double or four times the speed.", "debugger", "lesson_speed"),
    Command("next-lesson", ("w",), "next lesson", "What next? Open the preset that follows this one on the path.", "debugger", "next_lesson"),
    *(
        Command(f"answer-{n}", (str(n),), f"answer {n}", f"Answer the lesson's question with choice {n}.", "question", f"screen.answer({n})")
        for n in range(1, 6)
    ),
    # Debugger: changing the run
    Command("edit", ("e",), "edit", "Change a setting from here on: the learning rate, the batch size, a weight and more.", "debugger", "edit"),
    Command("fork", ("f",), "fork", "Fork the run here: one more beside it, with the same past and a future of its own.", "debugger", "fork"),
    Command("compare", ("d",), "differences", "Compare the runs side by side: settings that differ, the first operation that does, every metric.", "debugger", "compare"),
    Command("drop", ("delete",), "close fork", "Close the fork that is looked at.", "debugger", "drop"),
    Command("undo", ("ctrl+z",), "undo", "Take the newest change of this run back, with the future it had replaced.", "debugger", "undo"),
    Command("redo", ("ctrl+y",), "redo", "Make the change again that was taken back last.", "debugger", "redo"),
    Command("save", ("f6",), "save", "Save the open runs with their edits, forks and stops; the .tuinn file opens at the same bytes.", "debugger", "save"),
    Command("edit-before", ("ctrl+left",), "edit before", "Go back to where the run was edited last before this place.", "debugger", "to_edit(-1)"),
    Command("edit-after", ("ctrl+right",), "edit after", "Go to where the run is edited next.", "debugger", "to_edit(1)"),
    Command("console", ("colon",), "console", "Console: look at any value, set stops, move and change the run by words; tab completes.", "debugger", "console"),
    # Debugger: looking
    Command("next-panel", ("tab",), "panel", "Focus the next panel.", "debugger", "next_panel"),
    Command("previous-panel", ("shift+tab",), "previous panel", "Focus the panel before.", "debugger", "next_panel(-1)"),
    Command("panel-1", ("1",), "Program", "Focus the Program panel: the operations of one iteration.", "debugger", "panel('program')"),
    Command("panel-2", ("2",), "Layers", "Focus the Layers panel: one row for each layer.", "debugger", "panel('layers')"),
    Command("panel-3", ("3",), "Detail", "Focus the microscopes: activations, gradients, optimizer and more.", "debugger", "panel('detail')"),
    Command("panel-4", ("4",), "Curves", "Focus the curves: loss, accuracy and any other metric.", "debugger", "panel('curves')"),
    Command("panel-5", ("5",), "Lesson", "Focus the lesson.", "debugger", "panel('lesson')"),
    Command("next-tab", ("greater_than_sign",), "tab", "Show the focused panel's next tab (the detail panel's if it has none).", "debugger", "tab(1)"),
    Command("previous-tab", ("less_than_sign",), "previous tab", "Show the focused panel's tab before.", "debugger", "tab(-1)"),
    Command("mode", ("v",), "view", "Show the microscope's next view, where it has several.", "debugger", "mode(1)"),
    Command("mark", ("m",), "mark", "Mark this moment: the Weights tab then shows what has changed since.", "debugger", "mark"),
    Command("zoom", ("z",), "zoom", "Give the whole screen to the focused panel, or take it back.", "debugger", "zoom"),
    Command("reset-layout", ("f5",), "reset layout", "Put panels, tabs and views back to where they were at the first visit.", "debugger", "reset_layout"),
    Command("scale", ("y",), "log/linear", "Switch the curves between a linear and a logarithmic axis.", "debugger", "scale"),
    Command("leave", ("escape",), "back", "Back one level: end the zoom, stop the lesson, or show the gallery.", "debugger", "leave"),
    Command("switch", ("x",), "other network", "Look at the next network, where several are open side by side.", "debugger", "switch"),
    Command("interrupt", ("ctrl+c",), "pause", "Pause whatever is running.", "debugger", "interrupt"),
    # Panels
    Command("program-forward", ("right", "down"), "op", "Execute the next operation.", "program", "screen.step('op')"),
    Command("program-back", ("left", "up"), "back", "Take the last operation back.", "program", "screen.back('op')"),
    Command("program-page-forward", ("pagedown",), "iteration", "Go to the start of the next iteration.", "program", "screen.step('iteration')"),
    Command("program-page-back", ("pageup",), "iteration back", "Go to the start of this iteration, or of the one before.", "program", "screen.back('iteration')"),
    Command("layers-up", ("up", "left"), "layer", "Select the layer above (nearer to the input).", "layers", "move(0,-1)"),
    Command("layers-down", ("down", "right"), "layer", "Select the layer below (nearer to the loss).", "layers", "move(0,1)"),
    Command("layers-enter", ("enter",), "detail", "Look at the selected layer in the detail panel.", "layers", "screen.panel('detail')"),
    Command("detail-left", ("left",), "left", "Move the cursor left.", "detail", "move(-1,0)"),
    Command("detail-right", ("right",), "right", "Move the cursor right.", "detail", "move(1,0)"),
    Command("detail-up", ("up",), "up", "Move the cursor up.", "detail", "move(0,-1)"),
    Command("detail-down", ("down",), "down", "Move the cursor down.", "detail", "move(0,1)"),
    Command("detail-page-up", ("pageup",), "layer up", "Select the layer above.", "detail", "screen.select_layer(-1)"),
    Command("detail-page-down", ("pagedown",), "layer down", "Select the layer below.", "detail", "screen.select_layer(1)"),
    Command("detail-enter", ("enter",), "next tab", "Show the next tab.", "detail", "screen.tab(1)"),
    Command("curves-left", ("left",), "read left", "Move the reading cursor one point to the left.", "curves", "move(-1,0)"),
    Command("curves-right", ("right",), "read right", "Move the reading cursor one point to the right.", "curves", "move(1,0)"),
    Command("curves-page-left", ("pageup", "up"), "read left", "Move the reading cursor a tenth of the run to the left; zoomed in, move the window.", "curves", "move(-1,0,True)"),
    Command("curves-page-right", ("pagedown", "down"), "read right", "Move the reading cursor a tenth of the run to the right; zoomed in, move the window.", "curves", "move(1,0,True)"),
    Command("curves-enter", ("enter",), "go there", "Take the run to the iteration under the reading cursor; without one, choose curves.", "curves", "enter"),
    Command("curves-choose", ("a",), "choose", "Choose which metrics the tab Chosen shows, from all that are measured.", "curves", "choose"),
    Command("curves-smooth", ("r",), "smooth", "Average the curves over about 10 iterations, over 100, or not at all.", "curves", "smooth"),
    Command("curves-zoom-in", ("plus", "equals_sign"), "zoom in", "Show half as many iterations, about the reading cursor or the current position.", "curves", "zoom_in"),
    Command("curves-zoom-out", ("minus",), "zoom out", "Show twice as many iterations.", "curves", "zoom_out"),
    Command("curves-zoom-all", ("0",), "show all", "Show the whole run again.", "curves", "zoom_all"),
    Command("lesson-up", ("up", "left"), "scroll", "Scroll up.", "lesson", "move(0,-1)"),
    Command("lesson-down", ("down", "right"), "scroll", "Scroll down.", "lesson", "move(0,1)"),
    Command("lesson-page-up", ("pageup",), "page up", "Scroll up by a page.", "lesson", "move(0,-1,True)"),
    Command("lesson-page-down", ("pagedown", "enter"), "page down", "Scroll down by a page.", "lesson", "move(0,1,True)"),
    # Gallery
    Command("gallery-open", ("enter",), "open", "Open the selected scenario in the debugger.", "gallery", "open_selected", 1),
    Command("gallery-down", ("down",), "down", "Select the next scenario.", "gallery", "select(1)"),
    Command("gallery-up", ("up",), "up", "Select the scenario before.", "gallery", "select(-1)"),
    Command("gallery-first", ("home",), "first", "Select the first scenario.", "gallery", "select_end(-1)"),
    Command("gallery-last", ("end",), "last", "Select the last scenario.", "gallery", "select_end(1)"),
    Command("gallery-page-down", ("pagedown",), "page down", "Scroll the selected scenario's text down.", "gallery", "page(1)"),
    Command("gallery-page-up", ("pageup",), "page up", "Scroll the selected scenario's text up.", "gallery", "page(-1)"),
    Command("gallery-tag", ("tab", "greater_than_sign", "right"), "tag", "Show only the scenarios with the next tag; after the last one, all.", "gallery", "tag(1)", 6),
    Command("gallery-tag-back", ("shift+tab", "less_than_sign", "left"), "tag before", "Show only the scenarios with the tag before.", "gallery", "tag(-1)"),
    Command("gallery-search", ("slash",), "search", "Type to search titles, summaries and tags; #word looks in tags alone.", "gallery", "search", 3),
    Command("gallery-file", ("o",), "open file", "Open a scenario file of your own by its path.", "gallery", "open_file", 4),
    Command("gallery-back", ("escape",), "back", "Clear the search, then the tag; then return to the run that is open.", "gallery", "leave"),
    # Everywhere
    Command("help", ("question_mark", "f1"), "help", "Show the keys: the focused panel's first, then all.", "app", "help", 2),
    Command("glossary", ("i", "f2"), "words", "What is this? Explain the words on the screen, and all others.", "app", "glossary"),
    Command("palette", ("ctrl+p",), "commands", "Find any command by typing part of its name.", "app", "command_palette", 7),
    Command("jump", ("j", "f3"), "jump", "Jump: a letter stands on all that can be gone to; press it.", "app", "jump"),
    Command("log", ("f4",), "log", "Show what was printed while this screen was shown.", "app", "log"),
    Command("language", ("l",), "language", "Switch titles and lessons between English and Korean.", "app", "language"),
    Command("theme", ("t",), "theme", "Switch between the dark and the light theme.", "app", "theme"),
    Command("quit", ("q",), "quit", "Leave; a summary of the run stays on the terminal.", "app", "quit", 5),
)  # fmt: skip


def commands_in(*places: str) -> list[Command]:
    return [command for command in COMMANDS if command.where in places]


def bindings_for(place: str) -> list:
    """Textual bindings of one place. Each has the command's id, so that a keymap may move it to another key."""
    from textual.binding import Binding

    return [
        Binding(",".join(command.all_keys), command.action, command.label, show=False, id=command.id)
        for command in commands_in(place)
    ]


def footer_commands(place: str) -> list[Command]:
    """What the footer offers on a screen ("debugger" or "gallery"), in the order of the table; at most seven."""
    return [command for command in commands_in(place, "app") if command.footer is not None]


def markdown_table(places: Iterable[str] = tuple(PLACES)) -> str:
    """The key table of the documentation, one row a command."""
    lines = ["| where | key | does |", "|---|---|---|"]
    for place in places:
        for command in commands_in(place):
            keys = " ".join(f"`{_escape(key)}`" for key in command.shown_keys.split())
            lines.append(f"| {PLACES[place]} | {keys} | {_escape(command.help)} |")
    return "\n".join(lines)


def _escape(text: str) -> str:
    return re.sub(r"([|])", r"\\\1", text)


def help_rows(places: Sequence[str]) -> list[tuple[str, list[Command]]]:
    """Commands under their place's heading, places in the order given and each once."""
    return [(PLACES[place], commands_in(place)) for place in dict.fromkeys(places)]
