"""REST bodies: row and column format, plain or gzip."""

import base64
import binascii
import json
import zlib
from typing import Any

from components.common.artifacts.exported import (
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_PROBABILITIES,
)
from serving.gateway.exchange import Head
from serving.gateway.reading.predictions import (
    Answered,
    Asked,
    Question,
    UnreadableError,
    as_names,
    as_picture,
    as_scores,
    pick_input,
)
from serving.protocol.rest_paths import Target, Verb, parse_path

_GZIP = zlib.MAX_WBITS | 16
# As TensorFlow Serving does, the document ends with its top-level value.
_DECODER = json.JSONDecoder()


def read_target(path: str) -> Target:
    """Return what a path asks; UnreadableError if nothing."""
    target = parse_path("POST", path)
    if target is None or target.overflow:
        raise UnreadableError(f"no prediction has the path {path}")
    return target


def read_question(head: Head, body: bytes, *, limit_bytes: int) -> Question:
    """Read a request.

    Args:
        head: whose path and encoding tell how to read.
        body: as it came.
        limit_bytes: the most that a compressed body may become.

    Raises:
        UnreadableError: it cannot be.
    """
    target = read_target(head.path)
    if target.verb is not Verb.PREDICT:
        return Question(target.model, target.version or 0, "", ())
    plain = _unzip(body, limit_bytes) if head.encoding.lower() == "gzip" else body
    document = _document(plain)
    signature = document.get("signature_name", "")
    pictures = tuple(_asked(value) for value in _rows(document))
    return Question(target.model, target.version or 0, str(signature), pictures)


def read_answer(body: bytes) -> Answered:
    """Read an answer; UnreadableError if it is not TensorFlow Serving's."""
    document = _document(body)
    if "outputs" in document:
        return _answered(document["outputs"])
    rows = document.get("predictions")
    if not isinstance(rows, list):
        return Answered()
    if rows and all(isinstance(row, dict) for row in rows):
        return _answered({name: [row.get(name) for row in rows] for name in rows[0]})
    return _answered(rows)


def _answered(outputs: Any) -> Answered:
    if not isinstance(outputs, dict):
        # A single output comes without its name.
        return Answered(scores=as_scores(outputs))
    decisions = outputs.get(OUTPUT_DECISION, outputs.get(OUTPUT_CLASSES, ()))
    return Answered(
        scores=as_scores(outputs.get(OUTPUT_PROBABILITIES)),
        decisions=as_names(decisions) if isinstance(decisions, list) else (),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig").lstrip()
        document, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableError("not a JSON object")
    return document


def _unzip(body: bytes, limit_bytes: int) -> bytes:
    decoder = zlib.decompressobj(wbits=_GZIP)
    try:
        plain = decoder.decompress(body, limit_bytes)
    except zlib.error as error:
        raise UnreadableError(f"not gzip: {error}") from None
    if decoder.unconsumed_tail or not decoder.eof:
        raise UnreadableError("gzip that is cut off or too large")
    return plain


def _rows(document: dict[str, Any]) -> list[Any]:
    """Return what was sent of each picture."""
    if "instances" in document:
        rows = document["instances"]
        if not isinstance(rows, list):
            raise UnreadableError("`instances` is not a list")
        return [pick_input(row) if _is_named(row) else row for row in rows]
    inputs = document.get("inputs")
    if isinstance(inputs, dict) and _is_named(inputs):
        inputs = pick_input(inputs)
    return inputs if isinstance(inputs, list) else [inputs]


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and set(value) != {"b64"}


def _asked(value: Any) -> Asked:
    if isinstance(value, dict) and isinstance(value.get("b64"), str):
        return Asked(encoded=_unbase64(value["b64"]))
    return as_picture(value) if isinstance(value, list) else Asked()


def _unbase64(text: str) -> bytes:
    try:
        # Padding may be left out.
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise UnreadableError(f"not base64: {error}") from None
