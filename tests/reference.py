"""Training, as slow loops straight from the formulas. Imports nothing of ours: what the engine is measured against.

Matrices are lists of rows, numbers are Python floats (float64). A network is a list of layers (weight, bias, activation)
with weight as (n_out, n_in), bias as (n_out,) and activation one of "linear", "sigmoid", "tanh", "relu", "softmax".
"""

import math

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


def activate(kind, z):
    """Apply an activation to every row of z."""
    if kind == "softmax":
        return [softmax(row) for row in z]
    function = {"linear": float, "sigmoid": sigmoid, "tanh": math.tanh, "relu": lambda value: max(value, 0.0)}[kind]
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
    slope = {
        "linear": lambda value: 1.0,
        "sigmoid": lambda value: sigmoid(value) * sigmoid(-value),
        "tanh": lambda value: 1.0 / math.cosh(value) ** 2,
        "relu": lambda value: 1.0 if value > 0 else 0.0,
    }[kind]
    return [[slope(z[j]) if j == k else 0.0 for k in units] for j in units]


def loss_and_delta(kind, out, target):
    """The batch mean and its gradient with respect to the network's output. Cross-entropies take logits.

    Shapes: target is (rows, units), or (rows, 1) of class indices for the sparse loss.
    """
    rows, units = len(out), len(out[0])
    count = rows * units
    pairs = [(i, j) for i in range(rows) for j in range(units)]
    if kind == "mse":
        loss = math.fsum((out[i][j] - target[i][j]) ** 2 for i, j in pairs) / count
        return loss, [[2 * (out[i][j] - target[i][j]) / count for j in range(units)] for i in range(rows)]
    if kind == "binary_cross_entropy":
        loss = math.fsum(_binary(out[i][j], target[i][j]) for i, j in pairs) / count
        return loss, [[(sigmoid(out[i][j]) - target[i][j]) / count for j in range(units)] for i in range(rows)]
    if kind == "sparse_categorical_cross_entropy":
        target = [[float(j == int(row[0])) for j in range(units)] for row in target]
    loss = math.fsum(-target[i][j] * _log_softmax(out[i], j) for i, j in pairs) / rows
    delta = []
    for i in range(rows):
        p, mass = softmax(out[i]), math.fsum(target[i])
        delta.append([(p[j] * mass - target[i][j]) / rows for j in range(units)])
    return loss, delta


def _binary(z, y):
    """-y log sigmoid(z) - (1 - y) log(1 - sigmoid(z)), with -log sigmoid(z) = log(1 + e**-z)."""
    return y * _softplus(-z) + (1 - y) * _softplus(z)


def _softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def _log_softmax(z, j):
    largest = max(z)
    return z[j] - largest - math.log(math.fsum(math.exp(value - largest) for value in z))


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


def sgd(param, grad, slots, settings, t):
    """One number's update: (param, slots) after it. t counts from 1."""
    return param - settings["lr"] * grad, slots


def momentum(param, grad, slots, settings, t):
    buffer = settings["momentum"] * slots[0] + grad
    return param - settings["lr"] * buffer, (buffer,)


def adam(param, grad, slots, settings, t):
    """Kingma & Ba (2015), Algorithm 1."""
    m = settings["beta1"] * slots[0] + (1 - settings["beta1"]) * grad
    v = settings["beta2"] * slots[1] + (1 - settings["beta2"]) * grad * grad
    m_hat, v_hat = m / (1 - settings["beta1"] ** t), v / (1 - settings["beta2"] ** t)
    return param - settings["lr"] * m_hat / (math.sqrt(v_hat) + settings["eps"]), (m, v)


OPTIMIZERS = {"sgd": (sgd, 0), "momentum": (momentum, 1), "adam": (adam, 2)}  # with the number of slots


def initial_mean_and_variance(init, n_in, n_out, std=1.0, value=0.0):
    """Of a starting weight. Xavier: Glorot & Bengio (2010); He: He et al. (2015), fan-in."""
    mean = {"zeros": 0.0, "ones": 1.0, "constant": value}.get(init, 0.0)
    variance = {"normal": std**2, "xavier": 2 / (n_in + n_out), "he": 2 / n_in}.get(init.split("_")[0], 0.0)
    return mean, variance


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
