"""Every setting, as the code describes it: name, what may stand there, default, what it does."""

import dataclasses
import inspect
import itertools
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import annotated_types
import yaml

from components.common import config, plugins
from components.common.config import Section
from pipelines.config import TrainingRun

METHODS = "components.train.methods"
POLICIES = "components.common.augmentation.policies"

_KINDS = {str: "Text", bool: "`true` or `false`", int: "Whole number", float: "Number"}
_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: its dotted name, what may stand there, the default as YAML, what it does."""

    name: str
    kind: str
    default: str
    text: str


def settings_of(section: type[Any], *, prefix: str = "", own: bool = False) -> Iterator[Setting]:
    """Yield the settings of a section and of the sections in it.

    Args:
        section: a frozen dataclass.
        prefix: what its names begin with, such as "gate.".
        own: leave out what it inherits and does not change.
    """
    texts, hints = _texts(section), typing.get_type_hints(section, include_extras=True)
    for field in dataclasses.fields(section):
        if own and field.name not in section.__annotations__:
            continue
        name, kind = prefix + field.name, hints[field.name]
        if _is_section(kind):
            yield from settings_of(kind, prefix=f"{name}.")
            continue
        yield Setting(
            name=name, kind=_kind(kind), default=_default(field), text=texts.get(field.name, "")
        )
        for item in filter(_is_section, typing.get_args(kind)):
            yield from settings_of(item, prefix=f"{name}[].")


def all_settings() -> Iterator[Setting]:
    """Yield every setting of a preset, and every option of a method or an augmentation policy."""
    yield from settings_of(TrainingRun)
    for package, prefix in ((METHODS, "train.options"), (POLICIES, "augment.policy")):
        for name in plugins.names(package):
            options = plugins.load(package, name).Options
            yield from settings_of(options, prefix=f"{prefix} ({name}) ")


def summary(section: type) -> str:
    """Return what a section's docstring says before it comes to the fields."""
    known = {field.name for field in dataclasses.fields(section)} | {"Attributes"}
    lines = (inspect.getdoc(section) or "").splitlines()
    before = itertools.takewhile(
        lambda line: not set(line.partition(":")[0].strip().split(", ")) <= known, lines
    )
    return "\n".join(before)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def declares_settings(kind: type) -> bool:
    """Return whether a class is a section with settings of its own."""
    return kind is not Section and _is_section(kind) and bool(kind.__annotations__)


def _texts(section: type) -> dict[str, str]:
    """Return what the docstrings of a dataclass and of its bases say of each field."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if not _is_section(kind) or kind is Section:
            continue
        known = {field.name for field in dataclasses.fields(kind)}
        names: list[str] = []
        for line in (inspect.getdoc(kind) or "").splitlines():
            head, colon, rest = line.strip().partition(":")
            if colon and set(head.split(", ")) <= known:
                names = head.split(", ")
                found |= dict.fromkeys(names, rest.strip())
            elif line.strip() and names:
                found |= {name: f"{found[name]} {line.strip()}" for name in names}
            else:
                names = []
    return found


def _default(field: "dataclasses.Field[Any]") -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return "none, it has to be given"
    plain = config.restored(_plain(value))
    return f"`{yaml.safe_dump(plain, default_flow_style=True, width=999).splitlines()[0]}`"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return config.to_plain(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _kind(hint: Any) -> str:
    """Return what a type allows, in words."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        limits = [limit for item in args[1:] for limit in _limits(item)]
        return ", ".join([_kind(args[0]), *limits])
    if origin is Literal:
        return _either([f"`{value}`" if value != "" else '`""`' for value in args])
    if origin in (typing.Union, types.UnionType):
        return _either([_kind(inner) for inner in args])
    if origin is tuple:
        inner = [_kind(item) for item in args if item is not ...]
        several = "" if ... in args else f"{len(inner)} × "
        return f"List of {several}{inner[0][:1].lower()}{inner[0][1:]}"
    if origin is dict:
        return "Mapping"
    if _is_section(hint):
        return "Mapping with the settings below"
    return _KINDS[hint]


def _limits(item: Any) -> Iterator[str]:
    if isinstance(item, annotated_types.MinLen):
        yield "not empty"
    for name, words in _LIMITS.items():
        if (value := getattr(item, name, None)) is not None:
            yield f"{words} {value}"
    if pattern := getattr(item, "pattern", None):
        yield f"must match `{pattern}`"
    for inner in getattr(item, "metadata", ()):
        yield from _limits(inner)


def _either(kinds: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))
