"""The Landscape tab: the loss over a plane through the parameters, in bands, with the path that training took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.tui.ink import LEVELS, Ink
from tui_nn.tui.lineup import Peer
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.panels.valley import GUTTER, move_along, valley_lines
from tui_nn.tui.panels.ways import (
    is_shared,
    legend_lines,
    marks_of,
    on_the_same,
    over,
    own_letter,
    roles_of,
    trails_of,
    way_of,
)
from tui_nn.tui.text import cells, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.landscape import Landscape
    from tui_nn.debugger.valley import Valley
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
MODES = ("plane of the path", "random plane")
BANDS = 8  # lines of equal loss part them
MOST = (44, 32)  # points across and up that are computed; in a wider panel each is drawn as more cells
MOST_PARAMETERS = 2_000_000
WHY_NO_PATH = (
    "The path is still a point: train some iterations, and the plane it moves in is shown here. v shows a random plane."
)


NOTHING_FINITE = (
    "The path leads so far out that no loss on its plane is finite. Go back in time (g) to before the run broke: the plane ends where "
    "the path does."
)


def landscape_lines(frame: Frame, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    others = on_the_same(frame, view)
    head = legend_lines(frame, view, width, 1 + (height >= 14) + (height >= 18), ink) if others else []
    height -= len(head)
    columns, rows = points(width, height)
    if columns < 6 or rows < 4:
        return ink.notice("There is no room for a landscape here: zoom with z, or enlarge the window.", width)[:height]
    if frame.program.n_parameters > MOST_PARAMETERS:
        return ink.notice("This network has too many parameters for a landscape.", width)[:height]
    is_curve = frame.program.n_parameters == 1
    picture = _asked_curve(frame, view, others, width) if is_curve else _asked(frame, view, others, columns, rows)
    if picture.value is None:
        share = "" if picture.share is None else f" {percent(picture.share)}"
        return [*head, *ink.notice(picture.error or f"computing the losses …{share}", width)[:height]]
    if isinstance(picture.value, str):
        return [*head, *ink.notice(picture.value, width)[:height]]
    if not np.isfinite(picture.value.loss).any():
        return [*head, *ink.notice(NOTHING_FINITE, width)[:height]]
    return [*head, *(valley_lines if is_curve else land_lines)(picture, view, width, height, ink)]


def points(width: int, height: int) -> tuple[int, int]:
    """Across and up: cells of two or more columns that fill the room, at most MOST of them."""
    room = width - GUTTER - 1
    cell = max(-(-room // MOST[0]), 2)
    return room // cell, min(height - 4, MOST[1])


def _standing(frame: Frame, view: View, others: tuple[Peer, ...], name: str, key: tuple) -> Picture | None:
    """What need not be asked for: what is there already and, while a run trains, the last picture. It is computed anew
    where all stand still."""
    is_running = frame.is_running or any(peer.frame.is_running for peer in others)
    return view.pictures.newest(name) if is_running else view.pictures.current(name, key)


def _key(frame: Frame, others: tuple[Peer, ...], *size: int) -> tuple:
    return (
        *size,
        *(
            (id(each.program), each.history.version, each.position)
            for each in (frame, *(peer.frame for peer in others))
        ),
    )


def _asked_curve(frame: Frame, view: View, others: tuple[Peer, ...], width: int) -> Picture:
    """The loss over the only parameter, with two points a column."""
    program, state, name = frame.program, frame.snapshot.mem, f"landscape {view.mode('landscape')}"
    points = 2 * max(width - GUTTER - 1, 1)
    key = _key(frame, others, points)
    standing = _standing(frame, view, others, name, key)
    if standing is not None:
        return standing
    ways = [way_of(peer) for peer in (Peer("", frame, "", own_letter(view), view.path), *others)]

    def work(report: Any) -> Valley:
        from tui_nn.debugger.valley import valley

        return valley(view.evaluator_of(program), state, ways, points, report)

    return view.pictures.ask(name, key, work)


def _asked(frame: Frame, view: View, others: tuple[Peer, ...], columns: int, rows: int) -> Picture:
    program, state, mode = frame.program, frame.snapshot.mem, view.mode("landscape")
    name, key = f"landscape {mode}", _key(frame, others, columns, rows)
    standing = _standing(frame, view, others, name, key)
    if standing is not None:
        return standing
    path = view.path() if view.path is not None else None
    ways = [way_of(peer) for peer in others]

    def work(report: Any) -> Landscape | str:
        from tui_nn.debugger import landscape as land
        from tui_nn.debugger.surface import Path

        way = path if path is not None else Path(np.empty(0, int), np.empty((0, program.n_parameters)))
        here = land.flat(program, state)
        if program.n_parameters == 2:
            plane = land.exact_plane(program, here)
        elif mode == 1:
            plane = land.random_plane(program, here)
        else:
            plane = land.path_plane(way, here)
        if plane is None:
            return WHY_NO_PATH
        return land.landscape(view.evaluator_of(program), state, plane, way, columns, rows, report, ways)

    return view.pictures.ask(name, key, work)


def land_lines(picture: Picture, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Pure: the picture has the losses."""
    land: Landscape = picture.value
    rows, columns = len(land.y), len(land.x)
    cell = max((width - GUTTER - 1) // columns, 1)
    bands, edges = banded(land.loss)
    marks = marks_of(land, own_letter(view) if land.others else "", ink)
    roles = roles_of(view)
    trails = trails_of(land, own_letter(view) if land.others else "", roles, cell, ink)
    cursor = (
        clamp(rows // 2 if view.land is None else view.land[0], rows),
        clamp(columns // 2 if view.land is None else view.land[1], columns),
    )
    lines = [_head(land, picture, width, ink)]
    for i in range(rows - 1, -1, -1):
        label = number(land.y[i], 3) if i in (0, rows // 2, rows - 1) else ""
        line: Line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        for j in range(columns):
            mark, owner, is_here = marks.get((i, j), ("", "", False))
            if bands[i, j] < 0:
                line.append(ink.mark("nan" if np.isnan(land.loss[i, j]) else "inf", cell))
                continue
            level = int(bands[i, j]) * (LEVELS - 1) // BANDS
            if (i, j) == cursor:
                line.append(ink.say(fit(mark[:cell] or ink.glyph("dot"), cell), "cursor"))
            elif owner in roles:
                line.append((ink.badge if is_here else ink.stain)(roles[owner], fit(mark[:cell], cell)))
            elif mark:
                line.append(ink.number_tile("levels", level, fit(mark, cell)))
            else:
                line += over(trails[rows - 1 - i][j * cell : (j + 1) * cell], level, ink)
        lines.append(line)
    lines.append(_axis(land, columns * cell, ink))
    return [*lines[: height - 1], _reading(land, cursor, edges, width, ink)][:height]


def banded(loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Band of each loss, 0 (low) to BANDS; -1 if it is not finite. edges (BANDS,) part them: evenly by rank, so that each shows."""
    finite = loss[np.isfinite(loss)]
    if finite.size == 0:
        return np.full(loss.shape, -1), np.zeros(BANDS)
    edges = np.quantile(finite, np.linspace(0, 1, BANDS + 2)[1:-1])
    return np.where(np.isfinite(loss), np.searchsorted(edges, loss, side="left"), -1), edges


def _head(land: Landscape, picture: Picture, width: int, ink: Ink) -> Line:
    marks = "+ start, capital: here" if land.others else f"S start, * path, {ink.glyph('knob')} here"
    parts = [marks, {"exact": "exact", "path": "plane of the path", "random": "random plane"}[land.plane.kind]]
    if land.plane.shares is not None:
        parts.append(f"holds {percent(sum(land.plane.shares))} of the path")
    if land.plane.kind == "random":
        parts.append("1 = as long as the weights")
    parts.append(f"loss of {land.samples:,} training samples")
    if not picture.is_current:
        age = "of a moment ago"
        parts.insert(0, age if picture.share is None or width < 80 else f"{age}, new one {percent(picture.share)}")
    return heading("Loss", parts, width, ink)


def _axis(land: Landscape, room: int, ink: Ink) -> Line:
    low, high = number(land.x[0], 3), number(land.x[-1], 3)
    across, up = land.plane.names
    middle = f"{across} across, {up} up"
    free = room - cells(low) - cells(high)
    middle = middle if cells(middle) + 2 <= free else ""
    left = (free - cells(middle)) // 2
    return [ink.say(" " * GUTTER + low + " " * left + middle + " " * (free - left - cells(middle)) + high, "faint")]


def _reading(land: Landscape, cursor: tuple[int, int], edges: np.ndarray, width: int, ink: Ink) -> Line:
    """The loss under the cursor, the lowest there is, and the bands with their ends."""
    i, j = cursor
    finite = land.loss[np.isfinite(land.loss)]
    lowest = number(float(finite.min()), 4) if finite.size else "none"
    where = ink.say(f" ({number(land.x[j], 3)}, {number(land.y[i], 3)}): ", "dim")
    value = ink.say(f"loss {number(land.loss[i, j], 4)}", "strong")
    least = ink.say(f"   lowest {lowest}", "dim")
    bands = [ink.tile("levels", k * (LEVELS - 1) // BANDS, 1) for k in range(BANDS + 1)]
    right = [ink.say(number(edges[0], 2) + " ", "dim"), *bands, ink.say(" " + number(edges[-1], 2), "dim")]
    wide = sum(segment.cell_length for segment in right)
    for line in ([where, value, least], [where, value], [ink.say(" "), value]):
        used = sum(segment.cell_length for segment in line)
        if used + wide + 2 <= width:
            return [*line, ink.say(" " * (width - used - wide - 1)), *right]
    return [ink.say(fit(f" {value.text}", width), "strong")]


def move(frame: Frame, view: View, dx: int, dy: int, page: bool = False) -> None:
    """Over the points of the plane that is drawn, from its middle at first; up is up."""
    standing = view.pictures.newest(f"landscape {view.mode('landscape')}")
    if standing is None or isinstance(standing.value, str):
        return
    if frame.program.n_parameters == 1:
        move_along(standing.value, view, dx)
        return
    rows, columns = standing.value.loss.shape
    row, column = view.land or (rows // 2, columns // 2)
    view.land = clamp(clamp(row, rows) - dy, rows), clamp(clamp(column, columns) + dx, columns)


MICROSCOPE = Microscope(
    "the loss over a plane through the parameters, in bands of equal loss, with the path of the run: S its start, the knob where it is. Of a network "
    "with one parameter it is a curve, the loss over that weight, and the run rolls on it. With two "
    "parameters the plane is exact, and all open runs with the same data, network and loss are on it, each with its letter; with more it is the plane in which the path is widest, or (v) a random one, each unit's part as long "
    "as its weights. The loss is that of the training samples in evaluation mode.",
    landscape_lines,
    move,
    modes=MODES,
    has=lambda frame, mode: mode == 0 or frame.program.n_parameters > 2,  # two parameters have only one plane
    shared=is_shared,
)
