"""The digit networks of the chapter "Generalisation" in NumPy and float64: dense layers with relu between them."""

import numpy as np

from tui_nn import Session

Layers = list[tuple[np.ndarray, np.ndarray]]


def layers_of(session: Session) -> Layers:
    """(weight (out, in), bias (out,)) of each dense layer where the session stands; without biases, zeros."""
    layers = []
    for layer in session.frame().layers:
        if layer.kind == "dense":
            values = {p.role: np.array(p.value, dtype=np.float64) for p in layer.parameters}
            layers.append((values["weight"], values.get("bias", np.zeros(len(values["weight"])))))
    return layers


def probabilities(layers: Layers, x: np.ndarray) -> np.ndarray:
    """(n, classes) softmax outputs."""
    x = np.asarray(x, dtype=np.float64)
    for index, (weight, bias) in enumerate(layers):
        x = (np.maximum(x, 0.0) if index else x) @ weight.T + bias
    p = np.exp(x - x.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def digits_of(y: np.ndarray) -> np.ndarray:
    return np.asarray(y).astype(int).ravel()


def losses(layers: Layers, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) the cross-entropy of each digit, in nats."""
    p = probabilities(layers, x)
    return -np.log(p[np.arange(len(p)), digits_of(y)])


def is_right(layers: Layers, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return probabilities(layers, x).argmax(axis=1) == digits_of(y)


def sizes_of(layers: Layers) -> np.ndarray:
    """|w| of every weight of the network, biases left out."""
    return np.concatenate([np.abs(weight).ravel() for weight, _ in layers])
