"""Frozen dataclasses in, canonical JSON out, and back with strict checks.

A section is a `@dataclass(frozen=True, kw_only=True)` that inherits `Section`.
Range rules stand on the fields: `Annotated[float, Field(gt=0)]`.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from components.common.errors import ConfigError, expected


class Section:
    """Base of all settings: unknown keys are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


def restored(value: Any) -> Any:
    """Return plain data with 3.0 as 3: a protobuf Struct, as a pipeline passes it, has no ints."""
    if isinstance(value, dict):
        return {key: restored(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [restored(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Settings whose keys another module knows, such as the options of a method.
FreeForm = Annotated[dict[str, Any], AfterValidator(restored)]

T = TypeVar("T")


def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def load(cls: type[T], data: Mapping[str, Any], *, where: str = "") -> T:
    """Build a section from plain data.

    Args:
        cls: the section's frozen dataclass.
        data: keys and values as read from YAML or JSON.
        where: the section's dotted name, for messages.

    Raises:
        ConfigError: a key is unknown or missing, or a value is of the wrong type or range.
    """
    try:
        section: T = _adapter(cls).validate_python(dict(data))
    except ValidationError as error:
        raise ConfigError(_explain(cls, error, where)) from None
    return section


def to_json(section: Any) -> str:
    """Return the canonical JSON: sorted keys, no spaces, so that equal settings hash equally."""
    plain = _adapter(type(section)).dump_python(section, mode="json")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def from_json(cls: type[T], text: str, *, where: str = "") -> T:
    """Rebuild a section from `to_json`'s text, with the checks of `load`."""
    return load(cls, json.loads(text), where=where)


def digest(section: Any) -> str:
    """Return the SHA-256 of the canonical JSON, as hexadecimal text."""
    return hashlib.sha256(to_json(section).encode()).hexdigest()


def _explain(cls: type, error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    name = ".".join(filter(None, [where, *path]))
    if first["type"] == "unexpected_keyword_argument":
        known = _known_keys(cls, path[:-1])
        want = f"one of the known settings ({', '.join(known)})"
        return expected(want, received=f"'{name}'", do="correct the name or remove it")
    if first["type"] in {"missing", "missing_argument"}:
        return expected(f"a value for '{name}'", received="none", do="add it")
    want = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{name}: " + expected(want, received=repr(first["input"]), do="correct the value")


def _known_keys(cls: type, path: list[str]) -> list[str]:
    fields = {field.name: field for field in dataclasses.fields(cls)}
    if not path:
        return sorted(fields)
    inner = fields[path[0]].type if path[0] in fields else None
    if isinstance(inner, type) and dataclasses.is_dataclass(inner):
        return _known_keys(inner, path[1:])
    return sorted(fields)
