"""Drive the README's first command in a pseudo-terminal: the screen stands, one step, quit, the terminal is as before.

python .ci/smoke.py CHECKOUT COMMAND
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from terminal import Terminal, position_on, stands

INSTALL_S = 600  # the command makes its environment first
STEP_S = 60  # a fresh environment compiles its first kernel


def main(checkout: str, command: str) -> None:
    with Terminal(["bash", "-c", command], cwd=checkout) as term:
        seconds = term.wait_for(stands, INSTALL_S, "debugger screen")
        print(f"  screen stands after {seconds:.1f} s, installation included")
        before = position_on(term.text)
        pressed = time.monotonic()
        term.send("s")
        term.wait_for(lambda text: position_on(text) != before, STEP_S, "change of position after s")
        print(f"  s: {before} -> {position_on(term.text)} in {time.monotonic() - pressed:.2f} s")
        term.send("q")
        status = term.wait_exit(15)
        problems = term.problems_at_exit()
    if status != 0:
        problems.append(f"exit status {status}")
    if problems:
        sys.exit("smoke: " + "; ".join(problems))
    print("  q: terminal restored, exit 0")


if __name__ == "__main__":
    main(*sys.argv[1:])
