"""`kill -9` at random moments: no edit is ever lost, the position is a second old at most, and all replays to the same bytes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debugger.test_edits import FULL, small
from tests.debugger.test_session_file import DATASET
from tui_nn.debugger.position import START, Position
from tui_nn.debugger.recovery import recover, recoverable
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_events import meant, told

ROOT = Path(__file__).parents[2]
KILLS = 200 if FULL else 4
OLD_S = 1.0  # what is promised of the position
BETWEEN = ((0.0, 2.0 if FULL else 0.8), (1.3, 2.0 if FULL else 1.5))  # seconds; of one that only runs, late
STALL_S = 0.2  # of a sleep of 0.02 s
ages: list[float] = []  # of the recovered positions, in steps of 0.1 s
n_edits: list[int] = []  # of the recovered runs

Words = list[dict]


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "tests.debugger.killed"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert "ready" in json.loads(process.stdout.readline())
        yield process
        process.stdin.close()


def killed(nursery: subprocess.Popen, seed: int, folder: Path) -> tuple[Words, float, bool]:
    """What a child said until it was killed, when that was, and whether this machine stood still meanwhile."""
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(f"{seed} {folder}\n")
    nursery.stdin.flush()
    pid = json.loads(nursery.stdout.readline())["born"]
    words = [json.loads(nursery.stdout.readline())]
    moment = time.monotonic()
    end = moment + random.Random(f"moment {seed}").uniform(*BETWEEN[seed % 4 == 3])
    stood_still = False
    while moment < end:
        before = moment
        time.sleep(min(0.02, end - moment))  # the moment is random by nature
        moment = time.monotonic()
        stood_still |= moment - before > STALL_S
    os.kill(pid, signal.SIGKILL)
    while "dead" not in (word := json.loads(nursery.stdout.readline())):
        words.append(word)
    return words, moment, stood_still


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are made by fork")
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_program_is_recovered(nursery, seed, tmp_path):
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        words, moment, stood_still = killed(nursery, seed, folder)
        if not stood_still:  # a program that does not run cannot write where it is
            break
    else:
        pytest.skip("this machine is too busy to say how old a position is")
    [entry] = recoverable(folder) or [None]
    if entry is None:
        assert not any(word.get("edits") for word in words), "an edit was made and nothing can be recovered"
        assert is_recent(START, words, moment)
        return
    recovered = recover(entry, dataset=DATASET)
    assert recovered.remarks == ()
    told_of = {word["run"] for word in words}
    assert told_of <= set(recovered.sessions)
    for run, session in recovered.sessions.items():
        own = [word for word in words if word["run"] == run]
        if own:
            check_edits(session, own)
            age = next(
                (k / 10 for k in range(1, 11) if is_recent(session.position, own, moment, OLD_S * k / 10)), math.inf
            )
            assert age <= OLD_S, (session.position, own[-6:], moment)
            ages.append(age)
            n_edits.append(len(session.edits))
        check_bytes(session, own)


def test_that_was_all_of_them():
    """The sums."""
    shares = ", ".join(f"{ages.count(k / 10)} within {k / 10} s" for k in range(1, 11) if k / 10 in ages)
    print(
        f"{KILLS} kills; {len(ages)} runs recovered with {sum(n_edits)} edits and the same bytes; age of the position: {shares}"
    )
    assert len(ages) > KILLS or not FULL


def check_edits(session: Session, own: Words) -> None:
    """Just those that had taken effect; of a change that was under way, it may be the one or the other."""
    now = [told(edit) for edit in session.edits]
    last = next(word for word in reversed(own) if "edits" in word)
    if now != last["edits"]:
        assert own[-1].get("will") in ("edit", "undo", "redo"), (now, last, own[-1])
        if own[-1]["will"] == "edit":
            new = list(now)  # it may say what another one says, at the same place
            for edit in last["edits"]:
                if edit in new:
                    new.remove(edit)
            assert len(new) == 1, (now, last, own[-1])


def is_recent(position: Position, own: Words, moment: float, old_s: float = OLD_S) -> bool:
    """Did the run stand there, or pass there, at any time in the last second before it was killed?"""
    since = moment - old_s
    for word, following in zip(own, [*own[1:], None], strict=True):
        end = moment if following is None else following["time"]
        if end < since:
            continue
        if "at" in word:
            if position == tuple(word["at"]):
                return True
            continue
        there = Position(*(following.get("at") or following["from"] if following else (10**9, 0)))
        begin = Position(*word["from"])
        if begin <= position <= there or (there < begin and position <= begin):  # back: through a checkpoint before it
            return True
        if word["will"] in ("back", "goto", "undo", "redo") and following is None:
            return True
    return False


def check_bytes(session: Session, own: Words) -> None:
    """Where it stands as a run that goes there for the first time; and at the last place of which the child told."""
    fresh = small()
    for edit in session.edits:
        at, key, value = told(edit)
        fresh.goto(*at)
        fresh.set(key, meant(value))
    fresh.goto(*session.position)
    assert fresh.state_bytes() == session.state_bytes()
    last = next((word for word in reversed(own) if "at" in word), None)
    if last and [told(edit) for edit in session.edits] == last["edits"]:
        session.goto(*last["at"])
        assert hashlib.sha256(session.state_bytes()).hexdigest() == last["hash"]
