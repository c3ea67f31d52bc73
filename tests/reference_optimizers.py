"""Optimizers, one number at a time, straight from the formulas; Muon, one matrix. Imports nothing of ours.

`update(param, grad, slots, settings, t)` returns (param, slots) after update number t, counted from 1. slots is a tuple
in the order of the formulas; settings are floats by the scenario's names, truths 0 or 1.
"""

import math

import numpy as np


def decayed(param, grad, settings, kind):
    """(param, grad) before the update: the pull to 0 added to the gradient ("coupled") or taken from the parameter."""
    pull = settings["weight_decay"]
    if kind == "coupled":
        return param, grad + pull * param
    return param - settings["lr"] * pull * param, grad


def sgd(param, grad, slots, settings, t):
    return param - settings["lr"] * grad, slots


def momentum(param, grad, slots, settings, t):
    """PyTorch's SGD: the first gradient comes in undamped."""
    damping = settings.get("dampening", 0.0) if t > 1 else 0.0
    buffer = settings["momentum"] * slots[0] + (1 - damping) * grad
    step = grad + settings["momentum"] * buffer if settings.get("nesterov", 0.0) else buffer
    return param - settings["lr"] * step, (buffer,)


def nesterov(param, grad, slots, settings, t):
    return momentum(param, grad, slots, {**settings, "nesterov": 1.0}, t)


def _root(square, settings):
    eps = settings["eps"]
    return math.sqrt(square + eps) if settings.get("eps_inside_root", 0.0) else math.sqrt(square) + eps


def adagrad(param, grad, slots, settings, t):
    """Duchi, Hazan & Singer (2011)."""
    total = slots[0] + grad**2
    lr = settings["lr"] / (1 + (t - 1) * settings["lr_decay"])
    return param - lr * grad / _root(total, settings), (total,)


def adadelta(param, grad, slots, settings, t):
    """Zeiler (2012), Algorithm 1."""
    rho, eps = settings["rho"], settings["eps"]
    square = rho * slots[0] + (1 - rho) * grad**2
    delta = math.sqrt(slots[1] + eps) / math.sqrt(square + eps) * grad
    return param - settings["lr"] * delta, (square, rho * slots[1] + (1 - rho) * delta**2)


def rmsprop(param, grad, slots, settings, t):
    """Tieleman & Hinton (2012); centred, Graves (2013). slots: mean square, then mean if centred, then the buffer."""
    rho, slots = settings["rho"], list(slots)
    slots[0] = rho * slots[0] + (1 - rho) * grad**2
    variance = slots[0]
    if settings["centered"]:
        slots[1] = rho * slots[1] + (1 - rho) * grad
        variance = max(0.0, slots[0] - slots[1] ** 2)
    step = grad / _root(variance, settings)
    if settings["momentum"] > 0:
        step = slots[-1] = settings["momentum"] * slots[-1] + step
    return param - settings["lr"] * step, tuple(slots)


def _means(grad, slots, settings):
    beta1, beta2 = settings["beta1"], settings["beta2"]
    return beta1 * slots[0] + (1 - beta1) * grad, beta2 * slots[1] + (1 - beta2) * grad**2


def adam(param, grad, slots, settings, t):
    """Kingma & Ba (2015), Algorithm 1; with a third slot AMSGrad, Reddi, Kale & Kumar (2018)."""
    m, v = _means(grad, slots, settings)
    used, after = v, (m, v)
    if len(slots) == 3:
        used = max(slots[2], v)
        after = (m, v, used)
    if settings.get("bias_correction", 1.0):
        m, used = m / (1 - settings["beta1"] ** t), used / (1 - settings["beta2"] ** t)
    return param - settings["lr"] * m / _root(used, settings), after


def adamax(param, grad, slots, settings, t):
    """Kingma & Ba (2015), Algorithm 2; eps as in PyTorch."""
    m = settings["beta1"] * slots[0] + (1 - settings["beta1"]) * grad
    u = max(settings["beta2"] * slots[1], abs(grad) + settings["eps"])
    return param - settings["lr"] / (1 - settings["beta1"] ** t) * m / u, (m, u)


def nadam_momentum(settings, t):
    return settings["beta1"] * (1 - 0.5 * 0.96 ** (t * settings["momentum_decay"]))


def nadam(param, grad, slots, settings, t):
    """Dozat (2016), with the products of all momenta so far."""
    m, v = _means(grad, slots, settings)
    so_far = math.prod(nadam_momentum(settings, k) for k in range(1, t + 1))
    mu, mu_next = nadam_momentum(settings, t), nadam_momentum(settings, t + 1)
    m_hat = mu_next * m / (1 - so_far * mu_next) + (1 - mu) * grad / (1 - so_far)
    v_hat = v / (1 - settings["beta2"] ** t)
    return param - settings["lr"] * m_hat / (math.sqrt(v_hat) + settings["eps"]), (m, v)


def radam(param, grad, slots, settings, t):
    """Liu et al. (2020), Algorithm 2; from rho > 5 on and with eps on the uncorrected root, as in PyTorch."""
    m, v = _means(grad, slots, settings)
    beta2 = settings["beta2"]
    m_hat = m / (1 - settings["beta1"] ** t)
    longest = 2 / (1 - beta2) - 1
    rho = longest - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        return param - settings["lr"] * m_hat, (m, v)
    r = math.sqrt((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho))
    inverse = math.sqrt(1 - beta2**t) / (math.sqrt(v) + settings["eps"])
    return param - settings["lr"] * m_hat * r * inverse, (m, v)


def lion(param, grad, slots, settings, t):
    """Chen et al. (2023), Algorithm 2, without its weight decay."""
    mix = settings["beta1"] * slots[0] + (1 - settings["beta1"]) * grad
    sign = (mix > 0) - (mix < 0)
    return param - settings["lr"] * sign, (settings["beta2"] * slots[0] + (1 - settings["beta2"]) * grad,)


def muon_vector(param, grad, slots, settings, t):
    own = {key: settings[f"adam_{key}"] for key in ("lr", "beta1", "beta2", "eps")}
    return adam(param, grad, slots, own, t)


def orthogonalized(matrix, settings):
    """Jordan et al. (2024): the quintic Newton-Schulz iteration, by singular values instead of products of matrices."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    s = s / max(np.linalg.norm(matrix), settings["eps"])
    for _ in range(int(settings["ns_steps"])):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u * s @ vt


def muon(param, grad, buffer, settings):
    """A matrix (out, in): (param, buffer) after the update."""
    mu, (n_out, n_in) = settings["momentum"], param.shape
    buffer = mu * buffer + (1 - mu) * grad
    wanted = mu * buffer + (1 - mu) * grad if settings["nesterov"] else buffer
    scale = 0.2 * math.sqrt(max(n_out, n_in)) if settings["match_rms_adamw"] else math.sqrt(max(1, n_out / n_in))
    return param - settings["lr"] * scale * orthogonalized(wanted, settings), buffer


OPTIMIZERS = {
    "sgd": (sgd, 0), "momentum": (momentum, 1), "nesterov": (nesterov, 1), "adagrad": (adagrad, 1),
    "adadelta": (adadelta, 2), "rmsprop": (rmsprop, 1), "adam": (adam, 2), "amsgrad": (adam, 3), "adamw": (adam, 2),
    "adamax": (adamax, 2), "nadam": (nadam, 2), "radam": (radam, 2), "lion": (lion, 1), "muon": (muon_vector, 2),
}  # with the number of slots that each has without options  # fmt: skip
