"""Each task by itself: what is known of it, and its solved probe."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.labels.tasks import TaskTargets
from components.networks.data import Split
from components.networks.probe.probe import Probe, fit_probe
from components.networks.rows import Floats
from components.train.options import ProbeOptions

_RARE = 1e-3  # share of a class that no picture shows


@dataclass(frozen=True)
class TaskExamples:
    """N embedded pictures and what is true of them.

    features: float [views * N, D], view-major. truths: one a task, of the N pictures.
    weights: float32 [N]. groups: text [N].
    """

    features: npt.NDArray[Any]
    truths: tuple[TaskTargets, ...]
    weights: Floats
    groups: npt.NDArray[Any]

    @property
    def pictures(self) -> int:
        """How many there are."""
        return len(self.weights)

    @property
    def views(self) -> int:
        """How many rows of features each has."""
        return len(self.features) // max(1, self.pictures)

    def take(self, rows: npt.NDArray[Any], *, views: bool = True) -> "TaskExamples":
        """Return some pictures by position, in all views or in view 0 only."""
        each = range(self.views if views else 1)
        places = np.concatenate([rows + view * self.pictures for view in each])
        return TaskExamples(
            self.features[places],
            tuple(truth.take(rows) for truth in self.truths),
            self.weights[rows],
            self.groups[rows],
        )

    def packed(self) -> Floats:
        """Return targets of all tasks and the weights of each, float32 [N, classes + tasks]."""
        weights = [(truth.known * self.weights)[:, None] for truth in self.truths]
        return np.concatenate([*(one.targets for one in self.truths), *weights], axis=1).astype(
            np.float32
        )


def solve_task(examples: TaskExamples, at: int, options: ProbeOptions, *, seed: int) -> Probe:
    """Solve the head of the task at position `at`, on the pictures whose label is known.

    Of a multi-label task each class is solved by itself, true against false. Where nothing can be
    told apart the kernel is zero.

    Args:
        examples: features, truths.
        options: penalty and self-distillation.
        seed: of the folds by which the penalty is chosen.
    """
    truth = examples.truths[at]
    own = examples.take(np.flatnonzero(truth.known))
    targets = own.truths[at].targets
    if not truth.task.multi_label:
        return _solved(own, targets, options, seed=seed)
    each = [
        _solved(own, np.stack([1 - column, column], axis=1), options, seed=seed)
        for column in targets.T
    ]
    return Probe(
        np.stack([one.kernel[:, 1] - one.kernel[:, 0] for one in each], axis=1),
        np.stack([one.bias[1] - one.bias[0] for one in each]),
        each[0].strength,
    )


def _solved(own: TaskExamples, targets: Floats, options: ProbeOptions, *, seed: int) -> Probe:
    labels = targets.argmax(axis=1).astype(np.int64) if len(targets) else np.zeros(0, np.int64)
    if len(np.unique(labels)) < 2:
        share = targets.mean(axis=0) if len(targets) else np.ones(targets.shape[1])
        nothing = np.zeros((own.features.shape[1], targets.shape[1]), np.float32)
        return Probe(nothing, np.log(np.maximum(share, _RARE)).astype(np.float32), 0.0)
    split = Split(
        pixels=own.features,
        targets=targets,
        labels=labels,
        weights=own.weights / own.weights.mean(),
        groups=own.groups,
        paths=(),
        content_sha256="",
    )
    return fit_probe(
        own.features, split, strength=options.strength, seed=seed, distil=options.distil
    )
