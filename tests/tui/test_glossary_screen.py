"""The glossary on the screen: its list and pages, the keys, the palette's way in, and the words that help shows."""

import os
import re

import pytest

from tests.table import over
from tests.tui import canned
from tests.tui.driver import drive, screen_text, until
from tests.tui.goldens import as_text, check
from tui_nn.engine.parts import OPTIMIZERS
from tui_nn.glossary import all_terms, lookup, term, terms_in
from tui_nn.scenario import list_presets
from tui_nn.tui.commands import COMMANDS
from tui_nn.tui.glossary import entries_of, groups_of, links_of, list_lines, page_lines
from tui_nn.tui.ink import Ink
from tui_nn.tui.microscope import TITLES, microscope
from tui_nn.tui.panels import layers
from tui_nn.tui.screens.help import help_lines
from tui_nn.tui.screens.zones import KINDS, METRICS, NAMES, SHOWS
from tui_nn.tui.view import View

INK = Ink(mono=True)
TEXTS = [
    ("Microscopes panel", "Optimizer\ndense_1.weight[0,0]\nstep = lr · m̂ / (√v̂ + ε)\n relu_1"),
    ("Lesson", "A unit is dead: no gradient comes through the ReLU. The batch stays."),
]


# The lines


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_list_and_a_page(width: int, lang: str):
    groups = groups_of(TEXTS, "", lang)
    check(f"glossary-list-{lang}-{width}", list_lines(groups, 3, lang, width, 24, INK), width, 24)
    entry = term("adam")
    lines, _ = page_lines(entry, links_of(entry, True), 1, lang, width, INK)
    check(f"glossary-page-{lang}-{width}", lines, width, 40)


@pytest.mark.parametrize("width", [8, 12, 24, 40, 61, 200] if os.environ.get("TUI_NN_FULL") == "1" else [8, 24, 61])
@pytest.mark.parametrize("ink", [INK, Ink(), Ink(ascii=True)], ids=["mono", "dark", "ascii"])
def test_every_page_fits_any_width(width: int, ink: Ink):
    """No line of any term's or command's page is wider than its place, nor of the list; outside the full run at three widths."""
    for lang in ("en", "ko"):
        for entry in (*all_terms(), *COMMANDS):
            links = links_of(entry, True)
            lines, places = page_lines(entry, links, 0, lang, width, ink)
            assert len(places) == len(links)
            for line in lines:
                assert sum(segment.cell_length for segment in line) <= max(width, 12), as_text([line])
        for height in (1, 3, 24):
            lines = list_lines(groups_of(TEXTS, "a", lang), 2, lang, width, height, ink)
            assert len(lines) <= height
            assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def test_the_words_here_come_first_and_once():
    """The panel's in the order in which they stand, then what only the lesson has, then all by the alphabet."""
    here, lesson, every = groups_of(TEXTS, "", "en")
    names = [entry.id for entry in here.entries]  # type: ignore[union-attr]
    assert names[:3] == ["optimizer", "dense", "weight"]
    assert {"learning_rate", "bias_correction", "root_v", "relu"} <= set(names)
    assert [entry.id for entry in lesson.entries] == ["unit", "dead", "gradient", "batch"]  # type: ignore[union-attr]
    assert every.entries == all_terms()


def test_a_filter_finds_words_and_keys():
    assert entries_of(groups_of(TEXTS, "weight dec", "en"))[0] is term("weight_decay")
    assert entries_of(groups_of(TEXTS, "모멘", "ko"))[0] is term("momentum")
    assert entries_of(groups_of(TEXTS, "σ", "en"))[0] is term("sigmoid")
    assert groups_of(TEXTS, "qqqq", "en") == []
    assert "esc" in as_text(list_lines([], 0, "en", 40, 5, INK))


@over(COMMANDS)
def test_every_command_is_found_by_its_label(command):
    assert command in entries_of(groups_of([], command.label, "en"))


def test_the_selected_row_is_always_in_sight():
    groups = groups_of(TEXTS, "", "en")
    n = len(entries_of(groups))
    for selected in range(0, n, 7):
        text = as_text(list_lines(groups, selected, "en", 40, 9, INK))
        assert text.count("▶") == 1


def test_where_to_look_is_a_place_that_the_screen_knows():
    for each in all_terms():
        assert not each.where or each.where in SHOWS or each.where in METRICS, each.id
    assert [link.where for link in links_of(term("adam"), can_leave=True)][-1] == "optimizer"
    assert all(link.term for link in links_of(term("adam"), can_leave=False))


# That what the panels say is in it


def test_every_tab_is_defined():
    tabs = {
        *TITLES.values(),
        *(tab for kind in KINDS for tab in kind.tabs),
        *(name.split()[1] for name in NAMES.values()),
    }
    assert [tab for tab in tabs if lookup(tab) is None] == []


def test_every_column_head_is_defined():
    """Of the tables in the panels Layers, Activations (units), Data and Graph, and what stands over the Optimizer's maps."""
    heads = {*layers.ORDER, "layer", "output"}
    heads |= {"last fired", "batch mean", "run. mean", "batch var", "run. var", "γ", "β"}
    heads |= {"unit", "mean", "std", "min", "max", "above 0", "saturated", "fired"}
    heads |= {"sample", "loss", "right", "given", "sure", "target", "answer", "true"}
    heads |= {"input", "x", "w", "x · w", "z", "δ"}
    heads |= {"gradient", "mean of g", "mean of g²", "size of g", "largest v", "largest g", "orthogonal b", "sum of g²", "mean of Δ²",
              "momentum", "last update", "step"}  # fmt: skip
    assert [head for head in heads if lookup(head) is None] == []


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_what_an_optimizer_shows_is_defined(name: str):
    """Each slot by PyTorch's name; and its formula names the learning rate and the gradient, or what stands for it."""
    part = OPTIMIZERS[name]
    assert [slot for slot in part.slots if lookup(slot, "slot") is None] == []
    found = {each.id for each in terms_in(f"{name}: {part.formula}")}
    assert {lookup(name, "optimizer").id, "parameter", "learning_rate"} <= found  # type: ignore[union-attr]
    assert found & {"gradient", "bias_correction", "momentum_buffer", "first_moment", "update"}


@pytest.mark.parametrize("tab", ["activations", "gradients", "weights", "optimizer", "graph"])
@pytest.mark.parametrize("width", [40, 120])
def test_a_microscope_is_read_as_it_is_drawn(tab: str, width: int):
    """Whatever it shows at that width, some of it can be asked about."""
    text = as_text(microscope(tab).lines(canned.frame(), View(layer=1), width, 20, INK))
    assert len(terms_in(text)) >= 3, text


def test_a_panel_is_read_as_it_is_drawn():
    """The lines of the Layers panel at 80 columns name the layer kinds and every column."""
    text = as_text(layers.layers_lines(canned.frame(), View(), 80, 10, INK))
    found = {each.id for each in terms_in(text)}
    assert {
        "layer",
        "unit",
        "output",
        "mean",
        "std",
        "saturated",
        "delta",
        "gradient",
        "act_signal",
        "dead",
        "dense",
        "relu",
    } <= found


# Help


@pytest.mark.parametrize("width", [36, 76])
def test_help_tells_the_words_of_the_panel(width: int):
    words = ["optimizer", "learning rate", "mean gradient"]
    text = as_text(help_lines("Microscopes panel", "About.", ("detail", "app"), width, INK, words))
    flat = " ".join(text.split())
    assert "Words on this panel: optimizer, learning rate, mean gradient (i explains them)." in flat
    assert flat.index("About.") < flat.index("Words on this panel") < flat.index("Keys in this panel")
    assert max(map(len, text.splitlines())) <= width


def test_help_defines_the_basic_words_as_the_glossary_does():
    flat = " ".join(as_text(help_lines(None, "", ("app",), 100, INK)).split())
    assert " ".join(term("iteration").text["en"].split()[:6]) in flat


# Keys


def test_from_a_panel_to_a_word_and_on():
    """i shows the panel's words; typing filters; enter opens, follows links, and leads to the panel that shows it; esc goes back."""
    from tui_nn.tui.screens.debugger import DebuggerScreen
    from tui_nn.tui.screens.glossary import GlossaryScreen

    async def act(app, pilot):
        await until(pilot, lambda: app.debugger and app.debugger.frame is not None)
        await pilot.press("2", "i")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen))
        screen = app.screen
        await until(pilot, lambda: "Layers panel" in screen_text(app))
        assert screen.groups[0].entries[0] is term("layer")
        await pilot.press(*"adam", "enter")
        await until(pilot, lambda: screen.trail and "Kingma" in screen_text(app))
        assert screen.entry is term("adam")
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.entry is term("second_moment"))
        await pilot.press("escape")
        assert screen.entry is term("adam")
        assert screen.trail[-1][1] == 1  # where it was left
        await pilot.press("escape", "escape")
        assert not screen.trail
        assert screen.query_text == ""
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen))
        await pilot.press("f2", *"hessian", "enter")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen) and app.screen.entry is term("hessian"))
        await pilot.press("enter")  # to curvature, which is to be seen in the landscape
        await pilot.press(*["down"] * 9, "enter")
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen))
        assert app.screen.view.detail == "landscape"

    drive("xor-mlp", act, ready=False, size=(80, 24))


def test_enter_does_not_outrun_the_filter():
    """A word typed and entered in one breath opens that word."""
    from tests.tui.driver import tap
    from tui_nn.tui.screens.glossary import GlossaryScreen

    async def act(app, pilot):
        await tap(app, "i")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen))
        await tap(app, *"softmax", "enter", wait_s=0)
        await until(pilot, lambda: app.screen.trail and app.screen.entry is term("softmax"))
        await pilot.pause()
        assert app.screen.entry is term("softmax")

    drive(None, act, size=(40, 12))


def test_the_language_may_change_on_a_page():
    """Opened over the gallery, whose selected preset comes first."""
    from tui_nn.tui.screens.glossary import GlossaryScreen

    async def act(app, pilot):
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen))
        assert app.screen.groups[0].heading == list_presets()[0].title  # in the gallery, the selected preset's words
        await pilot.press(*"bias", "enter", "l")
        await until(pilot, lambda: app.screen.lang == "ko" and "편향" in screen_text(app))
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: "편향" in screen_text(app))
        assert re.search("함께 볼 말", screen_text(app))

    drive(None, act, size=(120, 40))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("what is momentum", "What is momentum?"),
        ("velocity", "What is momentum buffer?"),
        ("기울기 소실", "What is vanishing gradient?"),
        ("show landscape", "Show Landscape"),
        ("weights histogram", "Show Weights: histogram"),
        ("open dead relu", "Open dead-relu"),
        ("next iteration", "next iteration"),
    ],
)
def test_the_palette_finds_everything(query: str, wanted: str):
    """Words, tabs, views, presets and commands; the best of all providers is what was asked for."""
    from tui_nn.tui.palette import PROVIDERS

    async def act(app, pilot):
        hits = [hit for kind in PROVIDERS async for hit in kind(app.screen).search(query)]
        best = max(hits, key=lambda hit: hit.score)
        assert wanted in str(best.text)

    drive("xor-mlp", act, ready=False)


def test_the_palette_opens_what_it_offers():
    """A word's page, a tab and a preset, chosen in the palette itself."""
    from tui_nn.tui.palette import Palette
    from tui_nn.tui.screens.debugger import DebuggerScreen
    from tui_nn.tui.screens.glossary import GlossaryScreen

    async def choose(app, pilot, query: str) -> None:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*query)
        await until(pilot, lambda: query.split()[-1] in screen_text(app).casefold().split("\n", 5)[-1])
        await pilot.press("enter")

    async def act(app, pilot):
        await until(pilot, lambda: app.debugger and app.debugger.frame is not None)
        await choose(app, pilot, "what is dropout")
        await until(pilot, lambda: isinstance(app.screen, GlossaryScreen) and app.screen.entry is term("dropout"))
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen))
        await choose(app, pilot, "show landscape")
        await until(pilot, lambda: isinstance(app.screen, DebuggerScreen) and app.screen.view.detail == "landscape")
        await choose(app, pilot, "open zero-init")
        await until(pilot, lambda: app.debugger is not None and app.debugger.wish.ref == "zero-init")

    drive("xor-mlp", act, ready=False)
