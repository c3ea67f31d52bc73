"""From raw TOML data to a Scenario, or to every fault in it.

Pydantic stops looking inside a table whose tag it does not know, and nothing that needs two fields can be checked while
one of them is wrong. So a faulty value is mended (by the nearest known word, a default or an example) and the data is
looked at again, until nothing new turns up. What was mended by a mere guess is remembered: no check may rest on it.
"""

import copy
import re
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tui_nn.scenario.errors import Fault, Path, nearest, shown, unknown
from tui_nn.scenario.fields import discriminator, is_tagged, known_keys, likely_tag, literal_words, model_at, variants
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.wording import subject, wording

MAX_ROUNDS = 5
MAX_FAULTS = 1_000  # a round; a file of a megabyte can have a hundred thousand

CHOICE = {"en": "...", "ko": "...", "when": "loss < 0.1"}

# A right value for each key that has no default: what a message suggests, and what mends the data.
EXAMPLES: dict[str | int, tuple[str, Any]] = {
    "id": ('id = "my-run"', "my-run"),
    "title": ('title = "My run"', "My run"),
    "data": ('a table [data] with source = "xor"', {"source": "xor"}),
    "layers": ('a table [[layers]] with type = "dense" and units = 1', [{"type": "dense", "units": 1}]),
    "loss": ('a table [loss] with type = "mse"', {"type": "mse"}),
    "optimizer": ('a table [optimizer] with type = "sgd" and lr = 0.1', {"type": "sgd", "lr": 0.1}),
    "train": ("a table [train] with iterations = 500", {"iterations": 500}),
    "units": ("units = 8", 8),
    "filters": ("filters = 8", 8),
    "kernel": ("kernel = 3", 3),
    "every": ("every = 10", 10),
    "warmup": ("warmup = 5", 5),
    "skip": ('skip = "input"', "input"),
    "lr": ("lr = 0.1", 0.1),
    "at": ('at = "20 iterations"', "end"),
    "that": ('that = "loss < 0.1"', "loss < 0.1"),
    "when": ('when = "loss < 0.1"', "loss < 0.1"),
    "ask": ('ask = "..."', "..."),
    "choices": ("choices = [...]", [CHOICE, CHOICE | {"en": "....", "ko": "....", "when": "loss >= 0.1"}]),
    "en": ('en = "..."', "..."),
    "ko": ('ko = "..."', "..."),
}
ENTRIES: dict[str | int, Any] = {
    "layers": {"type": "dense", "units": 1},
    "script": {"wait": 0.0},
    "expect": {"at": "end", "that": "loss < 0.1"},
    "choices": CHOICE,
    "tags": "",
}

REMOVE = object()


class Verdict(NamedTuple):
    """A fault, the value that mends it (or REMOVE, to fall back on the default), and whether that is a guess."""

    fault: Fault
    mend: Any
    is_guess: bool = True


@dataclass
class Findings:
    """What is known after validation. scenario is None only if mending failed.

    guessed: the paths whose values are not the author's. aliases: a misspelt key under its right name.
    """

    scenario: Scenario | None = None
    faults: list[Fault] = field(default_factory=list)
    guessed: list[Path] = field(default_factory=list)
    aliases: dict[Path, Path] = field(default_factory=dict)

    def may_judge(self, *tables: str) -> bool:
        """Are these top-level tables as the author wrote or clearly meant them?"""
        return not any(path[:1] == (table,) for path in self.guessed for table in tables)

    def as_written(self, fault: Fault) -> Fault:
        """The fault under the key that is in the file."""
        for right, written in self.aliases.items():
            if fault.path[: len(right)] == right:
                return replace(fault, path=written + fault.path[len(right) :])
        return fault


def validate(raw: dict[str, Any]) -> Findings:
    """Validate raw data against the format. The raw data is not changed."""
    findings = Findings()
    mended = raw
    for _ in range(MAX_ROUNDS):
        try:
            findings.scenario = Scenario.model_validate(mended)
            break
        except ValidationError as error:
            if mended is raw:
                mended = copy.deepcopy(raw)
            _take_all(error.errors(include_url=False)[:MAX_FAULTS], mended, findings)
    return findings


def _take_all(errors: list[ErrorDetails], raw: dict[str, Any], findings: Findings) -> None:
    """One round: turn pydantic's errors into faults, and mend the data."""
    guessed_before = list(findings.guessed)
    errors.sort(key=lambda details: details["type"] != "extra_forbidden")  # a misspelt key explains a missing one
    for details in errors:
        path = _path(details)
        if details["type"] == "missing" and path in findings.aliases:
            continue
        if details["type"] == "too_short" and details["input"]:
            continue  # pydantic counts faulty entries as missing
        fault, mend, is_guess = _judge(details, path, raw, findings)
        # A mended line may turn out empty, a mended table incomplete: the author did not do that.
        is_ours = any(path[: len(place)] == place or path == place[:-1] for place in guessed_before)
        if not is_ours:
            findings.faults.append(findings.as_written(fault))
        if is_guess or is_ours:
            findings.guessed.append(fault.path)
        _mend(raw, fault.path, mend)


def _judge(details: ErrorDetails, path: Path, raw: dict[str, Any], findings: Findings) -> Verdict:
    kind, value, context = details["type"], details["input"], details.get("ctx") or {}
    key = path[-1] if path else ""
    if kind == "missing":
        words = _words_at(path, raw)
        text, example = (f"{key}, one of: {', '.join(words)}", words[0]) if words else EXAMPLES[key]
        return Verdict(Fault(path, f"missing; add {text}", "table"), example)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_tag(path, str(path[0]), value)
    if kind == "extra_forbidden":
        return _unknown_key(path, str(key), value, raw, findings)
    if kind == "literal_error":
        return _unknown_word(path, str(key), value, str(context.get("expected", "")))
    if kind == "value_error":
        return Verdict(Fault(path, str(context.get("error", details["msg"]))), _right_value(path))
    return Verdict(Fault(path, wording(kind, path, value, context, details["msg"])), _right_value(path))


def _wrong_tag(path: Path, key: str, table: dict[str, Any]) -> Verdict:
    tag = discriminator(key) or "type"
    word, is_near = likely_tag(key, table)
    known = list(variants(key))
    place = (*path, tag)
    if tag not in table:
        return Verdict(Fault(place, f"missing; add {tag}, one of: {', '.join(known)}", "table"), word)
    what = {"layers": "layer type"}.get(key, key) if tag == "type" else tag
    return Verdict(Fault(place, unknown(what, table[tag], known)), word, not is_near)


def _unknown_key(path: Path, key: str, value: Any, raw: dict[str, Any], findings: Findings) -> Verdict:
    table, top = _get(raw, path[:-1]), str(path[0])
    model = model_at(path[:-1], raw)
    known = known_keys(model) if model else []
    match = nearest(key, known)
    tag = discriminator(top) if is_tagged(path[:-1]) else None
    owners = [word for word, variant in variants(top).items() if key in variant.model_fields] if tag else []
    if owners and isinstance(table, dict):
        names = " or ".join(repr(word) for word in owners)
        message = f"{key} belongs to {tag} {names}, not to {shown(table.get(tag))}; remove it or change {tag}"
        return Verdict(Fault(path, message, "key"), REMOVE, False)
    if match and isinstance(table, dict) and match not in table:
        table[match] = value  # so that its value is looked at too
        findings.aliases[*path[:-1], match] = path
    return Verdict(Fault(path, unknown("key", key, known), "key"), REMOVE, False)


def _unknown_word(path: Path, key: str, value: Any, expected: str) -> Verdict:
    words = re.findall(r"'([^']*)'", expected)
    if not isinstance(value, str):
        message = f"got {shown(value)}; {subject(path)} must be one of: {', '.join(words)}"
        return Verdict(Fault(path, message), words[0])
    what = {"layers": "layer type"}.get(str(path[0]), str(path[0])) if key == "type" else key
    what = f"entry of {path[-2]}" if isinstance(path[-1], int) else what
    match = nearest(value, words)
    return Verdict(Fault(path, unknown(what, value, words)), match or words[0], match is None)


def _words_at(path: Path, raw: dict[str, Any]) -> list[str]:
    """The choices of a key that is a choice."""
    model = model_at(path[:-1], raw)
    key = str(path[-1])
    return [str(word) for word in literal_words(model, key)] if model and key in model.model_fields else []


def _right_value(path: Path) -> Any:
    """A value that is right by itself, or REMOVE to fall back on the default."""
    key = path[-1] if path else ""
    if isinstance(key, int):
        return ENTRIES.get(path[-2] if len(path) > 1 else "", "")
    return EXAMPLES[key][1] if key in EXAMPLES else REMOVE


def _path(details: ErrorDetails) -> Path:
    """Where the fault is in the data: pydantic's location without the tag it adds for a union's variant."""
    location = tuple(details["loc"])
    for depth in range(1, len(location)):
        if is_tagged(location[:depth]):
            return (*location[:depth], *location[depth + 1 :])
    return location


def _get(raw: Any, path: Path) -> Any:
    for part in path:
        try:
            raw = raw[part]
        except (LookupError, TypeError):
            return None
    return raw


def _mend(raw: dict[str, Any], path: Path, value: Any) -> None:
    table: Any = _get(raw, path[:-1])
    if not path or not isinstance(table, dict | list):
        return
    key: Any = path[-1]
    if value is not REMOVE:
        table[key] = copy.deepcopy(value)
    elif isinstance(table, dict):
        table.pop(key, None)
