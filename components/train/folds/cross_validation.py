"""Cross-validation of a run's own recipe: what it answers about pictures it has not seen.

Each fold fits from the same start by the same method as the shipped network, on its inner pictures
alone, and is asked about its outer ones once, after it is done: nothing is chosen by them. Features
of the frozen part are those of all pictures, looked up (`Split.select`).
"""

import dataclasses
import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np

from components.common.errors import DataError
from components.common.files import new_file
from components.common.progress import report, within
from components.common.seeding import derive
from components.common.statistics.folds import Fold, covering_folds
from components.networks.data import Split, TrainingData
from components.networks.network import Network
from components.networks.rows import Floats, Positions
from components.train.loop.checkpoints import code_sha256, values_of
from components.train.session import Fitted, Session, flip_averaged_logits

LOG = logging.getLogger(__name__)

FOLDS = 5


@dataclass(frozen=True)
class ChosenMethod:
    """A method with its options: the same for every fold and for the network that ships."""

    method: ModuleType
    options: Any

    def fit(self, data: TrainingData, network: Network, session: Session) -> Fitted:
        """Fit a network in place."""
        keras.utils.set_random_seed(derive(session.seed, "train"))
        fitted: Fitted = self.method.fit(data, network, self.options, session)
        return fitted


@dataclass(frozen=True)
class OutOfFold:
    """Answers about all training pictures, each by networks that were fitted without it.

    logits: float32 [N, classes], averaged over the flips, uncalibrated; of tasks beside them.
    folds: int [N], the fold that asked.
    note: how they came about, for a reader.
    """

    logits: Floats
    folds: Positions
    note: str


def cross_validate(
    data: TrainingData, network: Network, recipe: ChosenMethod, session: Session
) -> OutOfFold:
    """Ask folds of the training pictures about each other.

    A run that was killed keeps the folds that were done.

    Args:
        data: what the shipped network is fitted on.
        network: as every fold starts from; left as it was.
        recipe: what every fold fits by.
        session: seed, flips, cache, standings.

    Raises:
        DataError: a class has pictures of one group only.
    """
    plain = data.train.take(np.arange(data.train.pictures))
    asked = np.empty((plain.pictures, 0), np.float32)
    by = np.empty(plain.pictures, np.int64)
    folds = _deal(plain)
    for number, fold in enumerate(folds):
        with within(f"fold {number + 1} of {len(folds)}"), as_it_was(network):
            own = _of_fold(session, plain, fold)
            found = _answers(data, plain, fold, network=network, recipe=recipe, own=own)
        if not number:
            asked = np.empty((plain.pictures, found.shape[1]), np.float32)
        asked[fold.outer] = found
        by[fold.outer] = number
        report("cross-validating", number + 1, len(folds))
    note = f"judged by {len(folds)}-fold cross-validation, fitted on all pictures"
    return OutOfFold(asked, by, note)


def _deal(split: Split) -> tuple[Fold, ...]:
    """Deal the pictures into folds by what they show: names and the run's seed move none.

    Raises:
        DataError: a class has pictures of one group only.
    """
    shown = split.digests
    order = np.array(sorted(range(split.pictures), key=shown.__getitem__))
    _, first, member = np.unique(split.groups[order], return_index=True, return_inverse=True)
    folds = covering_folds(split.labels[order], first[member], folds=FOLDS, seed=0)
    if not folds:
        raise DataError(
            "every class in at least two groups, to be judged by cross-validation",
            received="a class within one group",
            do="add pictures of that class from another group, or remove the class",
        )
    return tuple(Fold(np.sort(order[fold.inner]), np.sort(order[fold.outer])) for fold in folds)


def _of_fold(session: Session, plain: Split, fold: Fold) -> Session:
    """Return the session as a fold's, with a place of its own for where it stands."""
    session = dataclasses.replace(session, in_fold=True)
    if session.standings is None:
        return session
    rows = hashlib.sha256(plain.content_sha256.encode() + fold.outer.tobytes()).hexdigest()
    return dataclasses.replace(session, standings=session.standings / f"fold-{rows[:16]}")


def _answers(
    data: TrainingData,
    plain: Split,
    fold: Fold,
    *,
    network: Network,
    recipe: ChosenMethod,
    own: Session,
) -> Floats:
    """Return a fold's logits for its outer pictures, from disk where it was done before a kill."""
    kept = own.standings.with_suffix(f".{code_sha256()[:16]}.npy") if own.standings else None
    if kept is not None and kept.exists():
        found: Floats = np.load(kept)
        return found
    fitted = recipe.fit(data.fold(fold.inner), network, own)
    LOG.info("%s", fitted.notes)
    asked = plain.select(fold.outer)
    logits = flip_averaged_logits(fitted.network or network, asked, cut=fitted.cut, session=own)
    if kept is not None and own.standings is not None:
        _keep(kept, logits)
        shutil.rmtree(own.standings, ignore_errors=True)
    return logits


def _keep(path: Path, logits: Floats) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path, durable=False) as partial, partial.open("wb") as stream:
        np.save(stream, logits)


@contextmanager
def as_it_was(network: Network) -> Iterator[None]:
    """Give a network back with the weights, random states and frozen layers that it came with."""
    values = values_of(network.model.variables)
    layers = list(network.model._flatten_layers(include_self=False))
    learning = [layer.trainable for layer in layers]
    try:
        yield
    finally:
        # Setting one takes several times as long as reading it, and a probe changes two.
        for variable, value in zip(network.model.variables, values, strict=True):
            if variable.numpy().tobytes() != value.tobytes():
                variable.assign(value)
        for layer, learns in zip(layers, learning, strict=True):
            layer.trainable = learns
