"""Every optimizer, and every option of its that changes the numbers: what the tests of optimizers go through."""

from typing import Any

CASES: dict[str, dict[str, Any]] = {
    "sgd": {"type": "sgd", "lr": 0.1},
    "sgd-decay": {"type": "sgd", "lr": 0.1, "weight_decay": 0.02},
    "momentum": {"type": "momentum", "lr": 0.02},
    "momentum-dampening": {"type": "momentum", "lr": 0.02, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.02},
    "momentum-nesterov": {"type": "momentum", "lr": 0.02, "nesterov": True},
    "momentum-0": {"type": "momentum", "lr": 0.02, "momentum": 0.0},
    "nesterov": {"type": "nesterov", "lr": 0.02, "momentum": 0.85},
    "nesterov-decay": {"type": "nesterov", "lr": 0.02, "weight_decay": 0.02},
    "adagrad": {"type": "adagrad", "lr": 0.05},
    "adagrad-options": {
        "type": "adagrad", "lr": 0.05, "lr_decay": 0.1, "initial_accumulator_value": 0.01, "eps": 1e-3, "weight_decay": 0.02,
    },
    "adagrad-inside": {"type": "adagrad", "lr": 0.05, "eps": 1e-3, "eps_inside_root": True},
    "adadelta": {"type": "adadelta"},
    "adadelta-options": {"type": "adadelta", "lr": 3.0, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.002},
    "rmsprop": {"type": "rmsprop", "lr": 0.005},
    "rmsprop-momentum": {"type": "rmsprop", "lr": 0.001, "rho": 0.9, "momentum": 0.8, "weight_decay": 0.02},
    "rmsprop-centered": {"type": "rmsprop", "lr": 0.002, "rho": 0.9, "eps": 1e-2, "centered": True},
    "rmsprop-all": {"type": "rmsprop", "lr": 0.001, "rho": 0.8, "eps": 1e-2, "centered": True, "momentum": 0.7},
    "rmsprop-inside": {"type": "rmsprop", "lr": 0.005, "eps": 1e-3, "eps_inside_root": True},
    "adam": {"type": "adam", "lr": 0.01},
    "adam-options": {"type": "adam", "lr": 0.01, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.002},
    "adam-inside": {"type": "adam", "lr": 0.01, "eps": 1e-3, "eps_inside_root": True},
    "adam-uncorrected": {"type": "adam", "lr": 0.01, "bias_correction": False},
    "amsgrad": {"type": "amsgrad", "lr": 0.01, "beta2": 0.9},
    "amsgrad-decay": {"type": "amsgrad", "lr": 0.01, "weight_decay": 0.02},
    "adamw": {"type": "adamw", "lr": 0.01, "weight_decay": 0.3},
    "adamw-amsgrad": {"type": "adamw", "lr": 0.01, "beta2": 0.9, "amsgrad": True},
    "adamax": {"type": "adamax", "lr": 0.01},
    "adamax-options": {"type": "adamax", "lr": 0.01, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.002},
    "nadam": {"type": "nadam", "lr": 0.005},
    "nadam-options": {"type": "nadam", "lr": 0.005, "beta1": 0.8, "momentum_decay": 0.3, "weight_decay": 0.02},
    "nadam-decoupled": {"type": "nadam", "lr": 0.005, "weight_decay": 0.3, "decoupled_weight_decay": True},
    "radam": {"type": "radam", "lr": 0.01},
    "radam-options": {"type": "radam", "lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.02},
    "radam-decoupled": {"type": "radam", "lr": 0.01, "weight_decay": 0.3, "decoupled_weight_decay": True},
    "lion": {"type": "lion", "lr": 0.002},
    "lion-options": {"type": "lion", "lr": 0.002, "beta1": 0.7, "beta2": 0.9, "weight_decay": 0.3},
    "muon": {"type": "muon"},
    "muon-plain": {"type": "muon", "lr": 0.01, "momentum": 0.8, "nesterov": False, "weight_decay": 0.3, "adam_lr": 0.01},
    "muon-rms": {"type": "muon", "lr": 0.01, "match_rms_adamw": True, "ns_steps": 3, "eps": 0.5},
}  # fmt: skip

TYPES = [name for name, table in CASES.items() if name == table["type"]]

# One for every kernel and every way through it: what the slow comparisons go through.
PATHS = [
    *TYPES, "sgd-decay", "momentum-dampening", "adagrad-inside", "rmsprop-all", "adam-inside", "adamw-amsgrad",
    "muon-plain",
]  # fmt: skip
