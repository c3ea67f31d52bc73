"""JAX: the whole loop in one compiled call (`scan`), and one compiled call an iteration (`jit`). Adam by hand.

Parameters are a tree of arrays as in most JAX programs, or one flat vector: Adam is then a single fused kernel, which
small networks gain from.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # pyright: ignore[reportMissingImports]
import jax.numpy as jnp  # pyright: ignore[reportMissingImports]
from jax import lax  # pyright: ignore[reportMissingImports]
from jax.flatten_util import ravel_pytree  # pyright: ignore[reportMissingImports]

if TYPE_CHECKING:
    from tui_nn.bench.peers.worker import Run, Task

ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def about() -> dict[str, str]:
    return {"JAX": jax.__version__}


def variants(task: Task) -> dict[str, Run]:
    return {"scan/tree": whole_loop(task), "scan/flat": whole_loop(task, is_flat=True), "jit": step_by_step(task)}


def whole_loop(task: Task, is_flat: bool = False) -> Run:
    """lax.scan over the batches of an epoch, within a loop over epochs: compiled once, for any number of epochs."""
    step, n = make_step(task, is_flat), len(task.x)
    per_epoch = n // task.batch
    assert per_epoch * task.batch == n, "a scan needs batches of one size"

    @jax.jit
    def train(state: Any, key: Any, epochs: Any) -> Any:
        def epoch(k: Any, carry: Any) -> Any:
            order = jax.random.permutation(jax.random.fold_in(key, k), n).reshape(per_epoch, task.batch)
            state, losses = lax.scan(step, carry[0], order)
            return state, losses[-1]

        return lax.fori_loop(0, epochs, epoch, (state, jnp.float32(0)))

    def run(n: int) -> tuple[float, int]:
        epochs = -(-n // per_epoch)
        state, key = initial_state(task, is_flat), jax.random.key(0)
        start = time.perf_counter()
        jax.block_until_ready(train(state, key, epochs))
        return time.perf_counter() - start, epochs * per_epoch

    return run


def step_by_step(task: Task) -> Run:
    """The loop in Python; the state is donated, so that it is updated in place."""
    step, n = make_step(task), len(task.x)
    per_epoch = n // task.batch

    def at(state: Any, order: Any, k: Any) -> Any:
        return step(state, lax.dynamic_slice_in_dim(order, k * task.batch, task.batch))

    compiled = jax.jit(at, donate_argnums=0)
    shuffled = jax.jit(lambda key, epoch: jax.random.permutation(jax.random.fold_in(key, epoch), n))

    def run(n: int) -> tuple[float, int]:
        state, key, order, loss = initial_state(task), jax.random.key(0), None, None
        start = time.perf_counter()
        for i in range(n):
            if i % per_epoch == 0:
                order = shuffled(key, i // per_epoch)
            state, loss = compiled(state, order, i % per_epoch)
        jax.block_until_ready((state, loss))
        return time.perf_counter() - start, n

    return run


def losses(task: Task, n: int) -> list[float]:
    step, state, result = jax.jit(make_step(task)), initial_state(task), []
    starts = range(0, len(task.x), task.batch)
    for k in range(n):
        start = starts[k % len(starts)]
        state, loss = step(state, jnp.arange(start, min(start + task.batch, len(task.x))))
        result.append(float(loss))
    return result


def initial_parameters(task: Task) -> Any:
    """[(weight, bias)] by layer; weights are stored with inputs before outputs here: (in, out), (height, width, in, out)."""

    def turned(array: Any) -> Any:
        return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T  # a bias as it is

    return [tuple(jnp.asarray(turned(each)) for each in given) for given in task.parameters]


def network(task: Task, params: Any, x: Any) -> Any:
    """The logits."""
    left = iter(params)
    for layer in task.layers:
        if layer["type"] == "flatten":
            x = x.reshape(x.shape[0], -1)
            continue
        if layer["type"] == "lstm":
            x = lstm(x, *next(left))
            continue
        weight, bias = next(left)
        if layer["type"] == "conv2d":
            lie = ("NHWC", "HWIO", "NHWC")
            x = lax.conv_general_dilated(x, weight, (1, 1), layer["padding"].upper(), dimension_numbers=lie) + bias
        else:
            x = x @ weight + bias
        if "activation" in layer:
            x = ACTIVATIONS[layer["activation"]](x)
    return x


def lstm(x: Any, weight_ih: Any, weight_hh: Any, bias: Any) -> Any:
    """The state behind the last step, [batch, units]: the inputs of all steps in one product, then a scan over the steps."""
    inputs = x.swapaxes(0, 1) @ weight_ih + bias
    zeros = jnp.zeros((x.shape[0], weight_hh.shape[0]), x.dtype)

    def step(state: Any, given: Any) -> Any:
        hidden, cell = state
        i, f, g, o = jnp.split(given + hidden @ weight_hh, 4, axis=1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(cell), cell), None

    return lax.scan(step, (zeros, zeros), inputs)[0][0]


def initial_state(task: Task, is_flat: bool = False) -> Any:
    """(parameters, m, v, updates done)."""
    params = initial_parameters(task)
    if is_flat:
        params, _ = ravel_pytree(params)
    zeros = jax.tree.map(jnp.zeros_like, params)
    # A copy each: a donated buffer must not be given twice.
    return params, zeros, jax.tree.map(jnp.copy, zeros), jnp.int32(0)


def make_step(task: Task, is_flat: bool = False) -> Any:
    """One iteration on the samples of one batch: (state, rows) -> (state, loss)."""
    x, y = (
        jnp.asarray(task.x.reshape(-1, *task.form)),
        jnp.asarray(task.y if task.is_binary else task.y.astype("int32")),
    )
    setting = task.settings
    lr, b1, b2, eps = setting["lr"], setting["beta1"], setting["beta2"], setting["eps"]
    as_tree = ravel_pytree(initial_parameters(task))[1] if is_flat else lambda params: params

    def loss_of(params: Any, inputs: Any, target: Any) -> Any:
        logits = network(task, as_tree(params), inputs)
        if task.is_binary:
            return jnp.mean(jnp.maximum(logits, 0) - logits * target + jnp.log1p(jnp.exp(-jnp.abs(logits))))
        chosen = jnp.take_along_axis(logits, target[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(logits, axis=1) - chosen)

    def step(state: Any, rows: Any) -> Any:
        params, m, v, t = state
        loss, grads = jax.value_and_grad(loss_of)(params, x[rows], y[rows])
        t = t + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, grads)
        v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, grads)
        c1, c2 = 1 - b1 ** t.astype(jnp.float32), 1 - b2 ** t.astype(jnp.float32)
        params = jax.tree.map(lambda p, m, v: p - lr * (m / c1) / (jnp.sqrt(v / c2) + eps), params, m, v)
        return (params, m, v, t), loss

    return step
