"""Targets of the cross-entropies under label smoothing and class weights. Settings: the smoothing s, then the weights w.

A sample costs -sum over classes c of w_c y'_c log p_c, with y'_c = (1 - s) y_c + s / classes. The batch's loss is their
sum divided by the sum of the samples' weights, w_c y_c: PyTorch's CrossEntropyLoss(weight, label_smoothing) with class
indices. (PyTorch divides by the number of samples where targets are rows of probabilities, and in its binary losses;
Keras always, and its class_weight leaves validation as it is. Here validation is weighted and smoothed too.)
A yes-or-no target y is the two classes 1 - y and y; smoothing is then that of Keras's BinaryCrossentropy.
"""

from __future__ import annotations

import numpy as np

from tui_nn.engine.lowlevel import helper


@helper
def share_of(target, i, j, is_index):
    """y_j of sample i: from a class index, or from a row of shares that sum to 1."""
    if is_index:
        return 1.0 if np.int64(target[i, 0]) == j else 0.0
    return np.float64(target[i, j])


@helper
def wanted_of(setting, at, j, units, share):
    """w_j y'_j."""
    return setting[at + 1 + j] * ((1.0 - setting[at]) * share + setting[at] / units)


@helper
def sum_of_weights(target, units, is_index, setting, at):
    total = 0.0
    for i in range(target.shape[0]):
        for j in range(units):
            total += setting[at + 1 + j] * share_of(target, i, j, is_index)
    return total


@helper
def wanted_no(setting, at, y):
    """w_0 (1 - y')."""
    return setting[at + 1] * ((1.0 - setting[at]) * (1.0 - np.float64(y)) + 0.5 * setting[at])


@helper
def wanted_yes(setting, at, y):
    """w_1 y'."""
    return setting[at + 2] * ((1.0 - setting[at]) * np.float64(y) + 0.5 * setting[at])


@helper
def sum_of_binary_weights(target, setting, at):
    total = 0.0
    for i in range(target.size):
        y = np.float64(target[i])
        total += setting[at + 1] * (1.0 - y) + setting[at + 2] * y
    return total
