"""docs/TASKS.md tells the truth: its keys, pressed in the program, bring its answers onto an 80x24 screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tui.driver import drive, screen_text, settled, until
from tui_nn.tui.commands import SHOWN

PAGE = Path(__file__).parents[2] / "docs" / "TASKS.md"
ROW = re.compile(r"^\| (?P<question>.+\?) \| (?P<preset>[\w-]+) \| (?P<keys>.+?) \| (?P<answer>.+) \|$")
NAMES = {shown: key for key, shown in SHOWN.items()}  # "↓" is Textual's "down"
TASKS = [match for line in PAGE.read_text(encoding="utf-8").splitlines() if (match := ROW.match(line))]
MOST_KEYS = 10


def keys_of(task: re.Match[str]) -> list[str]:
    return [NAMES.get(key) or key for key in re.findall(r"`([^`]+)`", task["keys"])]


def test_there_are_ten_and_none_is_long():
    assert len(TASKS) == 10
    assert max(len(keys_of(task)) for task in TASKS) <= MOST_KEYS


@pytest.mark.parametrize("task", TASKS, ids=[task["preset"] + "-" + str(i) for i, task in enumerate(TASKS, 1)])
def test_the_keys_bring_the_answer(task: re.Match[str]):
    async def act(app, pilot):
        runs = lambda: app.debugger.runs.entries  # noqa: E731
        await until(pilot, lambda: all(run.session.is_prepared for run in runs()))
        await settled(app, pilot)
        for key in keys_of(task):
            await pilot.press(key)
            await settled(app, pilot)
        await until(
            pilot, lambda: " ".join(task["answer"].split()) in " ".join(screen_text(app).split()), task["answer"]
        )

    drive(task["preset"], act, size=(80, 24))
