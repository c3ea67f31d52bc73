"""From a scenario to a program: hand out memory and history columns, list the ops, fill in the starting weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tui_nn.engine import layout as at
from tui_nn.engine.initializers import initial_weight
from tui_nn.engine.parts import ACTIVATIONS, LOSSES, OPTIMIZERS
from tui_nn.engine.program import Every, Layer, Metric, Op, Phase, Program, Tensor
from tui_nn.scenario.naming import layer_names

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.scenario import Scenario

ALIGN = 16  # elements; a tensor then starts on a cache line


def build_program(scenario: Scenario, dataset: Dataset) -> Program:
    """Lay out memory and list the ops of one iteration."""
    return _Compiler(scenario, dataset).build()


class _Compiler:
    """Walks the network forwards, backwards and along the updates, as the machine will."""

    def __init__(self, scenario: Scenario, dataset: Dataset):
        self.scenario, self.dataset = scenario, dataset
        self.dtype = np.dtype(scenario.dtype)
        self.n_train, self.n_val = len(dataset.x_train), len(dataset.x_val)
        wanted = scenario.data.batch_size
        self.batch = self.n_train if wanted == "full" else min(wanted, self.n_train)
        self.per_epoch = -(-self.n_train // self.batch)
        self.optimizer = OPTIMIZERS[scenario.optimizer.type]
        self.is_sparse = scenario.loss.type == "sparse_categorical_cross_entropy"
        self.n_target = 1 if self.is_sparse else dataset.n_outputs
        self.size = 0
        self.ops: list[Op] = []
        self.rows: list[np.ndarray] = []
        self.kernels: dict[str, int] = {}
        self.metrics: dict[str, Metric] = {}
        self.n_columns = 0

    def build(self) -> Program:
        self._place_data()
        self._place_memory()
        forward = self._list_forward()
        self._list_loss()
        backward = self._list_backward()
        update = self._list_update()
        if self.n_val:
            self._list_validation()
        layers = tuple(
            Layer(name, kind, units, n_in, output, delta, parameters, forward[name], backward[name], update.get(name))
            for name, kind, units, n_in, output, delta, parameters in self.places
        )
        optimizer = self.scenario.optimizer.model_dump()
        return Program(
            scenario=self.scenario,
            dataset=self.dataset,
            dtype=self.dtype,
            data=self.data,
            initial=self._initial_state(),
            ops=tuple(self.ops),
            layers=layers,
            metrics=self.metrics,
            n_columns=self.n_columns,
            table=np.array(self.rows, dtype=np.int64),
            kernels=tuple(self.kernels),
            slot_shifts={name: self.span * (1 + k) for k, name in enumerate(self.optimizer.slots)},
            grad_shift=self.state_size,
            input_offset=self.input,
            target_offset=self.target,
            n_target=self.n_target,
            state_size=self.state_size,
            frame_size=self.frame_size,
            memory_size=self.size,
            batch_size=self.batch,
            n_train=self.n_train,
            n_val=self.n_val,
            iterations_per_epoch=self.per_epoch,
            planned_iterations=self._planned_iterations(),
            settings={key: float(value) for key, value in optimizer.items() if key != "type"},
        )

    def _planned_iterations(self) -> int:
        train = self.scenario.train
        return train.iterations or (train.epochs or 0) * self.per_epoch

    # Memory

    def _place(self, n: int) -> int:
        start = -(-self.size // ALIGN) * ALIGN
        self.size = start + n
        return start

    def _place_data(self) -> None:
        """x and y of both parts behind one another, in the run's precision."""
        dataset = self.dataset
        parts = [dataset.x_train, self._targets(dataset.y_train), dataset.x_val, self._targets(dataset.y_val)]
        offsets = np.cumsum([0] + [part.size for part in parts])
        self.data = np.concatenate([part.reshape(-1) for part in parts]).astype(self.dtype)
        self.x_train, self.y_train, self.x_val, self.y_val = (int(offset) for offset in offsets[:4])

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """Class indices stay one column for the sparse loss and become one-hot rows for every other."""
        if self.dataset.task != "multiclass" or self.is_sparse:
            return y.astype(np.float64)
        return np.eye(self.dataset.n_outputs)[y]

    def _place_memory(self) -> None:
        """State (parameters, slots), gradients of the same layout, then one batch's needs, then validation's."""
        rows = layer_names(self.scenario)
        n_in = self.dataset.n_features
        parameters: dict[str, tuple[Tensor, ...]] = {}
        for row in rows:
            parameters[row.name] = self._place_parameters(row.name, n_in, row.units) if row.kind == "dense" else ()
            n_in = row.units
        self.span = self._place(0)
        self.state_size = self.span * (1 + len(self.optimizer.slots))
        self.size = self.state_size + self.span
        self.input = self._place(self.batch * self.dataset.n_features)
        self.target = self._place(self.batch * self.n_target)
        self.places = []
        n_in = self.dataset.n_features
        for row in rows:
            output, delta = self._place(self.batch * row.units), self._place(self.batch * row.units)
            self.places.append((row.name, row.kind, row.units, n_in, output, delta, parameters[row.name]))
            n_in = row.units
        self.frame_size = self._place(0)
        self.val_input = self._place(self.n_val * self.dataset.n_features)
        self.val_target = self._place(self.n_val * self.n_target)
        self.val_outputs = [self._place(self.n_val * row.units) for row in rows]

    def _place_parameters(self, layer: str, n_in: int, units: int) -> tuple[Tensor, ...]:
        start = self._place(n_in * units + units)  # side by side, so that one row updates both
        return (
            Tensor(f"{layer}.weight", layer, "weight", (units, n_in), start),
            Tensor(f"{layer}.bias", layer, "bias", (units,), start + n_in * units),
        )

    def _initial_state(self) -> np.ndarray:
        state = np.zeros(self.state_size, self.dtype)
        dense = [place for place in self.places if place[1] == "dense"]
        for index, (spec, (_, _, units, n_in, _, _, (weight, bias))) in enumerate(
            zip(self.scenario.layers, dense, strict=True)
        ):
            weight.view(state)[:] = initial_weight(
                spec.init, n_in, units, self.scenario.seed, index, std=spec.init_std, value=spec.init_value
            )
            bias.view(state)[:] = spec.bias_init
        return state

    # Ops

    def _add(
        self,
        phase: Phase,
        kind: str,
        kernel: str,
        layer: str | None,
        label: str,
        shape: str,
        formula: str,
        **cells: int,
    ) -> int:
        """Append a row to the listing and to the table. Cells are named as in layout.py, in lower case."""
        index = len(self.ops)
        every: Every = "epoch" if phase == "validate" else "iteration"
        self.ops.append(Op(index, phase, kind, layer, label, shape, formula, kernel, every, self.per_epoch))
        row = np.full(at.ROW, -1, np.int64)
        row[at.KERNEL] = self.kernels.setdefault(kernel, len(self.kernels))
        row[at.IS_PER_EPOCH] = every == "epoch"
        row[at.ROWS_AT] = at.VAL_ROWS if phase == "validate" else at.ROWS
        for name, value in cells.items():
            row[getattr(at, name.upper())] = value
        self.rows.append(row)
        return index

    def _columns(self, op: int, *names: str | None) -> int:
        """Side-by-side history columns for what the op writes; None keeps a column without a name."""
        first = self.n_columns
        for name in names:
            if name is not None:
                self.metrics[name] = Metric(
                    name, self.n_columns, op, "epoch" if name.startswith("val_") else "iteration"
                )
            self.n_columns += 1
        return first

    def _list_forward(self) -> dict[str, int]:
        width = self.dataset.n_features
        load = self._add(
            "load", "load", "load_batch", None, "load batch", f"[{self.batch},{width}]", "x, y = the next samples",
            n_in=width, out=self.input, target=self.target, data_x=self.x_train, data_y=self.y_train,
            n_target=self.n_target, probe=self._columns(0, "lr"),
        )  # fmt: skip
        assert load == 0
        ops = {}
        source = self.input
        for name, kind, units, n_in, output, _, parameters in self.places:
            index = len(self.ops)
            probes = [f"act_mean.{name}", f"act_std.{name}", f"act_signal.{name}"]
            if kind != "dense":
                probes.append(f"saturated.{name}")
            ops[name] = self._add_forward(
                "forward",
                name,
                kind,
                n_in,
                units,
                source,
                output,
                parameters,
                self.batch,
                self._columns(index, *probes),
            )
            source = output
        return ops

    def _add_forward(
        self, phase: Phase, name: str, kind: str, n_in: int, units: int, source: int, output: int,
        parameters: tuple[Tensor, ...], rows: int, probe: int,
    ) -> int:  # fmt: skip
        shape = f"[{rows},{n_in}]→[{rows},{units}]" if kind == "dense" else f"[{rows},{units}]"
        formula = "z = x Wᵀ + b" if kind == "dense" else ACTIVATIONS[kind].forward
        cells = {"weight": parameters[0].offset, "bias": parameters[1].offset} if parameters else {}
        return self._add(
            phase, kind, f"{kind}_forward", name, f"{phase} {name}", shape, formula,
            n_in=n_in, n_out=units, **{"in": source}, out=output, probe=probe, **cells,
        )  # fmt: skip

    def _list_loss(self) -> None:
        _, _, units, _, output, delta, _ = self.places[-1]
        kind, index = self.scenario.loss.type, len(self.ops)
        self._add(
            "loss", kind, kind, None, f"loss {_short(kind)}", f"[{self.batch},{units}]→[]", LOSSES[kind].formula,
            n_out=units, out=output, delta_out=delta, target=self.target, n_target=self.n_target,
            probe=self._columns(index, "loss", "accuracy" if self._decision() else None), decision=self._decision(),
        )  # fmt: skip

    def _decision(self) -> int:
        """How an output counts as a hit."""
        loss = self.scenario.loss.type
        if self.dataset.task == "regression":
            return at.NO_DECISION
        if self.dataset.task == "binary":
            return at.BY_SIGN if loss == "binary_cross_entropy" else at.BY_HALF
        return at.BY_INDEX if self.is_sparse else at.BY_ARGMAX

    def _list_backward(self) -> dict[str, int]:
        so_far = self._columns(0, None)
        ops = {}
        is_first = 1
        for position in range(len(self.places) - 1, -1, -1):
            name, kind, units, n_in, output, delta, parameters = self.places[position]
            below = self.places[position - 1] if position else None
            index = len(self.ops)
            cells = {"delta_in": below[5]} if below else {}
            cells["in"] = below[4] if below else self.input
            if kind == "dense":
                weight, bias = parameters
                cells |= {
                    "weight": weight.offset,
                    "grad_weight": weight.offset + self.state_size,
                    "grad_bias": bias.offset + self.state_size,
                    "probe": self._columns(index, f"delta_norm.{name}", f"grad_norm.{name}"),
                    "probe_2": so_far,
                    "is_first": is_first,
                }
                is_first = 0
                shape = f"[{self.batch},{units}]→[{units},{n_in}]"
                formula = "∂W = δᵀ x, ∂b = Σ δ, δx = δ W" if below else "∂W = δᵀ x, ∂b = Σ δ"
                if not any(place[1] == "dense" for place in self.places[:position]):
                    cells["total"] = self._columns(index, "grad_norm")
            else:
                cells["probe"] = self._columns(index, f"delta_norm.{name}")
                shape, formula = f"[{self.batch},{units}]", ACTIVATIONS[kind].backward
            ops[name] = self._add(
                "backward", kind, f"{kind}_backward", name, f"backward {name}", shape, formula,
                n_in=n_in, n_out=units, out=output, delta_out=delta, **cells,
            )  # fmt: skip
        return ops

    def _list_update(self) -> dict[str, int]:
        ops = {}
        kind = self.scenario.optimizer.type
        for name, _, units, n_in, _, _, parameters in self.places:
            if not parameters:
                continue
            offset, index = parameters[0].offset, len(self.ops)
            slots = {f"slot_{k + 1}": offset + self.span * (1 + k) for k in range(len(self.optimizer.slots))}
            ops[name] = self._add(
                "update", kind, kind, name, f"update {name}", f"[{units},{n_in}]", self.optimizer.formula,
                weight=offset, grad_weight=offset + self.state_size, count=n_in * units + units,
                probe=self._columns(index, f"weight_norm.{name}", f"update_ratio.{name}"), **slots,
            )  # fmt: skip
        return ops

    def _list_validation(self) -> None:
        """The same kernels once more, on the whole validation part and on memory of its own."""
        width, n = self.dataset.n_features, self.n_val
        self._add(
            "validate", "load", "load_validation", None, "validate load", f"[{n},{width}]", "x, y = validation part",
            n_in=width, out=self.val_input, target=self.val_target, data_x=self.x_val, data_y=self.y_val,
            n_target=self.n_target,
        )  # fmt: skip
        source = self.val_input
        for (name, kind, units, n_in, _, _, parameters), output in zip(self.places, self.val_outputs, strict=True):
            self._add_forward("validate", name, kind, n_in, units, source, output, parameters, n, -1)
            source = output
        kind, index, units = self.scenario.loss.type, len(self.ops), self.places[-1][2]
        self._add(
            "validate", kind, kind, None, "validate loss", f"[{n},{units}]→[]", LOSSES[kind].formula,
            n_out=units, out=source, target=self.val_target, n_target=self.n_target,
            probe=self._columns(index, "val_loss", "val_accuracy" if self._decision() else None),
            decision=self._decision(),
        )  # fmt: skip


def _short(loss: str) -> str:
    """The name that fits a listing of 24 columns."""
    return {
        "binary_cross_entropy": "binary CE",
        "categorical_cross_entropy": "categorical CE",
        "sparse_categorical_cross_entropy": "sparse CE",
    }.get(loss, loss)
