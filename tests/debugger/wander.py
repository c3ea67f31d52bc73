"""A session and its forks wander about at random. Wherever one comes, what is there must be what stood there before, in
whichever of them, and what a run finds that goes forward only.

What decides a state is (iteration, op) and the edits up to there; so that is the key under which it is kept.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite

import numpy as np

from tui_nn.debugger.edits import Edit, EditError
from tui_nn.debugger.position import START, UNITS, Position
from tui_nn.debugger.session import Session
from tui_nn.debugger.session_events import meant, told
from tui_nn.debugger.settings import Setting, settings_of

Edits = tuple[tuple[Position, str, str], ...]  # position, key and value
Place = tuple[Edits, Position]

# How often each is made. The last four rows change what the others find.
SHARES = {
    "step": 12, "back": 12, "near": 9, "far": 6, "again": 14, "run": 8, "until": 4, "until_op": 4, "back_until": 4,
    "edit": 4, "undo": 6, "redo": 5,
    "fork": 3, "switch": 9,
}  # fmt: skip


@dataclass(frozen=True)
class Range:
    """near, far: iterations. runs, edits: how many there are at most at a time."""

    near: int = 60
    far: int = 2_000
    runs: int = 4
    edits: int = 6


def random_edit(session: Session, chance: random.Random, any_setting: bool = False) -> None:
    """A weight, the learning rate, the batch size, clipping, freezing; or any setting that may change at all."""
    optimizer = session.scenario.optimizer
    tensor = chance.choice(session.program.tensors)
    index = ",".join(str(chance.randrange(n)) for n in tensor.shape)
    key, value = chance.choice([
        ("optimizer.lr", optimizer.lr * chance.choice([0.1, 0.5, 2.0])),
        ("data.batch_size", chance.choice([2, 4, 5, 7, 8, 14])),
        ("clip.norm", chance.choice([0.1, 1.0])),
        (f"{tensor.layer}.trainable", chance.choice([True, False])),
        (f"{tensor.role}.{tensor.layer}[{index}]", chance.uniform(-1, 1)),
        (f"{tensor.role}.{tensor.layer}[{index}]", chance.uniform(-1, 1)),
    ])  # fmt: skip
    if any_setting and chance.random() < 0.4:
        setting = chance.choice(settings_of(session.program_of_edits))
        key, value = setting.key, other_value(setting, chance)
    try:
        session.set(key, value)
    except EditError as error:  # not every batch size suits everywhere, nor every setting every network
        if not any_setting and not any(words in str(error) for words in ("1 sample", "training samples")):
            raise


def other_value(setting: Setting, chance: random.Random) -> object:
    """Something that it might be as well; that it may be refused is no harm."""
    now = setting.value
    if setting.choices:
        return chance.choice(setting.choices)
    if isinstance(now, int | float):
        return type(now)(now * chance.choice([0.5, 2]) if now else chance.choice([0.01, 1]))
    if setting.key == "schedule":
        return chance.choice([None, {"type": "step", "every": 5}, {"type": "cosine", "per": "epoch"}])
    return None if chance.random() < 0.5 else chance.choice([0.01, 0.5])


class Wanderer:
    """moves: how many of each were made. n_edits: how often one was made, taken back or made again. revisits: how often a
    place was come upon again."""

    def __init__(self, session: Session, seed: str, within: Range, any_setting: bool = False):
        self.chance, self.within, self.any_setting = random.Random(seed), within, any_setting
        self.first = session.timeline.segments[0].program
        self.runs = [session]
        self.session = session
        self.seen: dict[Place, bytes] = {}
        self.by_edits: dict[Edits, list[Position]] = defaultdict(list)
        self.values: dict[tuple[Position, str, str], object] = {}
        self.moves: Counter[str] = Counter()
        self.n_edits = self.revisits = 0
        self.trail: list[str] = []
        self.look("begin")

    def wander(self, moves: int) -> None:
        """Until so many moves have led to another place, run or edits; the others are not counted."""
        names, shares = list(SHARES), list(SHARES.values())
        while self.moves.total() < moves:
            before = self.session, self.session.position, edits_of(self.session)
            move = self.chance.choices(names, shares)[0]
            getattr(self, move)()
            if before == (self.session, self.session.position, edits_of(self.session)):
                continue
            self.moves[move] += 1
            self.n_edits += before[2] != edits_of(self.session) and before[0] is self.session
            self.look(move)
            if self.session.position.iteration > 2 * self.within.far:
                self.session.goto(self.chance.randint(0, self.within.near))

    # Moves

    def step(self) -> None:
        self.session.step(self.unit(), self.chance.randint(1, 3))

    def back(self) -> None:
        self.session.back(self.unit(), self.chance.randint(1, 3))

    def unit(self):
        """An epoch is left out where it takes too long."""
        is_long = self.session.program.iterations_per_epoch > self.within.near
        return self.chance.choice(UNITS[:2] if is_long else UNITS)

    def near(self) -> None:
        now = self.session.position.iteration
        self.goto(self.chance.randint(max(0, now - self.within.near), now + self.within.near))

    def far(self) -> None:
        self.goto(self.chance.randint(0, self.within.far))

    def goto(self, iteration: int) -> None:
        n_ops = len(self.session.timeline.program_at(Position(iteration, 1)).ops)
        self.session.goto(iteration, self.chance.choice([0, self.chance.randrange(n_ops)]))

    def again(self) -> None:
        """To a place where it was, with some of its edits or all."""
        edits = edits_of(self.session)
        k = self.chance.randint(0, len(edits))
        known = self.by_edits[edits[:k]]
        place = self.chance.choice(known) if known else START
        if place == START or k == len(edits) or place < edits[k][0]:
            self.session.goto(*place)

    def run(self) -> None:
        self.session.run(self.chance.randint(1, self.within.near // 2))

    def until(self) -> None:
        self.session.run_until(self.condition(), self.chance.randint(1, self.within.near))

    def until_op(self) -> None:
        self.session.run_until(self.condition(), self.chance.randint(1, self.within.near), by="op")

    def back_until(self) -> None:
        self.session.back_until(self.condition())

    def condition(self) -> str:
        """One that may soon come true, or have been true a while ago; of numbers that history keeps, and of others."""
        session, chance = self.session, self.chance
        tensor = chance.choice(session.program.tensors)
        index = tuple(chance.randrange(n) for n in tensor.shape)
        loss, value = session.frame().metrics.get("loss", 1.0), float(tensor.view(session.machine.mem)[index])
        loss, value = (number if isfinite(number) else 0.5 for number in (loss, value))
        name = f"{tensor.role}.{tensor.layer}[{','.join(map(str, index))}]"
        aside = session.position.iteration + chance.randint(-self.within.near, self.within.near)
        sign = chance.choice(["<", ">", "=="])
        return chance.choice([f"loss {sign} {loss!r}", f"{name} {sign} {value!r}", f"iteration {sign} {max(0, aside)}"])

    def edit(self) -> None:
        if len(self.session.edits) < self.within.edits:
            random_edit(self.session, self.chance, self.any_setting)

    def undo(self) -> None:
        self.session.undo()

    def redo(self) -> None:
        self.session.redo()

    def fork(self) -> None:
        """And go on in the fork; of too many runs one is let go."""
        if self.within.runs == 1:
            return
        if len(self.runs) == self.within.runs:
            self.runs.remove(self.chance.choice([run for run in self.runs if run is not self.session]))
        self.runs.append(self.session.fork())
        self.session = self.runs[-1]

    def switch(self) -> None:
        self.session = self.chance.choice(self.runs)

    # What is found

    def look(self, move: str) -> None:
        edits, place = edits_of(self.session), self.session.position
        edits = tuple(edit for edit in edits if edit[0] <= place)
        for edit in self.session.edits:
            self.values[word_of(edit)] = meant(told(edit)[2])
        self.trail = [*self.trail[-15:], f"{move} {place}"]
        now = found(self.session)
        if (edits, place) in self.seen:
            self.revisits += 1
            assert self.seen[edits, place] == now, f"{place} with {edits} is another one; lately: {self.trail}"
            return
        self.seen[edits, place] = now
        self.by_edits[edits].append(place)

    def check_fresh(self) -> int:
        """All places in runs that only go forward and are edited on the way. How many runs that took."""
        left = {edits: set(places) for edits, places in self.by_edits.items()}
        taken = 0
        for edits in sorted(left, key=len, reverse=True):  # on its way a run with many edits passes where one has fewer
            if left[edits]:
                self.walk(edits, left)
                taken += 1
        return taken

    def walk(self, edits: Edits, left: dict[Edits, set[Position]]) -> None:
        fresh = Session(self.first.scenario, self.first.dataset)
        for k in range(len(edits) + 1):
            until = edits[k][0] if k < len(edits) else None
            places = left.get(edits[:k], set())
            for place in sorted(place for place in places if until is None or place <= until):
                fresh.goto(*place)
                assert found(fresh) == self.seen[edits[:k], place], f"{place} in a fresh run with {edits[:k]}"
                places.discard(place)
            if until is not None:
                fresh.goto(*until)
                assert fresh.set(edits[k][1], self.values[edits[k]]).position == until
        self.check_histories(fresh, edits)

    def check_histories(self, fresh: Session, edits: Edits) -> None:
        """Every metric of every iteration, of the runs that have these edits now."""
        for run in self.runs:
            if edits_of(run) == edits:
                run.goto(*fresh.position)
                for name in fresh.history.names:
                    assert run.history[name].tobytes() == fresh.history[name].tobytes(), f"{name} with {edits}"

    def row(self, name: str, fresh_runs: int) -> str:
        """As under HEADING."""
        counts = self.n_edits, self.moves["fork"], len(self.seen), self.revisits, fresh_runs
        return f"{name:<34} {self.moves.total():>6,}" + "".join(f" {count:>10,}" for count in counts)


HEADING = f"{'preset':<34} {'moves':>6}" + "".join(
    f" {word:>10}" for word in ("edits", "forks", "positions", "revisited", "fresh runs")
)


def edits_of(session: Session) -> Edits:
    return tuple(word_of(edit) for edit in session.edits)


def word_of(edit: Edit) -> tuple[Position, str, str]:
    position, key, value = told(edit)
    return Position(*position), key, repr(value)


def found(session: Session) -> bytes:
    """What stands at its position: a hash of all that `state_bytes` holds, and of every metric that is shown there."""
    metrics = session.frame().metrics
    digest = blake2b(session.state_bytes(), digest_size=16)
    digest.update(" ".join(metrics).encode())
    digest.update(np.array(list(metrics.values())).tobytes())
    return digest.digest()
