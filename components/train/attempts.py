"""A training that goes wrong is noticed, tried again at a third of the rate, and written down."""

import dataclasses
import hashlib
import logging
import math
from dataclasses import dataclass

import keras
import numpy as np

from components.common import config
from components.common.seeding import derive
from components.train.calibration import fit_temperature
from components.train.checkpoints import Checkpoints
from components.train.probe import log_loss
from components.train.session import EpochScore, Session
from components.train.tuning import Course, TuningInputs, TuningOptions, tune

LOG = logging.getLogger(__name__)

_RETRIES = 1
# Of the loss to beat: less is within what a few hundred pictures can tell.
_TOLERANCE = 0.05
# In nats: where classes are all but perfectly separated, five per cent of nothing is noise.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Bar:
    """What a training must not be worse than.

    loss: calibrated validation loss, see `calibrated_loss`.
    owner: what has it, as the notes call it: "the linear probe".
    """

    loss: float
    owner: str


@dataclass(frozen=True)
class Attempts:
    """What the attempts came to: the curves of the last one, what went wrong, was one kept."""

    curves: tuple[EpochScore, ...]
    notes: tuple[str, ...]
    kept: bool


def attempt(
    tail: keras.Model,
    inputs: TuningInputs,
    options: TuningOptions,
    session: Session,
    *,
    bar: Bar,
    course: Course | None = None,
) -> Attempts:
    """Tune a tail in place; if it diverges or ends above the bar, try once more, then undo it.

    Args:
        tail: activations -> logits.
        inputs: what it is trained and judged on.
        options: the first attempt's; the second one has a third of the rate.
        session: seed, and where a killed training goes on.
        bar: see Bar.
        course: see Course; two trainings of a method that differ in nothing else need a phase
            each. The checkpoint is chosen here.
    """
    course = course or Course()
    places = Checkpoints(session.standings)
    training = "\n".join((course.phase, str(session.seed), _identity(tail, inputs, options)))
    start = tail.get_weights()
    notes: list[str] = []
    for number in range(1 + _RETRIES):
        rate = options.learning_rate / 3**number
        tuned = tune(
            tail,
            inputs,
            dataclasses.replace(options, learning_rate=rate),
            seed=derive(session.seed, course.phase, str(number)),
            course=dataclasses.replace(course, checkpoint=places.of(f"{training}\n{number}")),
        )
        notes += tuned.notes
        fault = tuned.diverged or _fault(calibrated_loss(tail, inputs), bar)
        if not fault:
            return Attempts(tuned.curves, tuple(notes), kept=True)
        notes.append(f"{course.phase} at rate {rate:.3g} was dropped: {fault}")
        LOG.warning(notes[-1])
        tail.set_weights(start)
    return Attempts(tuned.curves, tuple(notes), kept=False)


def calibrated_loss(tail: keras.Model, inputs: TuningInputs) -> float:
    """Return the validation loss after temperature scaling, infinity where it is not finite.

    Tuned networks are surer of themselves than probes; calibration takes that away again before
    the network is used, so it must not count against them here.
    """
    logits = inputs.validation_logits(tail)
    if not np.isfinite(logits).all():
        return math.inf
    labels = inputs.validation.labels
    truth = np.eye(logits.shape[1], dtype=np.float32)[labels]
    return log_loss(logits / np.float32(fit_temperature(logits, labels)), truth)


def _identity(tail: keras.Model, inputs: TuningInputs, options: TuningOptions) -> str:
    """Return what tells this training from the others of a run that tries several."""
    split = inputs.train
    pictures = hashlib.sha256("\n".join((split.content_sha256, *split.paths)).encode())
    pictures.update(split.targets.tobytes() + split.weights.tobytes())
    opened = " ".join(variable.path for variable in tail.trainable_variables)
    return "\n".join(
        (type(options).__module__, config.to_json(options), opened, pictures.hexdigest())
    )


def _fault(loss: float, bar: Bar) -> str:
    if loss <= bar.loss * (1.0 + _TOLERANCE) + _NEGLIGIBLE:
        return ""
    return f"calibrated validation loss {loss:.3f}, {bar.owner}'s is {bar.loss:.3f}"
