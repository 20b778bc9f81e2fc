"""Ask an exported model in this process, through the same signature that a server answers.

Who wants its features besides gets both by one pass of the network: the function `described`, which
is no signature, so that a server's clients see nothing of it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.exported import (
    DESCRIBED,
    INPUT_BYTES,
    OUTPUT_ANSWER,
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_FEATURES,
    OUTPUT_PROBABILITIES,
    SIGNATURE_BYTES,
    SIGNATURE_FEATURES,
    TASK_PROBABILITIES,
)
from components.common.errors import ExportError, first_line
from components.common.pictures.decode import to_servable
from components.common.progress import batches, track


@dataclass(frozen=True)
class Answers:
    """What a model said, one row a picture.

    `probabilities` is float32 [N, classes]; `classes` are the most probable ones, `decisions`
    class names or "ask", `answers` what each decision would be if the model could not ask. `tasks`
    are the probabilities of further tasks, float32 [N, classes], by name.
    """

    probabilities: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    decisions: tuple[str, ...]
    answers: tuple[str, ...]
    tasks: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)


Call = Callable[[Any], dict[str, Any]]


def load(folder: Path | str) -> Any:
    """Load a SavedModel.

    Args:
        folder: of a version; an address (gs://...) as text, since a Path would lose a slash of it.

    Raises:
        ExportError: TensorFlow cannot load it.
    """
    import tensorflow as tf

    try:
        return tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise ExportError(
            f"a SavedModel that TensorFlow loads from {folder}",
            received=first_line(error),
            do="export or publish it again",
        ) from None


def ask(
    folder: Path,
    paths: Sequence[str],
    read: Callable[[str], bytes],
    *,
    batch_size: int,
    activity: str,
    model: Any = None,
) -> Answers:
    """Send encoded pictures through the bytes signature of a SavedModel.

    Args:
        folder: the SavedModel (a version folder).
        paths: names of the pictures, at least one.
        read: returns a picture's encoded bytes by its name.
        batch_size: pictures a call.
        activity: what the progress report calls this.
        model: as from `load`, for who asks often; loaded from `folder` without it.

    Raises:
        DataError: a picture cannot be read.
        ExportError: the model cannot be loaded, or has not the signature that Graft exports.
        Exception: whatever TensorFlow raises for a model that it cannot run.
    """
    call = _answering(model or load(folder))
    return _joined(_parts(call, paths, read, batch_size=batch_size, activity=activity))


def describe(
    folder: Path,
    paths: Sequence[str],
    read: Callable[[str], bytes],
    *,
    batch_size: int,
    activity: str,
    model: Any = None,
) -> tuple[Answers, npt.NDArray[np.float32]]:
    """Return the answers and the features by one pass; args and errors as `ask`.

    Returns:
        The answers; and float32 [N, D], the vectors that the head decides by.
    """
    call = _describing(model or load(folder))
    parts = _parts(call, paths, read, batch_size=batch_size, activity=activity)
    return _joined(parts), np.concatenate([part[OUTPUT_FEATURES] for part in parts])


def answer(
    model: Any, pictures: Sequence[bytes], *, described: bool = False, rows: int = 0
) -> Answers:
    """Send one batch, of at least one as from `pictures.to_servable`; raises as `ask`.

    Args:
        model: as from `load`.
        pictures: encoded.
        described: through the function that `describe` uses, for who uses that anyway: TensorFlow
            takes a second or two to prepare each function for its first call.
        rows: what smaller batches are filled up to, for who asks about so many before or after.
    """
    call = _describing(model) if described else _answering(model)
    return _joined([_called(call, pictures, rows=rows)])


def answering_signature(model: Any) -> Any:
    """Return the bytes signature of a loaded SavedModel.

    Raises:
        ExportError: it has not the one that Graft exports.
    """
    outputs = {OUTPUT_PROBABILITIES, OUTPUT_CLASSES, OUTPUT_DECISION}
    return _signature(model, SIGNATURE_BYTES, outputs)


def _answering(model: Any) -> Call:
    """Return what gives answers by output name, to a tensor of encoded pictures."""
    signature = answering_signature(model)
    return lambda pictures: signature(**{INPUT_BYTES: pictures})


def _describing(model: Any) -> Call:
    """Return what gives answers and features."""
    if hasattr(model, DESCRIBED):
        return getattr(model, DESCRIBED)  # type: ignore[no-any-return]
    # A version that was exported before there was such a function: two passes.
    both = answering_signature(model), _signature(model, SIGNATURE_FEATURES, {OUTPUT_FEATURES})
    return lambda pictures: {
        name: found for one in both for name, found in one(**{INPUT_BYTES: pictures}).items()
    }


def _parts(
    call: Call,
    paths: Sequence[str],
    read: Callable[[str], bytes],
    *,
    batch_size: int,
    activity: str,
) -> list[dict[str, Any]]:
    def servable(path: str) -> bytes:
        return to_servable(read(path), name=path)

    ready = batches(servable, paths, size=batch_size)
    total = math.ceil(len(paths) / batch_size)
    rows = min(batch_size, len(paths))
    return [_called(call, batch, rows=rows) for batch in track(ready, activity, total=total)]


def _called(call: Call, pictures: Sequence[bytes], *, rows: int) -> dict[str, Any]:
    """Ask about pictures, filled up to so many rows: another number takes most of a second more."""
    import tensorflow as tf

    filled = [*pictures, *[pictures[-1]] * (rows - len(pictures))]
    found = call(tf.constant(filled, dtype=tf.string))
    return {name: tensor.numpy()[: len(pictures)] for name, tensor in found.items()}


def _signature(model: Any, name: str, outputs: set[str]) -> Any:
    signature = model.signatures.get(name)
    given = set(signature.structured_outputs) if signature is not None else set()
    if not outputs <= given:
        raise ExportError(
            f"a model whose '{name}' gives {', '.join(sorted(outputs))}",
            received=", ".join(sorted(given)) or f"none ({', '.join(model.signatures)})",
            do="export it with this version of Graft",
        )
    return signature


def _joined(parts: list[dict[str, Any]]) -> Answers:
    # Versions that were exported before models could ask have no answer beside the decision.
    answer = OUTPUT_ANSWER if OUTPUT_ANSWER in parts[0] else OUTPUT_DECISION
    return Answers(
        np.concatenate([part[OUTPUT_PROBABILITIES] for part in parts]),
        _texts(parts, OUTPUT_CLASSES),
        _texts(parts, OUTPUT_DECISION),
        _texts(parts, answer),
        {
            name.removesuffix(TASK_PROBABILITIES): np.concatenate([part[name] for part in parts])
            for name in parts[0]
            if name.endswith(TASK_PROBABILITIES)
        },
    )


def _texts(parts: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(text.decode() for part in parts for text in part[name])
