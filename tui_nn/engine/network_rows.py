"""The network's own rows: forward, the loss, backward, and once more in evaluation mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_nn.engine import layout as at
from tui_nn.engine import probe_rows, recurrent_rows
from tui_nn.engine.parts.activations import SATURATED
from tui_nn.engine.place import Place
from tui_nn.engine.program import EVERY_ITERATION, Due, Phase
from tui_nn.scenario.naming import INPUT
from tui_nn.scenario.spec.shape import dims

if TYPE_CHECKING:
    from tui_nn.engine.compiler import Compiler


def list_forward(c: Compiler) -> None:
    width = c.dataset.n_features
    load = c.listing.add(
        "load", "load", "load_batch", None, "load batch", f"[{c.batch},{dims(c.dataset.form)}]", "x, y = the next samples",
        n_in=width, out=c.input, target=c.target, data_x=c.x_train, data_y=c.y_train,
        n_target=c.answers * c.n_target,
    )  # fmt: skip
    c.listing.set(load, probe=c.columns(load, "lr"))
    source, outputs = c.input, {INPUT: c.input}
    for place in c.places:
        outputs[place.name] = place.output
        skip = outputs[place.skip] if place.skip else -1
        names = [f"{metric}.{place.name}" for metric in ("act_mean", "act_std", "act_signal")]
        if place.part.is_activation and place.part.has_slope:
            names.append(f"saturated.{place.name}")
        if place.part.is_recurrent:
            recurrent_rows.list_steps(c, place, source)
        else:
            place.forward_op = _add_forward(c, "forward", place, source, skip, place.output, c.batch)
        c.listing.set(place.forward_op, probe=c.columns(place.forward_op, *names))
        if place.part.slope:
            constant, linear, at_0 = place.part.slope(place.units)
            own = c.own_settings_of((constant, linear, SATURATED * at_0))
            c.listing.set(place.forward_op, slope=own)
        probe_rows.count_dead(c, place)
        source = place.output


def _add_forward(
    c: Compiler, phase: Phase, place: Place, source: int, skip: int, output: int, rows: int,
    due: Due = EVERY_ITERATION, rows_at: int = at.ROWS,
) -> int:  # fmt: skip
    """skip: the second input of a residual layer, -1 for every other."""
    if place.part.is_recurrent:
        return recurrent_rows.add_evaluation(c, phase, place, source, output, rows, due, rows_at)
    is_own = phase != "forward" and place.part.evaluation == "own"
    cells = place.cells() | {"in": source, "in_2": skip, "out": output, "rows_at": rows_at}
    if phase != "forward" and place.scratch >= 0:  # the training rows' is as large as a batch, and still needed
        size = (place.part.scratch_in_evaluation or place.part.scratch)(rows, place)
        cells["scratch"] = -1 if is_own or not size else c.place(size)
    shape = f"[{rows},{dims(place.shape)}]"
    if place.shape != place.shape_in:
        shape = f"[{rows},{dims(place.shape_in)}]→{shape}"
    formula = place.part.forward if phase == "forward" else place.part.evaluate or place.part.forward
    if place.no_bias >= 0:
        formula = formula.replace(" + b", "")
    return c.listing.add(
        phase, place.kind, f"{place.kernel}_{'eval' if is_own else 'forward'}", place.name,
        f"{phase} {place.name}", shape, f"y = x + {place.skip}" if place.skip else formula, due, **cells,
    )  # fmt: skip


def list_loss(c: Compiler) -> None:
    last = c.places[-1]
    c.loss_op = _add_loss(c, "loss", last.output, c.target, c.batch, ("loss", "accuracy"), delta_out=last.delta)


def _add_loss(
    c: Compiler, phase: Phase, output: int, target: int, rows: int, names: tuple[str, str], due: Due = EVERY_ITERATION,
    **cells: int,
) -> int:  # fmt: skip
    part, units = c.loss, c.dataset.n_outputs
    label = f"loss {part.label}" if phase == "loss" else f"{phase} loss"
    index = c.listing.add(
        phase, c.scenario.loss.type, part.kernel, None, label, f"[{rows},{dims(c.answer_shape)}]→[]", part.formula, due,
        n_out=units, out=output, target=target, n_target=c.n_target, positions=c.answers,
        setting=c.own_settings_of(part.settings), **cells,
    )  # fmt: skip
    has_accuracy = part.decision != at.NO_DECISION and c.scenario.probes.has(names[1])
    metrics = names if has_accuracy else names[:1]
    c.listing.set(
        index,
        probe=c.listing.columns(index, *metrics),
        decision=part.decision if has_accuracy else at.NO_DECISION,
    )
    return index


def list_backward(c: Compiler) -> None:
    so_far = c.place(1) if c.scenario.probes.has("grad_norm") else -1
    is_first, above = 1, c.loss_op
    for position in range(len(c.places) - 1, -1, -1):
        place = c.places[position]
        below = c.places[position - 1] if position else None
        above = _list_adders(c, place, above)
        names = [f"delta_norm.{place.name}"]
        if place.parameters:
            names.append(f"grad_norm.{place.name}")
        op = _add_backward(c, place, below)
        place.delta_op, place.backward_op, above = above, op, op
        c.listing.set(op, probe=c.columns(op, *names))
        if place.parameters and so_far >= 0:
            c.listing.set(op, probe_2=so_far, is_first=is_first)
            is_first = 0
            if not any(lower.parameters for lower in c.places[:position]):
                c.listing.set(op, total=c.columns(op, "grad_norm"))


def _add_backward(c: Compiler, place: Place, below: Place | None) -> int:
    if place.part.is_recurrent:
        source, delta_in = (below.output, below.delta) if below else (c.input, -1)
        return recurrent_rows.list_steps_back(c, place, source, delta_in)
    shape, formula = _backward_text(c, place, below)
    return c.listing.add(
        "backward", place.kind, f"{place.kernel}_backward", place.name, f"backward {place.name}", shape, formula,
        **_backward_cells(c, place, below),
    )  # fmt: skip


def _list_adders(c: Compiler, place: Place, above: int) -> int:
    """A row for each residual layer that adds this layer's output; returns the row that completes this layer's delta.

    Behind the row of its direct successor, which overwrites this delta, and before its own, which reads it.
    """
    for adder in reversed(c.places):
        if adder.skip == place.name:
            above = c.listing.add(
                "backward", "residual", "residual_add", place.name, f"backward {adder.name} → {place.name}",
                f"[{c.batch},{dims(place.shape)}]", f"δ({place.name}) += δ({adder.name})", n_out=place.units,
                positions=place.positions, delta_in=place.delta, delta_out=adder.delta,
            )  # fmt: skip
    return above


def _backward_cells(c: Compiler, place: Place, below: Place | None) -> dict[str, int]:
    cells = place.cells() | {
        "in": below.output if below else c.input,
        "delta_in": below.delta if below else -1,
        "out": place.output,
        "delta_out": place.delta,
    }
    cells |= {f"grad_{tensor.role}": tensor.offset + c.state_size for tensor in place.parameters}
    return cells | {"bias": -1} if place.no_bias >= 0 else cells


def _backward_text(c: Compiler, place: Place, below: Place | None) -> tuple[str, str]:
    """Shape and formula."""
    shape, formula = f"[{c.batch},{dims(place.shape)}]", place.part.backward
    if place.parameters and place.parameters[0].is_matrix:
        shape = f"{shape}→[{dims(place.parameters[0].shape)}]"
        if not below:
            formula = formula.partition(", δx")[0]  # nothing below asks for δx
    return shape, formula.replace(", ∂b = Σ δ", "") if place.no_bias >= 0 else formula


def list_evaluation(c: Compiler, phase: Phase, n: int, xy: tuple[int, int], metrics: tuple[str, str], due: Due) -> None:
    """The network once more in evaluation mode, on a whole part of the data and on memory of its own."""
    width, is_test = c.dataset.n_features, phase == "test"
    rows_at = at.TEST_ROWS if is_test else at.VAL_ROWS
    source, target = c.place(n * width), c.place(n * c.answers * c.n_target)
    load = c.listing.add(
        phase, "load", "load_test" if is_test else "load_part", None, f"{phase} load",
        f"[{n},{dims(c.dataset.form)}]",
        f"x, y = the {'test' if is_test else 'validation'} part", due, n_in=width, out=source, target=target,
        data_x=xy[0], data_y=xy[1], n_target=c.answers * c.n_target, rows_at=rows_at,
    )  # fmt: skip
    if is_test:
        c.listing.set(load, probe=c.listing.columns(load, "test_reads"))
    outputs = {INPUT: source}
    for place in c.places:
        if place.part.evaluation != "skip":
            output = c.place(n * place.values)
            skip = outputs[place.skip] if place.skip else -1
            _add_forward(c, phase, place, source, skip, output, n, due, rows_at)
            source = output
        outputs[place.name] = source
    _add_loss(c, phase, source, target, n, metrics, due, rows_at=rows_at)
    if phase in c.confusions:
        classes = c.n_classes
        c.listing.add(
            phase, "confusion", "confusion", None, f"{phase} confusion", f"[{classes},{classes}]",
            "samples by true class and predicted class", due, n_in=classes, n_out=c.dataset.n_outputs, out=source,
            positions=c.answers,
            target=target, n_target=c.n_target, delta_out=c.confusions[phase], decision=c.loss.decision,
            rows_at=rows_at,
        )  # fmt: skip
