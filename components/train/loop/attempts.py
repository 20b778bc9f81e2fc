"""A training that goes wrong is noticed, tried again at a third of the rate, and written down."""

import dataclasses
import hashlib
import logging
import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from components.common import config
from components.common.seeding import derive
from components.common.statistics.temperature import calibrated_losses
from components.train.loop.checkpoints import Checkpoint
from components.train.loop.fine_tune import Course, tune
from components.train.loop.inputs import TuningInputs
from components.train.options import TuningOptions
from components.train.session import EpochScore, Session

LOG = logging.getLogger(__name__)

_RETRIES = 1
# What the validation pictures cannot tell apart this surely is no failure ...
_SURE = 0.975
# ... up to this share of the loss to beat, and so many nats: one group ruined widens the error that
# would excuse it.
_EXCUSED, _EXCUSED_NATS = 0.25, 0.05
# Of the loss to beat, and in nats: where classes are all but perfectly separated, five per cent of
# nothing is nothing.
_TOLERANCE = 0.05
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Bar:
    """What a training must not be worse than, on the pictures that it is watched on.

    losses: float64 [N], see `losses_now`.
    owner: what has them, as the notes call it: "the linear probe".
    """

    losses: npt.NDArray[np.float64]
    owner: str

    @classmethod
    def of(cls, tail: keras.Model, inputs: TuningInputs, *, owner: str) -> "Bar":
        """Return the bar of a tail as it is now.

        Pictures that both have been trained on do not say which of two networks is better, so
        where none is held out the bar is knowing only how frequent the classes are.
        """
        if inputs.held_out:
            return cls(losses_now(tail, inputs), owner)
        labels = inputs.watched.labels
        frequencies = np.bincount(labels) / len(labels)
        return cls(-np.log(frequencies[labels]), "knowing only the class frequencies")


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
    training = "\n".join((course.phase, str(session.seed), _identity(tail, inputs, options)))
    start = tail.get_weights()
    notes: list[str] = []
    for number in range(1 + _RETRIES):
        rate = options.learning_rate / 3**number
        checkpoint = Checkpoint.of(f"{training}\n{number}", session.standings)
        tuned = tune(
            tail,
            inputs,
            dataclasses.replace(options, learning_rate=rate),
            seed=derive(session.seed, course.phase, str(number)),
            course=dataclasses.replace(course, checkpoint=checkpoint),
        )
        notes += tuned.notes
        if not tuned.diverged and (share := course.blend) < 1.0:
            pairs = zip(start, tail.get_weights(), strict=True)
            tail.set_weights([(1 - share) * before + share * now for before, now in pairs])
        fault = tuned.diverged or _fault(losses_now(tail, inputs), bar, inputs)
        if not fault:
            return Attempts(tuned.curves, tuple(notes), kept=True)
        notes.append(f"{course.phase} at rate {rate:.3g} was dropped: {fault}")
        LOG.warning(notes[-1])
        tail.set_weights(start)
    return Attempts(tuned.curves, tuple(notes), kept=False)


def losses_now(tail: keras.Model, inputs: TuningInputs) -> npt.NDArray[np.float64]:
    """Return each watched picture's loss after temperature scaling, float64 [N].

    Infinity where an answer is not finite. Tuned networks are surer of themselves than probes;
    calibration takes that away again before the network is used, so it must not count against
    them here.
    """
    logits = inputs.watched_logits(tail)
    if not np.isfinite(logits).all():
        return np.full(len(logits), math.inf)
    return calibrated_losses(logits, inputs.watched.labels)


def _identity(tail: keras.Model, inputs: TuningInputs, options: TuningOptions) -> str:
    """Return what tells this training from the others of a run that tries several."""
    split = inputs.train
    pictures = hashlib.sha256("\n".join((split.content_sha256, *split.paths)).encode())
    pictures.update(split.targets.tobytes() + split.weights.tobytes())
    if inputs.taught is not None:
        pictures.update(inputs.taught.tobytes())
    opened = " ".join(variable.path for variable in tail.trainable_variables)
    return "\n".join(
        (type(options).__module__, config.to_json(options), opened, pictures.hexdigest())
    )


def _fault(losses: npt.NDArray[np.float64], bar: Bar, inputs: TuningInputs) -> str:
    """Say by how much a training is worse than its bar, "" where that is nothing or noise."""
    if inputs.held_out:
        return _worse(losses, bar, inputs.validation.groups)
    loss, wanted = float(losses.mean()), float(bar.losses.mean())
    # Whatever has learned anything of its own pictures beats this bar by far.
    return "" if loss < wanted else f"training loss {loss:.3f}, {bar.owner} gives {wanted:.3f}"


def _worse(losses: npt.NDArray[np.float64], bar: Bar, groups: npt.NDArray[Any]) -> str:
    """Say by how much held-out losses are worse than the bar's, "" where that is noise."""
    loss, wanted = float(losses.mean()), float(bar.losses.mean())
    if loss - wanted <= wanted * _TOLERANCE + _NEGLIGIBLE:
        return ""
    members = _members(groups)
    error = _standard_error(losses - bar.losses, members)
    # Few groups know little of how much groups differ: Student's t, as for every interval.
    reach = float(stdtrit(members.max(), _SURE)) * error
    if loss - wanted <= min(reach, wanted * _EXCUSED + _EXCUSED_NATS):
        return ""
    return (
        f"calibrated validation loss {loss:.3f}, {bar.owner}'s is {wanted:.3f} "
        f"(standard error of the difference {error:.3f})"
    )


def _members(groups: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the number of each picture's group; where all is one group, as if independent."""
    members = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    return members if members.max() else np.arange(len(members))


def _standard_error(differences: npt.NDArray[np.float64], members: npt.NDArray[np.int64]) -> float:
    """Return the standard error of a mean whose terms hang together within groups.

    Cluster-robust (Liang and Zeger 1986).
    """
    if not np.isfinite(differences).all():
        return 0.0
    sums = np.bincount(members, weights=differences - differences.mean())
    count = len(sums)
    spread = math.sqrt(float((sums**2).sum()) * count / max(1, count - 1))
    return spread / len(differences)
