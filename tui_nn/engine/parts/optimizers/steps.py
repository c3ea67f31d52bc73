"""What an update subtracted from a parameter, from what is left behind it: `step(grad, slots, settings, t)`.

Shapes: grad and slots are the parameter's, (out, in) or (out,). t counts updates from 1.
"""

from __future__ import annotations

import math

import numpy as np

from tui_nn.engine.parts.optimizers import tables


def sgd(grad, slots, settings, t):
    return settings["lr"] * grad


def momentum(grad, slots, settings, t):
    if settings.get("nesterov", 0.0):
        return nesterov(grad, slots, settings, t)
    return settings["lr"] * slots["momentum_buffer"]


def nesterov(grad, slots, settings, t):
    return settings["lr"] * (grad + settings["momentum"] * slots["momentum_buffer"])


def _root(squares, settings):
    """√squares + eps, or √(squares + eps)."""
    if settings.get("eps_inside_root", 0.0):
        return np.sqrt(squares + settings["eps"])
    return np.sqrt(squares) + settings["eps"]


def adagrad(grad, slots, settings, t):
    lr = settings["lr"] / (1.0 + (t - 1) * settings["lr_decay"])
    return lr * grad / _root(slots["sum"], settings)


def adadelta(grad, slots, settings, t):
    """The mean d of squared updates is behind the update, so its value before is taken from d = rho d' + (1 - rho) step²."""
    rho, eps = settings["rho"], settings["eps"]
    ratio = grad / np.sqrt(slots["square_avg"] + eps)
    before = (slots["acc_delta"] + rho * eps) / (rho + (1.0 - rho) * ratio * ratio)  # d' + eps
    return np.where(ratio == 0.0, 0.0, settings["lr"] * ratio * np.sqrt(before)).astype(grad.dtype)


def rmsprop(grad, slots, settings, t):
    if "momentum_buffer" in slots:
        return settings["lr"] * slots["momentum_buffer"]
    squares = slots["square_avg"]
    if "grad_avg" in slots:
        squares = np.maximum(squares - slots["grad_avg"] ** 2, 0.0)
    return settings["lr"] * grad / _root(squares, settings)


def adam(grad, slots, settings, t):
    exponent = t if settings["bias_correction"] else math.inf
    m_hat = slots["exp_avg"] / (1.0 - settings["beta1"] ** exponent)
    v_hat = slots.get("max_exp_avg_sq", slots["exp_avg_sq"]) / (1.0 - settings["beta2"] ** exponent)
    return settings["lr"] * m_hat / _root(v_hat, settings)


def adamax(grad, slots, settings, t):
    return settings["lr"] / (1.0 - settings["beta1"] ** t) * slots["exp_avg"] / slots["exp_inf"]


def nadam(grad, slots, settings, t):
    of_grad, of_mean, correction2 = tables.nadam_row(settings, t)
    root = np.sqrt(slots["exp_avg_sq"] / correction2) + settings["eps"]
    return settings["lr"] * (of_grad * grad + of_mean * slots["exp_avg"]) / root


def radam(grad, slots, settings, t):
    correction2 = 1.0 - settings["beta2"] ** t
    rectified = float(tables.rectification(np.array(t), np.array(correction2), settings["beta2"]))
    step = settings["lr"] / (1.0 - settings["beta1"] ** t) * slots["exp_avg"]
    if rectified == 0.0:
        return step
    return step * (rectified * math.sqrt(correction2)) / (np.sqrt(slots["exp_avg_sq"]) + settings["eps"])


def lion(grad, slots, settings, t):
    """The momentum is behind the update, so its value before is taken from m = beta2 m' + (1 - beta2) grad."""
    beta1, beta2 = settings["beta1"], settings["beta2"]
    before = (slots["exp_avg"] - (1.0 - beta2) * grad) / beta2
    return settings["lr"] * np.sign(beta1 * before + (1.0 - beta1) * grad)


def muon(grad, slots, settings, t):
    if "orthogonal" in slots:
        n_out, n_in = grad.shape[0], grad.size // grad.shape[0]  # of a convolution: what each filter sums up
        largest = (
            0.2 * math.sqrt(max(n_out, n_in)) if settings["match_rms_adamw"] else math.sqrt(max(1.0, n_out / n_in))
        )
        return settings["lr"] * largest * slots["orthogonal"]
    own = {"lr": settings["adam_lr"], "eps": settings["adam_eps"], "bias_correction": 1.0}
    return adam(grad, slots, own | {key: settings[f"adam_{key}"] for key in ("beta1", "beta2")}, t)
