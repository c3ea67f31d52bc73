"""What the times mean: best and median of each side, what probes cost, the share of the floor, ratios to the peers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui_nn.bench.arithmetic import multiply_adds, n_parameters
from tui_nn.bench.measure import Plan, Times
from tui_nn.bench.sides import FLOOR, OURS, Found
from tui_nn.bench.workloads import Workload

# key in the JSON: (side, its variants of which the fastest counts, line in the text)
PROBES_OFF, ALL_PROBES, FLOOR_KEY = "probes_off", "all_probes", "floor"
LINES: dict[str, tuple[str, tuple[str, ...], str]] = {
    PROBES_OFF: (OURS.name, ("off",), "tui-nn, probes off"),
    ALL_PROBES: (OURS.name, ("all",), "tui-nn, all probes"),
    FLOOR_KEY: (FLOOR.name, ("floor",), "floor: products by BLAS, one Adam pass"),
    "jax_scan": ("JAX", ("scan/tree", "scan/flat"), "JAX, whole loop in lax.scan"),
    "jax_jit": ("JAX", ("jit",), "JAX, jit a step"),
    "pytorch": ("PyTorch", ("eager/1", "eager/2"), "PyTorch eager"),
    "pytorch_fused": ("PyTorch", ("fused/1",), "PyTorch eager, fused Adam"),
}
BUSY = 0.5  # processes a core that already want it


def report(
    workloads: Sequence[Workload], times: Times, peers: Sequence[Found], plan: Plan, machine: dict[str, Any]
) -> dict[str, Any]:
    """Everything as plain data: what --json prints."""
    return {
        "machine": machine,
        "versions": times.about,
        "threads": {"tui-nn": 1, "floor": 1, "JAX": "its own choice", "PyTorch": "the better of 1 and 2"},
        "plan": {"processes": plan.processes, "repeats": plan.repeats, "seconds_a_repeat": plan.seconds},
        "peers": {peer.side.name: peer_data(peer, times) for peer in peers},
        "workloads": [workload_data(workload, times) for workload in workloads],
    }


def peer_data(peer: Found, times: Times) -> dict[str, Any]:
    problem = peer.problem or times.problems.get(peer.side.name)
    return {"measured": not problem, "problem": problem or None, "install": f"pip install {peer.side.install}"}


def workload_data(workload: Workload, times: Times) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for key, (side, variants, _) in LINES.items():
        if (chosen := times.figure(workload.id, side, variants)) is not None:
            variant, figure = chosen
            measured = times.times[workload.id][side]
            figures[key] = {
                "best_us": figure.best,
                "median_us": figure.median,
                "variant": variant,
                "repeats_us": {name: measured[name] for name in variants if name in measured},
            }
    return {
        "id": workload.id,
        "title": workload.title,
        "form": list(workload.form),
        "layers": list(workload.layers),
        "activation": workload.activation,
        "loss": workload.loss,
        "batch": workload.batch,
        "samples": workload.samples,
        "parameters": n_parameters(workload),
        "multiply_adds": multiply_adds(workload),
        "figures": figures,
        **ratios(figures),
    }


def ratios(figures: dict[str, Any]) -> dict[str, Any]:
    """probe_cost: share of time that all probes add. floor_share: of the floor's speed. speedup: times as fast as a peer.

    All from the best times; speedup_of_medians from the medians.
    """
    ours = figures[PROBES_OFF]
    result: dict[str, Any] = {}
    if ALL_PROBES in figures:
        result["probe_cost"] = figures[ALL_PROBES]["best_us"] / ours["best_us"] - 1
    if FLOOR_KEY in figures:
        result["floor_share"] = figures[FLOOR_KEY]["best_us"] / ours["best_us"]
    peers = [key for key in figures if key not in (PROBES_OFF, ALL_PROBES, FLOOR_KEY)]
    result["speedup"] = {key: figures[key]["best_us"] / ours["best_us"] for key in peers}
    result["speedup_of_medians"] = {key: figures[key]["median_us"] / ours["median_us"] for key in peers}
    return result


def report_text(data: dict[str, Any]) -> str:
    from tui_nn.cli_text import table

    plan = data["plan"]
    repeats = f"{plan['repeats']} interleaved repeats in each of {plan['processes']} processes"
    if plan["processes"] == 1:
        repeats = f"{plan['repeats']} interleaved repeats"
    blocks = [machine_text(data), f"float32, Adam, shuffled, from the initial weights; best and median of {repeats}"]
    for name, peer in data["peers"].items():
        if not peer["measured"]:
            blocks.append(f"{name}: {peer['problem']}")
    for workload in data["workloads"]:
        rows = [line(key, figure, workload) for key, figure in workload["figures"].items()]
        head = (f"{workload['title']}: µs/iteration", "best", "median", "")
        blocks.append("\n" + table(head, rows, right=(1, 2)))
    return "\n".join(blocks)


def machine_text(data: dict[str, Any]) -> str:
    machine = data["machine"]
    caches = ", ".join(f"{name} {size}" for name, size in machine["caches"].items())
    hardware = f"{machine['name']}: {machine['cpu']}, {machine['cores']} cores, {machine['system']}"
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    text = f"{hardware}{f', {caches}' if caches else ''}\nPython {machine['python']}, {versions}"
    if (machine["load"] or 0.0) > BUSY * machine["cores"]:
        text += f"\nthe machine was busy before this began (load {machine['load']:.1f}): measure again when it is quiet"
    return text


def line(key: str, figure: dict[str, Any], workload: dict[str, Any]) -> tuple[str, str, str, str]:
    _, variants, label = LINES[key]
    if len(variants) > 1:
        label += f" ({variant_text(figure['variant'])})"
    if key == ALL_PROBES:
        note = f"{workload['probe_cost']:+.0%}"
    elif key == FLOOR_KEY:
        note = f"tui-nn runs at {workload['floor_share']:.0%} of its speed"
    elif key in workload["speedup"]:
        ratio, of_medians = workload["speedup"][key], workload["speedup_of_medians"][key]
        note = f"tui-nn is {times_text(ratio)} as fast, by medians {times_text(of_medians)}"
    else:
        note = ""
    return f"  {label}", microseconds(figure["best_us"]), microseconds(figure["median_us"]), note


def variant_text(variant: str) -> str:
    """ "eager/2" is "2 threads", "scan/flat" is "flat"."""
    setting = variant.partition("/")[2]
    if setting.isdigit():
        return f"{setting} thread{'s' if setting != '1' else ''}"
    return {"tree": "arrays by layer", "flat": "one flat array"}.get(setting, setting)


def microseconds(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.1f}"


def times_text(ratio: float) -> str:
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:,.0f}x"
