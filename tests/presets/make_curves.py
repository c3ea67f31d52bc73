"""Record the loss of the presets over their planned runs, for the pictures in the gallery.

    python -m tests.presets.make_curves              # all of them, into scenarios/curves.json
    python -m tests.presets.make_curves xor-mlp ...  # these alone; the others stay as they are

Each runs headless, on its own seed, to its planned end or to the first loss that is not finite.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from tests.presets.runs import PRESETS, session_of
from tui_nn.scenario import preset_dir
from tui_nn.scenario.curves import FILE, RecordedCurve


def recorded(preset: str) -> RecordedCurve:
    """Trained anew."""
    session = session_of(preset)
    try:
        stop = session.run()
        points = {
            name: tuple(part.tolist() for part in session.history.curve(name))
            for name in ("loss", "val_loss")
            if name in session.program.metrics
        }
        broke_at = stop.position.iteration if stop.reason == "non-finite" else None
        return RecordedCurve.of(session.planned_iterations, points["loss"], points.get("val_loss", ((), ())), broke_at)
    finally:
        session.close()


def write(table: dict[str, Any]) -> None:
    """One line a preset, so that a change shows which."""
    lines = [f"{json.dumps(preset)}: {json.dumps(table[preset], separators=(',', ':'))}" for preset in sorted(table)]
    (preset_dir() / FILE).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(presets: Sequence[str]) -> int:
    unknown = set(presets) - set(PRESETS)
    if unknown:
        print(f"no such preset: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    path = preset_dir() / FILE
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    table = {preset: data for preset, data in known.items() if preset in PRESETS}
    for preset in presets or PRESETS:
        table[preset] = recorded(preset).as_data()
        print(f"{preset}: {len(json.dumps(table[preset]))} bytes")
    write(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
