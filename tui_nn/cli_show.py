"""`tui-nn list` and `tui-nn show`: what presets there are, and what one scenario will execute."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tui_nn.cli_text import default_language, print_json, remark, table

if TYPE_CHECKING:
    from tui_nn.engine.program import Due, Program
    from tui_nn.scenario import Difference, Scenario


def print_presets(*, as_json: bool, lang: str | None) -> None:
    from tui_nn.scenario import list_presets

    presets = list_presets()
    if as_json:
        print_json(
            [
                {
                    "id": p.id,
                    "title": p.title,
                    "summary": p.summary,
                    "tags": p.tags,
                    "path": str(p.path),
                    "error": p.error,
                }
                for p in presets
            ]
        )
        return
    rows = [
        (p.id, p.title, f"cannot be read: {p.error}" if p.error else p.summary[lang or default_language()])
        for p in presets
    ]
    click.echo(table(("id", "title", "what it teaches"), rows))


def print_scenario(ref: str, overrides: Sequence[str], *, as_json: bool) -> None:
    from tui_nn.data import load_data
    from tui_nn.engine.compiler import build_program
    from tui_nn.scenario import load_scenario

    scenario = load_scenario(ref, overrides)
    for line in scenario.remarks:
        remark(line)
    program = build_program(scenario, load_data(scenario))
    changed = differences_from_base(ref, scenario)
    if as_json:
        data = scenario_as_data(scenario, program)
        if scenario.extends is not None:
            data["extends"] = scenario.extends
            data["differences"] = {one.key: [one.first, one.second] for one in changed}
        print_json(data)
        return
    click.echo(f"{scenario.title} ({scenario.id})\n")
    if scenario.extends is not None:
        head = f"extends {scenario.extends}, with" if changed else f"extends {scenario.extends}, and trains the same"
        click.echo("\n  ".join([head, *map(str, changed)]) + "\n")
    click.echo(layers_text(program))
    click.echo()
    click.echo(listing_text(program))
    remark(f"{program.n_train} training samples, {_held_out(program)}, batches of {program.batch_size}")


def differences_from_base(ref: str, scenario: "Scenario") -> "list[Difference]":
    """What a scenario, with its overrides, has otherwise than the one it extends; nothing if it extends none."""
    from tui_nn.scenario import beside, differences, load_scenario

    return differences(load_scenario(beside(ref, scenario.extends)), scenario) if scenario.extends is not None else []


def _held_out(program: "Program") -> str:
    parts = f"{program.n_val} for validation"
    return f"{parts}, {program.n_test} for the test" if program.n_test else parts


def output_shape(shape: tuple[int, ...]) -> str:
    return f"(batch, {', '.join(map(str, shape))})"


def layers_text(program: "Program") -> str:
    """One row a layer, as Keras' summary has it, and the total."""
    rows = [
        (layer.name, layer.kind, output_shape(layer.shape), f"{sum(tensor.size for tensor in layer.parameters):,}")
        for layer in program.layers
    ]
    total = f"{program.n_parameters:,} parameters"
    return f"{table(('layer', 'kind', 'output shape', 'parameters'), rows, right=[3])}\n{total}"


def listing_text(program: "Program") -> str:
    """The program of one training iteration, a row an op."""
    rows = [(str(op.index), op.phase, op.label, op.shape, op.formula + when(op.due)) for op in program.ops]
    return table(("op", "phase", "label", "shape", "formula"), rows, right=[0])


def when(due: "Due") -> str:
    """What stands behind the formula of a row that is not executed in every iteration."""
    if due.every == "iteration":
        return ""
    if due.every == "never":
        return ", never: it is frozen"
    return ", once an epoch" if due.every == "epoch" else f", every {due.period:,} iterations from {due.first:,}"


def scenario_as_data(scenario: "Scenario", program: "Program") -> dict[str, Any]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "seed": scenario.seed,
        "dtype": scenario.dtype,
        "n_train": program.n_train,
        "n_val": program.n_val,
        "n_test": program.n_test,
        "batch_size": program.batch_size,
        "iterations_per_epoch": program.iterations_per_epoch,
        "planned_iterations": program.planned_iterations,
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "units": layer.units,
                "shape": list(layer.shape),
                "parameters": [{"name": t.name, "shape": list(t.shape), "size": t.size} for t in layer.parameters],
            }
            for layer in program.layers
        ],
        "n_parameters": program.n_parameters,
        "program": [
            {
                "op": op.index,
                "phase": op.phase,
                "label": op.label,
                "shape": op.shape,
                "every": op.every,
                "formula": op.formula,
            }
            for op in program.ops
        ],
    }
