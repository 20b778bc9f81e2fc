"""What the pages tell people to type: commands, options, settings, presets, targets, Python."""

import ast
import doctest
import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import reference_pages
import typer
import yaml

from pipelines.cli import app
from pipelines.config import TrainingRun, override, preset_names, read_preset, resolve

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = dict(reference_pages.commands())
OURS = {"benchmarks", "components", "graft", "pipelines", "serving"}
# What ends a command in a shell.
ENDS = {"|", ";", "&", "&&", "||", ">", ">>", "<"}


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """The page's fenced blocks in one of these languages."""
    fenced = re.findall(r"^( *)```(\w*)\n(.*?)^\1```", page.read_text(), re.DOTALL | re.MULTILINE)
    yield from (text for _, language, text in fenced if language in languages)


def typed(program: str) -> Iterator[Any]:
    """Every command line of a page's blocks that calls this program, and its words."""
    for page in PAGES:
        indented = re.findall(r"(?:^ {4}\S.*\n)+", page.read_text(), re.MULTILINE)
        for block in [*blocks(page, "", "bash", "sh", "console", "shell"), *indented]:
            for line in block.replace("\\\n", " ").splitlines():
                line = line.strip().removeprefix("$ ")
                if not line.startswith(f"{program} "):
                    continue
                lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
                lexer.whitespace_split = True
                words = list(lexer)[1:]
                end = next((at for at, word in enumerate(words) if word in ENDS), len(words))
                where = f"{page.relative_to(ROOT)}: {line}"
                yield pytest.param(words[:end], id=where.replace("[", "(").replace("]", ")"))


def parsed(words: list[str]) -> dict[str, Any]:
    """The options and arguments of a `graft` command line, refused as the command would."""
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in COMMANDS), "")
    assert name, f"no command `graft {' '.join(words[:2])}`"
    command = COMMANDS[name]
    context = command.make_context(f"graft {name}", [], resilient_parsing=True)
    context.resilient_parsing = False  # else the parser swallows what it does not know
    given, rest, _ = command.make_parser(context).parse_args(words[len(name.split()) :])
    assert not rest or command.context_settings.get("allow_extra_args"), f"not known: {rest}"
    missing = [one.name for one in command.params if one.required and not given.get(one.name)]
    assert not missing or given.get("help"), f"{name} needs {missing}"
    return dict(given)


@pytest.mark.parametrize("words", list(typed("graft")))
def test_a_command_has_the_options_presets_and_settings_it_is_given(words: list[str]) -> None:
    if words[0].startswith("-"):
        root: Any = typer.main.get_command(app)
        assert words[0] in {name for one in root.params for name in one.opts} | {"--help"}
        return
    given = parsed(words)
    preset = given.get("preset") or "pictures"
    plain = {}
    if not re.search(r"[./A-Z]", preset):
        assert preset in preset_names()
        plain = read_preset(preset)
    if given.get("assignments"):
        resolve(override(plain, given["assignments"]))


@pytest.mark.parametrize("words", list(typed("make")))
def test_a_target_of_make_is_there(words: list[str]) -> None:
    there = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {word for word in words if "=" not in word and word != "-n"} <= set(there)


def test_commands_in_sentences_are_there() -> None:
    spoken = {
        (page.name, tuple(words.split()))
        for page in PAGES
        for words in re.findall(r"`graft ((?:[a-z][a-z-]+ ?)+)", page.read_text())
    }
    groups = {(name.partition(" ")[0],) for name in COMMANDS}
    for page, words in spoken:
        known = {words[0], " ".join(words[:2])} & set(COMMANDS) or words in groups
        assert known, f"{page}: graft {' '.join(words)}"


def presets() -> Iterator[Any]:
    fields = set(TrainingRun.__dataclass_fields__)
    for page in PAGES:
        for at, block in enumerate(blocks(page, "yaml")):
            found = yaml.safe_load(block) if "{{" not in block else None
            if isinstance(found, dict) and set(found) <= fields:
                yield pytest.param(found, id=f"{page.relative_to(ROOT)} {at}")


@pytest.mark.parametrize("preset", list(presets()))
def test_a_preset_on_a_page_is_accepted(preset: dict[str, Any]) -> None:
    resolve(preset)


def programs() -> Iterator[Any]:
    for page in PAGES:
        for at, block in enumerate(blocks(page, "python")):
            program = doctest.script_from_examples(block) if ">>> " in block else block
            yield pytest.param(program, id=f"{page.relative_to(ROOT)} {at}")


@pytest.mark.parametrize("program", list(programs()))
def test_python_on_a_page_compiles_and_imports_what_is_there(program: str) -> None:
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            assert all(importlib.util.find_spec(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert importlib.util.find_spec(node.module), node.module
            if node.module.partition(".")[0] in OURS:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), node.module
