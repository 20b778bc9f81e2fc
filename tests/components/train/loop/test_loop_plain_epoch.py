import dataclasses

import keras
import numpy as np
import pytest
from tiny_tail import tiny_inputs, tiny_tail

from components.common.progress import Progress, listening
from components.train.loop.epochs import draw_epoch, mix
from components.train.loop.fine_tune import TuningInputs
from components.train.loop.plain_epoch import train_epoch


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


def compiled_tail() -> keras.Model:
    tail = tiny_tail()
    tail.compile(
        keras.optimizers.SGD(0.1),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        weighted_metrics=["categorical_accuracy"],
    )
    return tail


def test_an_epoch_is_the_one_of_keras_fit() -> None:
    inputs = uneven()
    rng = np.random.default_rng(0)
    epoch = mix(draw_epoch(inputs.train, inputs.train.targets, rng=rng), 0.4, rng=rng)
    ours, theirs = compiled_tail(), compiled_tail()
    # 48 pictures by 10: the last step has eight.
    scored = train_epoch(ours, inputs.train_inputs, epoch, batch=10, steps_before=0, steps_in_all=5)
    history = theirs.fit(
        epoch.inputs(inputs.train_inputs)[0],
        epoch.targets,
        sample_weight=epoch.weights,
        batch_size=10,
        shuffle=False,
        verbose=0,
    ).history
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert scored.loss == pytest.approx(history["loss"][0], abs=1e-5)
    assert scored.accuracy == pytest.approx(history["categorical_accuracy"][0], abs=1e-5)


def test_every_step_is_told() -> None:
    inputs = tiny_inputs()
    epoch = draw_epoch(inputs.train, inputs.train.targets, rng=np.random.default_rng(0))
    told: list[Progress] = []

    def note(progress: Progress) -> None:
        told.append(progress)

    with listening(note):
        train_epoch(
            compiled_tail(), inputs.train_inputs, epoch, batch=20, steps_before=3, steps_in_all=6
        )
    assert [(one.done, one.total) for one in told] == [(4, 6), (5, 6), (6, 6)]
