"""The recorded curves: every preset has one, it is what training gives, and it costs little."""

import json
import math
import time

import pytest

from tests.presets.make_curves import recorded
from tests.presets.runs import PRESETS, SOME
from tui_nn.scenario import preset_dir
from tui_nn.scenario.curves import COLUMNS, FILE, RecordedCurve, Span, outline, recorded_curves

# Sums are taken in another order on another processor, and training magnifies that; the picture has to stay the same
# picture. Of its height, over all columns: the mean difference, and the largest one.
MEAN, LARGEST = 0.02, 0.25


def test_every_preset_has_a_curve_and_no_other_has():
    assert set(json.loads((preset_dir() / FILE).read_text(encoding="utf-8"))) == set(PRESETS)
    assert set(recorded_curves()) == set(PRESETS)


@pytest.mark.parametrize("preset", SOME)
def test_the_curve_is_what_training_gives(preset: str):
    """Trained anew, the picture is the same to the eye; where it is not, record it again (tests/presets/make_curves.py)."""
    from tui_nn.tui.thumbnails import Axis

    kept, now = recorded_curves()[preset], recorded(preset)
    assert kept.iterations == now.iterations
    assert (kept.broke_at is None) == (now.broke_at is None)
    assert abs((kept.broke_at or 0) - (now.broke_at or 0)) <= 0.02 * now.iterations
    axis = Axis.of(kept)
    for ours, theirs in ((kept.loss, now.loss), (kept.val_loss, now.val_loss)):
        assert [span is None for span in ours] == [span is None for span in theirs]
        apart = [
            abs(axis.share(a) - axis.share(b))
            for one, other in zip(ours, theirs, strict=True)
            if one is not None and other is not None
            for a, b in zip(one, other, strict=True)
        ]
        assert max(apart, default=0.0) <= LARGEST
        assert math.fsum(apart) <= MEAN * len(apart)


def test_an_outline_keeps_the_range_of_every_column():
    """96 iterations, two a column: a spike stays, what is not finite is left out."""
    values = [1.0] * 96
    values[10], values[21], values[40], values[41] = 9.0, -1.0, math.nan, math.inf
    spans = outline(range(96), values, 96)
    assert len(spans) == COLUMNS
    assert [spans[i] for i in (0, 5, 10, 20)] == [(1.0, 1.0), (1.0, 9.0), (-1.0, 1.0), None]


def test_a_short_run_leaves_columns_empty():
    """Three iterations stand at the start, in the middle and at the end."""
    assert [i for i, span in enumerate(outline(range(3), [3.0, 2.0, 1.0], 3)) if span] == [0, 24, 47]


def test_what_is_written_is_read_again():
    loss: tuple[Span, ...] = ((1.0, 2.0), (0.5, 0.5), None)
    for curve in (RecordedCurve(9, loss), RecordedCurve(9, loss, (None, (3.0, 3.0), None), 7)):
        assert RecordedCurve.from_data(json.loads(json.dumps(curve.as_data()))) == curve


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"iterations": 3, "loss": 4}}', "\x00"])
def test_a_damaged_file_costs_the_pictures_alone(text: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    from tui_nn.scenario import curves

    (tmp_path / FILE).write_text(text, encoding="utf-8")
    monkeypatch.setattr(curves, "preset_dir", lambda: tmp_path)
    assert curves.recorded_curves.__wrapped__() == {}


def test_a_hundred_curves_load_at_once(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Under 15 ms of processor time at the best of five, when there are as many presets as there will be; 3 on a quiet machine."""
    from tui_nn.scenario import curves

    table = json.loads((preset_dir() / FILE).read_text(encoding="utf-8"))
    many = {f"{name}-{i}": data for i in range(-(-100 // len(table))) for name, data in table.items()}
    (tmp_path / FILE).write_text(json.dumps(many), encoding="utf-8")
    monkeypatch.setattr(curves, "preset_dir", lambda: tmp_path)

    def once() -> float:
        begin = time.process_time()
        assert len(curves.recorded_curves.__wrapped__()) >= 100
        return time.process_time() - begin

    assert min(once() for _ in range(5)) < 0.015
