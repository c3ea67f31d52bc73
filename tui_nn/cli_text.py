"""Numbers, tables and JSON as the command line prints them."""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.cells import cell_len


def default_language() -> str:
    """en or ko: what the environment asks for, as the C library reads it."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ko" if next((name for name in names if name), "").startswith("ko") else "en"


def number(value: float | None) -> str:
    """A metric in at most ten characters; an empty string when it has not been measured."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(float(value))
    size = abs(value)
    if size == 0.0:
        return "0"  # exactly, which is news where a gradient is expected
    if not 1e-3 <= size < 1e5:
        return f"{value:.3e}"
    return f"{value:.4f}" if size < 1000 else f"{value:.1f}"


def values_text(values: Mapping[str, float | None]) -> str:
    """Names with their values, on one line."""
    return ", ".join(f"{name} {number(value) or 'not measured'}" for name, value in values.items())


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Columns two spaces apart, as wide as their widest cell (Hangul takes two places); `right` ones flush right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(head))]
    flush = set(right)

    def padded(text: str, column: int) -> str:
        space = " " * (widths[column] - cell_len(text))
        return space + text if column in flush else text + space

    return "\n".join("  ".join(padded(text, column) for column, text in enumerate(line)).rstrip() for line in lines)


def plain(value: Any) -> Any:
    """The same value for JSON: NaN and infinities as "nan", "inf", "-inf"; NumPy scalars and arrays as Python's."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def json_line(value: Any) -> str:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False) + "\n"


def remark(message: str) -> None:
    """Something about the answer (time, progress, a reason) rather than the answer: to stderr."""
    click.echo(message, err=True)
