"""Write the course page from the presets: docs/COURSE.md, and docs/COURSE.ko.md in Korean.

python -m tests.presets.make_course
"""

from collections.abc import Sequence
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
# Lessons of these chapters that need a part which is not built yet: what they will show, and what they wait for.
WAITING = {
    "en": (
        "## Not yet\n",
        "These lessons belong to the chapters above and wait for a part of the program.\n",
        ("lesson", "what it will show", "waits for"),
        ("k-fold", "hyper-parameters picked by five validations", "studies: many runs as one"),
        ("an ensemble", "several models that vote", "studies: many runs as one"),
        ("MNIST", "the digits lessons at 28 x 28 pixels", "reading the original files"),
    ),
    "ko": (
        "## 아직 없는 것\n",
        "위의 장에 들어갈 프리셋이지만 프로그램의 다른 부분을 기다리고 있습니다.\n",
        ("프리셋", "보여 줄 것", "기다리는 것"),
        ("k겹 교차 검증", "다섯 번의 검증으로 고르는 하이퍼파라미터", "여러 학습을 하나로 묶는 기능"),
        ("앙상블", "여러 모델의 투표", "여러 학습을 하나로 묶는 기능"),
        ("MNIST", "28 x 28 픽셀에서 하는 숫자 읽기", "원본 파일 읽기"),
    ),
}


def network(scenario: Scenario) -> str:
    """Like "2-4-1 tanh, xor, sgd"; of an image or a sequence "8x8x1-16-10 conv2d, relu"."""
    form = data_shape(scenario.data).form
    widths, names = [], []
    for layer in scenario.layers:
        widths += [each for key in ("units", "filters") if (each := getattr(layer, key, None)) is not None]
        names += [layer.type] if layer.type != "dense" else []
        activation = getattr(layer, "activation", "linear")
        names += [activation if isinstance(activation, str) else activation.type]
    kinds = [name.replace("_", " ") for name in dict.fromkeys(names) if name != "linear"] or ["linear"]
    sizes = shortened([*form, *widths]) if len(form) == 1 else f"{'x'.join(map(str, form))}-{shortened(widths)}"
    return f"{sizes} {', '.join(kinds)}; {scenario.data.source}; {scenario.optimizer.type}"


def shortened(widths: list[int]) -> str:
    """2-8-8-8-1 as 2-3×8-1."""
    runs = [(width, len(list(group))) for width, group in groupby(widths)]
    return "-".join(f"{n}×{width}" if n > 2 else "-".join([str(width)] * n) for width, n in runs)


def beside_it(entry: Entry, scenario: Scenario, lang: str) -> str:
    """Its twin, or the preset that it changes, and in what."""
    if scenario.beside:
        return ", ".join(f"`{name}`" for name in scenario.companions)
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
    return marked(HEAD[lang], rows)


def marked(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def course(lang: str) -> str:
    parts = [INTRODUCTION[lang]]
    for chapter, entries in groupby(path_of(list_presets()), key=lambda entry: entry.chapter):
        parts.append(f"## {CHAPTERS[chapter][lang]}\n\n{table([row(entry, lang) for entry in entries], lang)}\n")
    title, words, *rows = WAITING[lang]
    parts.append(f"{title}\n{words}\n{marked(rows[0], rows[1:])}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    for lang, name in FILES.items():
        (DOCS / name).write_text(course(lang), encoding="utf-8")
        print(DOCS / name)
