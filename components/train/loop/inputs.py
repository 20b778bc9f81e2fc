"""What a training of the tail is fed with, and judged on."""

import math
from dataclasses import dataclass

import keras
import numpy as np

from components.networks.config import Precision
from components.networks.data import Split
from components.networks.fresh import FreshViews, fresh_views
from components.networks.rows import FlippedPixels, Floats, Rows
from components.train.session import Score, predict, score


@dataclass(frozen=True)
class TuningInputs:
    """What the tail is trained on: activations [rows, ...] beside the splits they belong to.

    One array an input of the tail, see `Network.boundary`; no validation under cross-validation.

    precision: what the tail's dense convolutions are computed in while it is trained.
    taught: float32 [rows of train, classes], a teacher's answers for `TaughtLoss`; None without.
    unlabelled: the last so many pictures of `train` have no label.
    """

    train: Split
    train_inputs: tuple[Rows, ...]
    validation: Split
    validation_inputs: tuple[Rows, ...]
    precision: Precision = "float32"
    taught: Floats | None = None
    unlabelled: int = 0

    @property
    def fresh(self) -> FreshViews | None:
        """Views made for each epoch, where pixels are trained on and nothing knows stored views.

        On JAX an epoch is one program over what lies on the device: it draws stored ones.
        """
        (first, *others) = self.train_inputs
        pixels = isinstance(first, FlippedPixels) and first.flip == (False, False)
        if others or not pixels or self.taught is not None or keras.backend.backend() == "jax":
            return None
        return fresh_views(self.train)

    @property
    def held_out(self) -> bool:
        """Whether there are pictures that training does not see."""
        return self.validation.pictures > 0

    @property
    def watched(self) -> Split:
        """What training is watched on: held-out pictures, or else labelled ones that it sees."""
        if self.held_out or not self.unlabelled:
            return self.validation if self.held_out else self.train
        return self.train.select(np.arange(self.train.pictures - self.unlabelled))

    def watched_logits(self, tail: keras.Model) -> Floats:
        """Return the tail's answers for view 0 of the watched pictures."""
        fed = self.validation_inputs if self.held_out else self.train_inputs
        return predict(tail, fed, rows=self.watched.pictures)

    def validation_score(self, tail: keras.Model) -> Score:
        """Return how the tail scores on the validation pictures, NaN without any."""
        if not self.held_out:
            return Score(math.nan, math.nan)
        return score(self.watched_logits(tail), self.validation)
