"""The ways of runs over the loss: whose they are, the legend that says so, and their paths as signs and lines on a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.canvas import Canvas
from tui_nn.tui.ink import Ink
from tui_nn.tui.legend import Entry, legend
from tui_nn.tui.lineup import Peer, role_of
from tui_nn.tui.text import number
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.landscape import Landscape
    from tui_nn.debugger.surface import Way

Line = list["Segment"]
MARKED = 10  # places of a path that bear its sign; lines join them all
MOST_PARAMETERS = 2  # above, the plane is a cut, and another run's cut is another


def on_the_same(frame: Frame, view: View) -> tuple[Peer, ...]:
    """The other runs whose loss is the same function of the same one or two parameters."""
    if frame.program.n_parameters > MOST_PARAMETERS or not view.others:
        return ()
    from tui_nn.debugger.surface import same_surface

    return tuple(peer for peer in view.others if same_surface(frame.program, peer.frame.program))


def is_shared(frame: Frame, view: View) -> bool:
    """Are all open runs on one surface, so that one picture shows them?"""
    return len(view.lineup) > 1 and len(on_the_same(frame, view)) == len(view.others)


def way_of(peer: Peer) -> Way:
    from tui_nn.debugger.surface import Path, Way, flat

    program = peer.frame.program
    path = peer.path() if peer.path is not None else None
    if path is None:
        path = Path(np.empty(0, int), np.empty((0, program.n_parameters)))
    return Way(peer.letter, path, flat(program, peer.frame.snapshot.mem))


def roles_of(view: View) -> dict[str, str]:
    """The colour of each letter."""
    return {peer.letter: role_of(place) for place, peer in enumerate(view.lineup)}


def own_letter(view: View) -> str:
    return view.lineup[view.place].letter if view.lineup else ""


def legend_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Each letter with its run's short name and its loss; the key that looks at the next at the right end."""
    shown = {peer.letter for peer in on_the_same(frame, view)} | {own_letter(view)}
    entries = []
    for place, peer in enumerate(view.lineup):
        if peer.letter in shown:
            name = ink.glyph("next") + peer.short if place == view.place else peer.short
            loss = peer.frame.metrics.get("loss")
            entries.append(Entry(peer.letter, role_of(place), name, "", "" if loss is None else number(loss, 3)))
    return legend(entries, "", f"it {frame.iteration:,}, x: the next", width, height, ink)


# On a plane

Mark = tuple[str, str, bool]  # the sign, whose letter it is ("" for a run alone), and is it where that one stands?


def _runs(land: Landscape, letter: str) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Letter, path and place of each; the one looked at last, so that it lies over the others."""
    return [*((other.name, other.path, other.here) for other in land.others), (letter, land.path, land.here)]


def marks_of(land: Landscape, letter: str, ink: Ink) -> dict[tuple[int, int], Mark]:
    """Along the path stars, its start S, the present parameters a knob; of several runs small letters, + and capitals.

    Where several stand in one cell it has all their capitals, as far as it is wide.
    """
    marks: dict[tuple[int, int], Mark] = {}

    def put(place: np.ndarray, mark: Mark) -> None:
        if not np.isfinite(place).all():
            return
        i, j = int(np.abs(land.y - place[1]).argmin()), int(np.abs(land.x - place[0]).argmin())
        if land.x[0] <= place[0] <= land.x[-1] and land.y[0] <= place[1] <= land.y[-1]:
            there, _, is_taken = marks.get((i, j), ("", "", False))
            marks[i, j] = (mark[0] + there, *mark[1:]) if mark[2] and is_taken else mark

    runs = _runs(land, letter)
    for name, path, _ in runs:
        inside = (path >= (land.x[0], land.y[0])) & (path <= (land.x[-1], land.y[-1]))
        for place in spaced(path[inside.all(axis=1)], (land.x[-1] - land.x[0], land.y[-1] - land.y[0])):
            put(place, (name or "*", name, False))
    for _, path, _ in runs:
        if len(path):
            put(path[0], ("+" if letter else "S", "", False))
    for name, _, here in runs:
        put(here, (name.upper() or ink.glyph("knob"), name, True))
    return marks


def spaced(path: np.ndarray, size: tuple[float, float]) -> np.ndarray:
    """All places of a short path; of a long one MARKED, about equally far apart along the way. size: of the plane."""
    path = path[np.isfinite(path).all(axis=1)]
    if len(path) <= MARKED:
        return path
    walked = np.concatenate([[0.0], np.hypot(*(np.diff(path, axis=0) / size).T).cumsum()])
    return path[np.unique(np.searchsorted(walked, np.linspace(0, walked[-1], MARKED)).clip(0, len(path) - 1))]


def trails_of(land: Landscape, letter: str, roles: dict[str, str], cell: int, ink: Ink) -> list[list[tuple[str, str]]]:
    """The moves as lines from place to place, glyph and role of each cell: crossing a ravine to and fro shows as a zigzag."""
    canvas = Canvas(len(land.x) * cell, len(land.y), ink)
    for name, path, here in _runs(land, letter):
        places = np.concatenate([path, here[None]])
        # Points are the middles of their cells. What lies far outside is brought near, for lines are walked dot by dot.
        x = ((places[:, 0] - land.x[0]) / (land.x[1] - land.x[0]) + 0.5) * cell * canvas.per_column - 0.5
        y = (len(land.y) - 0.5 - (places[:, 1] - land.y[0]) / (land.y[1] - land.y[0])) * canvas.per_row - 0.5
        is_near = (np.abs(x) < 4 * canvas.width) & (np.abs(y) < 4 * canvas.height)
        for start, end in stretches(is_near):
            canvas.line(x[start:end], y[start:end], roles.get(name, ""))
    return canvas.cells()


def over(trail: list[tuple[str, str]], level: int, ink: Ink) -> Line:
    """A heat cell with the pieces of lines that cross it."""
    if all(glyph == " " for glyph, _ in trail):
        return [ink.tile("levels", level, len(trail))]
    return [ink.tile("levels", level, 1) if glyph == " " else ink.thread(level, role, glyph) for glyph, role in trail]


def stretches(is_in: np.ndarray) -> list[tuple[int, int]]:
    """Where runs of True begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_in, [False]]).astype(int)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
