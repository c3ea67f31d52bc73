"""Playback on the screen's clock, which the test turns by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_nn import Session, load_scenario
from tui_nn.scenario.presets import preset_dir
from tui_nn.tui.mover import Mover
from tui_nn.tui.player import MAX_REST_S, RUN_PARTS, Player, duration_s

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


def written(folder: Path, script: str) -> Path:
    """xor-mlp with another script."""
    before, *_ = (preset_dir() / "xor-mlp.toml").read_text(encoding="utf-8").split("[[script]]")
    path = folder / "played.toml"
    path.write_text(before + script, encoding="utf-8")
    return path


@pytest.fixture
def mover(tmp_path):
    session = Session(load_scenario(written(tmp_path, SCRIPT)))
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
    scenario = mover.session.scenario.model_copy(update={"script": ()})
    mover.session.timeline.segment.program = replace(mover.session.program, scenario=scenario)
    assert Player(mover, lambda line: None, lambda: "en").is_over


def test_taken_over_it_returns_to_where_it_was_left(mover: Mover):
    """Paused in the middle of a line, led far away by the user: it goes on from there, to the same places as ever."""
    seen = []
    player = Player(mover, lambda line: seen.append((line.number, mover.session.position)), lambda: "en")
    play(mover, player, 1.3)
    assert mover.session.position == (0, 1)
    player.pause()
    mover.session.goto(300)
    player.resume(2.0)
    play(mover, player, 100)
    assert [place for _, place in seen[:3]] == [(0, 0), (0, 3), (0, 1)]
    assert mover.session.position == (7, 0)


@pytest.mark.parametrize("move", ['run = "60000 iterations"', 'until = "loss < 0"', 'goto = "iteration 60000"'])
def test_a_move_cut_short_is_made_to_its_end(tmp_path, move: str):
    """A pause in the middle of a run, and the user goes elsewhere: it still ends where the script says."""
    ends = []
    for is_paused in (False, True):
        path = written(tmp_path, f"[[script]]\n{move}\n")
        session = Session(load_scenario(path, overrides=["train.iterations=60000"]))
        session.prepare()
        mover = Mover(session)
        player = Player(mover, lambda line: None, lambda: "en", speed=1000.0)
        player.tick(0.0)
        player.tick(1.0)
        if is_paused:
            assert mover.kind
            player.pause()
            assert not mover.kind
            session.goto(3, 2)
            player.resume(2.0)
        play(mover, player, 100)
        assert player.is_over
        ends.append(session.position)
        session.close()
    assert ends[0] == ends[1]


def test_a_line_back(mover: Mover):
    """First to the start of the line, then to the line before; and never before the first."""
    seen = []
    player = Player(mover, lambda line: seen.append((line.number, mover.session.position)), lambda: "en", speed=1e6)
    for now in range(30):
        if mover.session.position.iteration > 0:
            break
        player.tick(float(now))
        while mover.kind:
            mover.poll()
    for wanted in ((3, (0, 1)), (2, (0, 3)), (1, (0, 0)), (1, (0, 0))):
        player.line_back(100.0)
        while mover.kind:
            mover.poll()
        assert mover.session.position == wanted[1]
        player.tick(100.0)
        assert seen[-1] == wanted
    play(mover, player, 1000, 1.0)
    assert mover.session.position == (7, 0)


def test_on_to_the_next_line(mover: Mover):
    """The rest of a line is made without waiting, and not one move is left out."""
    seen = []
    player = Player(mover, lambda line: seen.append((line.number, mover.session.position)), lambda: "en")
    player.tick(0.0)
    player.line_on(0.1)
    for _ in range(10):
        if len(seen) < 2:
            player.tick(0.1)
    assert seen == [(1, (0, 0)), (2, (0, 3))]


def test_the_speed_goes_round(mover: Mover):
    player = Player(mover, lambda line: None, lambda: "en", speed=1.5)
    assert [player.change_speed() for _ in range(5)] == [2.0, 4.0, 0.5, 1.0, 2.0]


def test_how_long_a_lesson_takes_is_known_beforehand(mover: Mover):
    player = Player(mover, lambda line: None, lambda: "en")
    foreseen = duration_s(player.playback.lines, "en")
    assert play(mover, player, 100, 0.01) == pytest.approx(foreseen, rel=0.05)
