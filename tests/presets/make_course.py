"""Write the course page from the presets: docs/COURSE.md, and docs/COURSE.ko.md in Korean.

python -m tests.presets.make_course
"""

from itertools import groupby
from pathlib import Path

from tui_nn.data.shape import data_shape
from tui_nn.debugger.script import script_lines
from tui_nn.scenario import Scenario, beside, differences, list_presets, load_scenario
from tui_nn.scenario.chapters import CHAPTERS, Entry, path_of
from tui_nn.tui.player import duration_s

DOCS = Path(__file__).parents[2] / "docs"
FILES = {"en": "COURSE.md", "ko": "COURSE.ko.md"}
SOURCE = {"en": "Source. ", "ko": "출처. "}
MOST_CHANGES = 2
INTRODUCTION = {
    "en": """# The course

<!-- Made from the presets by tests/presets/make_course.py; a test compares. -->

Each row is a training run with a lesson: `tui-nn play NAME` plays it, `tui-nn open NAME` lets you drive. `w` opens the next one. The
gallery (`tui-nn` alone) remembers what you have opened. Minutes are those of the played lesson; reading, trying and asking take longer.
[한국어](COURSE.ko.md)
""",
    "ko": """# 강의

<!-- tests/presets/make_course.py가 프리셋으로 만듭니다. 테스트가 비교합니다. -->

한 줄이 학습 과정 하나이고, 설명이 딸려 있습니다. `tui-nn play 이름`은 설명을 재생하고, `tui-nn open 이름`은 직접 움직이게 합니다. `w`를 누르면 다음
프리셋이 열립니다. 갤러리(`tui-nn`만 입력)는 열어 본 것을 기억합니다. 시간은 설명을 재생하는 데 걸리는 분입니다.
[English](COURSE.md)
""",
}
HEAD = {
    "en": ("", "preset", "idea", "network, data, optimizer", "beside", "min", "source"),
    "ko": ("", "프리셋", "내용", "신경망, 데이터, 최적화", "함께 볼 것", "분", "출처"),
}
ALONE = {"en": "nothing: it is complete by itself", "ko": "없음: 이것만으로 완결됩니다"}
CHANGED = {"en": "`{}` with {}", "ko": "`{}`에서 {}"}
MANY = {"en": "{} changes", "ko": "{}곳을 바꿈"}


def network(scenario: Scenario) -> str:
    """Like "2-4-1 tanh, xor, sgd"."""
    widths, names = [data_shape(scenario.data).n_features], []
    for layer in scenario.layers:
        widths += [layer.units] if layer.type == "dense" else []
        names += [layer.type] if layer.type != "dense" else []
        activation = getattr(layer, "activation", "linear")
        names += [activation if isinstance(activation, str) else activation.type]
    kinds = [name.replace("_", " ") for name in dict.fromkeys(names) if name != "linear"] or ["linear"]
    return f"{shortened(widths)} {', '.join(kinds)}; {scenario.data.source}; {scenario.optimizer.type}"


def shortened(widths: list[int]) -> str:
    """2-8-8-8-1 as 2-3×8-1."""
    runs = [(width, len(list(group))) for width, group in groupby(widths)]
    return "-".join(f"{n}×{width}" if n > 2 else "-".join([str(width)] * n) for width, n in runs)


def beside_it(entry: Entry, scenario: Scenario, lang: str) -> str:
    """Its twin, or the preset that it changes, and in what."""
    other = scenario.twin or scenario.extends
    if other is None:
        return ALONE[lang]
    changes = differences(load_scenario(beside(entry.preset.id, other)), scenario)
    if len(changes) > MOST_CHANGES:
        return CHANGED[lang].format(other, MANY[lang].format(len(changes)))
    return CHANGED[lang].format(other, ", ".join(f"`{change}`" for change in changes))


def row(entry: Entry, lang: str) -> list[str]:
    scenario = load_scenario(entry.preset.id)
    lesson = getattr(scenario.lesson, lang).strip().split("\n\n")
    source = next(part for part in lesson if part.startswith(SOURCE[lang])).removeprefix(SOURCE[lang])
    minutes = duration_s(script_lines(scenario.script), lang) / 60
    return [
        "" if entry.number is None else str(entry.number),
        f"**{scenario.title}** `{scenario.id}`",
        getattr(scenario.summary, lang),
        network(scenario),
        beside_it(entry, scenario, lang),
        f"{minutes:.1f}",
        " ".join(source.split()),
    ]


def table(rows: list[list[str]], lang: str) -> str:
    lines = [HEAD[lang], ["---"] * len(HEAD[lang]), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def course(lang: str) -> str:
    parts = [INTRODUCTION[lang]]
    for chapter, entries in groupby(path_of(list_presets()), key=lambda entry: entry.chapter):
        parts.append(f"## {CHAPTERS[chapter][lang]}\n\n{table([row(entry, lang) for entry in entries], lang)}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    for lang, name in FILES.items():
        (DOCS / name).write_text(course(lang), encoding="utf-8")
        print(DOCS / name)
