"""Measure anew, and write what `tui-nn bench` prints into docs/PERFORMANCE.md. About fifteen minutes; a quiet machine.

    python tests/bench/performance_page.py [bench] [scaling]     # both by default

JAX and PyTorch are looked for in this Python and in those of $TUI_NN_PEER_PYTHON.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "PERFORMANCE.md"
COMMANDS = {"bench": ["bench"], "scaling": ["bench", "--scaling"]}


def with_block(page: str, name: str, output: str) -> str:
    """The page with that block's text replaced. Errors: ValueError if it has no such block."""
    pattern = re.compile(rf"(<!-- {name}:begin -->\n```text\n).*?(```\n<!-- {name}:end -->)", re.DOTALL)
    page, n = pattern.subn(lambda match: match[1] + output + match[2], page)
    if n != 1:
        raise ValueError(f"{PAGE} has no block {name!r}")
    return page


def main(names: list[str]) -> None:
    for name in names or COMMANDS:
        command = [sys.executable, "-m", "tui_nn", *COMMANDS[name]]
        output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
        PAGE.write_text(with_block(PAGE.read_text(encoding="utf-8"), name, output), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
