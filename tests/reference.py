"""Training, as slow loops straight from the formulas. Imports nothing of ours: what the engine is measured against.

Matrices are lists of rows, numbers are Python floats (float64). A network is a list of layers (weight, bias, activation)
with weight as (n_out, n_in), bias as (n_out,) and activation one of ACTIVATIONS or "softmax".
"""

import math

from tests.reference_optimizers import OPTIMIZERS, adam, momentum

__all__ = ["OPTIMIZERS", "adam", "momentum"]  # and everything below

CROSS_ENTROPIES = ("binary_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy")


def dense(x, weight, bias):
    """out[i][j] = sum over p of x[i][p] weight[j][p], + bias[j]. math.fsum rounds once, at the end."""
    return [
        [
            math.fsum([bias[j]] + [row[p] * weight[j][p] for p in range(len(row))])
            for j in range(len(bias))
        ]
        for row in x
    ]  # fmt: skip


def dense_backward(x, weight, delta):
    """Gradients of weight and bias, and of the input."""
    n_out, n_in = len(weight), len(weight[0])
    rows = range(len(x))
    grad_weight = [[math.fsum(delta[i][j] * x[i][p] for i in rows) for p in range(n_in)] for j in range(n_out)]
    grad_bias = [math.fsum(delta[i][j] for i in rows) for j in range(n_out)]
    delta_in = [[math.fsum(delta[i][j] * weight[j][p] for j in range(n_out)) for p in range(n_in)] for i in rows]
    return grad_weight, grad_bias, delta_in


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def softmax(z):
    largest = max(z)
    parts = [math.exp(value - largest) for value in z]
    return [part / math.fsum(parts) for part in parts]


def normal(z):
    """The standard normal distribution: its probability below z, and its density."""
    return math.erfc(-z / math.sqrt(2)) / 2, math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def gelu_tanh(z):
    """Hendrycks & Gimpel (2016), with its slope."""
    u, slope_of_u = math.sqrt(2 / math.pi) * (z + 0.044715 * z**3), math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
    return z * (1 + math.tanh(u)) / 2, (1 + math.tanh(u)) / 2 + z * slope_of_u / (2 * math.cosh(u) ** 2)


SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. (2017)
# Value and slope at z; of those with an option, at its usual value. A step has the slope the perceptron rule gives it.
ACTIVATIONS = {
    "linear": (float, lambda z: 1.0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * sigmoid(-z)),
    "tanh": (math.tanh, lambda z: 1.0 / math.cosh(z) ** 2),
    "relu": (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.0),
    "step": (lambda z: 1.0 if z > 0 else 0.0, lambda z: 1.0),
    "leaky_relu": (lambda z: z if z > 0 else 0.01 * z, lambda z: 1.0 if z > 0 else 0.01),
    "elu": (lambda z: z if z > 0 else math.expm1(z), lambda z: 1.0 if z > 0 else math.exp(z)),
    "selu": (
        lambda z: SELU_SCALE * (z if z > 0 else SELU_ALPHA * math.expm1(z)),
        lambda z: SELU_SCALE * (1.0 if z > 0 else SELU_ALPHA * math.exp(z)),
    ),
    "gelu": (lambda z: z * normal(z)[0], lambda z: normal(z)[0] + z * normal(z)[1]),
    "softplus": (lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))), sigmoid),
    "swish": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
}


def activate(kind, z):
    """Apply an activation to every row of z."""
    if kind == "softmax":
        return [softmax(row) for row in z]
    function, _ = ACTIVATIONS[kind]
    return [[function(value) for value in row] for row in z]


def activate_backward(kind, z, delta):
    """From dloss/da to dloss/dz, by the chain rule with the whole Jacobian da_j/dz_k of each row."""
    result = []
    for z_row, delta_row in zip(z, delta, strict=True):
        units = range(len(z_row))
        slope = jacobian(kind, z_row)
        result.append([math.fsum(delta_row[j] * slope[j][k] for j in units) for k in units])
    return result


def jacobian(kind, z):
    """slope[j][k] = da_j / dz_k of one row."""
    units = range(len(z))
    if kind == "softmax":
        a = softmax(z)
        return [[a[j] * ((j == k) - a[k]) for k in units] for j in units]
    _, slope = ACTIVATIONS[kind]
    return [[slope(z[j]) if j == k else 0.0 for k in units] for j in units]


def loss_and_delta(kind, out, target, **options):
    """The batch's loss and its gradient with respect to the network's output.

    Shapes: target is (rows, units), or (rows, 1) of class indices for "multiclass_hinge" and the sparse cross-entropy.
    options: as in a scenario's [loss] table; class_weights is a list.
    """
    if kind in CROSS_ENTROPIES:
        return cross_entropy(kind, out, target, **options)
    rows, units = range(len(out)), range(len(out[0]))
    count = len(rows) * len(units)
    if kind == "multiclass_hinge":
        costs, delta = [], [[0.0 for _ in units] for _ in rows]
        for i in rows:
            right = int(target[i][0])
            for j in units:
                cost = options.get("margin", 1.0) - out[i][right] + out[i][j]
                if j != right and cost > 0:
                    costs.append(cost)
                    delta[i][j] += 1 / count
                    delta[i][right] -= 1 / count
        return math.fsum(costs) / count, delta
    cost_and_slope = {"mse": _square, "mae": _size, "huber": _huber, "hinge": _hinge, "perceptron": _mistake}[kind]
    found = [[cost_and_slope(out[i][j], target[i][j], **options) for j in units] for i in rows]
    loss = math.fsum(cost for row in found for cost, _ in row) / count
    return loss, [[slope / count for _, slope in row] for row in found]


def _square(out, y):
    return (out - y) ** 2, 2 * (out - y)


def _size(out, y):
    return abs(out - y), (out > y) - (out < y)


def _huber(out, y, delta=1.0):
    if abs(out - y) <= delta:
        return (out - y) ** 2 / 2, out - y
    return delta * (abs(out - y) - delta / 2), math.copysign(delta, out - y)


def _hinge(out, y, margin=1.0):
    t = 1 if y == 1 else -1
    return (margin - t * out, -t) if t * out < margin else (0.0, 0.0)


def _mistake(out, y):
    """For outputs that are 0 or 1."""
    return float(out != y), out - y


def cross_entropy(kind, out, target, from_logits=True, label_smoothing=0.0, class_weights=None):
    """sum of -w_c y'_c log p_c over samples and classes, divided by the sum of w_c y_c; y' is y with a share spread evenly.

    A yes-or-no target y is the classes (1 - y, y), a logit z the logits (0, z), a probability p the two (1 - p, p).
    """
    if kind == "binary_cross_entropy":
        scores = [[0.0, z] if from_logits else [1 - z, z] for row in out for z in row]
        shares = [[1 - y, y] for row in target for y in row]
    elif kind == "sparse_categorical_cross_entropy":
        scores = out
        shares = [[float(j == int(row[0])) for j in range(len(out[0]))] for row in target]
    else:
        scores, shares = out, target
    classes = range(len(scores[0]))
    weights = class_weights or [1.0 for _ in classes]
    divisor = math.fsum(weights[c] * y[c] for y in shares for c in classes)
    costs, slopes = [], []
    for row, y in zip(scores, shares, strict=True):
        wanted = [weights[c] * ((1 - label_smoothing) * y[c] + label_smoothing / len(classes)) for c in classes]
        if from_logits:
            costs += [-wanted[c] * _log_softmax(row, c) for c in classes]
            p = softmax(row)
            slopes.append([(p[c] * math.fsum(wanted) - wanted[c]) / divisor for c in classes])
        else:
            costs += [-wanted[c] * math.log(row[c]) for c in classes if wanted[c]]
            slopes.append([-wanted[c] / row[c] / divisor if wanted[c] else 0.0 for c in classes])
    if kind == "binary_cross_entropy":
        along = [yes if from_logits else yes - no for no, yes in slopes]
        slopes = [along[i * len(out[0]) : (i + 1) * len(out[0])] for i in range(len(out))]
    return math.fsum(costs) / divisor, slopes


def _log_softmax(z, j):
    """The largest taken out of the sum, so that no digit of the others is lost beside it."""
    top = max(range(len(z)), key=z.__getitem__)
    others = math.fsum(math.exp(value - z[top]) for k, value in enumerate(z) if k != top)
    return z[j] - z[top] - math.log1p(others)


def forward(network, x):
    """(z, a) of every layer: before and after its activation."""
    layers = []
    for weight, bias, activation in network:
        z = dense(x, weight, bias)
        x = activate(activation, z)
        layers.append((z, x))
    return layers


def backward(network, x, layers, delta):
    """For every layer (grad_weight, grad_bias, dloss/da, dloss/dz), from dloss/d output of the last."""
    found = []
    for index in range(len(network) - 1, -1, -1):
        weight, _, activation = network[index]
        delta_z = activate_backward(activation, layers[index][0], delta)
        below = layers[index - 1][1] if index else x
        grad_weight, grad_bias, delta_below = dense_backward(below, weight, delta_z)
        found.append((grad_weight, grad_bias, delta, delta_z))
        delta = delta_below
    return found[::-1]


def initial_mean_and_variance(init, n_in, n_out, std=1.0, value=0.0, low=-1.0, high=1.0, gain=1.0):
    """Of a starting weight. LeCun (1998), Glorot & Bengio (2010), He et al. (2015), all three by fan-in but Glorot's.

    A normal cut at 2 standard deviations keeps 1 - 2 * 2 * phi(2) / (Phi(2) - Phi(-2)) of its variance.
    """
    if init == "uniform":
        return (low + high) / 2, (high - low) ** 2 / 12
    if init == "truncated_normal":
        density, mass = math.exp(-2.0) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2.0))
        return 0.0, std**2 * (1 - 4 * density / mass)
    mean = {"zeros": 0.0, "ones": 1.0, "constant": value}.get(init, 0.0)
    scaled = {"lecun": 1 / n_in, "xavier": 2 / (n_in + n_out), "he": 2 / n_in}.get(init.split("_")[0], 0.0)
    return mean, std**2 if init == "normal" else gain**2 * scaled


def splitmix64(value):
    """Steele, Lea & Flood (2014)."""
    value = (value + 0x9E3779B97F4A7C15) % 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


def shuffled(n, seed, epoch):
    """Fisher-Yates from the identity; the draw for place i is a hash of (seed, epoch, i)."""
    order = list(range(n))
    key = splitmix64((splitmix64(seed) + epoch) % 2**64)
    for i in range(n - 1, 0, -1):
        j = splitmix64((key + i) % 2**64) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order
