"""Predict: check the request against the signature, run, and name the outputs."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.protocol.status import Code, StatusError, invalid_argument
from serving.server import metrics
from serving.server.graph.servable import Servable
from serving.server.graph.signatures import Signature, find_signature
from serving.server.graph.tensors import to_array, to_proto

Array = np.ndarray[Any, Any]

_METHODS = ("predict", "classify", "regress")


def predict(
    servable: Servable,
    request: Any,
    response: Any,
    *,
    timeout_ms: int,
    as_content: bool = False,
    check_method: bool = False,
) -> None:
    """Answer a PredictRequest into a PredictResponse.

    Raises:
        StatusError: the codes and texts of servables/tensorflow/predict_util.cc.
    """
    signature = find_signature(servable.signatures, request.model_spec.signature_name)
    if check_method:
        _check_method(signature)
    response.model_spec.name = request.model_spec.name
    response.model_spec.signature_name = signature.name
    response.model_spec.version.value = servable.version
    _check_count(signature, request.inputs)
    feeds = _feeds(signature, request.inputs)
    aliases = choose_outputs(signature, request.output_filter)
    arrays = run_signature(servable, signature, feeds, aliases, timeout_ms=timeout_ms)
    for alias, array in zip(aliases, arrays, strict=True):
        to_proto(
            array,
            response.outputs[alias],
            dtype=_actual_type(array, signature.outputs[alias].dtype),
            as_content=as_content,
        )


def run_signature(
    servable: Servable,
    signature: Signature,
    feeds: Mapping[str, Array],
    aliases: Sequence[str],
    *,
    timeout_ms: int,
    api: str = "Predict",
) -> list[Array]:
    """Run a signature on `feeds` (tensor name -> array); return the outputs called `aliases`."""
    begin = time.perf_counter()
    arrays = servable.run(
        signature,
        feeds,
        [signature.outputs[alias].tensor for alias in aliases],
        timeout_ms=timeout_ms,
    )
    metrics.runtime_latency(servable.model, api, time.perf_counter() - begin)
    return arrays


def _actual_type(array: Array, declared: int) -> int:
    """Return the DataType that the graph really returned, the declared one as a rule."""
    if array.dtype == object:
        return 7
    import tensorflow as tf

    if array.dtype == np.dtype(tf.dtypes.as_dtype(declared).as_numpy_dtype):
        return declared
    return int(tf.dtypes.as_dtype(array.dtype).as_datatype_enum)


def _check_method(signature: Signature) -> None:
    names = [f"tensorflow/serving/{method}" for method in _METHODS]
    if signature.method not in names:
        raise StatusError(
            Code.INTERNAL,
            "Expected prediction signature method_name to be one of "
            f"{{{', '.join(names)}}}. Was: {signature.method}",
        )


def _check_count(signature: Signature, inputs: Mapping[str, Any]) -> None:
    given, wanted = set(inputs), set(signature.inputs)
    if len(given) > len(wanted) or (len(given) < len(wanted) and not signature.defaults):
        raise invalid_argument(
            f"input size does not match signature: {len(given)}!={len(wanted)} "
            f"len({_braces(given)}) != len({_braces(wanted)}). "
            f"Sent extra: {_braces(given - wanted)}. "
            f"Missing but required: {_braces(wanted - given)}."
        )


def _braces(names: set[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _feeds(signature: Signature, inputs: Mapping[str, Any]) -> dict[str, Array]:
    feeds: dict[str, Array] = {}
    used: set[str] = set()
    for alias, endpoint in signature.inputs.items():
        # `in` first: indexing a protobuf map creates the entry.
        if alias in inputs:
            used.add(alias)
            feeds[endpoint.tensor] = to_array(inputs[alias], name=alias)
        elif alias in signature.defaults:
            feeds[endpoint.tensor] = to_array(signature.defaults[alias], name=alias)
        else:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {endpoint.tensor}) not found in "
                "request and no default value provided. Inputs expected to be in the request "
                f"{_braces(set(inputs))}, or default input alias set: "
                f"{','.join(sorted(signature.defaults))}"
            )
    if inputs and len(used) != len(inputs):
        raise invalid_argument(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(used))}, "
            f"request input: {','.join(sorted(inputs))}"
        )
    return feeds


def choose_outputs(signature: Signature, output_filter: Sequence[str]) -> list[str]:
    """Return the outputs to compute: those asked for, or all.

    Raises:
        StatusError: INVALID_ARGUMENT for an unknown or repeated name.
    """
    chosen: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {_braces(set(signature.outputs))}."
            )
        if alias in chosen:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        chosen.append(alias)
    return chosen or list(signature.outputs)
