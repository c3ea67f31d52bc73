"""Several runs on one surface: who they are, and the lines that say so above the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.tui.ink import Ink
from tui_nn.tui.legend import Entry, legend
from tui_nn.tui.lineup import Peer, role_of
from tui_nn.tui.text import number
from tui_nn.tui.view import View

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.surface import Way

Line = list["Segment"]
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
