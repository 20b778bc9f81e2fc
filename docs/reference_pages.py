"""The parts of the reference that are written by the code: every setting, every command.

`conf.py` puts them in the place of `<!-- settings -->` and the like when the site is built.
"""

import dataclasses
import inspect
import itertools
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import typer.main
import yaml

from components.common import config, plugins
from components.common.config import Section
from pipelines.cli import app
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


def generated(page: str) -> str:
    """Return a page with what the code says in the place of its marks, `<!-- settings -->` etc."""
    writers = {
        "<!-- settings -->": settings_page,
        "<!-- methods -->": lambda: options_page(METHODS),
        "<!-- policies -->": lambda: options_page(POLICIES),
        "<!-- commands -->": commands_page,
    }
    for mark, write in writers.items():
        if mark in page:
            page = page.replace(mark, write())
    return page


def settings_page() -> str:
    """Return the sections of a preset, in Markdown."""
    parts = []
    for top, group in itertools.groupby(
        settings_of(TrainingRun), key=lambda setting: setting.name.partition(".")[0]
    ):
        found = list(group)
        if "." in found[0].name:
            kind = typing.get_type_hints(TrainingRun)[top]
            parts += [f"## {top}", _summary(kind)]
        parts += map(_entry, found)
    return "\n\n".join(parts)


def options_page(package: str) -> str:
    """Return the options of a folder of plugins, in Markdown; what several share stands once."""
    parts, shared = [], dict[type, None]()
    for name in plugins.names(package):
        module = plugins.load(package, name)
        bases = [base for base in module.Options.__mro__[1:] if _own(base)]
        shared |= dict.fromkeys(bases)
        parts += [f"## {name}", _prose(inspect.getdoc(module) or "")]
        options = settings_of(module.Options, own=True)
        # `auto` has options of other methods, which are described there.
        parts += [_entry(one, of=name) for one in options if not one.name.startswith("methods.")]
        if bases:
            links = ", ".join(f"[{base.__name__}](#{base.__name__.lower()})" for base in bases)
            parts.append(f"And the options of {links}.")
    for base in shared:
        parts += [f"## {base.__name__}", _summary(base)]
        parts += [_entry(option, of=base.__name__) for option in settings_of(base, own=True)]
    return "\n\n".join(parts)


def commands(group: Any = None, *words: str) -> Iterator[tuple[str, Any]]:
    """Yield each command's words, such as "label queue", with the definition it is parsed by."""
    root: Any = group or typer.main.get_command(app)
    for name, command in sorted(root.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, *words, name)
        else:
            yield " ".join((*words, name)), command


def commands_page() -> str:
    """Return all commands with their arguments and options, in Markdown."""
    parts = []
    for words, command in commands():
        title = f"graft {words}"
        context = command.make_context(title, [], resilient_parsing=True)
        usage = " ".join((title, *command.collect_usage_pieces(context)))
        parts += [f"## {title}", f"```text\n{usage}\n```", _prose(command.help)]
        parts.append(f"```{{program}} {title}\n```")
        shown = filter(None, (one.get_help_record(context) for one in command.params))
        for head, text in shown:
            parts.append(f"````{{option}} {head}\n{_prose(text)}\n````")
    return "\n\n".join(parts)


def _entry(setting: Setting, of: str = "") -> str:
    """Return a setting as an entry that the search finds; `of` names the plugin that has it."""
    name = f"{setting.name} ({of})" if of else setting.name
    says = _prose(setting.text[:1].upper() + setting.text[1:])
    return f"```{{confval}} {name}\n{setting.kind}. Default: {setting.default}.\n\n{says}\n```"


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Section)


def _own(kind: type) -> bool:
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


def _summary(section: type) -> str:
    """Return what a section's docstring says before it comes to the fields."""
    known = {field.name for field in dataclasses.fields(section)} | {"Attributes"}
    lines = (inspect.getdoc(section) or "").splitlines()
    before = itertools.takewhile(
        lambda line: not set(line.partition(":")[0].strip().split(", ")) <= known, lines
    )
    return _prose("\n".join(before))


def _prose(text: str) -> str:
    """Return a docstring as Markdown: pages as links, and no HTML by accident."""
    parts = text.strip().split("`")
    parts[::2] = [
        re.sub(r"(?<![\w/])docs/([\w/-]+)\.md", r"[\1](/\1.md)", part).replace("<", "&lt;")
        for part in parts[::2]
    ]
    return "`".join(parts)


def inside(page: str, *, folder: Path, root: Path) -> str:
    """Return a page whose links to files outside of `root` are paths in the repository."""

    def link(found: re.Match[str]) -> str:
        target = (folder / found[2]).resolve()
        if target.is_relative_to(root):
            return found[0]
        return f"{found[1]} (`{target.relative_to(root.parent)}`)"

    return re.sub(r"\[([^\]]*)\]\((\.\./[^)#]*)[^)]*\)", link, page)


def drawn_steps(page: str) -> str:
    """Return a page with its Mermaid flow charts, which need a script to show, as tables."""
    return re.sub(r"```mermaid\n(.*?)```", lambda chart: _table(chart[1]), page, flags=re.DOTALL)


def _table(chart: str) -> str:
    before: dict[str, list[str]] = {}
    groups: dict[str, str] = {}
    inside: list[str] = []
    rows = []
    for line in map(str.strip, chart.splitlines()):
        if found := re.fullmatch(r'subgraph ([\w-]+)\["(.*)"\]', line):
            groups[found[1]] = found[2]
            inside.append(found[2])
        elif line == "end":
            inside.pop()
        elif found := re.fullmatch(r'([\w-]+)\["[^"]*"\](:::reused)?', line):
            rows.append((found[1], ", ".join(inside[1:]), "yes" if found[2] else ""))
        elif found := re.fullmatch(r"([\w-]+) --> ([\w-]+)", line):
            before.setdefault(found[2], []).append(groups.get(found[1], found[1]))
    head = "| step | waits for | only | reused when unchanged |\n|---|---|---|---|\n"
    return head + "\n".join(
        f"| {step} | {', '.join(before.get(step, []))} | {where} | {reused} |"
        for step, where, reused in rows
    )


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
