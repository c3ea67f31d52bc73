"""A saved session opens on the screen where it stood; one that cannot be opened is told of, and the app lives on."""

from tests.tui.driver import drive, screen_text, until
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_file import save
from tui_nn.scenario import load_scenario


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
