"""An asciicast of a lesson: what a terminal shows that is fed with it."""

import json
from functools import cache
from itertools import pairwise

import pyte
import pytest

from tui_nn import load_scenario
from tui_nn.tui.app import Wish
from tui_nn.tui.opening import Failed, Opening
from tui_nn.tui.record import NotOpenedError, record

SIZES = [(120, 40), (80, 24)]


@cache
def cast(size: tuple[int, int], lang: str = "en") -> str:
    return record(Wish("perceptron-and"), lang, size, ascii=False, on_line=lambda number, total: None)


def events(text: str) -> list[tuple[float, str]]:
    header, *lines = (json.loads(line) for line in text.splitlines())
    assert (header["version"], header["title"]) == (2, load_scenario("perceptron-and").title)
    assert all(kind == "o" for _, kind, _ in lines)
    return [(at, data) for at, _, data in lines]


def seen(text: str, size: tuple[int, int]) -> list[str]:
    """What stands on a terminal's screen after each event."""
    screen = pyte.Screen(*size)
    stream = pyte.Stream(screen)
    shown = []
    for _, data in events(text):
        stream.feed(data)
        shown.append(" ".join(" ".join(screen.display).split()))
    return shown


@pytest.mark.parametrize(("size", "lang"), list(zip(SIZES, ("en", "ko"), strict=True)))
def test_every_line_of_the_lesson_is_seen(size: tuple[int, int], lang: str):
    """Its number in the header; and the last screen says that the script is over."""
    text, script = cast(size, lang), load_scenario("perceptron-and").script
    screens = seen(text, size)
    for number in range(1, len(script) + 1):
        assert any(f"lesson {number} of {len(script)}" in screen for screen in screens), number
    assert "the script is over" in screens[-1]


def test_time_only_goes_on_and_a_lesson_takes_its_time():
    """As long as a person needs to read it: at most 20 letters a second, and nothing stands still for 13 seconds."""
    times = [at for at, _ in events(cast(SIZES[0]))]
    assert times == sorted(times)
    letters = sum(len(line.say.en) for line in load_scenario("perceptron-and").script if line.say)
    assert times[-1] > letters / 20
    assert max(after - before for before, after in pairwise(times)) < 13


def test_twice_the_same_bytes():
    first = cast(SIZES[0])
    cast.cache_clear()
    assert cast(SIZES[0]) == first


def test_a_scenario_that_cannot_be_opened_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    def start(opening: Opening) -> None:
        opening.screen.post_message(Failed("no memory for that"))

    monkeypatch.setattr(Opening, "start", start)
    with pytest.raises(NotOpenedError, match="no memory for that"):
        record(Wish("perceptron-and"), "en", (80, 24), ascii=False, on_line=lambda number, total: None)
