import math
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_tail import split, tiny_inputs, tiny_tail

from components.networks.features.cache import ActivationCache
from components.train.loop.attempts import (
    Attempts,
    Bar,
    _members,
    _standard_error,
    _worse,
    attempt,
    losses_now,
)
from components.train.loop.fine_tune import Course, freeze_norms, tune
from components.train.loop.inputs import TuningInputs
from components.train.methods import linear_probe_finetune as lp_ft
from components.train.options import TuningOptions
from components.train.session import Session
from components.train.transfer import PROBE

pytestmark = pytest.mark.slow


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(seed=0, flips=1, cache=ActivationCache(tmp_path, 10**6))


def attempted(
    tail: keras.Model, inputs: TuningInputs, options: TuningOptions, session: Session
) -> Attempts:
    bar = Bar(losses_now(tail, inputs), PROBE)
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


def test_what_the_validation_pictures_cannot_tell_is_no_failure() -> None:
    rng = np.random.default_rng(0)
    losses = rng.uniform(0.1, 0.5, 40)
    groups = np.repeat(["a", "b", "c", "d"], 10)
    worse = losses + np.repeat([0.3, -0.2, 0.25, -0.1], 10)  # by 0.06, if groups are believed
    assert _worse(worse, Bar(losses, PROBE), groups) == ""
    # The same ten at a time in forty groups of their own are many more witnesses.
    assert "0.3" in _worse(worse + 0.1, Bar(losses, PROBE), np.arange(40))
    assert "standard error" in _worse(losses + 0.06, Bar(losses, PROBE), groups)
    assert _worse(losses * 1.04, Bar(losses, PROBE), groups) == ""
    ruined = losses + np.repeat([5.0, 0.0, 0.0, 0.0], 10)  # the mean is one standard error off
    assert "standard error" in _worse(ruined, Bar(losses, PROBE), groups)
    # Two and a half standard errors: with 40 groups that is no chance, with three it may be one.
    unlike = losses[:39] + np.repeat([0.02, 0.07, 0.12], 13)
    few, many = np.repeat(["a", "b", "c"], 13), np.arange(39)
    assert _worse(unlike, Bar(losses[:39], PROBE), few) == ""
    assert "standard error" in _worse(unlike, Bar(losses[:39], PROBE), many)
    assert "inf" in _worse(np.full(40, math.inf), Bar(losses, PROBE), groups)


def test_the_standard_error_of_a_mean_of_groups() -> None:
    single = np.random.default_rng(1).normal(size=200)
    alone = _standard_error(single, _members(np.arange(200)))
    assert alone == pytest.approx(single.std(ddof=1) / math.sqrt(200))
    # Ten copies of each say no more than one of each.
    tenfold = _standard_error(np.repeat(single, 10), _members(np.repeat(np.arange(200), 10)))
    assert tenfold == pytest.approx(alone)
    assert _standard_error(single, _members(np.zeros(200))) == pytest.approx(alone)


def test_a_blend_lies_between_the_probe_and_the_tuned_network(session: Session) -> None:
    weights = {}
    for share in (1.0, 0.25):
        tail, inputs = tiny_tail(), tiny_inputs()
        freeze_norms(tail)
        start = tail.get_weights()
        options = lp_ft.Options(epochs=2, batch=16, learning_rate=1e-2)
        bar = Bar(losses_now(tail, inputs), PROBE)
        course = Course(blend=share)
        assert attempt(tail, inputs, options, session, bar=bar, course=course).kept
        weights[share] = tail.get_weights()
    for first, tuned, blended in zip(start, weights[1.0], weights[0.25], strict=True):
        np.testing.assert_allclose(blended, 0.75 * first + 0.25 * tuned, atol=1e-6)
    assert not np.allclose(weights[1.0][0], start[0], atol=1e-4)


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
