"""Predict: check the request against the signature, run, and name the outputs."""

from collections.abc import Sequence
from typing import Any

from serving.protocol.status import failed_precondition, invalid_argument
from serving.server.graph.servable import DEFAULT_SIGNATURE, Servable
from serving.server.graph.tensors import fill_proto, to_array


def predict(servable: Servable, request: Any, response: Any, *, timeout_ms: int) -> None:
    """Answer a PredictRequest into a PredictResponse.

    Raises:
        StatusError: with TensorFlow Serving's codes and texts.
    """
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise failed_precondition(f'Serving signature key "{name}" not found.')
    signature = servable.signatures[name]
    _check_names(set(request.inputs), set(signature.inputs))
    inputs = {
        alias: to_array(request.inputs[alias], name=alias) for alias in sorted(signature.inputs)
    }
    aliases = _choose_outputs(signature, request.output_filter)
    outputs = servable.run(name, inputs, aliases, timeout_ms=timeout_ms)
    response.model_spec.name = request.model_spec.name
    response.model_spec.signature_name = name
    response.model_spec.version.value = servable.version
    for alias, array in outputs.items():
        fill_proto(array, response.outputs[alias])


def _check_names(given: set[str], wanted: set[str]) -> None:
    if given != wanted:
        raise invalid_argument(
            f"input size does not match signature: {len(given)}!={len(wanted)} "
            f"len({_braces(given)}) != len({_braces(wanted)}). "
            f"Sent extra: {_braces(given - wanted)}. "
            f"Missing but required: {_braces(wanted - given)}."
        )


def _braces(names: set[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"


def _choose_outputs(signature: Any, output_filter: Sequence[str]) -> list[str]:
    """Return the outputs to compute: those asked for, or all."""
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
    return chosen or sorted(signature.outputs)
