"""The path through the presets: chapters, and who stands where. A preset's `order` has its chapter in the hundreds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_nn.scenario.presets import UNORDERED, PresetInfo

CHAPTERS = (  # by order // 100; what comes later, and what has no order, belongs to the last
    {"en": "First steps", "ko": "첫걸음"},
    {"en": "One neuron, one line", "ko": "뉴런 하나, 직선 하나"},
    {"en": "Gates and perceptrons", "ko": "논리 게이트와 퍼셉트론"},
    {"en": "Networks as functions", "ko": "함수로 보는 신경망"},
    {"en": "Initial weights", "ko": "가중치 초기화"},
    {"en": "Gradient flow", "ko": "기울기의 흐름"},
    {"en": "Optimizers", "ko": "최적화"},
    {"en": "Generalisation", "ko": "일반화"},
    {"en": "The networks people write first", "ko": "처음 만들어 보는 신경망"},
    {"en": "More", "ko": "그 밖의 예제"},
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One preset on the path.

    number:  1, 2, ... along the path; None for presets that are off it.
    chapter: index into CHAPTERS.
    twin_of: the id of the preset it stands behind, being its cured or sick twin and nothing else.
    """

    preset: PresetInfo
    number: int | None
    chapter: int
    twin_of: str | None = None


def twin_of(preset: PresetInfo) -> str | None:
    """The id of the preset that is opened beside it, if it names one."""
    return getattr(preset, "twin", None) or None


def path_of(presets: Sequence[PresetInfo]) -> list[Entry]:
    """Presets in their order, numbered. One without an order follows the preset that names it as its twin; the rest come last."""
    by_id = {preset.id: preset for preset in presets}
    ordered = sorted((p for p in presets if p.order != UNORDERED), key=lambda preset: (preset.order, preset.id))
    entries: list[Entry] = []
    placed = {preset.id for preset in ordered}
    for number, preset in enumerate(ordered, 1):
        chapter = min(max(preset.order // 100, 0), len(CHAPTERS) - 1)
        entries.append(Entry(preset, number, chapter))
        twin = by_id.get(twin_of(preset) or "")
        if twin is not None and twin.id not in placed:
            placed.add(twin.id)
            entries.append(Entry(twin, None, chapter, preset.id))
    return entries + [Entry(preset, None, len(CHAPTERS) - 1) for preset in presets if preset.id not in placed]


def next_on(path: Iterable[Entry], visited: Iterable[str]) -> Entry | None:
    """The first numbered preset that has not been opened and can be; None if all have been."""
    seen = set(visited)
    return next((e for e in path if e.number is not None and e.preset.id not in seen and not e.preset.error), None)


def following(path: Sequence[Entry], preset_id: str) -> Entry | None:
    """The numbered preset after this one that can be opened; behind what is off the path, and the last one, comes none."""
    ids = [entry.preset.id for entry in path]
    rest = path[ids.index(preset_id) + 1 :] if preset_id in ids else ()
    return next((entry for entry in rest if entry.number is not None and not entry.preset.error), None)
