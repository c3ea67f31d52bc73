"""`tui-nn test`: do the expectations hold, over seeds if asked?"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from tui_nn.cli_question import beside_opener, choices_text, question_row
from tui_nn.cli_text import print_json, remark, values_text


@dataclass(frozen=True)
class Job:
    """One run to check, small enough to be sent to another process. seed None: the scenario's own."""

    ref: str
    overrides: tuple[str, ...]
    seed: int | None


@dataclass(frozen=True)
class Outcome:
    """What one run gave, a row an expectation and then one a question, as plain data. error: it could not be used."""

    job: Job
    scenario_id: str
    seed: int
    rows: tuple[dict[str, Any], ...]
    error: str | None = None


def run_tests(
    *,
    scenarios: Sequence[str],
    seeds: int | None,
    overrides: Sequence[str],
    as_json: bool,
    junit: str | None,
    jobs: int,
) -> int:
    """Check the scenarios (every preset by default) and report: 0 all held, 1 one did not, 2 one cannot be used."""
    refs = list(dict.fromkeys(scenarios)) or all_presets()
    todo = [Job(ref, tuple(overrides), seed) for ref in refs for seed in (range(seeds) if seeds else [None])]
    outcomes: dict[str, list[Outcome]] = {ref: [] for ref in refs}
    for outcome in run_jobs(todo, jobs):
        outcomes[outcome.job.ref].append(outcome)
    claims = [claim for ref in refs for claim in summarize(ref, outcomes[ref])]
    if as_json:
        print_json([claim.as_data() for claim in claims])
    else:
        click.echo(claims_text(claims))
    if junit:
        Path(junit).write_bytes(junit_report(claims))
    for error in dict.fromkeys(claim.error for claim in claims if claim.error):
        remark(error)
    for ref in refs:
        if not any(outcome.rows or outcome.error for outcome in outcomes[ref]):
            remark(f"{ref} has no expectations; nothing to check")
    if any(claim.error for claim in claims):
        return 2
    return 0 if all(claim.passed for claim in claims) else 1


def all_presets() -> list[str]:
    from tui_nn.scenario import list_presets

    return [preset.id for preset in list_presets()]


def run_jobs(todo: Sequence[Job], jobs: int) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs, from this process or from several."""
    if jobs == 1 or len(todo) == 1:
        yield from map(run_job, todo)
        return
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor

    # Not fork: a forked child of a process with BLAS or Numba threads may hang.
    spawn = multiprocessing.get_context("spawn")
    ignore_interrupt = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; one process answers it
    with ProcessPoolExecutor(min(jobs, len(todo)), spawn, signal.signal, ignore_interrupt) as pool:
        try:
            yield from pool.map(run_job, todo)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def run_job(job: Job) -> Outcome:
    """Train one scenario on one seed, past all its expectations and questions. In child processes too, so it imports for
    itself."""
    from tui_nn.debugger.expect import check
    from tui_nn.debugger.question import ask_all
    from tui_nn.debugger.session import Session
    from tui_nn.scenario import ScenarioError, load_scenario

    seed = () if job.seed is None else (f"seed={job.seed}",)
    try:
        scenario = load_scenario(job.ref, [*job.overrides, *seed])
    except ScenarioError as error:
        return Outcome(job, job.ref, job.seed or 0, (), str(error))
    session = Session(scenario)
    with ExitStack() as opened:
        opened.callback(session.close)
        rows = tuple(
            {
                "at": str(result.expectation.at),
                "that": result.expectation.that,
                "why": result.expectation.why.en if result.expectation.why else None,
                "held": result.held,
                "iteration": result.position.iteration,
                "values": result.values,
            }
            for result in check(session)
        )
        asked = ask_all(session, beside_opener(job.ref, [*job.overrides, *seed], opened))
        rows += tuple(map(question_row, asked))
    return Outcome(job, scenario.id, scenario.seed, rows)


@dataclass(frozen=True)
class Claim:
    """One expectation, or one question of the script, over all the seeds it was checked on.

    choices: of a question, as one of its runs has decided them: one in which it failed, if there is any.
    """

    scenario: str
    at: str
    that: str
    why: str | None
    held: int
    seeds: tuple[int, ...]
    failures: tuple[dict[str, Any], ...]  # {"seed", "iteration", "values"} of each seed in which it did not hold
    last_values: dict[str, float | None]
    error: str | None = None
    choices: tuple[dict[str, Any], ...] = ()

    @property
    def passed(self) -> bool:
        from tui_nn.debugger.expect import needed_of

        return self.error is None and self.held >= needed_of(len(self.seeds))

    def as_data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "at": self.at,
            "that": self.that,
            "why": self.why,
            "passed": self.passed,
            "held": self.held,
            "of": len(self.seeds),
            "values": self.last_values,
            "failures": list(self.failures),
            "error": self.error,
            **({"choices": list(self.choices)} if self.choices else {}),
        }


def summarize(ref: str, outcomes: Sequence[Outcome]) -> Iterator[Claim]:
    """One claim for each expectation of the scenario; one with an error if it could not be used."""
    if broken := next((outcome.error for outcome in outcomes if outcome.error), None):
        yield Claim(ref, "", "", None, 0, (), (), {}, broken)
        return
    seeds = tuple(outcome.seed for outcome in outcomes)
    for rows in zip(*(outcome.rows for outcome in outcomes), strict=True):
        failures = tuple(
            {"seed": seed, "iteration": row["iteration"], "values": row["values"]}
            for seed, row in zip(seeds, rows, strict=True)
            if not row["held"]
        )
        first = rows[0]
        shown = next((row for row in rows if not row["held"]), first)
        yield Claim(
            outcomes[0].scenario_id,
            first["at"],
            first["that"],
            first["why"],
            len(rows) - len(failures),
            seeds,
            failures,
            shown["values"],
            choices=tuple(shown.get("choices", ())),
        )


def claims_text(claims: Sequence[Claim]) -> str:
    """A line an expectation, with the numbers it read; and below it a line for each seed in which it did not hold."""
    blocks = []
    for scenario, group in groupby(claims, key=lambda claim: claim.scenario):
        lines = [scenario]
        cases = list(group)
        width = max(len(claim.at) for claim in cases)
        for claim in cases:
            if claim.error:
                lines.append("  cannot be used")
                continue
            count = f"{claim.held} of {len(claim.seeds)}  " if len(claim.seeds) > 1 else ""
            verdict = "held  " if claim.passed else "FAILED"
            lines.append(f"  {verdict}  {count}{claim.at:{width}}  {claim.that}  ({values_text(claim.last_values)})")
            lines += choices_text(claim.choices)
            for failure in claim.failures if len(claim.seeds) > 1 else ():
                lines.append(f"    not with seed {failure['seed']}  ({values_text(failure['values'])})")
        blocks.append("\n".join(lines))
    passed = sum(claim.passed for claim in claims)
    return "\n".join([*blocks, f"{passed} held, {len(claims) - passed} failed"])


def junit_report(claims: Iterable[Claim]) -> bytes:
    """The claims as JUnit has them: a suite a scenario, a case an expectation. No times, so that runs compare equal."""
    from xml.etree import ElementTree as xml

    root = xml.Element("testsuites", name="tui-nn test")
    for scenario, group in groupby(claims, key=lambda claim: claim.scenario):
        cases = list(group)
        failed = sum(not claim.passed and claim.error is None for claim in cases)
        errors = sum(claim.error is not None for claim in cases)
        counts = {"tests": str(len(cases)), "failures": str(failed), "errors": str(errors)}
        suite = xml.SubElement(root, "testsuite", {"name": scenario, **counts})
        for claim in cases:
            case = xml.SubElement(suite, "testcase", classname=scenario, name=f"{claim.at}: {claim.that}".strip(": "))
            if claim.error:
                xml.SubElement(case, "error", message="the scenario cannot be used").text = claim.error
            elif not claim.passed:
                message = f"held in {claim.held} of {len(claim.seeds)}"
                xml.SubElement(case, "failure", message=message).text = "\n".join(map(str, claim.failures))
    xml.indent(root)
    return xml.tostring(root, encoding="utf-8", xml_declaration=True)
