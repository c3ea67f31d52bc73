"""How each optimizer makes a step of a gradient, written out a term a line, for people to read.

Nothing here moves a parameter: the kernels do, and a test compares these numbers with what they did. The slots in
memory are those behind an update that is done, or those before one that is coming; `Calculation.slot` hides which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui_nn.engine.parts.optimizers import tables


@dataclass(frozen=True)
class Term:
    """A line of a calculation: what it is called, and how it comes about. Names in braces are keys of Update.values.

    Shapes: value is (out, in) or (out,) for a whole tensor, () for one parameter, () for a number that all share.
    """

    symbol: str
    words: str
    formula: str
    value: Any


class Calculation:
    """The terms of one update, in the order in which they are worked out; numbers are float64 whatever the run's precision."""

    def __init__(
        self, grad: Any, slots: Mapping[str, Any], first: Mapping[str, float], settings: Mapping[str, float], t: int, is_coming: bool
    ):  # fmt: skip
        self.g, self.slots, self.first, self.settings = grad, slots, first, settings
        self.t, self.is_coming = t, is_coming
        self.terms: list[Term] = []
        self.values: dict[str, Any] = {"g": grad, "t": t}

    def setting(self, name: str, symbol: str) -> float:
        return self.name(symbol, self.settings[name])

    def name(self, symbol: str, value: Any) -> Any:
        self.values[symbol] = value
        return value

    def term(self, symbol: str, words: str, formula: str, value: Any) -> Any:
        self.terms.append(Term(symbol, words, formula, value))
        return self.name(symbol, value)

    def has(self, slot: str) -> bool:
        return slot in self.slots

    def slot(
        self, slot: str, symbol: str, words: str, formula: str, forward: Callable[[Any], Any], inverse: Callable[[Any], Any]
    ) -> tuple[Any, Any]:  # fmt: skip
        """What the optimizer remembers, before this update (written symbol') and behind it. forward makes the second of
        the first; inverse the first of the second, which is all that memory has of an update that is done."""
        stored = self.slots[slot]
        if self.is_coming:
            before, after = stored, forward(stored)
        elif self.t == 1:
            before, after = np.full(np.shape(stored), self.first.get(slot, 0.0)), stored
        else:
            before, after = inverse(stored), stored
        self.name(f"{symbol}'", before)
        return before, self.term(symbol, words, formula, after)

    def mean(self, slot: str, symbol: str, words: str, beta: tuple[str, float], power: int = 1) -> tuple[Any, Any]:
        """A moving mean of g or of g², with the name and the value of its memory."""
        name, keep = beta
        self.name(name, keep)
        take = self.name(f"(1-{name})", 1.0 - keep)
        fresh = take * self.g**power
        formula = f"{{{name}}}·{{{symbol}'}} + {{(1-{name})}}·{{g}}" + ("²" if power == 2 else "")
        return self.slot(
            slot, symbol, words, formula, lambda old: keep * old + fresh, lambda new: (new - fresh) / keep if keep else 0.0 * new
        )  # fmt: skip

    def root(self, symbol: str, squares: Any, words: str = "usual size of g") -> Any:
        """What the step is divided by: √squares + ε, or √(squares + ε)."""
        eps = self.setting("eps", "ε")
        if self.settings.get("eps_inside_root", 0.0):
            return self.term(f"√({symbol}+ε)", words, f"√({{{symbol}}} + {{ε}})", np.sqrt(squares + eps))
        return self.term(f"√{symbol}+ε", words, f"√{{{symbol}}} + {{ε}}", np.sqrt(squares) + eps)

    @property
    def divisor(self) -> str:
        """The symbol of the last term, which is what the step divides by, as it stands in a formula."""
        return "{" + self.terms[-1].symbol + "}"

    def step(self, formula: str, value: Any) -> Any:
        return self.term("step", "is taken from w", formula, value)


# Each returns the step, and how much of it a gradient of 1 in this batch makes up; None where that is no simple share.

Step = tuple[Any, Any]


def sgd(c: Calculation) -> Step:
    lr = c.setting("lr", "lr")
    return c.step("{lr}·{g}", lr * c.g), lr


def momentum(c: Calculation) -> Step:
    if c.settings.get("nesterov", 0.0):
        return nesterov(c)
    lr, keep = c.setting("lr", "lr"), c.setting("momentum", "μ")
    damped = c.settings.get("dampening", 0.0)
    take = 1.0 if c.t == 1 else 1.0 - damped  # the first gradient comes in whole, as in PyTorch
    c.name("(1-dampening)", take)
    formula = "{μ}·{b'} + {(1-dampening)}·{g}" if damped else "{μ}·{b'} + {g}"
    _, b = _buffer(c, formula, keep, take * c.g)
    return c.step("{lr}·{b}", lr * b), lr * take


def nesterov(c: Calculation) -> Step:
    lr, keep = c.setting("lr", "lr"), c.setting("momentum", "μ")
    _, b = _buffer(c, "{μ}·{b'} + {g}", keep, c.g)
    return c.step("{lr}·({g} + {μ}·{b})", lr * (c.g + keep * b)), lr * (1.0 + keep)


def _buffer(c: Calculation, formula: str, keep: float, fresh: Any) -> tuple[Any, Any]:
    return c.slot(
        "momentum_buffer", "b", "momentum", formula, lambda old: keep * old + fresh,
        lambda new: (new - fresh) / keep if keep else 0.0 * new,
    )  # fmt: skip


def adagrad(c: Calculation) -> Step:
    lr, decay = c.setting("lr", "lr"), c.settings["lr_decay"]
    rate = "{lr}"
    if decay:
        c.name("lr_decay", decay)
        c.name("(t-1)", c.t - 1)
        lr = c.term("lr_t", "lr by now", "{lr} / (1 + {(t-1)}·{lr_decay})", lr / (1.0 + (c.t - 1) * decay))
        rate = "{lr_t}"
    squares = c.g * c.g
    _, s = c.slot("sum", "s", "sum of all g²", "{s'} + {g}²", lambda old: old + squares, lambda new: new - squares)
    root = c.root("s", s, "grows with every g")
    return c.step(f"{rate}·{{g}} / {c.divisor}", lr * c.g / root), lr / root


def adadelta(c: Calculation) -> Step:
    """The size of past steps over the size of past gradients: lr has no unit."""
    lr, eps, rho = c.setting("lr", "lr"), c.setting("eps", "ε"), c.setting("rho", "ρ")
    _, v = c.mean("square_avg", "v", "mean of g²", ("ρ", rho), 2)
    divisor = np.sqrt(v + eps)
    ratio = c.g / divisor
    stored = c.slots["acc_delta"]
    # d = ρ d' + (1 - ρ) ratio² (d' + ε) is solved for d' where only d is left.
    before = stored if c.is_coming else (stored - (1.0 - rho) * eps * ratio**2) / (rho + (1.0 - rho) * ratio**2)
    c.term("d'", "mean of past steps²", "remembered", before)
    sized = c.term("√(d'+ε)", "usual size of a step", "√({d'} + {ε})", np.sqrt(before + eps))
    c.term("√(v+ε)", "usual size of g", "√({v} + {ε})", divisor)
    return c.step("{lr}·{g}·{√(d'+ε)} / {√(v+ε)}", lr * ratio * sized), lr * sized / divisor


def rmsprop(c: Calculation) -> Step:
    lr, rho = c.setting("lr", "lr"), c.settings["rho"]
    _, squares = c.mean("square_avg", "v", "mean of g²", ("ρ", rho), 2)
    symbol = "v"
    if c.has("grad_avg"):
        _, mean = c.mean("grad_avg", "m", "mean of g", ("ρ", rho))
        squares, symbol = np.maximum(squares - mean * mean, 0.0), "var"
        c.term("var", "variance of g", "{v} - {m}²", squares)
    root = c.root(symbol, squares)
    if not c.has("momentum_buffer"):
        return c.step(f"{{lr}}·{{g}} / {c.divisor}", lr * c.g / root), lr / root
    keep = c.setting("momentum", "μ")
    _, b = _buffer(c, f"{{μ}}·{{b'}} + {{g}} / {c.divisor}", keep, c.g / root)
    return c.step("{lr}·{b}", lr * b), lr / root


def adam(c: Calculation) -> Step:
    """Also amsgrad and adamw, and what moves Muon's vectors."""
    lr, beta1, beta2 = c.setting("lr", "lr"), c.settings["beta1"], c.settings["beta2"]
    _, m = c.mean("exp_avg", "m", "mean of g", ("β1", beta1))
    _, v = c.mean("exp_avg_sq", "v", "mean of g²", ("β2", beta2), 2)
    mean, square = "m", "v"
    if c.has("max_exp_avg_sq"):
        stored = c.slots["max_exp_avg_sq"]
        v, square = np.maximum(stored, v) if c.is_coming else stored, "vmax"
        c.term("vmax", "largest v so far", "v by now {v}, or a larger one before", v)
    correction1 = 1.0
    if c.settings["bias_correction"]:
        correction1, m = _corrected(c, mean, m, "β1", beta1)
        _, v = _corrected(c, square, v, "β2", beta2)
        mean, square = "m̂", "v̂max" if square == "vmax" else "v̂"
    root = c.root(square, v)
    return c.step(f"{{lr}}·{{{mean}}} / {c.divisor}", lr * m / root), lr * (1.0 - beta1) / correction1 / root


def _corrected(c: Calculation, symbol: str, mean: Any, name: str, beta: float) -> tuple[float, Any]:
    """A mean that started at 0, over 1 - beta**t: the sum of the weights that its t numbers have in it."""
    correction = c.name(f"(1-{name}^t)", 1.0 - beta**c.t)
    hat = symbol[0] + "\N{COMBINING CIRCUMFLEX ACCENT}" + symbol[1:]
    value = c.term(hat, f"{symbol} without its start at 0", f"{{{symbol}}} / {{(1-{name}^t)}}", mean / correction)
    return correction, value


def adamax(c: Calculation) -> Step:
    lr, beta1, beta2 = c.setting("lr", "lr"), c.settings["beta1"], c.setting("beta2", "β2")
    eps = c.setting("eps", "ε")
    _, m = c.mean("exp_avg", "m", "mean of g", ("β1", beta1))
    size = c.name("|g|", np.abs(c.g))
    stored = c.slots["exp_inf"]
    u = np.maximum(beta2 * stored, size + eps) if c.is_coming else stored
    correction, hat = _corrected(c, "m", m, "β1", beta1)
    c.term("u", "largest recent g", "{|g|} + {ε}, or {β2}·u' if larger", u)
    return c.step("{lr}·{m̂} / {u}", lr * hat / u), lr * (1.0 - beta1) / correction / u


def nadam(c: Calculation) -> Step:
    lr, beta1, beta2 = c.setting("lr", "lr"), c.settings["beta1"], c.settings["beta2"]
    of_grad, of_mean, correction2 = tables.nadam_row(c.settings, c.t)
    c.name("p", of_grad)
    c.name("q", of_mean)
    _, m = c.mean("exp_avg", "m", "mean of g", ("β1", beta1))
    _, v = c.mean("exp_avg_sq", "v", "mean of g²", ("β2", beta2), 2)
    ahead = c.term("n", "g and m, a look ahead", "{p}·{g} + {q}·{m}", of_grad * c.g + of_mean * m)
    c.name("(1-β2^t)", correction2)
    hat = c.term("v̂", "v without its start at 0", "{v} / {(1-β2^t)}", v / correction2)
    root = c.root("v̂", hat)
    return c.step(f"{{lr}}·{{n}} / {c.divisor}", lr * ahead / root), lr * (of_grad + of_mean * (1.0 - beta1)) / root


def radam(c: Calculation) -> Step:
    lr, beta1, beta2 = c.setting("lr", "lr"), c.settings["beta1"], c.settings["beta2"]
    _, m = c.mean("exp_avg", "m", "mean of g", ("β1", beta1))
    _, v = c.mean("exp_avg_sq", "v", "mean of g²", ("β2", beta2), 2)
    correction1, hat = _corrected(c, "m", m, "β1", beta1)
    correction2 = 1.0 - beta2**c.t
    trust = float(tables.rectification(np.array(c.t), np.array(correction2), beta2))
    share = lr * (1.0 - beta1) / correction1
    if trust == 0.0:
        c.term("r", "v rests on too few g yet", "0: v is not used", trust)
        return c.step("{lr}·{m̂}", lr * hat), share
    c.term("r", "how far v is trusted", "from t and β2", trust)
    c.name("√(1-β2^t)", math.sqrt(correction2))
    root = c.root("v", v)
    factor = trust * math.sqrt(correction2)
    return c.step(f"{{lr}}·{{m̂}}·{{r}}·{{√(1-β2^t)}} / {c.divisor}", lr * hat * factor / root), share * factor / root


def lion(c: Calculation) -> Step:
    lr, beta1, beta2 = c.setting("lr", "lr"), c.setting("beta1", "β1"), c.settings["beta2"]
    take = c.name("(1-β1)", 1.0 - beta1)
    before, _ = c.mean("exp_avg", "m", "mean of g", ("β2", beta2))
    direction = c.term("d", "direction: only its sign counts", "{β1}·{m'} + {(1-β1)}·{g}", beta1 * before + take * c.g)
    return c.step("{lr}·sign {d}", lr * np.sign(direction)), None


def muon(c: Calculation, shape: tuple[int, int]) -> Step:
    """Of a matrix, which is made orthogonal as a whole: that part has no formula for one weight. Vectors: `adam`."""
    lr, keep = c.setting("lr", "lr"), c.setting("momentum", "μ")
    take = c.name("(1-μ)", 1.0 - keep)
    _, b = c.slot(
        "momentum_buffer", "b", "momentum", "{μ}·{b'} + {(1-μ)}·{g}", lambda old: keep * old + take * c.g,
        lambda new: (new - take * c.g) / keep if keep else 0.0 * new,
    )  # fmt: skip
    if c.settings["nesterov"]:
        c.term("n", "b, a look ahead", "{μ}·{b} + {(1-μ)}·{g}", keep * b + take * c.g)
    if c.is_coming:
        return None, None  # the row itself makes the matrix orthogonal
    n_out, n_in = shape[0], math.prod(shape[1:])
    is_rms = bool(c.settings["match_rms_adamw"])
    scale = 0.2 * math.sqrt(max(n_out, n_in)) if is_rms else math.sqrt(max(1.0, n_out / n_in))
    o = c.term("o", "of the orthogonal matrix", "the whole matrix made orthogonal", c.slots["orthogonal"])
    c.term("scale", "for the matrix's shape", "0.2·√max(out, in)" if is_rms else "√max(1, out/in)", scale)
    return c.step("{lr}·{scale}·{o}", lr * scale * o), None


FORMULAS: dict[str, Callable[[Calculation], Step]] = {
    "sgd": sgd, "momentum": momentum, "nesterov": nesterov, "adagrad": adagrad, "adadelta": adadelta, "rmsprop": rmsprop,
    "adam": adam, "amsgrad": adam, "adamw": adam, "adamax": adamax, "nadam": nadam, "radam": radam, "lion": lion,
}  # fmt: skip
REMEMBERS = ("exp_avg", "momentum_buffer")  # slots that carry earlier gradients into the step


def step_of(kind: str, c: Calculation, shape: tuple[int, ...]) -> Step:
    """Work out the step of the optimizer `kind`; shape is the whole tensor's. (None, None) before Muon's own row."""
    if kind != "muon":
        return FORMULAS[kind](c)
    if len(shape) >= 2:
        return muon(c, (shape[0], math.prod(shape[1:])))
    c.settings = dict(c.settings) | {key: c.settings[f"adam_{key}"] for key in ("lr", "beta1", "beta2", "eps")}
    c.settings |= {"bias_correction": 1.0}
    return adam(c)
