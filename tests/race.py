"""Five optimizers from one start on one ravine, as scenario files in a folder: what `beside` is for."""

from __future__ import annotations

from pathlib import Path

OPTIMIZERS = {
    "sgd": "lr = 0.03",
    "momentum": "lr = 0.01\nmomentum = 0.9",
    "rmsprop": "lr = 0.05",
    "adagrad": "lr = 0.5",
    "adam": "lr = 0.1",
}


def write_race(folder: Path, more: str = "") -> Path:
    """The file of plain SGD, which names the others; `more` comes last in it."""
    others = ", ".join(f'"race-{name}.toml"' for name in list(OPTIMIZERS)[1:])
    for name, settings in OPTIMIZERS.items():
        is_first = name == "sgd"
        head = f'id = "race{"" if is_first else f"-{name}"}"\ntitle = "Race: {name}"\nextends = "adam-vs-sgd"\n'
        beside = f"beside = [{others}]\n" if is_first else ""
        text = f'{head}{beside}\n[optimizer]\ntype = "{name}"\n{settings}\n{more if is_first else ""}'
        (folder / f"race{'' if is_first else f'-{name}'}.toml").write_text(text, encoding="utf-8")
    return folder / "race.toml"
