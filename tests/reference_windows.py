"""Convolution and pooling, as slow loops straight from the formulas. Imports nothing of ours.

An image is a list of rows of places, each a list of channels; a sequence is an image of one row. `window` is (height,
width), `steps` (down, across). A place over the edge is None, and has no part in anything.
"""

import math


def cells_before(n, size, step, padding):
    """Places of the window along an axis, and cells over the edge before the first input."""
    if padding == "valid":
        return (n - size) // step + 1, 0
    places = math.ceil(n / step)
    return places, max(0, (places - 1) * step + size - n) // 2


def covered(image, i, j, window, steps, before):
    """[(place in the window, row, column)] of the inputs under the window at (i, j)."""
    found = []
    for k in range(window[0]):
        for m in range(window[1]):
            y, x = i * steps[0] + k - before[0], j * steps[1] + m - before[1]
            if 0 <= y < len(image) and 0 <= x < len(image[0]):
                found.append(((k, m), y, x))
    return found


def places(image, window, steps, padding):
    """((rows, columns) of the output, cells before)."""
    (rows, above), (columns, left) = (
        cells_before(n, size, step, padding)
        for n, size, step in zip((len(image), len(image[0])), window, steps, strict=True)
    )
    return (rows, columns), (above, left)


def like(image):
    return [[[0.0] * len(place) for place in row] for row in image]


def convolution(image, weight, bias, steps, padding):
    """weight[filter][channel][k][m]: out[i][j][filter]."""
    window = len(weight[0][0]), len(weight[0][0][0])
    (rows, columns), before = places(image, window, steps, padding)
    out = [[[] for _ in range(columns)] for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            under = covered(image, i, j, window, steps, before)
            for f, each in enumerate(weight):
                terms = [
                    each[c][k][m] * value for (k, m), y, x in under for c, value in enumerate(image[y][x])
                ]  # fmt: skip
                out[i][j].append(math.fsum([bias[f], *terms]))
    return out


def convolution_backward(image, weight, delta, steps, padding):
    """(dimage, dweight, dbias) of one image."""
    window = len(weight[0][0]), len(weight[0][0][0])
    (rows, columns), before = places(image, window, steps, padding)
    d_image, d_bias = like(image), [0.0] * len(weight)
    d_weight = [[[[0.0] * window[1] for _ in range(window[0])] for _ in each] for each in weight]
    for i in range(rows):
        for j in range(columns):
            for f, each in enumerate(weight):
                d = delta[i][j][f]
                d_bias[f] += d
                for (k, m), y, x in covered(image, i, j, window, steps, before):
                    for c, value in enumerate(image[y][x]):
                        d_image[y][x][c] += d * each[c][k][m]
                        d_weight[f][c][k][m] += d * value
    return d_image, d_weight, d_bias


def pool(kind, image, window, steps, padding):
    (rows, columns), before = places(image, window, steps, padding)
    out = [[[] for _ in range(columns)] for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            under = [image[y][x] for _, y, x in covered(image, i, j, window, steps, before)]
            for values in zip(*under, strict=True):
                out[i][j].append(max(values) if kind == "max_pool" else math.fsum(values) / len(values))
    return out


def pool_backward(kind, image, delta, window, steps, padding):
    """The first of several largest gets all of it."""
    (rows, columns), before = places(image, window, steps, padding)
    d_image = like(image)
    for i in range(rows):
        for j in range(columns):
            under = covered(image, i, j, window, steps, before)
            for c, d in enumerate(delta[i][j]):
                if kind == "max_pool":
                    values = [image[y][x][c] for _, y, x in under]
                    _, y, x = under[values.index(max(values))]
                    d_image[y][x][c] += d
                else:
                    for _, y, x in under:
                        d_image[y][x][c] += d / len(under)
    return d_image
