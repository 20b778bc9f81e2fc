"""Pictures in, answers and failures out: what a worker does with one part."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.errors import DataError
from components.common.models import saved_model
from components.common.pictures.decode import to_servable
from components.common.progress import batches
from pipelines.batch import files


@dataclass(frozen=True, kw_only=True)
class Classified:
    """A picture with the model's answer. `scores` is float32 [classes], in [0, 1]."""

    path: str
    sha256: str
    scores: npt.NDArray[np.float32]
    top_class: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A picture without an answer, and why."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class _ReadPicture:
    path: str
    sha256: str
    servable: bytes


class BatchModel:
    """A loaded model, for all threads of a process."""

    def __init__(self, folder: str) -> None:
        """Load it.

        Raises:
            ExportError: it cannot be loaded, or has not the signature that Graft exports.
        """
        self._loaded = saved_model.load(folder)
        saved_model.answering_signature(self._loaded)

    def answer(self, pictures: Sequence[bytes]) -> saved_model.Answers:
        """Answer encoded pictures; raises what TensorFlow raises."""
        return saved_model.answer(self._loaded, pictures)


def classify(
    paths: Sequence[str], *, model: BatchModel, batch_size: int
) -> Iterator[Classified | Failed]:
    """Yield one record a picture.

    The next batch is read and checked while the model answers, so that two batches of pictures
    are in memory at most.

    Raises:
        Exception: what TensorFlow raises when not the pictures are to blame.
    """
    for read in batches(_read, paths, size=batch_size):
        yield from (record for record in read if isinstance(record, Failed))
        good = [record for record in read if isinstance(record, _ReadPicture)]
        yield from _answer(good, model) if good else ()


def _read(path: str) -> _ReadPicture | Failed:
    try:
        data = files.read_bytes(path)
        return _ReadPicture(
            path=path,
            sha256=hashlib.sha256(data).hexdigest(),
            servable=to_servable(data, name=Path(path).name),
        )
    except DataError as error:
        return Failed(path=path, reason=str(error))
    except OSError as error:
        return Failed(path=path, reason=f"cannot be read: {error.strerror or error}")


def _answer(pictures: list[_ReadPicture], model: BatchModel) -> list[Classified | Failed]:
    """Halve a batch that is refused until the picture to blame stands alone."""
    import tensorflow as tf

    try:
        answers = model.answer([picture.servable for picture in pictures])
    except tf.errors.InvalidArgumentError as error:
        if len(pictures) == 1:
            return [Failed(path=pictures[0].path, reason=f"the model refuses it: {error.message}")]
    except tf.errors.ResourceExhaustedError:
        if len(pictures) == 1:
            raise
    else:
        return [
            Classified(
                path=picture.path,
                sha256=picture.sha256,
                scores=answers.probabilities[at],
                top_class=answers.classes[at],
                decision=answers.decisions[at],
            )
            for at, picture in enumerate(pictures)
        ]
    middle = len(pictures) // 2
    return _answer(pictures[:middle], model) + _answer(pictures[middle:], model)
