"""What stays on the terminal when the screen is gone: one plain paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.tui.text import number, percent

if TYPE_CHECKING:
    from tui_nn.debugger.session import Session


def summary(session: Session) -> str:
    """Scenario, position, loss, accuracies."""
    frame = session.frame()
    where = f"iteration {frame.iteration:,} of {frame.planned_iterations:,} (epoch {frame.epoch + 1})"
    if frame.op:
        where += f", before {frame.program.ops[frame.op].label}"
    metrics = frame.metrics
    parts = []
    for name, words, show in (
        ("loss", "loss", number), ("accuracy", "accuracy", percent),
        ("val_loss", "validation loss", number), ("val_accuracy", "validation accuracy", percent),
        ("test_loss", "test loss", number), ("test_accuracy", "test accuracy", percent),
    ):  # fmt: skip
        if name in metrics:
            parts.append(f"{words} {show(metrics[name])}")
    scenario = session.scenario
    return f"{scenario.id}: {scenario.title}. Stopped at {where}" + (": " + ", ".join(parts) if parts else "") + "."
