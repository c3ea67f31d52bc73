"""The runs that a dead program left: looked for at the start, and as lines what each was, where it stood, how long ago."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui_nn.tui.ink import Ink
from tui_nn.tui.text import cells, fit, wrap

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.recovery import Entry
    from tui_nn.tui.app import TuiApp

    Line = list[Segment]

WORDS = {
    "en": {
        "one": "A run ended without being closed. Open it again?",
        "many": "{} runs ended without being closed. Open one again?",
        "where": "{age}, at {at}", "edits": ("{} edit", "{} edits"), "runs": ("{} run", "{} runs"), "damaged": "damaged: {name}",
        "now": "a moment ago", "ago": "{} ago", "left": "It cannot be opened, and is left as it is: {path}", "sure": "{key} once more discards it for good",
        "open": "open", "discard": "discard", "later": "later", "move": "move",
        "note": "It is replayed to the same bytes; nothing that was done in it is lost.",
    },
    "ko": {
        "one": "닫히지 않고 끝난 학습이 있습니다. 다시 열까요?",
        "many": "닫히지 않고 끝난 학습이 {}개 있습니다. 다시 열까요?",
        "where": "{age}, {at}에서", "edits": ("편집 {}번", "편집 {}번"), "runs": ("학습 {}개", "학습 {}개"), "damaged": "손상됨: {name}",
        "now": "방금 전", "ago": "{} 전", "left": "열 수 없어서 그대로 둡니다: {path}", "sure": "{key} 키를 한 번 더 누르면 아주 버립니다",
        "open": "열기", "discard": "버리기", "later": "나중에", "move": "이동",
        "note": "같은 바이트가 되도록 다시 실행합니다. 해 둔 것은 하나도 잃지 않습니다.",
    },
}  # fmt: skip
UNITS = {
    "en": (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)),
    "ko": (("일", 86_400), ("시간", 3_600), ("분", 60), ("초", 1)),
}


def look_for_left(app: TuiApp) -> None:
    """Behind the first paint, beside the keyboard; what is found is offered."""

    def work() -> None:
        from tui_nn.debugger.recovery import recoverable, sweep

        sweep()
        entries = recoverable()
        if entries and app.is_running:
            app.call_from_thread(offer, app, entries)

    threading.Thread(target=work, name="tui-nn recovery", daemon=True).start()


def offer(app: TuiApp, entries: Sequence[Entry]) -> None:
    """Not over a lesson that was asked for, nor what is just being opened again."""
    from tui_nn.tui.app import Wish
    from tui_nn.tui.screens.recovering import RecoveryScreen

    wish = app.options.wish
    left = [entry for entry in entries if wish is None or str(entry.path) != wish.ref]

    def chosen(entry: Entry | None) -> None:
        if entry is not None:
            app.open_scenario(Wish(str(entry.path), twin=False, title=entry.title))

    if left and not (wish and wish.play):
        app.push_screen(RecoveryScreen(left, app.ink, app.lang), chosen)


def age(seconds: float, lang: str) -> str:
    """In the largest unit that has come to two: "3 minutes ago"."""
    if seconds < 2:
        return str(WORDS[lang]["now"])
    word, length = next(each for each in UNITS[lang] if seconds >= 2 * each[1])
    space = " " if lang == "en" else ""
    return str(WORDS[lang]["ago"]).format(f"{seconds / length:.0f}{space}{word}")


def about(entry: Entry, lang: str) -> str:
    """ "3 minutes ago, at 1,234:0, 2 edits"; of several runs, how many."""
    words = WORDS[lang]
    if entry.fault:
        return str(words["damaged"]).format(name=entry.path.name)
    parts = [str(words["where"]).format(age=age(entry.age_s, lang), at=f"{entry.iteration:,}:{entry.op}")]
    parts += [words["edits"][entry.edits != 1].format(entry.edits)] if entry.edits else []
    parts += [words["runs"][entry.runs != 1].format(entry.runs)] if entry.runs > 1 else []
    return ", ".join(parts)


def entry_lines(
    entries: Sequence[Entry], cursor: int, is_sure: bool, discard_key: str, width: int, height: int, ink: Ink, lang: str
) -> list[Line]:
    """A list around the cursor, an entry a line; below it what there is to say of the one that is selected."""
    words, chosen = WORDS[lang], entries[cursor]
    if chosen.fault:
        below = [(line, "bad") for line in wrap(chosen.fault, width)[:5]]
        below += [(line, "dim") for line in wrap(str(words["left"]).format(path=chosen.path), width)[:2]]
    elif is_sure:
        below = [(str(words["sure"]).format(key=discard_key), "warn")]
    else:
        below = [(line, "dim") for line in wrap(str(words["note"]), width)]
    room = max(height - len(below) - 1, 1)
    top = max(0, min(cursor - room // 2, len(entries) - room))
    lines = []
    for k, entry in enumerate(entries[top : top + room], top):
        name, what = entry.title or entry.scenario or entry.id, about(entry, lang)
        mark = ink.glyph("next") if k == cursor else " "
        head = fit(f"{mark} {name}", max(width - cells(what) - 2, 12))
        said = "  " + fit(what, max(width - cells(head) - 2, 0)).rstrip()
        lines.append(
            [ink.say(head, "cursor" if k == cursor else "strong"), ink.say(said, "bad" if entry.fault else "text")]
        )
    return [*lines, [], *([ink.say(text, role)] for text, role in below)]
