"""The parts of the reference that are written by the code: every setting, every command.

`conf.py` puts them in the place of `<!-- settings -->` and the like when the site is built.
"""

import inspect
import itertools
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from described_settings import (
    METHODS,
    POLICIES,
    Setting,
    declares_settings,
    settings_of,
    summary,
)

from components.common import plugins
from pipelines.cli import app
from pipelines.config import TrainingRun


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
            parts += [f"## {top}", _prose(summary(kind))]
        parts += map(_entry, found)
    return "\n\n".join(parts)


def options_page(package: str) -> str:
    """Return the options of a folder of plugins, in Markdown; what several share stands once."""
    parts, shared = [], dict[type, None]()
    for name in plugins.names(package):
        module = plugins.load(package, name)
        bases = [base for base in module.Options.__mro__[1:] if declares_settings(base)]
        shared |= dict.fromkeys(bases)
        parts += [f"## {name}", _prose(inspect.getdoc(module) or "")]
        options = settings_of(module.Options, own=True)
        # `auto` has options of other methods, which are described there.
        parts += [_entry(one, of=name) for one in options if not one.name.startswith("methods.")]
        if bases:
            links = ", ".join(f"[{base.__name__}](#{base.__name__.lower()})" for base in bases)
            parts.append(f"And the options of {links}.")
    for base in shared:
        parts += [f"## {base.__name__}", _prose(summary(base))]
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
