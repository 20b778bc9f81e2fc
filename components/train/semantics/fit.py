"""From features, labels and attributes to one linear head for known and unseen classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.statistics.folds import grouped_folds
from components.common.statistics.pca import Components
from components.common.statistics.weighted import Floats, Integers
from components.networks.probe.probe import feature_scale
from components.train.semantics.choice import ChosenPenalty, Way, choose
from components.train.semantics.hubness import occurrence_skewness, semantic_agreement
from components.train.semantics.self_training import moved
from components.train.semantics.solvers import Linear, Problem, solutions

_PARTS = 4
_HUBS_FROM = 12  # classes; with fewer, ten nearest ones say nothing


@dataclass(frozen=True, kw_only=True)
class KnownClasses:
    """Pictures of known classes: float [views * N, D], float [N, C], float [N], int [N], [N]."""

    features: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    weights: npt.NDArray[Any]
    labels: Integers
    groups: npt.NDArray[Any]


@dataclass(frozen=True)
class SemanticHead:
    """Scores features @ kernel + bias; kernel float32 [D, C], bias float32 [C].

    choice: None with fewer than three known classes, or with a class in one group.
    notes: for the report.
    """

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    choice: ChosenPenalty | None
    notes: tuple[str, ...]


def fit_head(
    known: KnownClasses,
    signatures: Floats,
    way: Way,
    *,
    unlabelled: npt.NDArray[Any] | None = None,
) -> SemanticHead:
    """Fit the head; penalties and stacking are chosen by known classes that are left out.

    Args:
        known: pictures of at least two classes.
        signatures: float64 [C, A], of all classes, known and unseen.
        way: solver, ranking, what is given.
        unlabelled: float [M, D] pictures that self-training may move unseen classes to.
    """
    scale = feature_scale(known.features)
    scaled = (known.features * scale).astype(np.float32)
    pictures = len(known.labels)
    with threadpool_limits(1):
        axes = Components.of(scaled[:pictures], count=way.components, seed=way.seed)
        rows = axes.apply(scaled)
        unit = float(rows[:pictures].std())
        rows = rows / unit
        views = len(rows) // pictures
        attributes = _standardised(signatures)
        plain = Problem(
            rows[:pictures],
            known.targets.astype(np.float64),
            known.weights.astype(np.float64),
            attributes,
        )
        whole = Problem(
            rows, np.tile(plain.targets, (views, 1)), np.tile(plain.weights, views), attributes
        )
        unseen = ~np.isin(np.arange(len(signatures)), known.labels)
        parts = grouped_folds(known.labels, known.groups, folds=_PARTS, seed=way.seed)
        choice = (
            choose(plain, known.labels, parts[0], way, unseen=int(unseen.sum())) if parts else None
        )
        found = dict(solutions(whole, way.solver, way.ranking))
        map_ = found[choice.penalty] if choice else list(found.values())[len(found) // 2]
        stacking = choice.stacking if choice else way.stacking or 0.0
        extra = (
            rows[:0]
            if unlabelled is None
            else axes.apply(np.asarray(unlabelled * scale, dtype=np.float32)) / unit
        )
        if len(extra) and way.ranking == "visual":
            map_ = moved(map_, extra, unseen=unseen, stacking=stacking, rounds=way.rounds)
        notes = _notes(plain, known.labels, map_, choice, moved_by=len(extra))
        kernel = axes.axes @ map_.kernel / unit
        bias = map_.bias - axes.centre @ kernel - stacking * (~unseen if unseen.any() else 0.0)
    return SemanticHead(
        (kernel * scale[:, None]).astype(np.float32), bias.astype(np.float32), choice, notes
    )


def _standardised(signatures: Floats) -> Floats:
    """Return columns of mean 0 and deviation 1; what is the same for all these classes goes."""
    spread = signatures.std(axis=0)
    kept = spread > 0.0
    found: Floats = (signatures[:, kept] - signatures[:, kept].mean(axis=0)) / spread[kept]
    return found


def _notes(
    problem: Problem,
    labels: Integers,
    found: Linear,
    choice: ChosenPenalty | None,
    *,
    moved_by: int,
) -> tuple[str, ...]:
    classes = np.unique(labels)
    means = np.stack([problem.features[labels == one].mean(axis=0) for one in classes])
    agreement = semantic_agreement(means, problem.signatures[classes])
    notes = []
    if choice:
        notes.append(
            f"penalty {', '.join(f'{one:g}' for one in choice.penalty)} and stacking "
            f"{choice.stacking:.3g}, by known classes left out: harmonic mean "
            f"{choice.harmonic.mean():.3f}, {choice.unstacked.mean():.3f} without stacking"
        )
    else:
        notes.append("too few known classes or groups to choose the penalty by leaving some out")
    if np.isfinite(agreement):
        notes.append(f"classes alike by attributes and by pictures: correlation {agreement:.2f}")
    if len(problem.signatures) >= _HUBS_FROM:
        hubs = occurrence_skewness(found.scores(problem.features))
        notes.append(f"hubness: skewness of the 10-occurrence {hubs:.2f}")
    if moved_by:
        notes.append(f"unseen classes moved by {moved_by} pictures without a label")
    return tuple(notes)
