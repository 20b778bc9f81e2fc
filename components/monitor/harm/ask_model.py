"""Ask an exported model about pictures in memory; the answers as the gateway's log has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.decode import Pixels, encode_png
from components.common.pictures.statistics import measure
from components.common.progress import listening
from components.common.saved_model import ask, embed, load
from components.monitor.harm.learn import Observe


def observer(saved_model: Path, *, classes: tuple[str, ...], batch_size: int = 8) -> Observe:
    """Return what asks a SavedModel; the model is loaded at the first picture, once.

    Args:
        saved_model: a version folder with Graft's signatures.
        classes: in the order of its scores.
        batch_size: pictures a call.
    """
    loaded: list[Any] = []

    def observe(pictures: Sequence[Pixels]) -> Observations:
        if not loaded:
            loaded.append(load(saved_model))
        names = [str(place) for place in range(len(pictures))]

        def read(name: str) -> bytes:
            return encode_png(pictures[int(name)])

        # The progress that counts is the one over faults.
        with listening(lambda _: None):
            asked = {"batch_size": batch_size, "activity": "", "model": loaded[0]}
            answers = ask(saved_model, names, read, **asked)
            features = embed(saved_model, names, read, **asked)
        blank = np.full(len(pictures), "", dtype=object)
        return Observations(
            features=features,
            statistics=np.stack([measure(picture) for picture in pictures]),
            scores=answers.probabilities,
            decisions=np.array(answers.decisions, dtype=object),
            labels=blank,
            groups=blank,
            lines=blank,
            cameras=blank,
            times_unix_s=np.zeros(len(pictures)),
            sha256=blank,
            classes=classes,
        )

    return observe
