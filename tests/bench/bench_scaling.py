"""Time of an iteration and memory over widths, depths and batches, with cliffs marked: `tui-nn bench --scaling`.

    python tests/bench/bench_scaling.py [--quick]

docs/PERFORMANCE.md explains every row that is marked.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tui_nn.cli import main

if __name__ == "__main__":
    main(["bench", "--scaling", *sys.argv[1:]])
