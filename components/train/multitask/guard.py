"""How much of the shared trunk each task takes: what held-out pictures say it is worth."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.labels.tasks import TaskTargets
from components.common.progress import within
from components.common.seeding import derive
from components.common.statistics.folds import grouped_folds
from components.common.statistics.jackknife import jackknife
from components.networks.probe.probe import Probe
from components.networks.rows import Floats
from components.train.multitask.calibration import calibrated_task
from components.train.multitask.options import SharedOptions
from components.train.multitask.sharing import affinity_of
from components.train.multitask.single import TaskExamples, solve_task
from components.train.multitask.training import SharedNetwork, answers_of, fit_shared

# Of the logits; the rest are the probe's.
SHARES = (0.25, 0.5, 0.75, 1.0)
_FOLDS = 3
# In standard errors; one was not enough: it took a trunk that was worse in 1 of 15 small trainings.
_NOISE = 2.0
_LEAST_PROBABILITY = 1e-7

Losses = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class AskedTask:
    """What a task's probe and the trunk answer, float32 [N, classes], about held-out pictures."""

    by_probe: Floats
    by_trunk: Floats
    truth: TaskTargets
    groups: npt.NDArray[np.str_]


def fitted_together(
    known: TaskExamples,
    probes: Sequence[Probe],
    options: SharedOptions,
    *,
    seed: int,
    embedding: Any = None,
) -> SharedNetwork:
    """Train the trunk; which tasks go together is seen from where their probes are wrong.

    Args:
        known: what it is trained on.
        probes: of the same pictures.
        options: of the trunk.
        seed: of the training.
        embedding: what its layers are put on, see `fit_shared`.
    """
    plain = known.features[: known.pictures]
    losses = [
        np.where(truth.known, _losses(probe.logits(plain), truth), np.nan)
        for truth, probe in zip(known.truths, probes, strict=True)
    ]
    affinity = affinity_of(np.stack(losses, axis=1))
    return fit_shared(known, options, seed=seed, affinity=affinity, embedding=embedding)


def asked_by_folds(
    known: TaskExamples, probes: Sequence[Probe], options: SharedOptions, *, seed: int
) -> list[list[AskedTask]]:
    """Return the answers of inner grouped folds about each other, a list a fold of one a task.

    Args:
        known: all that is trained on; folds are dealt of the pictures whose class is known.
        probes: of all of it; folds take their penalties.
        options: of the trunk.
        seed: of folds and training.
    """
    labelled = np.flatnonzero(known.truths[0].known)
    labels = known.truths[0].targets[labelled].argmax(axis=1).astype(np.int64)
    groups, seed = known.groups[labelled], derive(seed, "inner folds")
    folds = grouped_folds(labels, groups, folds=_FOLDS, seed=seed)
    found = []
    for number, fold in enumerate(folds):
        outer = labelled[fold.outer]
        # A group that is asked about is not trained on, with a class or without.
        inner = known.take(np.flatnonzero(~np.isin(known.groups, known.groups[outer])))
        with within(f"inner fold {number + 1} of {len(folds)}"):
            own = [
                solve_task(
                    inner, at, dataclasses.replace(options, strength=one.strength), seed=seed
                )
                for at, one in enumerate(probes)
            ]
            together = fitted_together(inner, own, options, seed=seed)
            found.append(asked(known.take(outer, views=False), own, together))
    return found


def asked(outer: TaskExamples, probes: Sequence[Probe], together: SharedNetwork) -> list[AskedTask]:
    """Return what probes and trunk answer about pictures that they were not fitted on."""
    by_trunk = answers_of(together, outer.features)
    return [
        AskedTask(probe.logits(outer.features), said, truth, outer.groups)
        for probe, said, truth in zip(probes, by_trunk, outer.truths, strict=True)
    ]


def chosen_share(found: Sequence[AskedTask]) -> float:
    """Return the share of the trunk that answers a task best, 0 where the probe is as good.

    The loss after calibration has to fall by more than twice its standard error, groups left out.

    Args:
        found: of one task, one a fold.
    """
    if not found:
        return 0.0
    probe = np.concatenate([one.by_probe for one in found])
    trunk = np.concatenate([one.by_trunk for one in found])
    truths = [one.truth for one in found]
    truth = TaskTargets(
        truths[0].task,
        np.concatenate([one.targets for one in truths]),
        np.concatenate([one.known for one in truths]),
    )
    known = truth.known
    if not known.any():
        return 0.0
    own = _losses(probe, truth)

    def gain(share: float) -> Losses:
        mixed = np.asarray((1 - share) * probe + share * trunk, dtype=np.float32)
        fallen: Losses = (own - _losses(mixed, truth))[known]
        return fallen

    gains = {share: gain(share) for share in SHARES}
    best = max(gains, key=lambda share: float(gains[share].mean()))

    def mean_gain(weights: Losses) -> Losses:
        mean: Losses = weights @ gains[best] / weights.sum(axis=1)
        return mean[:, None]

    groups = np.concatenate([one.groups for one in found])[known].astype(str).tolist()
    measured = jackknife(mean_gain, groups, truth.targets[known].argmax(axis=1).astype(np.int64))
    return best if measured.values[0] > _NOISE * measured.errors[0] else 0.0


def _losses(logits: Floats, truth: TaskTargets) -> Losses:
    """Return each picture's cross-entropy after calibration, float64 [N]."""
    found = calibrated_task(logits, truth).probabilities(logits).astype(np.float64)
    found, targets = np.clip(found, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY), truth.targets
    losses: Losses = -(targets * np.log(found)).sum(axis=1)
    if not truth.task.multi_label:
        return losses
    losses -= ((1 - targets) * np.log(1 - found)).sum(axis=1)
    mean: Losses = losses / targets.shape[1]
    return mean
