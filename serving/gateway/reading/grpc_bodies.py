"""gRPC bodies, through the client's own message classes: no TensorFlow here."""

from itertools import islice
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

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
from serving.protocol import wire_messages as wire

_DT_UINT8 = 4


def read_question(head: ExchangeHead, body: bytes) -> Question:
    """Read a request; UnreadableError if it is not one."""
    predict = head.path == wire.PREDICT
    # All requests have the model in field 1; the rest of Classify and Regress is not for us.
    request = (wire.PredictRequest if predict else wire.GetModelStatusRequest)()
    _parse(request, body)
    spec = request.model_spec
    pictures = _pictures(pick_input(dict(request.inputs))) if predict else ()
    return Question(spec.name, spec.version.value, spec.signature_name, pictures)


def read_answer(head: ExchangeHead, body: bytes) -> Answered:
    """Read an answer; UnreadableError if it is not one."""
    if head.path != wire.PREDICT:
        return Answered()
    response = wire.PredictResponse()
    _parse(response, body)
    outputs = dict(response.outputs)
    scores = outputs.get(OUTPUT_PROBABILITIES)
    if scores is None and len(outputs) == 1:
        (scores,) = outputs.values()
    names = outputs.get(OUTPUT_DECISION, outputs.get(OUTPUT_CLASSES))
    return Answered(
        scores=_scores(scores),
        decisions=as_names(names.string_val) if names is not None else (),
        version=response.model_spec.version.value,
    )


def _parse(message: Any, body: bytes) -> None:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise UnreadableError(f"not {type(message).__name__}: {error}") from None


def _scores(tensor: Any) -> Any:
    if tensor is None or tensor.dtype != wire.DT_FLOAT:
        return None
    try:
        return as_scores(wire.tensor_values(tensor))
    except ValueError as error:
        raise UnreadableError(f"a tensor whose values do not fit its shape: {error}") from None


def _pictures(tensor: Any) -> tuple[SentPicture, ...]:
    if tensor is None:
        return ()
    if tensor.dtype == wire.DT_STRING:
        encoded = islice(tensor.string_val, MOST_PICTURES)
        return tuple(SentPicture(encoded=value) for value in encoded)
    shape = tuple(dim.size for dim in islice(tensor.tensor_shape.dim, 5))
    # A shape is only a claim; the bytes that are there decide how many pictures there are.
    if tensor.dtype != _DT_UINT8 or len(shape) != 4 or not tensor.tensor_content:
        return ()
    try:
        pixels = np.frombuffer(tensor.tensor_content, dtype=np.uint8).reshape(shape)
    except ValueError:
        return ()
    return tuple(as_picture(picture) for picture in pixels[:MOST_PICTURES])
