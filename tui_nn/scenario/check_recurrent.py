"""Recurrent layers and embeddings: tokens that can be looked up, and no key without an effect."""

from collections.abc import Iterator

from tui_nn.data.shape import data_shape
from tui_nn.scenario.errors import Fault
from tui_nn.scenario.model import Scenario
from tui_nn.scenario.spec.recurrent import EmbeddingLayer, GruLayer, LstmLayer


def check_recurrent(scenario: Scenario) -> Iterator[Fault]:
    """What can be said of each layer alone."""
    for index, layer in enumerate(scenario.layers):
        place = ("layers", index)
        if isinstance(layer, LstmLayer | GruLayer) and layer.biases is not None:
            for key in sorted({"forget_bias", "update_bias"} & layer.model_fields_set):
                yield Fault((*place, key), f"{key} has no effect beside biases; remove one of them", "key")
        if isinstance(layer, EmbeddingLayer):
            for key in sorted({"bias_init", "biases"} & layer.model_fields_set):
                yield Fault((*place, key), f"an embedding has no bias, so {key} has no effect; remove it", "key")
            if index > 0:
                message = "an embedding reads tokens, and what comes out of a layer is none; put it first"
                yield Fault((*place, "type"), message)


def check_tokens(scenario: Scenario) -> Iterator[Fault]:
    """Every number that an embedding will look up is one of its tokens. (The data are made to see it.)"""
    first = scenario.layers[0] if scenario.layers else None
    if not isinstance(first, EmbeddingLayer) or data_shape(scenario.data).n_train < 1:
        return
    if scenario.data.standardize:
        yield Fault(("data", "standardize"), "standardized numbers are no tokens to look up; set standardize = false")
        return
    from tui_nn.data import load_data
    from tui_nn.data.tokens import token_fault

    if fault := token_fault(load_data(scenario), first.tokens):
        yield Fault(("layers", 0, "tokens"), fault)
