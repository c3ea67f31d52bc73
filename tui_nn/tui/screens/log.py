"""What was printed while the screen was shown, the newest last."""

from __future__ import annotations

from textual.binding import Binding

from tui_nn.tui.ink import Ink
from tui_nn.tui.page import Line, Page
from tui_nn.tui.screens.modal import PageScreen
from tui_nn.tui.strays import MOST_LINES, Strays
from tui_nn.tui.text import fit, wrap_report

EMPTY = {
    "en": f"Nothing has been printed. What a program prints while this screen is shown comes here, the last {MOST_LINES:,} lines of it, "
    "and is printed again when you leave.",
    "ko": f"출력된 것이 없습니다. 이 화면이 떠 있는 동안 프로그램이 출력한 것은 여기에 마지막 {MOST_LINES:,}줄까지 모이고, "
    "나갈 때 다시 출력됩니다.",
}
TITLE = {"en": "Log: what was printed", "ko": "로그: 출력된 것"}
PERIOD_S = 0.25


def log_lines(strays: Strays, lang: str, width: int, ink: Ink) -> list[Line]:
    """A number for each line as it came; long lines go on below themselves. Those of stderr are set off by a !."""
    lines = strays.lines()
    if not lines:
        return ink.notice(EMPTY[lang], width)
    digits = len(f"{lines[-1].number:,}")
    out: list[Line] = []
    for stray in lines:
        parts = wrap_report(stray.text, max(width - digits - 4, 10)) or [""]
        for i, part in enumerate(parts):
            number = f"{stray.number:,}" if i == 0 else ""
            mark = " ! " if stray.source == "err" and i == 0 else "   "
            out.append([ink.say(" " + fit(number, digits, ">"), "faint"), ink.say(mark, "warn"), ink.say(part)])
    return out


class LogScreen(PageScreen):
    """Follows what comes while its end is in sight."""

    BINDINGS = [Binding("f4", "close", show=False)]

    def __init__(self, strays: Strays, ink: Ink, lang: str) -> None:
        super().__init__(TITLE[lang], ink, lambda width: log_lines(strays, lang, width, ink))
        self.strays = strays
        self._shown = -1

    def on_mount(self) -> None:
        self._follow()
        self.set_interval(PERIOD_S, self._follow)

    def _follow(self) -> None:
        page = self.query_one(Page)
        self.strays.see()
        if self.strays.n != self._shown:
            at_end = self._shown < 0 or page.is_at_end
            self._shown, top = self.strays.n, page.top
            page.reset()
            page.scroll_by(10**6 if at_end else top)
