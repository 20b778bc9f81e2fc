"""REST bodies: row and column format, plain or gzip."""

import base64
import binascii
import json
import zlib
from itertools import islice
from typing import Any

from components.common.artifacts.exported import (
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_PROBABILITIES,
)
from serving.client.contract import as_names
from serving.gateway.exchange import ExchangeHead
from serving.gateway.reading.predictions import (
    MOST_PICTURES,
    Answered,
    Question,
    SentPicture,
    UnreadableError,
    as_picture,
    as_scores,
    pick_input,
)
from serving.protocol.rest_paths import Target, Verb, parse_path

_GZIP = zlib.MAX_WBITS | 16
# A few bytes must not fill the memory: not unzipped, and not as a value each (some 70 bytes).
_MOST_UNZIPPED_BYTES = 16 << 20
_MOST_VALUES = 4_000_000
# As TensorFlow Serving does, the document ends with its top-level value.
_DECODER = json.JSONDecoder()


def read_target(path: str) -> Target:
    """Return what a path asks; UnreadableError if nothing."""
    target = parse_path("POST", path)
    if target is None:
        raise UnreadableError(f"no prediction has the path {path}")
    return target


def read_question(head: ExchangeHead, body: bytes) -> Question:
    """Read a request; UnreadableError if it cannot be, or would take much memory to read."""
    target = read_target(head.path)
    if target.verb is not Verb.PREDICT:
        return Question(target.model, target.version or 0, "", ())
    plain = _unzip(body) if head.encoding.lower() == "gzip" else body
    document = _document(plain)
    signature = document.get("signature_name", "")
    pictures = tuple(_asked(value) for value in islice(_rows(document), MOST_PICTURES))
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
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise UnreadableError(f"more than {_MOST_VALUES} values")
    try:
        text = body.decode("utf-8-sig").lstrip()
        document, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableError("not a JSON object")
    return document


def _unzip(body: bytes) -> bytes:
    decoder = zlib.decompressobj(wbits=_GZIP)
    try:
        plain = decoder.decompress(body, _MOST_UNZIPPED_BYTES)
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
        return [pick_input(row) if _is_named(row) else row for row in rows[:MOST_PICTURES]]
    inputs = document.get("inputs")
    if isinstance(inputs, dict) and _is_named(inputs):
        inputs = pick_input(inputs)
    return inputs if isinstance(inputs, list) else [inputs]


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and set(value) != {"b64"}


def _asked(value: Any) -> SentPicture:
    if isinstance(value, dict) and isinstance(value.get("b64"), str):
        return SentPicture(encoded=_unbase64(value["b64"]))
    return as_picture(value) if isinstance(value, list) else SentPicture()


def _unbase64(text: str) -> bytes:
    try:
        # Padding may be left out.
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise UnreadableError(f"not base64: {error}") from None
