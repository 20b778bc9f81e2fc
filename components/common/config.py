"""Frozen dataclasses in, canonical JSON out, and back with strict checks.

A section is a `@dataclass(frozen=True, kw_only=True)` that inherits `Section`.
Range rules stand on the fields: `Annotated[float, Field(gt=0)]`.

Sections travel through Kubeflow as STRUCT parameters (google.protobuf.Struct), which know one kind
of number, a double. So whole numbers come back as floats and are restored on load, and sections
hold no whole number that a double cannot hold.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from components.common.errors import ConfigError, expected

# Whole numbers from here on may be rounded in a Struct.
_TOO_LARGE = 2**53


class Section:
    """Base of all settings: unknown keys are refused."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


T = TypeVar("T")


def restored(value: Any) -> Any:
    """Return plain data with whole numbers as `int`, whatever they became on their way.

    Raises:
        ValueError: a value that a Struct cannot carry, such as None.
    """
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("names that are text as keys")
        return {key: restored(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [restored(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _TOO_LARGE:
        return int(value) if str(value) != "-0.0" else value
    if isinstance(value, str | bool | int | float):
        return value
    raise ValueError("text, numbers, true or false, lists and mappings of them; leave out the rest")


# A plugin's own settings as they are written: the plugin's `Options` says what they may be.
FreeForm = Annotated[dict[str, Any], AfterValidator(restored)]

# What a verdict shall rest on. It stands here since settings are read without pandas.
EvidenceChoice = Literal["auto", "holdout", "cross_validation"]

_adapter: Callable[[Any], TypeAdapter[Any]] = functools.cache(TypeAdapter)


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
    if isinstance(section, Section):
        _check_numbers(to_plain(section), where)
    return section


def _check_numbers(plain: Any, where: str) -> None:
    for name, value in leaves(plain, where):
        if isinstance(value, list):
            for one in value:
                _check_numbers(one, name)
        elif isinstance(value, int) and abs(value) >= _TOO_LARGE:
            raise ConfigError(
                f"{name}: "
                + expected(
                    "a whole number below 2^53, which Kubeflow passes on unrounded",
                    received=str(value),
                    do="give a smaller one",
                )
            )


def leaves(plain: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what plain data hold by dotted names, "train.options.epochs"; lists stay whole."""
    if isinstance(plain, dict) and plain:
        for key, value in plain.items():
            yield from leaves(value, f"{name}.{key}" if name else str(key))
    else:
        yield name, plain


def from_struct(cls: type[T], data: Mapping[str, Any], *, where: str = "") -> T:
    """Rebuild a section from what became of `to_plain` in a STRUCT parameter, as `load` does."""
    try:
        plain = restored(data)
    except ValueError as error:
        problem = expected(f"{error} in '{where}'", received=repr(data), do="correct the value")
        raise ConfigError(problem) from None
    return load(cls, plain, where=where)


def to_plain(section: Any) -> dict[str, Any]:
    """Return the section as dictionaries, lists, texts and numbers: what a STRUCT carries."""
    plain: dict[str, Any] = _adapter(type(section)).dump_python(section, mode="json")
    return plain


def to_json(section: Any) -> str:
    """Return the canonical JSON: sorted keys, no spaces, so that equal settings hash equally."""
    return json.dumps(to_plain(section), sort_keys=True, separators=(",", ":"))


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
