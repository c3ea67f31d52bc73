"""What lines of the script change: edits that can be made where they stand, forks with names of their own, and who is turned to."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui_nn.scenario.check_conditions import name_faults, slot_faults
from tui_nn.scenario.edit_keys import EditError, edits_of, with_edit
from tui_nn.scenario.errors import Fault, Path, shown, unknown
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.base import MAX_BESIDE
from tui_nn.scenario.spec.playback import ScriptLine

MAX_EDITS = 50  # of one script
OWN = ""  # the scenario's own run


@dataclass(frozen=True)
class Told:
    """A line where it stands. network: the one it turns to, or stays at; forks: those made before it.

    is_edited: has what the line speaks of been edited by then?
    """

    index: int
    line: ScriptLine
    network: str
    forks: tuple[str, ...]
    is_edited: bool

    @property
    def place(self) -> Path:
        return ("script", self.index)

    @property
    def speaks_of(self) -> str:
        """The network on which its edits are made, behind its fork."""
        return self.line.fork or self.network


def told(scenario: Scenario) -> Iterator[Told]:
    """The lines of the script in their order."""
    network, forks = OWN, ()
    edited: set[str] = set()
    for index, line in enumerate(scenario.script):
        if line.twin is not None:
            network = named(scenario, line.twin)
        speaks_of = line.fork or network
        if line.edit or network in edited:
            edited.add(speaks_of)
        yield Told(index, line, network, forks, speaks_of in edited)
        if line.fork is not None:
            forks, network = (*forks, line.fork), line.fork


def named(scenario: Scenario, twin: bool | str | None) -> str:
    """The network that a line names."""
    if twin is True:
        return next(iter(scenario.companions), OWN)
    return OWN if not twin or twin == scenario.id else twin


def check_script_turns(scenario: Scenario) -> Iterator[Fault]:
    """Each fork has a name of its own; a line turns to, and compares, only what is open by then."""
    known = scenario.companions
    for at in told(scenario):
        line, there = at.line, [scenario.id, *known, *at.forks]
        if line.fork is not None:
            if line.fork in there:
                yield Fault(
                    (*at.place, "fork"), f"{shown(line.fork)} is open already; give each fork a name of its own"
                )
            elif len(there) > MAX_BESIDE:
                yield Fault((*at.place, "fork"), f"at most {MAX_BESIDE} runs are open beside one; make fewer forks")
        if line.twin and not known and not at.forks:
            yield Fault((*at.place, "twin"), 'there is no network beside this one; name it: twin = "..."')
        elif line.twin is True and not known:
            yield Fault((*at.place, "twin"), f"which fork? Write twin = {shown(at.forks[0])}")
        elif isinstance(line.twin, str) and line.twin not in there:
            yield Fault((*at.place, "twin"), unknown("network beside this one", line.twin, there))
        elif line.twin is False and not known and not at.forks:
            yield Fault((*at.place, "twin"), 'there is no network beside this one; name it: twin = "..."')
        if line.by is not None and line.until is None:
            yield Fault((*at.place, "by"), 'by belongs to until; add until = "..." or remove it', "key")
        yield from _comparison(scenario, at)


def _comparison(scenario: Scenario, at: Told) -> Iterator[Fault]:
    """There are two runs, and the one that is named is not the one looked at."""
    compare, place = at.line.compare, (*at.place, "compare")
    beside = [*scenario.companions, *at.forks, *([at.line.fork] if at.line.fork else [])]
    if compare and not beside:
        yield Fault(place, 'there is nothing to compare with; fork the run first: fork = "..."')
    elif isinstance(compare, str) and compare not in (scenario.id, *beside):
        yield Fault(place, unknown("network beside this one", compare, [scenario.id, *beside]))
    elif isinstance(compare, str) and named(scenario, compare) == at.speaks_of:
        yield Fault(place, f"{shown(compare)} is what the line looks at; name another run, or write true")


def check_script_edits(scenario: Scenario) -> Iterator[Fault]:
    """Each edit can be made where it stands, and what it leaves has all that later conditions speak of."""
    now: dict[str, Scenario] = {OWN: scenario}
    n_edits = 0
    for at in told(scenario):
        if at.network not in now:  # of a network beside, the file says what may be changed
            continue
        after = now[at.network]
        for key, value in edits_of(at.line.edit):
            n_edits += 1
            place = (*at.place, "edit", key) if key in at.line.edit else (*at.place, "edit")
            try:
                if n_edits > MAX_EDITS:
                    raise EditError(f"more than {MAX_EDITS} edits in one script; make fewer")
                after = with_edit(after, key, value)
            except EditError as error:
                yield Fault(place, str(error))
        now[at.speaks_of] = after
        if at.is_edited and at.line.until is not None:
            conditions = [((*at.place, "until"), at.line.until)]
            yield from name_faults(conditions, after)
            yield from slot_faults(conditions, after)
