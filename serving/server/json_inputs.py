"""Bodies of :predict -> named inputs, with the checks and texts of util/json_tensor.cc."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from serving.protocol.status import StatusError, invalid_argument
from serving.server.graph.signatures import Endpoint
from serving.server.json_parse import brief
from serving.server.json_values import fast_array, is_base64, slow_array, to_array

Array = np.ndarray[Any, Any]


class Format(Enum):
    """How the request was written, hence how the answer is."""

    ROW = "instances"
    COLUMNAR = "inputs"


@dataclass(frozen=True)
class ParsedInputs:
    """Input name -> value, and the format to answer in."""

    arrays: Mapping[str, Array]
    format: Format


def signature_name(document: Mapping[str, Any]) -> str:
    """Return the body's `signature_name`, "" when absent.

    Raises:
        StatusError: INVALID_ARGUMENT when it is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {brief(document)} not formatted correctly. 'signature_name' key must "
            "be a string value."
        )
    return name


def parse_inputs(document: Mapping[str, Any], inputs: Mapping[str, Endpoint]) -> ParsedInputs:
    """Read `instances` or `inputs` of a predict body.

    Args:
        document: the parsed body.
        inputs: the signature's inputs.

    Raises:
        StatusError: INVALID_ARGUMENT as a rule, UNIMPLEMENTED for types JSON cannot carry.
    """
    if "instances" in document and "inputs" in document:
        raise invalid_argument(
            f"JSON Value: {brief(document)} Not formatted correctly expecting only one of "
            "'inputs' or 'instances' keys to exist "
        )
    if "instances" in document:
        return ParsedInputs(_rows(document, inputs), Format.ROW)
    if "inputs" in document:
        return ParsedInputs(_columns(document["inputs"], inputs), Format.COLUMNAR)
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _columns(value: Any, inputs: Mapping[str, Endpoint]) -> dict[str, Array]:
    if not isinstance(value, dict) or is_base64(value):
        if len(inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        name = next(iter(inputs))
        return {name: to_array(value, inputs[name].dtype)}
    arrays: dict[str, Array] = {}
    for name, endpoint in inputs.items():
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        arrays[name] = to_array(value[name], endpoint.dtype)
    return arrays


def _rows(document: Mapping[str, Any], inputs: Mapping[str, Endpoint]) -> dict[str, Array]:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise invalid_argument(
            f"JSON Value: {brief(document)} Excepting 'instances' to be an list/array"
        )
    if not rows:
        raise invalid_argument(f"JSON Value: {brief(document)} No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    if _is_object(rows[0]):
        return _object_rows(rows, inputs)
    name = next(iter(inputs))
    dtype = inputs[name].dtype
    fast = None if any(map(_is_object, rows)) else fast_array(rows, dtype)
    if fast is not None:
        return {name: fast}
    return {name: _slow_rows(rows, dtype)}


def _slow_rows(rows: list[Any], dtype: int) -> Array:
    arrays: list[Array] = []
    for index, row in enumerate(rows):
        if _is_object(row):
            raise invalid_argument(
                f"Expecting value/list but got object at item {index} of input list"
            )
        try:
            arrays.append(_same_shape(slow_array(row, dtype), arrays))
        except StatusError as error:
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. "
                f"Error: {error.code.name}: {error.message}"
            ) from None
    return np.stack(arrays)


def _object_rows(rows: list[Any], inputs: Mapping[str, Endpoint]) -> dict[str, Array]:
    collected: dict[str, list[Array]] = {name: [] for name in inputs}
    for index, row in enumerate(rows):
        if not _is_object(row):
            raise invalid_argument(f"Expecting object but got list at item {index} of input list")
        for key, value in row.items():
            try:
                if key not in inputs:
                    raise invalid_argument(f"JSON object: does not have named input: {key}")
                array = to_array(value, inputs[key].dtype)
                collected[key].append(_same_shape(array, collected[key]))
            except StatusError as error:
                raise invalid_argument(
                    f"Failed to process element: {index} key: {key} of 'instances' list. "
                    f"Error: {error.code.name}: {error.message}"
                ) from None
        if set(row) != set(inputs):
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"{brief(row)} keys must be equal to: {','.join(inputs)}"
            )
    return {name: np.stack(arrays) for name, arrays in collected.items()}


def _same_shape(array: Array, others: list[Array]) -> Array:
    if others and others[0].size != array.size:
        raise invalid_argument(f"Expecting tensor size: {others[0].size} but got: {array.size}")
    if others and others[0].shape != array.shape:
        raise invalid_argument(
            f"Expecting shape {_shape_text(others[0])} but got: {_shape_text(array)}"
        )
    return array


def _shape_text(array: Array) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)
