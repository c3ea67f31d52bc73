"""The Landscape tab: the loss over a plane through the parameters, in bands, with the path that training took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.tui.ink import LEVELS, Ink
from tui_nn.tui.microscope import Microscope
from tui_nn.tui.panels.shared import heading
from tui_nn.tui.text import cells, fit, number, percent
from tui_nn.tui.view import View, clamp

if TYPE_CHECKING:
    from rich.segment import Segment

    from tui_nn.debugger.frame import Frame
    from tui_nn.debugger.landscape import Landscape
    from tui_nn.tui.pictures import Picture

Line = list["Segment"]
MODES = ("plane of the path", "random plane")
GUTTER = 9
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
    columns, rows = points(width, height)
    if columns < 6 or rows < 4:
        return ink.notice("There is no room for a landscape here: zoom with z, or enlarge the window.", width)[:height]
    if frame.program.n_parameters > MOST_PARAMETERS:
        return ink.notice("This network has too many parameters for a landscape.", width)[:height]
    picture = _asked(frame, view, columns, rows)
    if picture.value is None:
        share = "" if picture.share is None else f" {percent(picture.share)}"
        return ink.notice(picture.error or f"computing {columns * rows} losses …{share}", width)[:height]
    if isinstance(picture.value, str):
        return ink.notice(picture.value, width)[:height]
    if not np.isfinite(picture.value.loss).any():
        return ink.notice(NOTHING_FINITE, width)[:height]
    return land_lines(picture, view, width, height, ink)


def points(width: int, height: int) -> tuple[int, int]:
    """Across and up: cells of two or more columns that fill the room, at most MOST of them."""
    room = width - GUTTER - 1
    cell = max(-(-room // MOST[0]), 2)
    return room // cell, min(height - 4, MOST[1])


def _asked(frame: Frame, view: View, columns: int, rows: int) -> Picture:
    """Computed anew where the run stands still; while it runs the last picture stays."""
    program, state, mode = frame.program, frame.snapshot.mem, view.mode("landscape")
    name, key = f"landscape {mode}", (id(program), frame.position, columns, rows)
    if frame.is_running and (standing := view.pictures.newest(name)) is not None:
        return standing
    path = view.path() if view.path is not None else None

    def work(report: Any) -> Landscape | str:
        from tui_nn.debugger import landscape as land

        way = path if path is not None else land.Path(np.empty(0, int), np.empty((0, program.n_parameters)))
        here = land.flat(program, state)
        if program.n_parameters == 2:
            plane = land.exact_plane(program, here)
        elif mode == 1:
            plane = land.random_plane(program, here)
        else:
            plane = land.path_plane(way, here)
        if plane is None:
            return WHY_NO_PATH
        return land.landscape(view.evaluator_of(program), state, plane, way, columns, rows, report)

    return view.pictures.ask(name, key, work)


def land_lines(picture: Picture, view: View, width: int, height: int, ink: Ink) -> list[Line]:
    """Pure: the picture has the losses."""
    land: Landscape = picture.value
    rows, columns = len(land.y), len(land.x)
    cell = max((width - GUTTER - 1) // columns, 1)
    bands, edges = banded(land.loss)
    marks = _marks(land, ink)
    cursor = (
        clamp(rows // 2 if view.land is None else view.land[0], rows),
        clamp(columns // 2 if view.land is None else view.land[1], columns),
    )
    lines = [_head(land, picture, width, ink)]
    for i in range(rows - 1, -1, -1):
        label = number(land.y[i], 3) if i in (0, rows // 2, rows - 1) else ""
        line: Line = [ink.say(fit(label, GUTTER - 1, ">") + " ", "faint")]
        for j in range(columns):
            mark = marks.get((i, j), "")
            if bands[i, j] < 0:
                line.append(ink.mark("nan" if np.isnan(land.loss[i, j]) else "inf", cell))
                continue
            level = int(bands[i, j]) * (LEVELS - 1) // BANDS
            if (i, j) == cursor:
                line.append(ink.say(fit(mark or ink.glyph("dot"), cell), "cursor"))
            elif mark:
                line.append(ink.number_tile("levels", level, fit(mark, cell)))
            else:
                line.append(ink.tile("levels", level, cell))
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


def _marks(land: Landscape, ink: Ink) -> dict[tuple[int, int], str]:
    """The path as dots, its start S, the present parameters a knob."""
    marks: dict[tuple[int, int], str] = {}

    def cell_of(place: np.ndarray) -> tuple[int, int] | None:
        if not np.isfinite(place).all():
            return None
        i, j = int(np.abs(land.y - place[1]).argmin()), int(np.abs(land.x - place[0]).argmin())
        inside = land.x[0] <= place[0] <= land.x[-1] and land.y[0] <= place[1] <= land.y[-1]
        return (i, j) if inside else None

    for place in land.path:
        at = cell_of(place)
        if at is not None:
            marks[at] = "*"
    if len(land.path) and (at := cell_of(land.path[0])) is not None:
        marks[at] = "S"
    if (at := cell_of(land.here)) is not None:
        marks[at] = ink.glyph("knob")
    return marks


def _head(land: Landscape, picture: Picture, width: int, ink: Ink) -> Line:
    marks = f"S start, * path, {ink.glyph('knob')} here"
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
    rows, columns = standing.value.loss.shape
    row, column = view.land or (rows // 2, columns // 2)
    view.land = clamp(clamp(row, rows) - dy, rows), clamp(clamp(column, columns) + dx, columns)


MICROSCOPE = Microscope(
    "the loss over a plane through the parameters, in bands of equal loss, with the path of the run: S its start, the knob where it is. With two "
    "parameters the plane is exact; with more it is the plane in which the path is widest, or (v) a random one, each unit's part as long "
    "as its weights. The loss is that of the training samples in evaluation mode.",
    landscape_lines,
    move,
    modes=MODES,
    has=lambda frame, mode: mode == 0 or frame.program.n_parameters != 2,  # two parameters have only one plane
)
