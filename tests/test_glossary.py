"""The glossary: that every word of the program is in it, in both languages, and is found where it stands."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.table import over
from tui_nn.glossary import all_terms, lookup, lookup_all, matching, term, terms_in
from tui_nn.glossary.index import key_of
from tui_nn.glossary.reading import MAX_TEXT
from tui_nn.scenario import list_presets, load_scenario
from tui_nn.scenario.json_schema import schema
from tui_nn.scenario.naming import measurable_names

MAX_WORDS = 30  # of a sentence

# A term that a lesson may use without a definition of its own: where one of these stands, the glossary must know it.
TECHNICAL = (
    "accuracy, activation, adam, batch, bias, chain rule, cross-entropy, curvature, dead, delta, derivative, digits, dropout, epoch, "
    "epsilon, error, gate, gradient, hidden layer, initialization, input, iteration, layer, leaky relu, learning rate, logit, logits, "
    "loss, mask, mean, momentum, nan, network, norm, optimizer, output, overfitting, parameter, perceptron, probability, program, ravine, "
    "relu, representation, seed, sigmoid, sign, softmax, standardize, std, step, symmetry, tanh, target, test set, training, unit, "
    "update, validation, vanishing, variance, weight, xavier, xor"
)


def names_of(definition: str, key: str) -> list[str]:
    """The values that a discriminating key of the scenario format can take."""
    field = schema()["$defs"][definition]["properties"][key]
    return field["enum"] if "enum" in field else [field["const"]]


def variants(key: str) -> dict[str, list[str]]:
    """Kind of part -> names, from the tables that a key of the format chooses between: {"adam": ...} for "optimizer"."""
    made = schema()
    field = made["properties"][key]
    text = str(field.get("items", field))
    return {ref: made["$defs"][ref] for ref in re.findall(r"#/\$defs/(\w+)", text)}


def kinds_of(key: str, name: str = "type") -> list[str]:
    return sorted({each for definition in variants(key) for each in names_of(definition, name)})


# What stands in the files


def test_a_definition_is_short_and_in_both_languages():
    """One or two sentences of at most 30 words; Korean in Korean, English without it."""
    for each in all_terms():
        for lang in ("en", "ko"):
            assert each.word[lang].strip()
            sentences = re.split(r"(?<=[.?!])\s+", each.text[lang].strip())
            assert 1 <= len(sentences) <= 2, sentences
            for sentence in sentences:
                assert sentence.endswith((".", "?", "!"))
                assert len(sentence.split()) <= MAX_WORDS, sentence
        assert not re.search("[가-힣]", each.word["en"] + each.text["en"] + each.formula + each.source)
        assert re.search("[가-힣]", each.text["ko"])
        for text in (*each.also, *each.forms, *each.symbols, *each.names, *each.see):
            assert text == text.strip() != ""


def test_links_lead_somewhere_else():
    ids = {each.id for each in all_terms()}
    for each in all_terms():
        assert set(each.see) <= ids - {each.id}, each.id
        assert len(set(each.see)) == len(each.see) > 0, each.id


def test_a_word_means_one_thing():
    """No word, in either language, belongs to two terms; symbols may (b is a bias, and momentum's buffer)."""
    owners: dict[str, str] = {}
    for each in all_terms():
        for word in each.words:
            assert owners.setdefault(key_of(word), each.id) == each.id, word
    names = [name for each in all_terms() for name in each.names]
    assert len(set(names)) == len(names)


def test_a_term_is_found_by_all_that_it_is_called():
    for each in all_terms():
        for word in (*each.words, each.id, *each.names):
            assert lookup(word) is each, word
        for symbol in each.symbols:
            assert each in lookup_all(symbol), symbol
        assert each in matching(each.word["ko"])[:3]
        assert each in matching(each.word["en"].upper())[:3]


# That it is complete


@over([preset.id for preset in list_presets()])
def test_every_metric_of_a_preset_is_defined(preset: str):
    """Also those that are switched off, with their layer's name behind: grad_norm.dense_1."""
    for name in measurable_names(load_scenario(preset)):
        found = lookup(name)
        assert found, name
        assert f"metric.{name.split('.')[0]}" in found.names, name


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("optimizer", kinds_of("optimizer")),
        ("loss", kinds_of("loss")),
        ("schedule", kinds_of("schedule")),
        ("layer", kinds_of("layers")),
        ("data", kinds_of("data", "source")),
        ("activation", names_of("DenseLayer", "activation")),
        ("init", names_of("DenseLayer", "init")),
    ],
)
def test_every_part_of_a_scenario_is_defined(kind: str, names: list[str]):
    """Each name of the file format, as what it is there: the activation "step" is not the schedule "step"."""
    assert len(names) >= 5
    for name in names:
        found = lookup(name, kind)
        assert found, name
        assert f"{kind}.{name}" in found.names, name


def test_the_settings_of_an_optimizer_are_defined():
    settings = ["lr", "momentum", "dampening", "nesterov", "beta1", "beta2", "eps", "weight_decay", "rho", "bias_correction", "l1",
                "l2", "max_norm", "clip", "seed", "dtype", "batch_size", "shuffle", "validation", "standardize", "label_smoothing",
                "class_weights", "from_logits", "margin", "patience", "warmup", "restore_best", "gain"]  # fmt: skip
    assert [name for name in settings if lookup(name) is None] == []


@over(list_presets(), ["en", "ko"])
def test_the_words_of_a_lesson_are_found(preset, lang: str):
    """A lesson speaks of a dozen defined things at least, and of what a network is made of among them."""
    lesson = tomllib.loads(preset.path.read_text(encoding="utf-8"))["lesson"][lang]
    found = {each.id for each in terms_in(lesson)}
    assert len(found) >= 12
    assert {"loss", "layer", "unit", "weight", "gradient", "training"} & found


@over(list_presets())
def test_no_technical_word_of_a_lesson_is_missing(preset):
    """Of a fixed list, each that occurs in the English lesson is found there."""
    lesson = tomllib.loads(preset.path.read_text(encoding="utf-8"))["lesson"]["en"]
    found = set(terms_in(lesson))
    for word in TECHNICAL.split(", "):
        if re.search(rf"\b{re.escape(word)}\b", lesson, re.I):
            inside = any(
                word in longer.casefold() for each in found for longer in each.words
            )  # "batch" in "batch norm"
            assert lookup(word) in found or inside, word


# That it is found where it stands, and not where it does not


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("The weights of two layers", ["weight", "layer"]),
        ("cross-entropy, batch normalisation", ["cross_entropy", "batch_norm"]),
        ("a learning rate, not a rate of learning", ["learning_rate"]),
        ("grad_norm.dense_1 and relu_12", ["grad_norm", "dense", "relu"]),
        ("|∂loss/∂output| of Adam's m̂", ["delta_norm", "adam", "bias_correction"]),
        ("one or two values and a step", ["effective_step"]),  # "or" and "values" are names, not words
        ("This means nothing to a unit", ["unit"]),
        ("배치 정규화를 쓰면 층마다", ["batch_norm", "layer"]),
        ("답답합니다. 합니다.", []),  # 답 and 합 must stand alone
        ("학습률로 가중치를 옮깁니다", ["learning_rate", "weight"]),
        ("평균제곱오차와 교차엔트로피", ["mse", "cross_entropy"]),
    ],
)
def test_words_in_a_text(text: str, ids: list[str]):
    assert [each.id for each in terms_in(text)] == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("step = lr · m̂ / (√v̂ + ε)", ["effective_step", "learning_rate", "bias_correction", "root_v", "eps"]),
        ("w ← w - lr · g", ["weight", "learning_rate", "gradient"]),
        ("plan b, then a g and an m", []),  # letters of a text are no symbols
        ("z = v · h + c", ["pre_activation"]),  # a weight here: nothing else speaks of Adam
        ("adam: v = β2 · v + (1 - β2) · g²", ["adam", "second_moment", "beta2", "gradient"]),
        ("a = max(z, 0)", ["activation", "max", "pre_activation"]),
        ("momentum: b = μ · b + g", ["momentum", "bias", "momentum_buffer", "gradient"]),
        ("y1 = w1 x1 + b", ["target", "weight", "input", "bias"]),  # and nothing of momentum's
    ],
)
def test_symbols_in_a_formula(text: str, ids: list[str]):
    assert [each.id for each in terms_in(text)] == ids


def test_columns_of_a_table_are_not_read_across():
    """Heads side by side, two blanks apart, are words of their own."""
    assert [each.id for each in terms_in("weight  norm")] == ["weight", "norm"]
    assert [each.id for each in terms_in("weight norm")] == ["weight_norm"]


def test_a_long_text_is_read_only_so_far():
    assert [each.id for each in terms_in("loss " + "." * MAX_TEXT + " momentum")] == ["loss"]


def test_other_books_words_lead_here():
    for word, wanted in [
        ("velocity", "momentum_buffer"), ("cost", "loss"), ("kernel", "weight"), ("θ", "parameter"), ("η", "learning_rate"),
        ("J", "loss"), ("neuron", "unit"), ("glorot", "xavier"), ("kaiming", "he"), ("silu", "swish"), ("은닉 유닛", "hidden_layer"),
        ("그레이디언트", "gradient"), ("exp_avg_sq", "second_moment"),
    ]:  # fmt: skip
        assert lookup(word) is term(wanted), word


def test_nothing_is_found_for_nonsense():
    for word in ("", " ", "zzz", "@", "[", "."):
        assert lookup(word) is None


def test_filtering_ranks_the_word_itself_first():
    assert [each.id for each in matching("bias")][:2] == ["bias", "bias_correction"]
    assert matching("σ")[0].id == "sigmoid"
    assert matching("기울기")[0].id == "gradient"
    assert matching("") == list(all_terms())
    assert matching("qqqq") == []


def test_asking_costs_only_tomllib():
    """The words can be asked for without Textual, NumPy or pydantic; importing the package reads no file."""
    code = (
        "import sys, tui_nn.glossary as g\nassert 'tomllib' in sys.modules\n"
        "assert g.all_terms.cache_info().currsize == 0\nassert g.lookup('loss').id == 'loss'\n"
        "assert not {'numpy', 'textual', 'rich', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
