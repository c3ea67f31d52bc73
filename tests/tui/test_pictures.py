"""Pictures that take longer than a frame: the newest wish is served, the old picture stands meanwhile, nothing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tui_nn.tui.pictures import Cancelled, Picture, Pictures

WAIT_S = 20


@pytest.fixture
def pictures():
    made = Pictures()
    yield made
    made.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end


def test_a_picture_comes_and_is_not_made_twice(pictures: Pictures):
    made = []

    def work(report):
        made.append(1)
        return 7

    assert pictures.ask("map", 1, work).value is None
    until(lambda: pictures.ask("map", 1, work).is_current)
    assert pictures.ask("map", 1, work) == Picture(7, True)
    assert made == [1]
    assert pictures.changed() == {"map"}
    assert not pictures.changed()


def test_the_old_picture_stands_until_the_new_one_is_there(pictures: Pictures):
    """While key 2 is under way 3, 4 and 5 are asked for: 5 is made next, the others never."""
    until(lambda: pictures.ask("map", 1, lambda report: "one").is_current)
    gate, begun, made = threading.Event(), threading.Event(), []

    def slow(report):
        report(0.25)
        begun.set()
        assert gate.wait(WAIT_S)
        return "two"

    pictures.ask("map", 2, slow)
    assert begun.wait(WAIT_S)
    assert pictures.ask("map", 2, slow) == Picture("one", False, 0.25)
    for key in (3, 4, 5):
        answer = pictures.ask("map", key, lambda report, key=key: made.append(key) or key)
        assert (answer.value, answer.is_current) == ("one", False)
    gate.set()
    until(lambda: pictures.ask("map", 5, lambda report: None).is_current)
    assert made == [5]


def test_what_fails_is_told_and_the_next_is_made(pictures: Pictures):
    def fails(report):
        raise ValueError("no such plane")

    until(lambda: pictures.ask("map", 1, fails).is_current)
    assert pictures.ask("map", 1, fails).error == "ValueError: no such plane"
    until(lambda: pictures.ask("map", 2, lambda report: 2).value == 2)


def test_cancel_ends_the_work_at_its_next_report(pictures: Pictures):
    begun, ended = threading.Event(), threading.Event()

    def endless(report):
        begun.set()
        try:
            while True:
                report(0.5)
        except Cancelled:
            ended.set()
            raise

    pictures.ask("map", 1, endless)
    assert begun.wait(WAIT_S)
    pictures.cancel()
    assert ended.wait(WAIT_S)
    until(lambda: not pictures.is_busy)
    assert pictures.ask("map", 1, endless).error == "cancelled"
    until(lambda: pictures.ask("map", 2, lambda report: 2).value == 2)


def test_without_a_thread_it_is_there_at_once():
    assert Pictures(is_threaded=False).ask("map", 1, lambda report: 3) == Picture(3, True)
