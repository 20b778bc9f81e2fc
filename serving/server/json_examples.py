"""JSON bodies of :classify and :regress -> the Input message (util/json_tensor.cc)."""

import math
from collections.abc import Mapping
from typing import Any

from serving.protocol.status import StatusError, invalid_argument
from serving.server.json_parse import NonFinite, brief
from serving.server.json_values import decode_base64, is_base64

_FLOAT_MAX = 3.4028234663852886e38
_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}


def fill_input(document: Mapping[str, Any], message: Any) -> None:
    """Fill a tensorflow.serving.Input from `examples` and the optional `context`.

    Raises:
        StatusError: INVALID_ARGUMENT.
    """
    target = message.example_list
    if "context" in document:
        target = message.example_list_with_context
        _fill_example(document["context"], target.context)
    if "examples" not in document:
        raise invalid_argument(
            f"JSON Value: {brief(document)} When method is classify, key 'examples' is expected "
            "and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise invalid_argument(
            f"JSON Value: {brief(document)} Expecting 'examples' value to be an list/array"
        )
    if not examples:
        raise invalid_argument(f"JSON Value: {brief(document)} 'examples' value is an empty array")
    for example in examples:
        _fill_example(example, target.examples.add())


def _fill_example(value: Any, example: Any) -> None:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {_json_type(value)}")
    for name, content in value.items():
        feature = example.features.feature[name]
        for item in content if isinstance(content, list) else [content]:
            _add(item, name, feature)


def _add(value: Any, name: str, feature: Any) -> None:
    if isinstance(value, bool):
        _list(feature, "int64_list", name).append(int(value))
    elif isinstance(value, str):
        _list(feature, "bytes_list", name).append(value.encode("utf-8", "surrogateescape"))
    elif is_base64(value):
        _list(feature, "bytes_list", name).append(decode_base64(value))
    elif isinstance(value, float):
        values = _list(feature, "float_list", name)
        if math.isinf(value) and not isinstance(value, NonFinite):
            raise invalid_argument("JSON Parse error: Number too big to be stored in double.")
        if math.isfinite(value) and abs(value) > _FLOAT_MAX:
            raise invalid_argument(
                f"Cannot convert JSON value: {value} to float without loss of precision."
            )
        values.append(value)
    elif isinstance(value, int):
        values = _list(feature, "int64_list", name)
        if not -(2**63) <= value < 2**63:
            raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
        values.append(value)
    else:
        raise invalid_argument(
            f"Feature: {name} has element with unexpected JSON type: {_json_type(value)}"
        )


def _list(feature: Any, kind: str, name: str) -> Any:
    present = feature.WhichOneof("kind")
    if present not in {None, kind}:
        raise _mixed(name, present)
    return getattr(feature, kind).value


def _mixed(name: str, present: str) -> StatusError:
    return invalid_argument(
        f"Unexpected element type in feature: {name} expecting type: {_KINDS[present]}"
    )


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return "Number"
    if isinstance(value, str):
        return "String"
    if isinstance(value, list):
        return "Array"
    return "Object" if isinstance(value, dict) else "Null"
