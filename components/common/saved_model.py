"""Ask an exported model in this process, through the same signature that a server answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.exported import (
    INPUT_BYTES,
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_PROBABILITIES,
    SIGNATURE_BYTES,
)
from components.common.errors import ExportError, expected
from components.common.pictures import to_servable
from components.common.progress import track


@dataclass(frozen=True)
class Answers:
    """What a model said, one row a picture.

    `probabilities` is float32 [N, classes]; `classes` and `decisions` are class names.
    """

    probabilities: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    decisions: tuple[str, ...]


def ask(
    folder: Path,
    paths: Sequence[str],
    read: Callable[[str], bytes],
    *,
    batch_size: int,
    activity: str,
) -> Answers:
    """Send encoded pictures through the bytes signature of a SavedModel.

    Args:
        folder: the SavedModel (a version folder).
        paths: names of the pictures, at least one.
        read: returns a picture's encoded bytes by its name.
        batch_size: pictures a call.
        activity: what the progress report calls this.

    Raises:
        DataError: a picture cannot be read.
        ExportError: the model has not the signature that Graft exports.
        Exception: whatever TensorFlow raises for a model that it cannot load or run.
    """
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    signature = _bytes_signature(model)
    parts: list[dict[str, Any]] = []
    starts = range(0, len(paths), batch_size)
    for start in track(starts, activity):
        batch = [to_servable(read(path), name=path) for path in paths[start : start + batch_size]]
        answer = signature(**{INPUT_BYTES: tf.constant(batch, dtype=tf.string)})
        parts.append({name: tensor.numpy() for name, tensor in answer.items()})
    return Answers(
        np.concatenate([part[OUTPUT_PROBABILITIES] for part in parts]),
        _texts(parts, OUTPUT_CLASSES),
        _texts(parts, OUTPUT_DECISION),
    )


def _bytes_signature(model: Any) -> Any:
    outputs = {OUTPUT_PROBABILITIES, OUTPUT_CLASSES, OUTPUT_DECISION}
    signature = model.signatures.get(SIGNATURE_BYTES)
    given = set(signature.structured_outputs) if signature is not None else set()
    if not outputs <= given:
        raise ExportError(
            expected(
                f"a model whose '{SIGNATURE_BYTES}' gives {', '.join(sorted(outputs))}",
                received=", ".join(sorted(given)) or f"none ({', '.join(model.signatures)})",
                do="export it with this version of Graft",
            )
        )
    return signature


def _texts(parts: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(text.decode() for part in parts for text in part[name])
