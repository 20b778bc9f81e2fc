"""Parse JSON as RapidJSON does with `kParseNanAndInfFlag`, including its error texts.

The standard library's C scanner does the work. Whatever it refuses goes through the small parser
below, which either accepts what only RapidJSON accepts (`Inf`) or raises with its message and
offset.
"""

import json
import math
import re
from typing import Any

from serving.protocol.status import StatusError, invalid_argument

MAX_DEPTH = 900
_BOM = b"\xef\xbb\xbf"


class NonFinite(float):
    """NaN or an infinity that was written as such; a plain infinite float is an overflow."""

    __slots__ = ()


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_first_wins,
    parse_constant=lambda token: NonFinite(token.replace("Infinity", "inf")),
)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the top-level object; text after it is ignored, of equal keys the first counts.

    Strings keep invalid UTF-8 as surrogate escapes. Plain numbers are int, float or `NonFinite`.

    Raises:
        StatusError: INVALID_ARGUMENT `JSON Parse error: <reason> at offset: <bytes>`.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    text = body.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    try:
        value, _ = _DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        value = _Parser(text).parse()
    if not isinstance(value, dict):
        raise invalid_argument(f"JSON Value: {brief(value)} Is not object")
    return value


def brief(value: Any, limit: int = 512) -> str:
    """Return a JSON value for an error message, shortened: bodies may be 20 MB."""
    try:
        text = json.dumps(value, ensure_ascii=False, indent=4)
    except RecursionError:
        text = "..."
    return text if len(text) <= limit else text[:limit] + "..."


def _too_deep() -> StatusError:
    return invalid_argument("JSON Parse error: Nesting is too deep")


_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_SPACE = re.compile(r"[ \t\r\n]*")
_HEX = re.compile(r"[0-9a-fA-F]{4}")


class _Parser:
    """RapidJSON's recursive descent, for bodies that are broken or nearly so."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def parse(self) -> Any:
        self._skip()
        if self._at >= len(self._text):
            raise self._error("The document is empty.")
        return self._value(0)

    def _error(self, reason: str, at: int | None = None) -> StatusError:
        position = self._at if at is None else at
        offset = len(self._text[:position].encode("utf-8", "surrogateescape"))
        return invalid_argument(f"JSON Parse error: {reason} at offset: {offset}")

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self, token: str) -> bool:
        if token and self._text.startswith(token, self._at):
            self._at += len(token)
            return True
        return False

    def _value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _too_deep()
        character = self._peek()
        if character == "{":
            return self._object(depth)
        if character == "[":
            return self._array(depth)
        if character == '"':
            return self._string()
        for token, value in (("null", None), ("true", True), ("false", False)):
            if character == token[0]:
                if self._take(token):
                    return value
                raise self._error("Invalid value.", self._at + 1)
        return self._number()

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        found: dict[str, Any] = {}
        self._skip()
        if self._take("}"):
            return found
        while True:
            if self._peek() != '"':
                raise self._error("Missing a name for object member.")
            key = self._string()
            self._skip()
            if not self._take(":"):
                raise self._error("Missing a colon after a name of object member.")
            self._skip()
            value = self._value(depth + 1)
            found.setdefault(key, value)
            self._skip()
            if self._take("}"):
                return found
            if not self._take(","):
                raise self._error("Missing a comma or } after an object member.")
            self._skip()

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        found: list[Any] = []
        self._skip()
        if self._take("]"):
            return found
        while True:
            found.append(self._value(depth + 1))
            self._skip()
            if self._take("]"):
                return found
            if not self._take(","):
                raise self._error("Missing a comma or ] after an array element.")
            self._skip()

    def _string(self) -> str:
        self._at += 1
        parts: list[str] = []
        while True:
            match = _PLAIN.match(self._text, self._at)
            if match:
                parts.append(match.group())
                self._at = match.end()
            if self._take('"'):
                return "".join(parts)
            if self._peek() != "\\":
                # RapidJSON 1.1 says the same of control characters as of the end of the text.
                raise self._error("Missing a closing quotation mark in string.")
            parts.append(self._escape())

    def _escape(self) -> str:
        start = self._at
        self._at += 1
        character = self._peek()
        if character in _ESCAPES and character:
            self._at += 1
            return _ESCAPES[character]
        if character != "u":
            raise self._error("Invalid escape character in string.", start)
        self._at += 1
        code = self._hex(start)
        if 0xD800 <= code <= 0xDFFF:
            low = self._hex(start) if code <= 0xDBFF and self._take("\\u") else 0
            if not 0xDC00 <= low <= 0xDFFF:
                raise self._error("The surrogate pair in string is invalid.", start)
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
        return chr(code)

    def _hex(self, start: int) -> int:
        match = _HEX.match(self._text, self._at)
        if not match:
            raise self._error("Incorrect hex digit after \\u escape in string.", start)
        self._at = match.end()
        return int(match.group(), 16)

    def _number(self) -> Any:
        start = self._at
        negative = self._take("-")
        for token in ("NaN", "Infinity", "Inf"):
            if self._take(token):
                value = math.nan if token == "NaN" else math.inf
                return NonFinite(-value if negative else value)
        match = _NUMBER.match(self._text, self._at)
        if not match:
            raise self._error("Invalid value.")
        self._at = match.end()
        whole, fraction, exponent = match.groups()
        if fraction == ".":
            raise self._error("Miss fraction part in number.")
        if exponent and not exponent[-1].isdigit():
            raise self._error("Miss exponent in number.")
        if fraction is None and exponent is None and len(whole) < 400:
            return -int(whole) if negative else int(whole)
        number = float(match.group())
        if math.isinf(number):
            raise self._error("Number too big to be stored in double.", start)
        return -number if negative else number
