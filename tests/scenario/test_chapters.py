"""The path through the presets: numbers, chapters, twins, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui_nn.scenario import PresetInfo, list_presets
from tui_nn.scenario.chapters import CHAPTERS, following, next_on, path_of


@dataclass(frozen=True)
class Preset(PresetInfo):
    twin: str | None = None


def preset(name: str, order: int = 1000, twin: str | None = None, error: str | None = None) -> Preset:
    return Preset(name, name.title(), {"en": "", "ko": ""}, Path(f"{name}.toml"), order=order, error=error, twin=twin)


def test_a_preset_without_an_order_follows_the_one_it_is_the_twin_of():
    """The others without one come last; a twin that has an order of its own keeps its place."""
    path = path_of([preset("own"), preset("cured", twin="sick"), preset("sick", 510, "cured"), preset("first", 1), preset("well", 530), preset("ill", 520, "well")])  # fmt: skip
    assert [(e.preset.id, e.number, e.chapter, e.twin_of) for e in path] == [
        ("first", 1, 0, None),
        ("sick", 2, 5, None),
        ("cured", None, 5, "sick"),
        ("ill", 3, 5, None),
        ("well", 4, 5, None),
        ("own", None, len(CHAPTERS) - 1, None),
    ]


def test_two_may_name_one_twin_and_a_twin_may_be_missing():
    path = path_of([preset("a", 100, "both"), preset("b", 110, "both"), preset("c", 120, "gone"), preset("both")])
    assert [e.preset.id for e in path] == ["a", "both", "b", "c"]


def test_orders_beyond_the_chapters_belong_to_the_last():
    assert [e.chapter for e in path_of([preset("a", -5), preset("b", 12_000)])] == [0, len(CHAPTERS) - 1]


def test_next_is_the_first_that_has_not_been_opened_and_can_be():
    path = path_of([preset("a", 1), preset("b", 2, error="no"), preset("c", 3, "d"), preset("d")])
    assert [getattr(next_on(path, seen), "preset", None) for seen in ([], ["a"], ["c", "a"])] == [
        path[0].preset,
        path[2].preset,
        None,
    ]


def test_every_preset_is_on_the_path_once_and_chapters_do_not_mix():
    path = path_of(list_presets())
    assert sorted(e.preset.id for e in path) == sorted(p.id for p in list_presets())
    assert [e.chapter for e in path] == sorted(e.chapter for e in path)
    numbers = [e.number for e in path if e.number is not None]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(chapter.keys() == {"en", "ko"} for chapter in CHAPTERS)


def test_what_follows():
    """The next numbered preset that can be opened, also behind a twin; nothing behind the last and behind a stranger."""
    path = path_of([preset("a", 1, "b"), preset("b"), preset("c", 2, error="no"), preset("d", 3), preset("own")])
    found = {name: following(path, name) for name in ("a", "b", "c", "d", "own", "stranger")}
    assert {name: entry and entry.preset.id for name, entry in found.items()} == {
        "a": "d", "b": "d", "c": "d", "d": None, "own": None, "stranger": None,
    }  # fmt: skip
