"""Where a recurrent layer keeps what it knows of every time step, for its kernels, its backward rows and the screen.

All of it is scratch memory: first the inputs laid out step by step, [steps, rows, n_in], then regions of
[steps, rows, width * units] one behind the other. Steps come first, so that the product of a step has its rows side by
side; rows are the live samples of the batch. A region is named by how many times steps * rows * units stand before it.
"""

from __future__ import annotations

from tui_nn.engine.parts.kind import Kind, Shaped

HIDDEN = 0  # h of every step
DELTA = 1  # ∂loss/∂h of every step, all of it
FOR_INPUT = 2  # forwards x W_ih + b of every gate, then the gradients of the gates' sums, in its place

RNN_END = 3

LSTM_GATES = 6  # i, f, g, o of every step
LSTM_CELL = 10  # c of every step
LSTM_SQUASHED = 11  # tanh c
LSTM_END = 12  # ∂loss/∂c of the step at hand: [rows, units]

GRU_HIDDEN_SUMS = 5  # forwards h W_hh of every gate, then the gradients that belong to it
GRU_GATES = 8  # r, z, n of every step
GRU_CANDIDATE = 11  # h W_hn + b_hn, which the reset gate multiplies
GRU_END = 12

EVAL_ROWS = 16  # samples that a validation or test pass takes at a time: their steps stay in the cache


def recurrent(forward: str, backward: str, gates: int, for_hidden: int, end: int, stream: int) -> Kind:
    """A layer with a row a time step.

    gates: blocks of `units` columns in its weights. for_hidden: where the gradients stand that belong to weight_hh.
    end: numbers that all regions together take for each unit and step.
    """

    def scratch(rows: int, place: Shaped) -> int:
        steps, n_in = place.shape_in
        return steps * rows * (n_in + end * place.units) + rows * place.units

    def cells(place: Shaped) -> dict[str, int]:
        is_sequence = len(place.shape) == 2
        return {"steps": place.shape_in[0], "is_sequence": is_sequence, "gates": gates, "for_hidden": for_hidden}

    return Kind(
        forward, backward, scratch=scratch, cells=cells, evaluation="own", by_sample=True, is_recurrent=True, is_scratch_whole=False, stream=stream,
    )  # fmt: skip


RECURRENT = {
    "rnn": recurrent("h = tanh(x W_ihᵀ + h' W_hhᵀ + b)", "δs = δh (1 - h²), δh' = δs W_hh", 1, FOR_INPUT, RNN_END, 16),
    "lstm": recurrent(
        "i, f, o = σ(s), g = tanh(s), s = x W_ihᵀ + h' W_hhᵀ + b;  c = f c' + i g;  h = o tanh c",
        "δc += δh o (1 - tanh²c);  δs = δc g i (1 - i), δc c' f (1 - f), δc i (1 - g²), δh tanh c o (1 - o);  "
        "δh' = δs W_hh, δc' = δc f",
        4, FOR_INPUT, LSTM_END, 18,
    ),
    "gru": recurrent(
        "r, z = σ(x W_ihᵀ + h' W_hhᵀ + b), n = tanh(x W_inᵀ + b_n + r (h' W_hnᵀ + b_hn));  h = (1 - z) n + z h'",
        "δs_n = δh (1 - z)(1 - n²), δs_z = δh (h' - n) z (1 - z), δs_r = δs_n (h' W_hnᵀ + b_hn) r (1 - r);  "
        "δh' = [δs_r, δs_z, δs_n r] W_hh + δh z",
        3, GRU_HIDDEN_SUMS, GRU_END, 20,
    ),
    "embedding": Kind(
        "e = W[:, token]", "∂W[:, token] += δ", cells=lambda place: {"tokens": place.spec.tokens}, stream=22
    ),
}  # fmt: skip
