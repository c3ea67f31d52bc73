"""Playback on the screen's clock, which the test turns by hand."""

from __future__ import annotations

import pytest

from tui_nn import Session, load_scenario
from tui_nn.tui.mover import Mover
from tui_nn.tui.player import MAX_REST_S, RUN_PARTS, Player

SCRIPT = """
[[script]]
say = { en = "One step at a time.", ko = "한 걸음씩 갑니다." }
step = "3 ops"
show = "program"
[[script]]
back = "2 ops"
wait = 5.0
[[script]]
run = "100 iterations"
[[script]]
until = "loss < 1e9"
[[script]]
goto = "iteration 7"
"""
POSITIONS = [(0, 3), (0, 1), (100, 1), None, (7, 0)]


@pytest.fixture
def mover(tmp_path):
    from tui_nn.scenario.presets import preset_dir

    text = (preset_dir() / "xor-mlp.toml").read_text(encoding="utf-8")
    before, *_ = text.split("[[script]]")
    path = tmp_path / "played.toml"
    path.write_text(before + SCRIPT, encoding="utf-8")
    session = Session(load_scenario(path))
    session.prepare()
    yield Mover(session)
    session.close()


def play(mover: Mover, player: Player, seconds: float, step: float = 0.05) -> float:
    """Turn the clock; the machine is given all the time it needs in between."""
    now = 0.0
    while now < seconds and not player.is_over:
        player.tick(now)
        while mover.kind:
            mover.poll()
        now += step
    return now


def test_it_ends_where_the_script_leads(mover: Mover):
    """Line by line at the places that a headless player reaches; a run ends at its goal, whatever op it began at."""
    seen = []

    def on_line(line) -> None:
        seen.append((line.number, mover.session.position))

    player = Player(mover, on_line, lambda: "en")
    play(mover, player, 100)
    assert player.is_over
    assert [number for number, _ in seen] == [1, 2, 3, 4, 5]
    assert [place for _, place in seen[:3]] == [(0, 0), (0, 3), (0, 1)]
    assert seen[3][1] == (100, 0)
    assert mover.session.position == (7, 0)


def test_words_come_before_deeds(mover: Mover):
    """A line is read before its first move, and the moves are made one by one."""
    player = Player(mover, lambda line: None, lambda: "en")
    player.tick(0.0)
    player.tick(0.5)
    assert mover.session.position == (0, 0)
    play(mover, player, 1.3)
    assert mover.session.position == (0, 1)


def test_waits_are_kept_and_speed_divides_them(mover: Mover):
    once = play(mover, Player(mover, lambda line: None, lambda: "en"), 100)
    mover.session.goto(iteration=0)
    twice = play(mover, Player(mover, lambda line: None, lambda: "en", speed=2.0), 100)
    assert once > 5.0
    assert twice == pytest.approx(once / 2, rel=0.25)
    assert once < 5 * MAX_REST_S + RUN_PARTS


def test_paused_it_does_nothing(mover: Mover):
    player = Player(mover, lambda line: None, lambda: "en")
    player.tick(0.0)
    player.pause()
    play(mover, player, 50)
    assert (player.number, mover.session.position) == (1, (0, 0))
    player.resume(50.0)
    player.tick(50.1)
    assert mover.session.position == (0, 1)


def test_an_empty_script_is_over_at_once(mover: Mover):
    mover.session.scenario = mover.session.scenario.model_copy(update={"script": ()})
    assert Player(mover, lambda line: None, lambda: "en").is_over
