"""Ask an exported model about pictures in memory; the answers are as the gateway logs them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from components.common.artifacts.monitoring.observations import Observations, answered
from components.common.pictures.decode import Pixels, encode_png
from components.common.pictures.statistics import measure
from components.common.progress import listening
from components.common.saved_model import ask, embed, load

_BATCH = 8


class ObservePictures(Protocol):
    """Asks a model about pictures."""

    def __call__(
        self, pixels: Sequence[Pixels], encoded: Callable[[int], bytes] | None = None
    ) -> Observations:
        """Return statistics, features, scores and decisions; all else is blank.

        Args:
            pixels: at least one picture, decoded.
            encoded: gives the bytes that one of them came as; without it they are sent as PNG.
        """


def observer(saved_model: Path, *, classes: tuple[str, ...]) -> ObservePictures:
    """Return what asks a SavedModel; the model is loaded at the first picture, once.

    Args:
        saved_model: a version folder with Graft's signatures.
        classes: in the order of its scores.
    """
    loaded: list[Any] = []

    def observe(
        pixels: Sequence[Pixels], encoded: Callable[[int], bytes] | None = None
    ) -> Observations:
        if not loaded:
            loaded.append(load(saved_model))
        names = [str(row) for row in range(len(pixels))]

        def read(name: str) -> bytes:
            return encoded(int(name)) if encoded else encode_png(pixels[int(name)])

        asked = {"batch_size": _BATCH, "activity": "", "model": loaded[0]}
        # The progress that counts is the caller's.
        with listening(lambda _: None):
            answers = ask(saved_model, names, read, **asked)
            features = embed(saved_model, names, read, **asked)
        return answered(
            features=features,
            statistics=np.stack([measure(picture) for picture in pixels]),
            scores=answers.probabilities,
            decisions=answers.decisions,
            classes=classes,
        )

    return observe
