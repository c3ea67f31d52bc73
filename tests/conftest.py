"""What every test stands on: one BLAS thread, as the command line has it, and property tests that repeat exactly.

TUI_NN_FULL=1 asks for the long sweeps of .ci/full.
"""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports NumPy: thread pools are sized when the library is loaded.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from tui_nn.engine import precompile  # noqa: E402

# No deadline: the first example may compile a kernel. Derandomized: a red test is red for everyone.
settings.register_profile("quick", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", settings.get_profile("quick"), derandomize=False, max_examples=5_000, print_blob=True)
settings.load_profile("full" if os.environ.get("TUI_NN_FULL") == "1" else "quick")

if "PYTEST_XDIST_WORKER" in os.environ:  # each core has a worker: none is free to compile ahead
    precompile.WORTH_IT = 10**6

gc.disable()  # until everything is collected: nothing of it is garbage


def pytest_collection_finish(session: pytest.Session) -> None:
    """Ten thousand tests, Numba and Textual live to the end: the garbage collector need not walk them, 0.3 s a turn."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """-n auto: half as many again as there are cores, for a test of the screen or of a process often waits."""
    return (os.cpu_count() or 1) * 3 // 2
