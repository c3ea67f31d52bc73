"""What the user is looking at: selections and modes, shared by all panels. None of it changes the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_nn.tui.pictures import Pictures
from tui_nn.tui.window import ALL, Window

if TYPE_CHECKING:
    from tui_nn.debugger.evaluator import Evaluator
    from tui_nn.debugger.frame import Frame, LayerFrame
    from tui_nn.debugger.replay import Replay, Start
    from tui_nn.debugger.surface import Path
    from tui_nn.engine.program import Program
    from tui_nn.tui.lineup import Peer

LANGUAGES = ("en", "ko")


@dataclass
class View:
    """Selections by index. They are clamped where they are read: another scenario, or a smaller last batch, may have less."""

    lang: str = "en"
    layer: int = 0
    sample: int = 0
    unit: int = 0
    step: int = 0  # of a recurrent layer
    row: int = 0  # of the selected tensor, in the Optimizer tab
    column: int = 0  # its input; one past the last is the bias
    detail: str = "activations"
    modes: dict[str, int] = field(default_factory=dict)  # which of a microscope's pictures
    pictures: Pictures = field(default_factory=Pictures)  # those that take longer than a frame
    land: tuple[int, int] | None = None  # the cursor in the landscape: row from below, column
    path: Callable[[], Path | None] | None = None  # of the session looked at
    marked: Frame | None = None  # the moment that changes are told from
    curve: str = "loss"  # the curves' tab: "loss", "accuracy" or "chosen"
    log: bool = False
    read: int | None = None  # iteration under the reading cursor of the curves
    chosen: tuple[str, ...] = ()  # metrics of the curves' third tab, in the order they were chosen
    window: Window = ALL  # the iterations that the curves show
    smoothing: int = 0  # iterations that the curves are averaged over; 0: none
    lineup: tuple[Peer, ...] = ()  # all runs, this one too, where several are open
    place: int = 0  # of this one in it
    lesson: str = "lesson"
    scroll: int = 0

    evaluator: Evaluator | None = None  # of the program looked at; used by the pictures' thread alone

    def evaluator_of(self, program: Program) -> Evaluator:
        """The network beside the run, for pictures of what no row of the run computes."""
        if self.evaluator is None or self.evaluator.program is not program:
            from tui_nn.debugger.evaluator import Evaluator

            self.evaluator = Evaluator(program)
        return self.evaluator

    replay_start: Callable[[int], Start | None] | None = None  # of the session looked at
    replay: Replay | None = None  # of the program looked at; used by the pictures' thread alone

    def replay_of(self, program: Program) -> Replay:
        """The machine beside the run, for what stood in memory at earlier updates."""
        if self.replay is None or self.replay.program is not program:
            from tui_nn.debugger.replay import Replay

            self.replay = Replay(program)
        return self.replay

    @property
    def others(self) -> tuple[Peer, ...]:
        """The runs beside this one."""
        return tuple(peer for place, peer in enumerate(self.lineup) if place != self.place)

    def mode(self, name: str) -> int:
        return self.modes.get(name, 0)

    def layer_of(self, frame: Frame) -> LayerFrame:
        return frame.layers[clamp(self.layer, len(frame.layers))]

    def dense_layer_of(self, frame: Frame) -> LayerFrame | None:
        """The selected layer if it has parameters, else the nearest one before it (or after it) that has."""
        at = clamp(self.layer, len(frame.layers))
        before = [layer for layer in frame.layers[: at + 1] if layer.parameters]
        after = [layer for layer in frame.layers[at:] if layer.parameters]
        return before[-1] if before else after[0] if after else None


def is_current(frame: Frame, is_fresh: bool) -> bool:
    """Is a layer's picture of one time with those around it? At the start of an iteration all are from the one just done."""
    return is_fresh or frame.op == 0


def clamp(index: int, n: int) -> int:
    """The index, or the nearest one there is."""
    return max(0, min(index, n - 1))
