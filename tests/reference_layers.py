"""Networks with every kind of layer, as slow loops straight from the formulas. Imports nothing of ours, as reference.py.

A network is a list of rows in forward order, each a dict with "name", "kind" and what that kind needs:
dense: "weight" (n_out, n_in), "bias" (n_out,) or None; batch_norm, layer_norm: "weight", "bias", "eps";
dropout: "mask" (rows, units); residual: "skip", a name or "input"; an activation of reference.py: nothing.
"""

import math

from tests import reference


def normalised(values, eps):
    """(x̂, 1 / deviation) of a list of numbers, with the biased variance."""
    n = len(values)
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / n
    inverse = 1 / math.sqrt(variance + eps)
    return [(value - mean) * inverse for value in values], inverse


def normalised_backward(normed, inverse, delta):
    """By the whole Jacobian: dx̂_i / dx_k = ((i == k) - 1/n - x̂_i x̂_k / n) / deviation."""
    n = len(normed)
    return [
        math.fsum(delta[i] * inverse * ((i == k) - 1 / n - normed[i] * normed[k] / n) for i in range(n))
        for k in range(n)
    ]  # fmt: skip


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def norm(row, x):
    """(x̂, 1 / deviation of each unit or sample) of a normalising layer."""
    lines = columns(x) if row["kind"] == "batch_norm" else x
    pairs = [normalised(line, row["eps"]) for line in lines]
    normed = [line for line, _ in pairs]
    return columns(normed) if row["kind"] == "batch_norm" else normed, [inverse for _, inverse in pairs]


def norm_backward(row, x, delta):
    normed, inverse = norm(row, x)
    by_normed = [[d * w for d, w in zip(line, row["weight"], strict=True)] for line in delta]
    if row["kind"] == "batch_norm":
        lines = zip(columns(normed), inverse, columns(by_normed), strict=True)
        return columns([normalised_backward(*line) for line in lines])
    return [normalised_backward(*line) for line in zip(normed, inverse, by_normed, strict=True)]


def add(a, b):
    return [[p + q for p, q in zip(left, right, strict=True)] for left, right in zip(a, b, strict=True)]


def times(a, b):
    return [[p * q for p, q in zip(left, right, strict=True)] for left, right in zip(a, b, strict=True)]


def forward(network, x):
    """Every row's output by name, "input" among them."""
    outputs = {"input": x}
    for row in network:
        kind = row["kind"]
        if kind == "dense":
            x = reference.dense(x, row["weight"], row["bias"] or [0.0] * len(row["weight"]))
        elif kind in ("batch_norm", "layer_norm"):
            normed, _ = norm(row, x)
            x = [[w * v + b for w, v, b in zip(row["weight"], line, row["bias"], strict=True)] for line in normed]
        elif kind == "dropout":
            x = times(x, row["mask"])
        elif kind == "residual":
            x = add(x, outputs[row["skip"]])
        else:
            x = reference.activate(kind, x)
        outputs[row["name"]] = x
    return outputs


def backward(network, outputs, delta):
    """From dloss/d output of the last row: (deltas by name, gradients by "name.weight" and "name.bias")."""
    names = ["input", *(row["name"] for row in network)]
    deltas, grads = {names[-1]: delta}, {}
    for position in range(len(network) - 1, -1, -1):
        row, below = network[position], names[position]
        kind, name, x = row["kind"], row["name"], outputs[below]
        delta = deltas[name]
        if kind == "dense":
            grads[f"{name}.weight"], grad_bias, through = reference.dense_backward(x, row["weight"], delta)
            if row["bias"] is not None:
                grads[f"{name}.bias"] = grad_bias
        elif kind in ("batch_norm", "layer_norm"):
            normed, _ = norm(row, x)
            grads[f"{name}.weight"] = [math.fsum(line) for line in columns(times(delta, normed))]
            grads[f"{name}.bias"] = [math.fsum(line) for line in columns(delta)]
            through = norm_backward(row, x, delta)
        elif kind == "dropout":
            through = times(delta, row["mask"])
        elif kind == "residual":
            through = delta
            deltas[row["skip"]] = add(deltas[row["skip"]], delta) if row["skip"] in deltas else delta
        else:
            through = reference.activate_backward(kind, x, delta)
        deltas[below] = add(deltas[below], through) if below in deltas else through
    return deltas, grads


def running(statistics, x, momentum):
    """(mean, var) of each unit after one more batch; the variance kept is the unbiased one."""
    means, variances = statistics
    found = []
    for mean, variance, values in zip(means, variances, columns(x), strict=True):
        n, centre = len(values), math.fsum(values) / len(values)
        spread = math.fsum((value - centre) ** 2 for value in values) / (n - 1)
        found.append(((1 - momentum) * mean + momentum * centre, (1 - momentum) * variance + momentum * spread))
    return [mean for mean, _ in found], [variance for _, variance in found]


def evaluated_norm(row, statistics, x):
    """A batch norm in evaluation."""
    means, variances = statistics
    return [
        [
            w * (v - mean) / math.sqrt(variance + row["eps"]) + b
            for w, v, b, mean, variance in zip(row["weight"], line, row["bias"], means, variances, strict=True)
        ]
        for line in x
    ]


def dropout_mask(seed, iteration, layer, rows, units, rate):
    """0 or 1 / (1 - rate): a unit is off where the top 53 bits of its hash, as a fraction, are below the rate."""
    mix = reference.splitmix64
    key = mix(mix(seed) ^ 0xD20)
    key = mix((mix((key + iteration) % 2**64) + layer) % 2**64)
    draws = [mix((key + i) % 2**64) >> 11 for i in range(rows * units)]
    flat = [0.0 if draw / 2**53 < rate else 1 / (1 - rate) for draw in draws]
    return [flat[i * units : (i + 1) * units] for i in range(rows)]
