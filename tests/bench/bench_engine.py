"""Time of one training iteration beside its floor, and beside JAX and PyTorch where they are installed: `tui-nn bench`.

python tests/bench/bench_engine.py [--quick] [other options of tui-nn bench]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tui_nn.cli import main

if __name__ == "__main__":
    main(["bench", *sys.argv[1:]])
