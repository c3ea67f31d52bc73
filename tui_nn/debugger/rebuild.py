"""From the events of a session file or journal back to sessions: the same moves and edits are made once more.

Nothing in a file is executed: it holds a scenario, which is checked as any stranger's, and edits, which Session.set checks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

from tui_nn.data import Dataset
from tui_nn.debugger.position import Position
from tui_nn.debugger.session import Origin, Session
from tui_nn.debugger.session_events import Event, checked, conditions, meant, told
from tui_nn.debugger.session_lines import Lines, SessionFileError, fault
from tui_nn.engine.machine import Progress
from tui_nn.scenario import Scenario, ScenarioError
from tui_nn.scenario.errors import Problem, shown

LOOK_S = 0.05  # between two looks at how far a replay is
NEAR = 64  # iterations that are not worth a word


@dataclass(frozen=True)
class Reopened:
    """sessions: by their names in the file, in order. current: which was looked at. remarks: what is not as it was."""

    sessions: dict[str, Session]
    current: Session
    remarks: tuple[str, ...] = ()


def state_hash(session: Session) -> str:
    return hashlib.sha256(session.state_bytes()).hexdigest()


def rebuild(
    lines: Lines,
    on_progress: Progress | None = None,
    dataset: Dataset | None = None,
    checkpoint_mb: float | None = None,
) -> Reopened:
    """Make the runs again that a file tells of, and go to where they stood.

    on_progress(done, total, words): iterations of the replay; what it raises ends the work, and nothing is left running.
    dataset: of runs whose data is not that of their scenario. Errors: SessionFileError.
    """
    checked(lines.source, lines.events)
    return _Builder(lines, on_progress, dataset, checkpoint_mb).build()


@dataclass
class _Builder:
    lines: Lines
    on_progress: Progress | None
    dataset: Dataset | None
    checkpoint_mb: float | None = None
    sessions: dict[str, Session] = field(default_factory=dict)
    stands: dict[str, tuple[int, Event]] = field(default_factory=dict)
    stops: dict[str, tuple[int, Event]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    current: str = ""
    done: int = 0
    total: int = 0

    def build(self) -> Reopened:
        events = self.lines.events
        scenarios = {line: self._scenario(line, event) for line, event in events if event["do"] == "open"}
        self.total = _effort(events)
        for line, event in events:
            try:
                self._take(line, event, scenarios)
            except SessionFileError:
                raise
            except ValueError as error:  # an edit that cannot be made, a position that the program does not have
                raise fault(self.lines.source, line, str(error)[:500], event["do"]) from None
        for run, (line, event) in self.stops.items():
            self._set_stops(line, self.sessions[run], event["lines"])
        for run, (line, event) in self.stands.items():
            self._stand(line, self.sessions[run], event)
        if self.on_progress:
            self.on_progress(self.total, self.total, "")
        current = self.sessions.get(self.current) or next(iter(self.sessions.values()))
        return Reopened(self.sessions, current, tuple(dict.fromkeys(self.remarks)))

    # Events

    def _take(self, line: int, event: Event, scenarios: dict[int, Scenario]) -> None:
        do, run = event["do"], event["run"]
        if do == "open":
            self.sessions[run] = self._opened(line, event, scenarios[line])
            self.current = self.current or run
        elif do == "fork":
            self.sessions[run] = self._forked(line, event)
        elif do == "edit":
            session = self.sessions[run]
            self._go(line, session, event["at"])
            session.set(event["key"], meant(event["value"]))
        elif do in ("undo", "redo"):
            getattr(self.sessions[run], do)()
        elif do == "look":
            self.current = run
        elif do == "stops":
            self.stops[run] = line, event
        elif do == "shut":
            self.sessions.pop(run, None)
            self.stops.pop(run, None)
        if do == "stand":
            self.stands[run] = line, event
        elif do in ("edit", "undo", "redo", "shut"):  # which have moved it since
            self.stands.pop(run, None)

    def _scenario(self, line: int, event: Event) -> Scenario:
        """The scenario of an "open" event, judged as a file of a stranger is."""
        from tui_nn.scenario.load import parse_scenario
        from tui_nn.scenario.validate import validate

        raw = event["scenario"]
        for key in ("extends", "change"):
            if key in raw:
                raise fault(
                    self.lines.source, line, "a session file holds the whole scenario; remove it", f"scenario.{key}"
                )
        try:
            if self.dataset is None:
                return parse_scenario(raw, self.lines.source)
            findings = validate(raw)  # whether it suits its own data is of no account
            if findings.scenario is not None and not findings.faults:
                return findings.scenario
            problems = [Problem(None, None, ".".join(map(str, one.path)), one.message) for one in findings.faults]
        except ScenarioError as error:
            problems = error.problems
        found = [Problem(line, 1, f"scenario.{problem.key}", problem.message) for problem in problems]
        raise SessionFileError(self.lines.source, found)

    def _opened(self, line: int, event: Event, scenario: Scenario) -> Session:
        from tui_nn.data import load_data
        from tui_nn.data.fingerprint import differs

        dataset = self.dataset or load_data(scenario)
        if how := differs(dataset, event["data"]):
            if how != "round-off":
                cure = "Open it where the data is as it was, or start the scenario anew"
                raise fault(self.lines.source, line, f"the data {shown(dataset.name)} {how}. {cure}", "data")
            self.remarks.append(
                "the data differs in its last digits from that of the machine where the file was written"
            )
        session = Session(scenario, dataset, self.checkpoint_mb)
        session.prepare(self._tell_compiling)
        return self._with_base(line, session, event)

    def _forked(self, line: int, event: Event) -> Session:
        parent, at = self.sessions[event["of"]], Position(*event["at"])
        past = [told(edit) for edit in parent.edits if edit.position <= at]
        if past == event["base"]:
            self._go(line, parent, event["at"])
            return parent.fork()
        first = parent.timeline.segments[0].program
        session = self._with_base(line, Session(first.scenario, first.dataset, self.checkpoint_mb), event)
        session.origin = Origin(ref(parent), at)
        return session

    def _with_base(self, line: int, session: Session, event: Event) -> Session:
        """With the edits that the run was born with, which it cannot undo."""
        if not event["base"]:
            return session
        for at, key, value in event["base"]:
            self._go(line, session, at)
            session.set(key, meant(value))
        self._go(line, session, event["at"])
        other = session.fork()
        other.origin = None
        return other

    def _stand(self, line: int, session: Session, event: Event) -> None:
        for place in (event["reached"], event["at"]):
            self._go(line, session, place)
        wanted, saved = event.get("state"), self.lines.header.get("on")
        if wanted is None:
            if isinstance(saved, dict) and saved != conditions():
                self.remarks.append(_elsewhere("may differ", saved))
        elif wanted != state_hash(session):
            self.remarks.append(_elsewhere("differ", saved))

    def _set_stops(self, line: int, session: Session, texts: list[str]) -> None:
        stops: Any = getattr(session, "stops", None)
        if stops is None:
            return
        for text in texts:
            try:
                stops.add(text)
            except ValueError as error:
                raise fault(self.lines.source, line, f"{shown(text)}: {error}", "stops") from None

    # Moves

    def _go(self, line: int, session: Session, at: list[int]) -> None:
        """Replay to a position, and tell how far it is."""
        place = session.timeline.canonical(*at)
        begun = session.position.iteration
        if abs(place.iteration - begun) <= NEAR:
            session.goto(*place)
        else:
            session.start(place)
            try:
                while not session.wait(LOOK_S):
                    self._tell(session.position.iteration - begun, place.iteration)
            except BaseException:
                session.pause()
                raise
        if session.position != place:
            why = session.last_stop.message if session.last_stop else ""
            raise fault(self.lines.source, line, f"the run does not get to {place}; it is at {session.position}. {why}")
        self.done += max(0, place.iteration - begun)
        self._tell(0, place.iteration)

    def _tell(self, more: int, goal: int) -> None:
        if self.on_progress:
            self.on_progress(min(self.done + max(0, more), self.total), self.total, f"replaying to iteration {goal:,}")

    def _tell_compiling(self, done: int, total: int, name: str) -> None:
        if self.on_progress and name:
            self.on_progress(self.done, self.total, f"compiling {name}")


def _elsewhere(how: str, saved: Any) -> str:
    """What a person is told of numbers that are not those of the file."""
    there = saved if isinstance(saved, dict) else {}
    here = conditions()
    other = [
        f"{name} {there.get(name, '?')!s:.40}, here {here[name]}" for name in here if there.get(name) != here[name]
    ]
    why = f"written with {'; '.join(other)}" if other else "though written with the same versions on such a machine"
    return f"the numbers {how} from those that were saved in their last digits: {why}"


def _effort(events: tuple[tuple[int, Event], ...]) -> int:
    """About how many iterations will be run."""
    at: dict[str, int] = {}
    total, stands = 0, {}
    for _, event in events:
        run, do = event["run"], event["do"]
        at.setdefault(run, 0)
        if do == "fork":
            at[run] = event["at"][0]
        elif do == "edit":
            total += max(0, event["at"][0] - at[run])
            at[run] = event["at"][0]
        if do == "stand":
            stands[run] = event
        elif do != "look":
            stands.pop(run, None)
    return total + sum(max(0, event["reached"][0] - at[run]) for run, event in stands.items())
