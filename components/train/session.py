"""What a method is given besides the data, and what it returns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.candidate import CURVE_COLUMNS
from components.common.artifacts.decision import Decision
from components.common.artifacts.judging.figures import Metric
from components.common.pictures.flips import FLIPS
from components.common.statistics.temperature import log_loss
from components.networks.data import Split
from components.networks.features.answers import answers
from components.networks.features.cache import ActivationCache, Want
from components.networks.features.store import Activations
from components.networks.memory import halving_batch
from components.networks.network import Network
from components.networks.rows import Floats, Rows, forget_rows


@dataclass(frozen=True)
class Session:
    """One training run's surroundings.

    flips: test-time views whose logits are averaged: 1, 2 or 4.
    in_fold: the fit is a fold of cross-validation: what has seen other pictures must not help it.
    standings: folder for where this run stands after each epoch, see `run_folder`; None keeps
        nothing, and a killed run starts again.
    """

    seed: int
    flips: int
    cache: ActivationCache
    standings: Path | None = None
    in_fold: bool = False


@dataclass(frozen=True)
class EpochScore:
    """One row of the learning curves; NaN for validation where nothing is held out."""

    phase: str
    epoch: int
    train_loss: float
    validation_loss: float
    train_accuracy: float
    validation_accuracy: float

    @property
    def judged_loss(self) -> float:
        """What an epoch is chosen by: the validation loss, where there is one."""
        return self.train_loss if math.isnan(self.validation_loss) else self.validation_loss


@dataclass(frozen=True)
class Fitted:
    """How a fit went.

    cut: layers up to this one kept the weights they came with; "pixels" when none did.
    trainable_parameters: how many numbers were fitted.
    notes: what a reader of the report should know (a retry, a fallback, a chosen setting).
    decision: how the method was chosen, where a method chose.
    network: the network to keep where it is not the one that was given (layers were cut off).
    known: what the network is at home with, where that is more than the training pictures: no such
        picture is to be called strange.
    embeddings: float [N, D] of the training pictures as they are, by the network before it was
        tuned; None where the method has none.
    figures: what the method measured itself, by pictures or classes that it left out.
    class_shares: of the training pictures, where every class is to count the same in decisions.
    """

    curves: tuple[EpochScore, ...]
    cut: str
    trainable_parameters: int
    notes: tuple[str, ...] = ()
    decision: Decision | None = None
    network: Network | None = None
    known: Split | None = None
    embeddings: Activations | None = None
    figures: tuple[Metric, ...] = ()
    class_shares: tuple[float, ...] = ()

    def curves_frame(self) -> pd.DataFrame:
        """Return the learning curves as a table with CURVE_COLUMNS."""
        rows = [[getattr(score, name) for name in CURVE_COLUMNS] for score in self.curves]
        return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def class_shares(split: Split) -> tuple[float, ...]:
    """Return the share of each class among the pictures, sum 1."""
    counts = np.bincount(split.labels, minlength=split.targets.shape[1])
    return tuple((counts / counts.sum()).tolist())


@dataclass(frozen=True)
class Score:
    """Loss against (soft) targets and accuracy against hard labels."""

    loss: float
    accuracy: float


def score(logits: Floats, split: Split) -> Score:
    """Score logits [N, classes] of one view of a split."""
    hits = logits.argmax(axis=1) == split.labels
    accuracy = float(np.average(hits, weights=split.weights))
    return Score(log_loss(logits, split.targets, split.weights), accuracy)


def flip_averaged_logits(network: Network, split: Split, *, cut: str, session: Session) -> Floats:
    """Return the mean logits over the test-time flips, float32 [N, classes].

    Those of further tasks stand beside them where the network answers any.

    Args:
        network: the fitted network.
        split: its view 0 is used.
        cut: the layer up to which cached activations may be used, "pixels" for none.
        session: number of flips, cache.
    """
    starts = network.boundary(cut)
    tail = network.between(starts, network.answering)
    views = []
    for flip in FLIPS[: session.flips]:
        want = Want(split, starts, flip, activity="computing held-out features")
        views.append(predict(tail, session.cache.inputs(network, want), rows=split.pictures))
    mean: Floats = np.mean(views, axis=0, dtype=np.float32)
    return mean


def predict(model: Any, inputs: Sequence[Rows], *, rows: int, batch: int = 64) -> Floats:
    """Return a model's answers for the first `rows` rows of its inputs, float32 [rows, ...].

    Several outputs stand side by side.
    """

    def in_batches(batch: int) -> Floats:
        parts = []
        for first in range(0, rows, batch):
            # Filled up: another number of rows would be compiled once more, for seconds.
            asked = np.resize(np.arange(first, min(first + batch, rows)), min(batch, rows))
            fed = [np.asarray(source[asked], dtype=np.float32) for source in inputs]
            found = [values[: rows - first] for values in answers(model, fed)]
            parts.append(found[0] if len(found) == 1 else np.concatenate(found, axis=1))
            for source in inputs:
                forget_rows(source)
        return np.concatenate(parts)

    return halving_batch(in_batches, batch)
