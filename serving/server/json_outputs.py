"""numpy -> JSON text, byte for byte as RapidJSON's PrettyWriter and `WriteDecimal` print it."""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.protocol.status import invalid_argument
from serving.server.json_inputs import Format

Array = np.ndarray[Any, Any]

_INDENT = "    "
_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def error_body(message: str) -> bytes:
    """Return `{"error": ...}`."""
    return _encode(f'{{\n{_INDENT}"error": {quote(message)}\n}}')


def quote(text: str) -> str:
    """Return a JSON string; only quotes, backslashes and control characters are escaped."""
    return '"' + _SPECIAL.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _encode(text: str) -> bytes:
    # "surrogatepass" last: an error text may quote a lone surrogate from the request.
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def predict_body(outputs: Mapping[str, Array], style: Format) -> bytes:
    """Return the body of a predict answer, in the request's format.

    Raises:
        StatusError: INVALID_ARGUMENT; no outputs, a type JSON cannot carry, or outputs that
            cannot be cut into rows.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    if style is Format.ROW:
        return _encode(_rows(outputs))
    return _encode(_columns(outputs))


def _columns(outputs: Mapping[str, Array]) -> str:
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        return f'{{\n{_INDENT}"outputs": {_tree(name, array, depth=1)}\n}}'
    members = ",\n".join(
        f"{_INDENT * 2}{quote(name)}: {_tree(name, array, depth=2)}"
        for name, array in outputs.items()
    )
    return f'{{\n{_INDENT}"outputs": {{\n{members}\n{_INDENT}}}\n}}'


def _rows(outputs: Mapping[str, Array]) -> str:
    rows = _row_count(outputs)
    if len(outputs) == 1:
        ((name, array),) = outputs.items()
        items = _inline(_tokens(name, array, depth=1 + array.ndim), array.shape[1:], rows)
        # One output: the items follow the bracket, and the bracket closes on its own line.
        body = ", ".join(items) + (f"\n{_INDENT}" if items else "")
        return f'{{\n{_INDENT}"predictions": [{body}]\n}}'
    columns = {
        name: _inline(_tokens(name, array, depth=2 + array.ndim), array.shape[1:], rows)
        for name, array in outputs.items()
    }
    objects = [
        ",\n".join(f"{_INDENT * 3}{quote(name)}: {column[row]}" for name, column in columns.items())
        for row in range(rows)
    ]
    body = ",\n".join(f"{_INDENT * 2}{{\n{members}\n{_INDENT * 2}}}" for members in objects)
    return f'{{\n{_INDENT}"predictions": [' + (f"\n{body}\n{_INDENT}" if body else "") + "]\n}"


def _row_count(outputs: Mapping[str, Array]) -> int:
    rows = -1
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if rows not in {-1, array.shape[0]}:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} expecting: "
                f"{rows}"
            )
        rows = array.shape[0]
    return rows


def _inline(tokens: Sequence[str], shape: Sequence[int], rows: int) -> list[str]:
    """Nest tokens on one line; return one text per row."""
    items = list(tokens)
    sizes = list(shape)
    if 0 in sizes:
        sizes = sizes[: sizes.index(0)]
        items = ["[]"] * (rows * math.prod(sizes))
    for size in reversed(sizes):
        items = [
            "[" + ", ".join(items[start : start + size]) + "]"
            for start in range(0, len(items), size)
        ]
    return items


def _tree(name: str, array: Array, *, depth: int) -> str:
    """Nest tokens with one value a line, as the default format does."""
    tokens = _tokens(name, array, depth=depth + array.ndim)
    if array.ndim == 0:
        return tokens[0]
    return _nest(tokens, array.shape, depth)


def _nest(tokens: Sequence[str], shape: Sequence[int], depth: int) -> str:
    if shape[0] == 0:
        return "[]"
    pad = "\n" + _INDENT * (depth + 1)
    if len(shape) == 1:
        parts: Sequence[str] = tokens
    else:
        step = len(tokens) // shape[0]
        parts = [
            _nest(tokens[index * step : (index + 1) * step], shape[1:], depth + 1)
            for index in range(shape[0])
        ]
    return "[" + pad + ("," + pad).join(parts) + "\n" + _INDENT * depth + "]"


def _tokens(name: str, array: Array, *, depth: int) -> list[str]:
    """Return each element as JSON, in row-major order."""
    kind = array.dtype.kind
    if kind == "O":
        if name.endswith("_bytes"):
            return [_base64(item, depth) for item in array.ravel().tolist()]
        return [quote(item.decode("utf-8", "surrogateescape")) for item in array.ravel().tolist()]
    if kind == "b":
        return ["true" if item else "false" for item in array.ravel().tolist()]
    if kind in "iu":
        return [str(item) for item in array.ravel().tolist()]
    if kind == "f" and array.dtype.itemsize in {4, 8}:
        return decimals(array.ravel())
    raise invalid_argument(f"Failed to write JSON value for tensor type: {_type_word(array.dtype)}")


def _type_word(dtype: "np.dtype[Any]") -> str:
    return {"float16": "half"}.get(dtype.name, dtype.name)


def _base64(item: bytes, depth: int) -> str:
    text = base64.b64encode(item).decode("ascii")
    pad = _INDENT * depth
    return f'{{\n{pad}{_INDENT}"b64": "{text}"\n{pad}}}'


def decimals(values: Array) -> list[str]:
    """Format floats as `WriteDecimal`: six digits if they round-trip, else nine or seventeen."""
    digits = 9 if values.dtype == np.float32 else 17
    numbers = values.tolist()
    texts = [f"{number:.6g}" for number in numbers]
    read_back = np.array(texts, np.float64).astype(values.dtype)
    for index in np.flatnonzero(read_back != values):
        texts[index] = f"{numbers[index]:.{digits}g}"
    return [_finish(text) for text in texts]


def _finish(text: str) -> str:
    if "." in text or "e" in text:
        return text
    if text[-1].isdigit():
        return text + ".0"
    return {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]


def classification_body(result: Any) -> bytes:
    """Return the body of a classify answer: a list of [label, score] lists per example."""
    rows = [
        "["
        + ", ".join(f"[{quote(one.label)}, {_single(one.score)}]" for one in entry.classes)
        + "]"
        for entry in result.classifications
    ]
    if not rows:
        raise invalid_argument("Cannot convert empty ClassificationResults to JSON")
    return _encode(f'{{\n{_INDENT}"results": [{", ".join(rows)}\n{_INDENT}]\n}}')


def regression_body(result: Any) -> bytes:
    """Return the body of a regress answer: one number per example."""
    if not result.regressions:
        raise invalid_argument("Cannot convert empty RegressionResults to JSON")
    values = ", ".join(_single(one.value) for one in result.regressions)
    return _encode(f'{{\n{_INDENT}"results": [{values}]\n}}')


def _single(value: float) -> str:
    return decimals(np.array([value], np.float32))[0]
