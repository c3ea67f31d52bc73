"""From a path to the text and the raw data of a TOML file; whatever is wrong with the file as a file ends here."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from tui_nn.scenario.errors import Problem, ScenarioError, nearest
from tui_nn.scenario.presets import find_preset, preset_ids

MAX_BYTES = 1_000_000

_PLACE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")

# Tables within tables within tables: the parser keeps every prefix, which is memory by the square of the depth.
_DEEP_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")

_CURES = {
    "invalid value": "text needs quotes, numbers and true or false do not",
    "expected '='": "write key = value, like lr = 0.1, or a table in brackets, like [data]",
    "invalid statement": "write key = value, like lr = 0.1, or a table in brackets, like [data]",
    "expected newline": "one key = value on each line",
    "unterminated string": "close it with the quote it began with",
    "illegal character '\\n'": "close the text with a quote on the same line",
    "unclosed array": "close it with ]",
    "expected ']": "close it with ]",
    "unclosed inline table": "close it with }",
    "cannot overwrite": "the key is there twice; remove one",
    "cannot declare": "the table is there twice; remove one, or write [[layers]] for one of many",
    "duplicate inline": "the key is there twice; remove one",
    "unescaped '\\\\'": "write \\\\ for a backslash, or use single quotes",
    "cannot mutate": "a table written in { } takes no more keys below; add them inside",
}


def find_file(ref: str | Path) -> Path:
    """The file that a preset's id or a path means. ScenarioError with the nearest preset if there is none."""
    if preset := find_preset(str(ref)):
        return preset
    path = Path(ref)
    if not str(ref):
        raise _whole(ref, f"an empty name; name a .toml file or a preset: {', '.join(preset_ids())}")
    try:
        is_there = path.exists()
        is_file = path.is_file()
    except (OSError, ValueError) as error:  # a name too long, a null character in it
        raise _whole(ref, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not is_there:
        ids = preset_ids()
        match = nearest(path.stem or ref, ids)
        hint = f"did you mean the preset {match!r}?" if match else f"presets: {', '.join(ids) or 'none'}"
        raise _whole(ref, f"no such file or preset; {hint}")
    if not is_file:
        what = "is a directory" if path.is_dir() else "is not a regular file"
        raise _whole(ref, f"{what}; name a .toml file or a preset")
    return path


def read_toml(path: Path, source: str) -> tuple[str, dict[str, Any]]:
    """The text of a file and the data in it. ScenarioError if it is too large, no text, empty or no TOML."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _whole(source, f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise _whole(source, f"more than {MAX_BYTES // 1000:,} kB; a scenario is a small text file")
    try:
        text = content.decode("utf-8-sig")  # some editors put a mark before the first letter
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise _whole(
            source, f"not text: byte 0x{byte:02x} at offset {error.start:,}; save it as a UTF-8 TOML file"
        ) from None
    if "\0" in text:
        raise _whole(source, f"not text: byte 0x00 at offset {text.index(chr(0)):,}; save it as a UTF-8 TOML file")
    if not text.strip():
        raise _whole(source, 'empty; copy a preset to start from, or begin with id = "my-run"')
    if deep := _DEEP_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise ScenarioError(source, [Problem(line, 1, "", "a key of over 32 parts; a scenario needs three at most")])
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(source, [_syntax(str(error), text)]) from None
    except RecursionError:
        raise _whole(source, "brackets nested too deep to read; a scenario needs three levels at most") from None
    except ValueError:  # Python refuses to read integers of more than 4,300 digits
        raise _whole(source, "a number with thousands of digits; shorten it") from None


def shown_path(path: Path) -> str:
    """The path as short as it is clear: relative if it lies below the working directory."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if relative.startswith("..") else relative


def _syntax(message: str, text: str) -> Problem:
    place = _PLACE.search(message)
    lines = text.splitlines() or [""]
    what = re.sub(r"\('([^)]*)'\,?\)", lambda match: match[1].replace("', '", "."), _PLACE.sub("", message))
    if place is None or place[1] is None:
        line, column, cure = (
            len(lines),
            len(lines[-1]) + 1,
            "the file ends too early: close the bracket or quote that is open",
        )
    else:
        line, column = int(place[1]), int(place[2])
        cure = next((cure for sign, cure in _CURES.items() if sign in what.lower()), "correct this line")
    return Problem(line, column, "", f"not TOML: {what[:1].lower()}{what[1:]}; {cure}")


def _whole(source: str | Path, message: str) -> ScenarioError:
    name = str(source)
    safe = name if name.isprintable() and name else repr(name)
    return ScenarioError(safe if len(safe) <= 200 else safe[:199] + "…", [Problem(None, None, "", message)])
