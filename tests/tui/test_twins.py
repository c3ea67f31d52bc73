"""Two networks on the screen: opened by a preset that names its twin, moved by the same keys, drawn beside one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui import canned, goldens
from tests.tui.driver import drive, is_ready, screen_text, settled, tap, until
from tui_nn import Session, load_scenario
from tui_nn.scenario import preset_dir
from tui_nn.tui.arrange import Area
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import TITLES, microscope
from tui_nn.tui.panels.beside import Part, beside_lines, places
from tui_nn.tui.pictures import Pictures
from tui_nn.tui.runs import OwnView
from tui_nn.tui.view import View

SICK, CURED = "All weights zero", "Random hidden"


def positions(app) -> list[tuple[int, int]]:
    return [tuple(run.session.position) for run in app.debugger.runs.entries]


def are_as_alone(app) -> bool:
    for run in app.debugger.runs.entries:
        session = Session(load_scenario(run.session.scenario.id))
        session.goto(*run.session.position)
        if session.state_bytes() != run.session.state_bytes():
            return False
    return True


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
def test_keys_move_both(size: tuple[int, int]):
    """Step, iteration, go to, run, pause, back, start: always at one place, with the bytes that each has alone."""

    async def act(app, pilot):
        for keys, place in (
            (["s", "s"], (0, 2)), (["n"], (1, 0)), (["comma"], (0, 9)), (["g", *"120:4", "enter"], (120, 4)),
            (["left_square_bracket"], (120, 0)), (["space"], (200, 0)), (["home"], (0, 0)), (["end"], (200, 0)),
        ):  # fmt: skip
            await pilot.press(*keys)
            await settled(app, pilot)
            assert positions(app) == [place] * 2, keys
        assert are_as_alone(app)
        await pilot.press("space")
        await until(pilot, lambda: positions(app)[1][0] > 1_000)
        await pilot.press("space")
        assert not any(run.mover.kind == "run" for run in app.debugger.runs.entries)
        await settled(app, pilot)
        first, second = positions(app)
        assert first == second
        assert are_as_alone(app)

    drive("zero-init", act, size=size)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (200, 60), (100, 40)])
def test_both_are_seen(size: tuple[int, int]):
    """Titles of both over the same microscope, at the same iteration; loss and accuracy differ."""

    async def act(app, pilot):
        await pilot.press("3", "g", *"50", "enter")
        await settled(app, pilot)
        for _ in TITLES:
            screen = screen_text(app)
            assert SICK in screen
            assert CURED in screen
            assert screen.count("it 50") >= 2
            await pilot.press("greater_than_sign")
            await pilot.pause()

    drive("zero-init", act, size=size)


def test_with_little_room_the_active_one_has_it_and_the_key_to_the_other_is_told():
    async def act(app, pilot):
        await pilot.press("n", "3")
        await settled(app, pilot)
        assert "x: Random hidden" in screen_text(app)
        await pilot.press("x")
        await settled(app, pilot)
        assert "x: All weights zero" in screen_text(app)

    drive("zero-init", act, size=(60, 20))


def test_the_panels_show_the_one_looked_at():
    """Header, program, lesson, layers follow the key, its jamo and the palette; nothing moves."""

    async def act(app, pilot):
        await pilot.press("n", "n")
        await settled(app, pilot)
        app.debugger.view.layer = 1
        for key in ("x", "ㅌ"):
            before = positions(app)
            screens = []
            for _ in range(2):
                await pilot.press(key)
                await settled(app, pilot)
                screens.append(screen_text(app))
            assert positions(app) == before
            assert screens[0].splitlines()[0].startswith(f" tui-nn  {CURED}")
            assert screens[1].splitlines()[0].startswith(f" tui-nn  {SICK}")
            assert "The same OR gate" in screens[0]
            assert "The OR gate is an easy" in screens[1]
        command = next(command for command in COMMANDS if command.id == "switch")
        await app.perform(command)
        assert app.debugger.session.scenario.id == "zero-init-cured"
        await pilot.press("s")
        await settled(app, pilot)
        assert positions(app) == [(2, 1)] * 2

    drive("zero-init", act)


def test_one_explodes_and_the_other_goes_on():
    async def act(app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: positions(app)[1] == (600, 0))
        await settled(app, pilot)
        assert positions(app) == [(466, 3), (600, 0)]
        assert "the loss became inf in iteration 466" in screen_text(app)
        await pilot.press("x")
        await settled(app, pilot)
        assert "600 of 600" in screen_text(app)
        assert "the loss became" not in screen_text(app)

    drive("lr-too-large", act)


def test_a_script_is_played_on_both(tmp_path: Path):
    """Two files beside one another; every kind of move that a script can make."""
    head = 'id = "{0}"\ntitle = "The {0}"\nextends = "zero-init"\n'
    moves = (
        'step = "3 ops"',
        'run = "7 iterations"',
        'until = "loss < 0.6"',
        'back = "1 op"',
        'goto = "iteration 5"',
        'step = "2 ops"',
    )
    script = "".join(f"[[script]]\n{move}\nwait = 0.0\n" for move in moves)
    (tmp_path / "one.toml").write_text(head.format("one") + 'twin = "other.toml"\n' + script)
    (tmp_path / "other.toml").write_text(head.format("other") + "seed = 9\n")

    async def act(app, pilot):
        await until(pilot, lambda: app.debugger.player is None and positions(app)[0] == (5, 2))
        await settled(app, pilot)
        assert positions(app) == [(5, 2)] * 2
        assert [run.title for run in app.debugger.runs.entries] == ["The one", "The other"]

    drive(str(tmp_path / "one.toml"), act, play=True, speed=400.0)


def test_alone_when_asked():
    """Without the twin there is one network, driven by its own mover, and the key says so."""

    async def act(app, pilot):
        assert len(app.debugger.runs.entries) == 1
        assert app.debugger.mover is app.debugger.runs.entries[0].mover
        await pilot.press("n", "x")
        await settled(app, pilot)
        assert "open alone" in screen_text(app)
        assert CURED not in screen_text(app)

    drive("zero-init", act, twin=False)


def test_both_are_closed_and_the_summary_names_both():
    async def act(app, pilot):
        await pilot.press("n")
        await settled(app, pilot)
        await pilot.press("space")
        await until(pilot, lambda: positions(app)[0][0] > 10)
        await pilot.press("q")

    app = drive("zero-init", act)
    assert app.debugger is not None
    assert app.debugger.runs is not None
    assert not any(run.session.is_running for run in app.debugger.runs.entries)
    first, second = app.summary.splitlines()
    assert first.startswith("zero-init: ")
    assert second.startswith("zero-init-cured: ")


def test_a_twin_that_cannot_be_opened_is_told_and_the_scenario_opens_alone(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text('id = "mine"\ntitle = "Mine"\nextends = "xor-mlp"\ntwin = "gone.toml"\n')

    async def act(app, pilot):
        await until(pilot, lambda: len(app._notifications))
        (note,) = app._notifications
        assert note.title == "The network beside it cannot be opened"
        assert "no file 'gone.toml' in the folder of this one" in note.message
        await pilot.press("s")
        await settled(app, pilot)
        assert positions(app) == [(0, 1)]

    drive(str(path), act)


def test_keys_before_the_kernels_are_there_are_made_on_both():
    async def act(app, pilot):
        await pilot.press("s", "n", "n", "s")
        await until(pilot, lambda: is_ready(app) and len(app.debugger.runs.entries) == 2)
        await until(pilot, lambda: positions(app) == [(2, 1)] * 2)

    drive("zero-init", act, ready=False)


def test_a_click_on_the_other_looks_at_it():
    async def act(app, pilot):
        await pilot.press("n")
        await settled(app, pilot)
        await pilot.click("#detail", offset=(60, 8))
        await settled(app, pilot)
        assert app.debugger.session.scenario.id == "zero-init-cured"
        await pilot.click("#detail", offset=(5, 8))
        await settled(app, pilot)
        assert app.debugger.session.scenario.id == "zero-init"

    drive("zero-init", act)


@pytest.mark.parametrize("key", ["space", "b", "o"])
def test_a_lesson_returns_to_the_network_it_speaks_of(key: str):
    """x takes the wheel, as every move does; going on, a line back and a line on look at the first network again."""

    async def act(app, pilot):
        run = app.debugger
        await until(pilot, lambda: len(run.runs.entries) == 2)
        await pilot.press("p")
        await until(pilot, lambda: run.player.number == 1)
        await pilot.press("x")
        assert run.player.is_paused
        assert run.runs.active == 1
        await pilot.press(key)
        await until(pilot, lambda: not run.player.is_paused)
        assert run.runs.active == 0

    drive("zero-init", act)


def test_resizing_and_switching_while_both_train():
    """Networks of some width: the history of small ones is full after some seconds."""

    async def act(app, pilot):
        await pilot.press("space")
        await until(pilot, lambda: positions(app) == [(200, 0)] * 2)
        await settled(app, pilot)
        await tap(app, "space")  # on past the plan
        for size in ((40, 12), (200, 60), (24, 8), (120, 40)):
            await pilot.resize_terminal(*size)
            await tap(app, "x", "v", "down", "z")
        assert app.debugger.mover.kind == "run"
        await tap(app, "ctrl+c")
        await settled(app, pilot)
        assert len(set(positions(app))) == 1
        assert positions(app)[0][0] > 200

    drive("zero-init", act, overrides=("layers[0].units=400",))


# Drawn from canned frames

INK = Ink(dark=True)


def parts() -> tuple[Part, ...]:
    view = View(pictures=Pictures(is_threaded=False), layer=2)
    other = OwnView(view)
    return (
        Part("Ten sigmoid layers: the error fades", canned.frame(units=(6, 5, 3), activation="sigmoid"), view),
        Part("Ten ReLU layers: the error arrives", canned.frame(units=(6, 5, 3), odd=True), other),  # type: ignore[arg-type]
    )


def draw(part: Part, width: int, height: int):
    return microscope("activations").lines(part.frame, part.view, width, height, INK)


@pytest.mark.parametrize(("width", "height"), [(79, 23), (47, 20), (47, 19), (139, 36), (24, 3)])
@pytest.mark.parametrize("active", [0, 1])
def test_two_networks_drawn(width: int, height: int, active: int):
    lines = beside_lines(parts(), active, draw, width, height, INK)
    if active == 0:
        goldens.check(f"beside-{width}x{height}", lines, width, height)
    assert len(lines) <= height
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def test_every_network_has_a_place_of_its_own():
    """1 to 7 networks at any size: inside, without overlap, the active one among them."""
    for n in range(1, 8):
        for width in range(24, 320, 37):
            for height in range(1, 100, 13):
                for active in range(n):
                    areas = places(n, active, width, height)
                    assert active in areas
                    cells = set()
                    for area in areas.values():
                        assert area.x >= 0
                        assert area.x + area.width <= width
                        assert area.y + area.height <= height
                        corners = {(x, y) for x in range(area.x, area.x + area.width) for y in (area.y, area.y + area.height - 1)}  # fmt: skip
                        assert not cells & corners
                        cells |= corners


def test_two_stand_side_by_side_where_both_can_be_read():
    assert places(2, 0, 79, 23) == {0: Area(0, 0, 39, 23), 1: Area(40, 0, 39, 23)}
    assert places(2, 1, 47, 20) == {0: Area(0, 0, 47, 10), 1: Area(0, 10, 47, 10)}
    assert places(2, 1, 60, 16) == {1: Area(0, 0, 60, 16)}


def test_a_script_turns_to_the_twin_and_back(tmp_path):
    """The network that a line is about is the one looked at, at the same place; going back a line turns back too."""
    for name in ("lr-too-large", "lr-too-large-cured"):
        text = (preset_dir() / f"{name}.toml").read_text(encoding="utf-8").split("[[script]]")[0]
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    path = tmp_path / "lr-too-large.toml"
    script = '[[script]]\nrun = "6 iterations"\n[[script]]\ntwin = true\nstep = "1 iteration"\nwait = 600.0\n'
    path.write_text(path.read_text(encoding="utf-8") + script, encoding="utf-8")

    async def act(app, pilot):
        await until(pilot, lambda: len(app.debugger.runs.entries) == 2)
        await pilot.press("p")
        await until(pilot, lambda: app.debugger.player.number == 2 and app.debugger.session.position == (7, 0))
        assert app.debugger.runs.active == 1
        assert app.debugger.session.scenario.id == "lr-too-large-cured"
        await pilot.press("b", "b")
        await until(pilot, lambda: app.debugger.player.number == 1)
        assert app.debugger.runs.active == 0

    drive(str(path), act)
