"""How good a model's answers are about pictures that somebody has labelled."""

from collections.abc import Callable, Sequence

import numpy as np

from components.common.artifacts.judging.figures import Metric
from components.common.errors import DataError, some
from components.common.models.saved_model import Answers
from components.common.pictures.decode import to_servable
from components.common.progress import batches, track
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.intervals import estimates
from components.ingest.commands import PictureRecord, opened
from components.ingest.config import IngestConfig


def figures_of(
    data: IngestConfig,
    answer: Callable[[Sequence[bytes]], Answers],
    *,
    classes: Sequence[str],
    batch_size: int = 32,
) -> tuple[Metric, ...]:
    """Ask a model about every labelled picture of a data set and measure its answers.

    A picture that the model would ask about counts by the answer that it leans to.

    Args:
        data: where the pictures lie.
        answer: asks the model about encoded pictures, as from `to_servable`.
        classes: the model's, in the order of its probabilities; with two the last is the positive.
        batch_size: pictures a call.

    Returns:
        Those of FIGURES that are defined on the pictures, with 95 % intervals that keep groups of
        pictures together.

    Raises:
        DataError: a label is no class of the model, or a picture cannot be read.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    with opened(data) as source:
        pictures = source.pictures
        unknown = {one.label for one in pictures} - numbers.keys()
        if unknown:
            raise DataError(
                f"labels among the model's classes {', '.join(classes)}",
                received=some(sorted(unknown)),
                do="rename the class in the data, or train a model that knows it",
            )
        ready = batches(_servable, pictures, size=batch_size)
        total = -(-len(pictures) // batch_size)
        answers = [answer(one) for one in track(ready, "asking about pictures", total=total)]
    scored = Scored(
        targets=np.array([numbers[one.label] for one in pictures], dtype=np.int64),
        predicted=np.array(
            [numbers[name] for part in answers for name in part.answers], dtype=np.int64
        ),
        probabilities=np.concatenate([part.probabilities for part in answers]),
        positive=1 if len(classes) == 2 else None,
    )
    return estimates(list(FIGURES), scored, [one.group for one in pictures])


def _servable(picture: PictureRecord) -> bytes:
    return to_servable(picture.read(), name=picture.name)
