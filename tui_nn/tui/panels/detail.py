"""Panel 3: what the selected layer holds, in three tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui_nn.tui.panels.base import Line, Panel
from tui_nn.tui.view import clamp

if TYPE_CHECKING:
    from tui_nn.debugger.frame import Frame

TABS = ("activations", "gradients", "optimizer")


class DetailPanel(Panel):
    """Activations, gradients, optimizer state of the layer selected in panel 2."""

    number: ClassVar[int] = 3
    where: ClassVar[str] = "detail"
    tabs: ClassVar[tuple[str, ...]] = ("Activations", "Gradients", "Optimizer")
    about: ClassVar[str] = (
        "What the layer selected in panel 2 holds (PgUp, PgDn select another). Activations: its output, a row a sample of the batch, a "
        "column a unit. Gradients: the error signal ∂loss/∂output and the gradient of the parameters at every layer, as norms "
        "on a log scale; it shows whether the signal fades or grows on its way back. Optimizer: for each parameter its value w, gradient g, "
        "what the optimizer remembers (Adam: m, the moving mean of g; v, the moving mean of g²), and the step the last update took. "
        "Colour and glyph both show the size; the strip at the bottom tells the range. The arrows move a cursor that reads exact values; "
        "× is NaN (not a number), ∞ an infinite value."
    )

    def active_tab(self) -> int:
        return TABS.index(self.view.detail)

    def switch_tab(self, by: int) -> None:
        self.view.detail = TABS[(self.active_tab() + by) % len(TABS)]
        self.redraw()

    def draw(self, frame: Frame, width: int, height: int) -> list[Line]:
        if self.view.detail == "activations":
            from tui_nn.tui.panels.activations import activations_lines as lines
        elif self.view.detail == "gradients":
            from tui_nn.tui.panels.gradients import gradients_lines as lines
        else:
            from tui_nn.tui.panels.optimizer import optimizer_lines as lines
        return lines(frame, self.view, width, height, self.ink)

    def move(self, dx: int, dy: int, page: bool = False) -> None:
        if self.frame is None:
            return
        view = self.view
        if view.detail == "optimizer":
            layer = view.dense_layer_of(self.frame)
            if layer is not None:
                n_out, n_in = (*layer.parameters[0].value.shape, 1)[:2]
                n_in += len(layer.parameters) > 1  # the bias stands behind the last input
                view.row = clamp(clamp(view.row, n_out) + dy, n_out)
                view.column = clamp(clamp(view.column, n_in) + dx, n_in)
        elif view.detail == "gradients" and dy:
            self.screen.action_select_layer(dy)  # type: ignore[attr-defined]
        else:
            n, units = view.layer_of(self.frame).activation.shape
            view.sample = clamp(clamp(view.sample, n) + dy, n)
            view.unit = clamp(clamp(view.unit, units) + dx, units)
        self.redraw()
