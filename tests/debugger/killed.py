"""Programs that are killed: one process is made ready, and each of its children wanders through a session until it dies.

From stdin: "SEED FOLDER", a child each; every fourth soon runs on and on. To stdout, a line of JSON each, as things happen; time is that of time.monotonic:
{"born": pid}, {"run", "from", "will", "time"} before a move and while a long one goes on, {"run", "at", "hash", "edits", "time"} behind it, {"dead": pid}.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import sys
import time
import traceback
from itertools import count
from pathlib import Path

from tests.debugger.test_edits import small
from tests.debugger.wander import random_edit
from tui_nn.debugger.journal import Journal
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_events import told

LONG = 40_000  # iterations of a move that takes some tenths of a second


def say(**words) -> None:
    """At once, and in one piece."""
    os.write(1, (json.dumps(words) + "\n").encode())


def tell(name: str, session: Session) -> None:
    say(
        run=name, at=session.position, edits=[told(edit) for edit in session.edits],
        hash=hashlib.sha256(session.state_bytes()).hexdigest(), time=time.monotonic(),
    )  # fmt: skip


def run_on(name: str, session: Session, iterations: int) -> None:
    session.start(Position(session.position.iteration + iterations, 0))
    while not session.wait(0.02):
        if stands := session.timeline.glance():
            say(run=name, **{"from": stands[0]}, will="long", time=time.monotonic())


def wander(chance: random.Random, folder: Path, moves: float) -> None:
    """moves: after which it only runs."""
    sessions = {"1": small()}
    sessions["1"].prepare()
    journal = Journal(list(sessions.values()), folder)
    tell("1", sessions["1"])
    for k in count():
        name = chance.choice(list(sessions))
        session = sessions[name]
        move = chance.choice(["step", "back", "goto", "run", "long", "edit", "edit", "undo", "redo", "fork"])
        if k >= moves:
            move = "on"
        if (move == "edit" and len(session.edits) > 5) or (move == "fork" and len(sessions) > 2):
            continue
        say(run=name, **{"from": session.position}, will=move, time=time.monotonic())
        if move in ("step", "back"):
            getattr(session, move)(chance.choice(["op", "iteration", "epoch"]), chance.randint(1, 3))
        elif move == "goto":
            session.goto(chance.randint(0, 60), 0)
        elif move == "run":
            session.run(chance.randint(1, 500))
        elif move == "long" and session.position.iteration < LONG:
            run_on(name, session, chance.randint(1000, LONG))
        elif move == "on":
            run_on(name, session, 10**6)
        elif move == "edit":
            random_edit(session, chance)
        elif move in ("undo", "redo"):
            getattr(session, move)()
        elif move == "fork":
            other = str(len(sessions) + 1)
            sessions[other] = session.fork()
            journal.look(sessions[other])
            tell(other, sessions[other])
        tell(name, session)


def main() -> None:
    small().run(30)  # every kernel that a child will need
    warm = small()
    warm.goto(3)
    for key, value in (("clip.norm", 0.1), ("data.batch_size", 8), ("dense_1.trainable", False)):
        warm.set(key, value)
    warm.goto(30)
    say(ready=os.getpid())
    for line in sys.stdin:
        seed, folder = line.split(maxsplit=1)
        pid = os.fork()
        if pid == 0:
            say(born=os.getpid())
            try:
                wander(random.Random(f"killed {seed}"), Path(folder.strip()), 8 if int(seed) % 4 == 3 else math.inf)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)  # it should have been killed
        os.waitpid(pid, 0)
        say(dead=pid)


if __name__ == "__main__":
    main()
