"""Ask an exported model about pictures in memory; the answers are as the gateway logs them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.common.artifacts.monitoring.observations import Observations, answered
from components.common.models.saved_model import describe, load
from components.common.pictures.decode import Pixels
from components.common.pictures.statistics import measure
from components.common.progress import listening

_BATCH = 8


ObservePictures = Callable[[Sequence[Pixels], Sequence[bytes]], Observations]
"""Statistics, features, scores and decisions of pictures (decoded, encoded); all else is blank."""


def observer(saved_model: Path, *, classes: tuple[str, ...]) -> ObservePictures:
    """Return what asks a SavedModel; the model is loaded at the first picture, once.

    Args:
        saved_model: a version folder with Graft's signatures.
        classes: in the order of its scores.
    """
    loaded: list[Any] = []

    def observe(pixels: Sequence[Pixels], encoded: Sequence[bytes]) -> Observations:
        if not loaded:
            loaded.append(load(saved_model))
        names = [str(row) for row in range(len(pixels))]
        options = {"batch_size": _BATCH, "activity": "", "model": loaded[0]}
        # The progress that counts is the caller's.
        with listening(lambda _: None):
            answers, features = describe(
                saved_model, names, lambda row: encoded[int(row)], **options
            )
        return answered(
            features=features,
            statistics=np.stack([measure(picture) for picture in pixels]),
            scores=answers.probabilities,
            decisions=answers.decisions,
            classes=classes,
        )

    return observe
