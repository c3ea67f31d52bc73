"""From a scenario to a program: hand out memory and history columns, list the ops, fill in the starting weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tui_nn.data.tokens import token_fault
from tui_nn.engine import network_rows, probe_rows, tallies, updates
from tui_nn.engine import training_rows as rows
from tui_nn.engine.epochs import Epochs
from tui_nn.engine.initializers import initial_bias, initial_weight
from tui_nn.engine.layout import WATCH_STATE
from tui_nn.engine.listing import Listing
from tui_nn.engine.parts import KINDS, OPTIMIZERS, loss_part
from tui_nn.engine.place import Place
from tui_nn.engine.program import Due, Layer, Phase, Program, Tensor
from tui_nn.scenario.naming import INPUT, layer_names
from tui_nn.scenario.spec.init import Initialized
from tui_nn.scenario.spec.recurrent import EmbeddingLayer
from tui_nn.scenario.spec.shape import dims

if TYPE_CHECKING:
    from tui_nn.data import Dataset
    from tui_nn.scenario import Scenario

ALIGN = 16  # elements; a tensor then starts on a cache line
MOST_CONFUSED = 100  # classes; of more, a confusion matrix is not counted


def build_program(scenario: Scenario, dataset: Dataset, after: tuple[Program, int] | None = None) -> Program:
    """Lay out memory and list the ops of one iteration. after: the program that ran before, up to which iteration."""
    return Compiler(scenario, dataset, after).build()


class Compiler:
    """Walks the network forwards, backwards and along the updates, as the machine will."""

    def __init__(self, scenario: Scenario, dataset: Dataset, after: tuple[Program, int] | None = None):
        self.scenario, self.dataset = scenario, dataset
        self.before = after[0] if after else None
        self.dtype = np.dtype(scenario.dtype)
        self.n_train, self.n_val, self.n_test = len(dataset.x_train), len(dataset.x_val), len(dataset.x_test)
        wanted = scenario.data.batch_size
        self.batch = self.n_train if wanted == "full" else min(wanted, self.n_train)
        self.epochs = _epochs(self.n_train, self.batch, after)
        self.per_epoch = self.epochs.per_epoch
        self.at_epoch_end = Due("epoch", self.per_epoch, self.epochs.first_whole - 1)
        self.born = after[0].born if after else 0
        if after and after[0].scenario.optimizer.type != scenario.optimizer.type:
            self.born = after[1]
        self.optimizer = OPTIMIZERS[scenario.optimizer.type]
        self.optimizer_settings = {
            key: float(value) for key, value in scenario.optimizer.model_dump().items() if key != "type"
        }
        self.loss = loss_part(scenario.loss, dataset)
        self.answers = dataset.n_steps or 1  # a sample has: one, or one at each time step
        self.n_target = 1 if self.loss.takes_index else dataset.n_outputs
        self.answer_shape = (dataset.n_steps, dataset.n_outputs) if dataset.n_steps else (dataset.n_outputs,)
        self.size = 0
        self.listing = Listing()
        self.own_settings: list[float] = []
        self.base_settings = self.optimizer.settings_array(self.optimizer_settings)
        self.loss_op = -1
        self.updates: dict[str, int] = {}
        self.update_scratch = -1
        self.watch_state: dict[str, int] = {}
        self.best: tuple[int, int] = (-1, -1)  # copies of the best parameters and buffers, for early stopping
        self.part_sizes: dict[Phase, int] = {"validate": self.n_val, "test": self.n_test}
        self.n_classes = max(2, dataset.n_outputs)
        self.has_confusion = dataset.task != "regression" and self.n_classes <= MOST_CONFUSED

    def build(self) -> Program:
        self._place_data()
        self._place_memory()
        network_rows.list_forward(self)
        network_rows.list_loss(self)
        network_rows.list_backward(self)
        rows.list_penalties(self)
        rows.list_clipping(self)
        probe_rows.list_sharpness(self)
        rows.list_schedule(self)
        updates.list_updates(self)
        if self.n_val:
            network_rows.list_evaluation(
                self, "validate", self.n_val, (self.x_val, self.y_val), ("val_loss", "val_accuracy"), self.at_epoch_end
            )
        rows.list_gap(self)
        rows.list_watching(self)
        if self.n_test:
            rows.list_test(self)
        tallies.place_tallies(self)
        listing = self.listing
        return Program(
            scenario=self.scenario,
            dataset=self.dataset,
            dtype=self.dtype,
            data=self.data,
            setting=np.concatenate([self.base_settings, self.own_settings]),
            initial=self._initial_state(),
            ops=tuple(listing.ops),
            layers=tuple(self._layer(place) for place in self.places),
            metrics=listing.metrics,
            n_columns=listing.n_columns,
            table=listing.table(),
            kernels=tuple(listing.kernels),
            slot_shifts=updates.slot_shifts(self),
            grad_shift=self.state_size,
            input_offset=self.input,
            target_offset=self.target,
            n_target=self.answers * self.n_target,
            state_size=self.state_size,
            frame_size=self.frame_size,
            memory_size=self.size,
            batch_size=self.batch,
            n_train=self.n_train,
            n_val=self.n_val,
            n_test=self.n_test,
            epochs=self.epochs,
            born=self.born,
            planned_iterations=self.planned_iterations(),
            kept=self._kept_of_run(),
            confusions=dict(self.confusions),
            settings=self.optimizer_settings,
        )

    def _layer(self, place: Place) -> Layer:
        return Layer(
            place.name, place.kind, place.shape_in, place.shape, place.output, place.delta, place.parameters,
            place.buffers, place.scratch, place.first_op if place.first_op >= 0 else place.forward_op, place.forward_op, place.backward_op, place.delta_op,
            {tensor.name: self.updates[tensor.name] for tensor in place.parameters}, place.spec,
        )  # fmt: skip

    def _kept_of_run(self) -> dict[str, tuple[int, int]]:
        first, last = self.buffers
        best = {"best parameters": (self.best[0], self.span), "best buffers": (self.best[1], last - first)}
        watched = {name: (start, WATCH_STATE) for name, start in self.watch_state.items()}
        return watched | (best if self.best[0] >= 0 else {})

    def planned_iterations(self) -> int:
        train = self.scenario.train
        return train.iterations or self.epochs.start(train.epochs or 0)

    # Memory

    def place(self, n: int) -> int:
        start = -(-self.size // ALIGN) * ALIGN
        self.size = start + n
        return start

    def own_settings_of(self, values: Any) -> int:
        """Keep a row's own settings; the offset of the first, -1 if there are none."""
        start = len(self.base_settings) + len(self.own_settings)
        self.own_settings += [float(value) for value in values]
        return start if values else -1

    def _place_data(self) -> None:
        """x and y of all parts behind one another, in the run's precision."""
        dataset = self.dataset
        parts = [
            part
            for x, y in (
                (dataset.x_train, dataset.y_train),
                (dataset.x_val, dataset.y_val),
                (dataset.x_test, dataset.y_test),
            )
            for part in (x, self._targets(y))
        ]
        offsets = [int(offset) for offset in np.cumsum([0] + [part.size for part in parts])]
        if self.before:  # the same data: once in memory is enough
            self.data = self.before.data
        else:
            self.data = np.concatenate([part.reshape(-1) for part in parts]).astype(self.dtype)
        self.x_train, self.y_train, self.x_val, self.y_val, self.x_test, self.y_test = offsets[:6]

    def _targets(self, y: np.ndarray) -> np.ndarray:
        """Class indices stay one column for a loss that takes them and become one-hot rows for every other."""
        if self.dataset.task != "multiclass" or self.loss.takes_index:
            return y.astype(np.float64)
        return np.eye(self.dataset.n_outputs)[y.astype(np.int64)]

    def _place_memory(self) -> None:
        """State (parameters, slots, buffers), gradients, then one batch's needs, then the evaluations'."""
        self._place_parameters()
        self.state_size = self.place(0)
        self.size = self.state_size + self.span  # gradients repeat the parameters' layout
        self.input = self.place(self.batch * self.dataset.n_features)
        self.target = self.place(self.batch * self.answers * self.n_target)
        bare = [
            place for place in self.places if place.kind == place.spec.type and not getattr(place.spec, "bias", True)
        ]
        if bare:
            zeros = self.place(max(place.units for place in bare))
            for place in bare:
                place.no_bias = zeros
        for place in self.places:
            place.output, place.delta = self.place(self.batch * place.values), self.place(self.batch * place.values)
            if scratch := place.part.scratch(self.batch, place):
                place.scratch = self.place(scratch)
            if place.parameters and getattr(place.spec, "max_norm", None):
                place.norm_scale = self.place(place.parameters[0].matrix[0])
        self.confusions: dict[Phase, int] = {
            part: self.place(self.n_classes**2) for part, n in self.part_sizes.items() if n and self.has_confusion
        }
        self.frame_size = self.place(0)
        updates.place_scratch(self)
        self.side = probe_rows.place_sharpness(self)

    def _place_parameters(self) -> None:
        self.places: list[Place] = []
        for row in layer_names(self.scenario, self.dataset.form):
            spec = self.scenario.layers[row.index]
            # Numbered among its kind: a batch norm put in between changes neither masks nor starting weights.
            number = sum(place.kind == row.kind for place in self.places)
            place = Place(row.name, row.kind, KINDS[row.kind].of(spec), spec, number, row.shape_in, row.shape)
            place.setting = self.own_settings_of(place.part.settings(spec))
            if row.kind == spec.type:
                place.parameters = self._side_by_side(row.name, spec.parameter_shapes(row.shape_in))
            self.places.append(place)
        self._check_shapes()
        self.span = self.place(0)
        self.size = self.span * (1 + self.scenario.optimizer.n_slots)
        for place in self.places:
            if place.kind == place.spec.type:
                place.buffers = self._side_by_side(place.name, place.spec.buffer_shapes(place.shape_in))
        self.buffers = (self.span * (1 + self.scenario.optimizer.n_slots), self.size)
        probe_rows.place_last_fired(self)
        rows.place_run_state(self)

    def _check_shapes(self) -> None:
        """The loader has checked the scenario on its own data. Data handed to a session may be of another shape."""
        on_these = f"on these data, of shape [{dims(self.dataset.form)}], the network does not fit"
        shape = self.dataset.form
        for layer in self.scenario.layers:
            if misfit := layer.misfit(shape):
                raise ValueError(f"{layer.type} {misfit} ({on_these})")
            shape = layer.shape_out(shape)
        shapes = {INPUT: self.dataset.form} | {place.name: place.shape for place in self.places}
        for place in self.places:
            if place.skip and shapes[place.skip] != place.shape:
                raise ValueError(
                    f"{place.name} adds {place.skip}, of shape [{dims(shapes[place.skip])}], to [{dims(place.shape)}]; {on_these}"
                )
        first = self.scenario.layers[0] if self.scenario.layers else None
        if isinstance(first, EmbeddingLayer) and (fault := token_fault(self.dataset, first.tokens)):
            raise ValueError(f"{self.places[0].name}.tokens: {fault}")
        wanted = self.answer_shape
        if shape != wanted:
            name = self.places[-1].name if self.places else INPUT
            if shape[:-1] == wanted[:-1]:
                raise ValueError(
                    f"{name} has {shape[-1]} outputs, the data have {wanted[-1]}; give the last layer units = {wanted[-1]}"
                )
            raise ValueError(f"{name} gives [{dims(shape)}], the data have targets of [{dims(wanted)}]; {on_these}")

    def _side_by_side(self, layer: str, shapes: dict[str, tuple[int, ...]]) -> tuple[Tensor, ...]:
        """Tensors of one layer without a gap, so that one row updates them all."""
        sizes = [int(np.prod(shape)) for shape in shapes.values()]
        starts = self.place(sum(sizes)) + np.cumsum([0, *sizes]) if shapes else []
        return tuple(
            Tensor(f"{layer}.{role}", layer, role, shape, int(start))
            for (role, shape), start in zip(shapes.items(), starts, strict=False)
        )

    def _initial_state(self) -> np.ndarray:
        state = np.zeros(self.state_size, self.dtype)
        for place in self.places:
            for tensor in (*place.parameters, *place.buffers):
                first = place.part.first_values.get(tensor.role, 0.0)
                if isinstance(place.spec, Initialized) and tensor in place.parameters:
                    first = self._initial(place, tensor)
                tensor.view(state)[:] = first
        updates.set_slots(self, state)
        probe_rows.set_last_fired(self, state)
        rows.set_run_state(self, state)
        return state

    def _initial(self, place: Place, tensor: Tensor) -> np.ndarray:
        spec = place.spec.start_of(tensor.role)
        if not tensor.is_matrix:
            return initial_bias(spec, tensor.size)
        fan, stream = place.spec.fan(tensor.role, place.shape_in), place.part.stream + place.parameters.index(tensor)
        return initial_weight(spec, tensor.shape, fan, self.scenario.seed, place.index, stream)

    # Ops

    def columns(self, op: int, *names: str) -> int:
        """History columns of a row, side by side; -1 if all of its metrics are switched off."""
        wanted = [name if self.scenario.probes.has(name) else None for name in names]
        return self.listing.columns(op, *wanted) if any(wanted) else -1


def _epochs(n_train: int, batch_size: int, after: tuple[Program, int] | None) -> Epochs:
    if after is None:
        return Epochs(n_train, batch_size)
    before, iteration = after
    return before.epochs if before.batch_size == batch_size else before.epochs.then(iteration, batch_size)
