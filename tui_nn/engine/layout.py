"""Where things stand in the machine's integer array: header, batch's sample indices, epoch's order, op table.

Plain constants, shared by the compiler of programs (Python) and by the kernels (compiled, where they are frozen in:
the kernel cache is keyed by a hash of this file too).
"""

# Header: one int64 each.
ITERATION = 0  # updates done
OP = 1  # rows of the current iteration executed
ROWS = 2  # live samples of the current batch (the last batch of an epoch may be smaller)
VAL_ROWS = 3  # samples of the validation part
BATCH_START = 4  # first sample of the batch, as an index into the epoch's order
HIST_ROW = 5  # offset of the current iteration's row in the history array
IS_EPOCH_END = 6  # 1 in the last iteration of an epoch
ORDER_EPOCH = 7  # the epoch whose order is in place; -1: none yet
N_OPS = 8
BATCH_SIZE = 9
N_TRAIN = 10
PER_EPOCH = 11  # iterations per epoch
IS_SHUFFLED = 12
SEED = 13
ORDER = 14  # offset of the epoch's order
CODE = 15  # offset of the op table
N_METRICS = 16  # columns of the history
HIST_CAPACITY = 17  # rows of the history array
STATE_SIZE = 18  # elements of mem that a checkpoint copies: parameters and optimizer slots
FRAME_SIZE = 19  # elements of mem that a frame copies: state, gradients, activations, deltas
CHECKPOINT_LAST = 20  # the newest checkpoint's iteration
CHECKPOINT_COUNT = 21
LOSS_COLUMN = 22
HEADER = 32  # the batch's sample indices follow here

# A row of the op table.
KERNEL = 0  # index into the table of addresses
IS_PER_EPOCH = 1  # 1: due only in the last iteration of an epoch
ROWS_AT = 2  # header index of this row's number of samples: ROWS or VAL_ROWS
N_IN = 3
N_OUT = 4
IN = 5  # offsets into mem from here on; -1: none
OUT = 6
DELTA_IN = 7
DELTA_OUT = 8
WEIGHT = 9
BIAS = 10
GRAD_WEIGHT = 11
GRAD_BIAS = 12
SLOT_1 = 13
SLOT_2 = 14
COUNT = 15  # parameters updated by this row
TARGET = 16
DATA_X = 17  # offsets into data
DATA_Y = 18
N_TARGET = 19  # columns of the target
PROBE = 20  # first history column this row writes; -1: none
PROBE_2 = 21  # a second one: the network's gradient norm over the layers done so far
IS_FIRST = 22  # 1: this row starts that sum
DECISION = 23  # how a loss row counts hits: NO_DECISION ...
TOTAL = 24  # history column of the network's grad_norm, for the row that completes it; -1: none
ROW = 25  # width of a row

NO_DECISION, BY_SIGN, BY_HALF, BY_ARGMAX, BY_INDEX = range(5)

# Settings of the optimizer: one float64 each.
LR, MOMENTUM, BETA1, BETA2, EPS = range(5)
CORRECTIONS = 7  # entries of the bias-correction table
N_SETTINGS = 8  # the table follows: 1 - beta1**t, 1 - beta2**t for t = 0, 1, ...

# Mailbox between the machine's thread and the others.
STOP = 0  # set by anyone: leave the loop at the next iteration
WANT = 1  # set by a screen: copy a frame at the next iteration
SENT = 2  # counts the frames copied
WATCH = 3  # 1: leave the loop where the loss first stops being finite
N_MAIL = 8

# What the loop says when it returns.
AT_GOAL, STOPPED, NON_FINITE, HISTORY_FULL = range(4)
