import math
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_tail import split, tiny_inputs, tiny_tail

from components.train.activations import ActivationCache
from components.train.attempts import Attempts, Bar, attempt, calibrated_loss
from components.train.methods import linear_probe_finetune as lp_ft
from components.train.session import Session
from components.train.transfer import PROBE
from components.train.tuning import TuningInputs, TuningOptions, freeze_norms, tune

pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(seed=0, flips=1, cache=ActivationCache(tmp_path, 10**6))


def attempted(
    tail: keras.Model, inputs: TuningInputs, options: TuningOptions, session: Session
) -> Attempts:
    bar = Bar(calibrated_loss(tail, inputs), PROBE)
    return attempt(tail, inputs, options, session, bar=bar)


def test_a_hopeless_rate_is_retried_and_then_the_start_is_kept(session: Session) -> None:
    tail, inputs = tiny_tail(), tiny_inputs()
    freeze_norms(tail)
    tune(tail, inputs, TuningOptions(epochs=4, batch=16, learning_rate=1e-2), seed=0)
    start = tail.get_weights()
    wild = lp_ft.Options(epochs=2, batch=16, learning_rate=1.0, clip_norm=1e6, keep="last")
    wrong = TuningInputs(
        split(1 - inputs.train.labels),
        inputs.train_inputs,
        inputs.validation,
        inputs.validation_inputs,
    )
    done = attempted(tail, wrong, wild, session)
    assert not done.kept
    assert len(done.notes) == 2
    assert "rate 1 was dropped" in done.notes[0]
    assert "rate 0.333 was dropped" in done.notes[1]
    assert "the linear probe's is" in done.notes[1]
    for after, before in zip(tail.get_weights(), start, strict=True):
        np.testing.assert_array_equal(after, before)


def test_a_good_run_leaves_no_notes(session: Session) -> None:
    done = attempted(tiny_tail(), tiny_inputs(), lp_ft.Options(epochs=2, batch=16), session)
    assert done.kept
    assert done.notes == ()
    assert all(math.isfinite(row.validation_loss) for row in done.curves)


def test_two_trainings_of_one_run_do_not_take_up_each_others_standing(tmp_path: Path) -> None:
    cache = ActivationCache(tmp_path, 10**6)
    session = Session(seed=0, flips=1, cache=cache, standings=tmp_path / "standings")
    for options in (lp_ft.Options(epochs=1, batch=16), lp_ft.Options(epochs=2, batch=16)):
        done = attempted(tiny_tail(), tiny_inputs(), options, session)
        assert len(done.curves) == options.epochs
    assert len(list((tmp_path / "standings").iterdir())) == 2
