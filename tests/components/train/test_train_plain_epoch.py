import dataclasses

import numpy as np
import pytest
from tiny_tail import tiny_inputs, tiny_tail

from components.train import plain_epoch
from components.train.epochs import draw_epoch, mix
from components.train.plain_epoch import rows_at_once
from components.train.tuning import TuningInputs, TuningOptions, tune


def uneven() -> TuningInputs:
    inputs = tiny_inputs()
    weights = np.linspace(0.1, 3.0, inputs.train.pictures).astype(np.float32)
    train = dataclasses.replace(inputs.train, weights=weights)
    return dataclasses.replace(inputs, train=train)


def test_parts_put_together_are_the_epoch() -> None:
    inputs = uneven()
    rng = np.random.default_rng(0)
    epoch = mix(draw_epoch(inputs.train, inputs.train.targets, rng=rng), 0.4, rng=rng)
    parts = list(epoch.parts(7))
    assert {len(part.rows) for part in parts[:-1]} == {7}
    fed = [part.inputs(inputs.train_inputs)[0] for part in parts]
    np.testing.assert_array_equal(np.concatenate(fed), epoch.inputs(inputs.train_inputs)[0])
    for name in ("rows", "targets", "weights", "partners", "shares"):
        pieces = [getattr(part, name) for part in parts]
        np.testing.assert_array_equal(np.concatenate(pieces), getattr(epoch, name))


def test_memory_bounds_the_rows_in_whole_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((100, 5, 5), np.float16)
    monkeypatch.setattr(plain_epoch, "BYTES_AT_ONCE", 4 * 25 * 70)
    assert rows_at_once([rows], 32) == 64
    assert rows_at_once([rows, rows], 32) == 32
    assert rows_at_once([rows], 80) == 80  # one batch there must be


@pytest.mark.slow
def test_an_epoch_in_pieces_trains_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    options = TuningOptions(epochs=3, batch=8, learning_rate=1e-2)
    tails, curves = [], []
    for bytes_at_once in (1 << 30, 1):
        monkeypatch.setattr(plain_epoch, "BYTES_AT_ONCE", bytes_at_once)
        tails.append(tiny_tail())
        curves.append(tune(tails[-1], uneven(), options, seed=0).curves)
    for whole, pieces in zip(*(tail.get_weights() for tail in tails), strict=True):
        np.testing.assert_allclose(pieces, whole, atol=1e-6)
    for whole, pieces in zip(*curves, strict=True):
        assert pieces.train_loss == pytest.approx(whole.train_loss, abs=1e-5)
        assert pieces.train_accuracy == pytest.approx(whole.train_accuracy, abs=1e-5)
