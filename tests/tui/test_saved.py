"""A saved session opens on the screen where it stood; one that cannot be opened is told of, and the app lives on."""

from tests.tui.driver import drive, screen_text, until
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_file import save
from tui_nn.scenario import load_scenario
from tui_nn.tui.screens.modal import PromptScreen


def test_a_saved_session_opens_where_it_stood(tmp_path):
    session = Session(load_scenario("perceptron-or"))
    session.goto(3)
    session.set("optimizer.lr", 0.5)
    session.goto(6, 2)
    path = tmp_path / "a.tuinn"
    save([session], path)

    async def look(app, pilot):
        assert app.debugger.session.position == (6, 2)
        assert app.debugger.session.state_bytes() == session.state_bytes()

    drive(str(path), look)
    path.write_bytes(path.read_bytes()[:-5])

    async def refused(app, pilot):
        await until(pilot, lambda: "a part of it is missing" in " ".join(screen_text(app).split()))

    drive(str(path), refused, ready=False)


def test_runs_are_saved_by_a_key_and_open_again(tmp_path, monkeypatch):
    """A fork, looked at when it was saved, comes back as what is looked at; a file that is there is replaced when said twice."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    kept = {}

    async def say(app, pilot, text, word):
        field = app.screen.query_one("Input")
        field.value = text
        await pilot.press("enter")
        await until(pilot, lambda: word in " ".join(screen_text(app).split()))

    async def write(app, pilot):
        app.debugger.session.goto(5, 1)
        await pilot.press("f")
        await until(pilot, lambda: len(app.debugger.runs.entries) == 3)
        app.debugger.session.set("optimizer.lr", 0.25)
        kept["bytes"], kept["position"] = app.debugger.session.state_bytes(), app.debugger.session.position
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, PromptScreen))
        assert app.screen.query_one("Input").value == "xor-mlp.tuinn"
        await say(app, pilot, "notes.txt", "is there already")
        await pilot.press("enter")
        await until(pilot, lambda: "no session file" in " ".join(screen_text(app).split()))
        await say(app, pilot, "gone/a", "No such file")
        await say(app, pilot, "a", "saved as a.tuinn")

    drive("xor-mlp", write)
    assert (tmp_path / "notes.txt").read_text() == "mine"

    async def look(app, pilot):
        session = app.debugger.session
        assert (session.position, session.state_bytes()) == (kept["position"], kept["bytes"])
        assert [edit.key for edit in session.edits] == ["optimizer.lr"]
        assert len(app.debugger.runs.entries) == 3

    drive(str(tmp_path / "a.tuinn"), look)


def test_the_budget_of_checkpoints_is_that_of_the_options():
    async def look(app, pilot):
        size = app.debugger.session.program.state_size * app.debugger.session.program.dtype.itemsize
        assert app.debugger.session.machine.recording.slots == 2**20 // size

    drive("digits-dnn", look, checkpoint_mb=1)
