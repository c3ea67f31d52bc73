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
HAS_ENDED = 23  # set by the row of early stopping in the iteration that ends the run
TEST_ROWS = 25  # samples of the test part
ADDRESS = 24  # offset of the kernels' addresses
SLOT = 26  # iterations whose tallies wait to be settled: see ops/tally.py
FIRST_HIST = 27  # offset of the first such iteration's row in the history
TALLIED = 28  # offset of the list of rows that leave tallies, and their number
N_TALLIED = 29
SETTLE = 30  # offset of the address of the kernel that settles them
COUNTED = 31  # offset of what counts samples x places for the batch, then of their factors: see machine.Counted
N_COUNTED = 32
# Epochs: see engine/epochs.py.
EPOCH = 33  # the epoch under way, from 0
FIRST_WHOLE = 34  # the iteration that starts the next epoch after the one under way where this program takes over
NEXT_EPOCH = 35  # its number
SHIFT = 36  # what must be added to the first sample of a batch before FIRST_WHOLE
LONGEST = 37  # iterations of an epoch with this batch size or the one before
PASS = 38  # iterations back within which each sample has surely had its turn
BEFORE = (
    39  # offset of the samples in each batch of the epoch under way that were taken before this program; their number
)
N_BEFORE = 40
BORN = 41  # updates done when this optimizer began
HIST_FIRST = 42  # the iteration whose row is the history's first
BLANK = 43  # the iteration at which nothing stood in memory but the state
WATCHES = 44  # offset of what the kernel `watch` knows: see engine/watch.py
# The distance of checkpoints: see engine/recording.Spacing.
KEEP_EVERY = 45
KEEP_FEW = 46
KEEP_PARTS = 47
HEADER = 48  # the batch's sample indices follow here

# A row of the op table.
KERNEL = 0  # index into the table of addresses
DUE = 1  # ALWAYS, AT_EPOCH_END or PERIODIC
PERIOD = 2  # PERIODIC: due in iteration FIRST and every PERIOD iterations from there
FIRST = 3
ROWS_AT = 4  # header index of this row's number of samples: ROWS or another part's
N_IN = 5
N_OUT = 6
IN = 7  # offsets into mem from here on; -1: none
IN_2 = 8  # a second input: what a residual layer adds
OUT = 9
DELTA_IN = 10
DELTA_OUT = 11
WEIGHT = 12
BIAS = 13
GRAD_WEIGHT = 14
GRAD_BIAS = 15
SLOT_1 = 16
SLOT_2 = 17
SLOT_3 = 18
COUNT = 19  # parameters updated by this row
TARGET = 20
STATE = 21  # what this row remembers from one iteration to the next: running statistics, counters
SCRATCH = 22  # what its forward row leaves for its backward row: masks, normalised inputs
DATA_X = 23  # offsets into data
DATA_Y = 24
N_TARGET = 25  # columns of the target
SETTING = 26  # offset into the settings of what is this row's own: a rate, a slope
PROBE = 27  # first history column this row writes; -1: this row measures nothing
PROBE_2 = 28  # offset into mem of half a sum that rows hand on; of a row that watches a metric, its history column
IS_FIRST = 29  # 1: this row starts that sum
TOTAL = 30  # history column of the network's grad_norm, for the row that completes it; -1: none
DECISION = 31  # how a loss row counts hits: NO_DECISION ...
INDEX = 32  # number of the layer, for what is drawn at random
CALLS = 33  # first and last + 1 of the rows behind the listing that this row executes; see lowlevel.call_rows
CALLS_END = 34
DEAD = 35  # history column of `dead`; -1: not counted, and STATE (when each unit last fired) is left alone
TALLY = 36  # offset of what this row's sums are left in until they are settled; -1: it reports at once
FINISH = 37  # how they become metrics: UNITS ...
SLOPE = 38  # setting of an activation whose slope is c + l a - a**2: c, l, and below which mean it counts as saturated
POSITIONS = 39  # places of one sample that this row counts as rows; then ROWS_AT is the index of their product
# Of a row that moves a window over its input: see ops/windows.py. A sequence is an image of height 1.
HEIGHT = 40  # of the input
WIDTH = 41
OUT_HEIGHT = 42
OUT_WIDTH = 43
WINDOW_HEIGHT = 44
WINDOW_WIDTH = 45
STRIDE = 46
TOP = 47  # rows of zeros above the input, then columns on its left; what is missing stands below and on the right
LEFT = 48
FRAME_HEIGHT = 49  # of the input with its zeros
FRAME_WIDTH = 50
# Of a recurrent layer's rows, which count samples:
STEPS = 51  # time steps of a sequence
STEP = 52  # the one that this row computes
IS_SEQUENCE = 53  # 1: the output is that of every step, 0: of the last
GATES = 54  # blocks of `units` columns in its weights
FOR_HIDDEN = 55  # where the gradients stand that belong to weight_hh; see parts/recurrence.py
STEP_PROBE = 56  # history column of what this step alone reports; -1: nothing
TOKENS = 57  # different tokens of an embedding
WATCHED = 58  # of a row whose numbers are noted: where its own kernel stands, and which numbers, from there on
ROW = 60  # width of a row

ALWAYS, AT_EPOCH_END, PERIODIC = range(3)
NO_DECISION, BY_SIGN, BY_HALF, BY_ARGMAX, BY_INDEX = range(5)

# Settings of the optimizer: one float64 each, by name. The bias-correction table follows, then what rows have of their own.
LR, MOMENTUM, BETA1, BETA2, EPS, DAMPENING, RHO = range(7)
CORRECTIONS = 7  # rows of the table indexed by t, the number of the update from 1 on
LR_DECAY, EPS_INSIDE_ROOT, BIAS_CORRECTION, MOMENTUM_DECAY, NESTEROV = range(8, 13)
NS_STEPS, NS_EPS, MATCH_RMS, VECTOR_LR = range(13, 17)  # Muon's
N_SETTINGS = 32  # the table follows; what its columns are, parts/optimizers/tables.py says

WAITING = 8  # iterations that wait to be settled together: one a lane
UNITS, DELTA, GRADIENTS, MOVES = range(4)  # what a row's tally is of
TALLY_SUMS = 4  # kinds of sums in each, of which UNITS uses all

# What `watch` knows, from WATCHES on; then for each watched row its kernel, how many numbers, and of each offset and column.
LINES_FROM, LINES, LINES_AT, LINE_WIDTH, ROW_LISTS = range(5)  # first iteration, room, offset into mem, numbers a line
MOST_WATCHED = 256  # numbers that rows may note, each time that one of them is written
NOTES = 2**20  # numbers of memory that are kept for it: lines of as many as are watched
WATCH_CELLS = ROW_LISTS + 4 * MOST_WATCHED

WATCH_STATE = 3  # what a row that watches a metric keeps in the state: best value, epochs waited, falls of the lr

# Mailbox between the machine's thread and the others.
STOP = 0  # set by anyone: leave the loop at the next iteration
WANT = 1  # set by a screen: copy a frame at the next iteration
SENT = 2  # counts the frames copied
WATCH = 3  # 1: leave the loop where the loss first stops being finite
N_MAIL = 8

# What the loop says when it returns.
AT_GOAL, STOPPED, NON_FINITE, HISTORY_FULL, ENDED = range(5)
