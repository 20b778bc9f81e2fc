"""The parts of the reference that the code writes, and the site that they stand in."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import described_settings
import pytest
import reference_pages
from pydantic import Field

from components.common import plugins
from components.common.config import Section
from components.train.options import TransferOptions
from pipelines.config import TrainingRun, resolve

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Inner(Section):
    """What is inside.

    Attributes:
        first, second: two of a kind, and a
            second line.
    """

    first: Annotated[int, Field(ge=1, lt=9)] = 2
    second: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outer(Inner):
    """second: says more."""

    inner: Inner = Inner()
    items: tuple[Inner, ...] = ()


def test_types_ranges_defaults_and_texts_are_those_of_the_code() -> None:
    found = {one.name: one for one in described_settings.settings_of(Outer)}
    assert list(found) == [
        "first", "second", "inner.first", "inner.second", "items", "items[].first", "items[].second"
    ]  # fmt: skip
    first = found["inner.first"]
    assert (first.kind, first.default) == ("Whole number, at least 1, below 9", "`2`")
    assert first.text == "two of a kind, and a second line."
    assert (found["second"].kind, found["second"].text) == ("List of number", "says more.")


def test_every_setting_says_what_it_does() -> None:
    settings = list(described_settings.all_settings())
    assert len(settings) > 400
    assert not [one.name for one in settings if not re.search(r"\w{2,}", one.text)]


def test_the_pages_hold_every_setting_option_and_command() -> None:
    settings = reference_pages.settings_page()
    for section in TrainingRun.__dataclass_fields__:
        assert re.search(rf"^(## {section}$|```{{confval}} {section}$)", settings, re.MULTILINE)
    for one in described_settings.settings_of(TrainingRun):
        assert f"{{confval}} {one.name}\n" in settings
    methods = reference_pages.options_page(described_settings.METHODS)
    assert {f"## {name}" for name in plugins.names(described_settings.METHODS)} <= set(
        methods.splitlines()
    )
    for one in described_settings.settings_of(TransferOptions, own=True):
        assert methods.count(f"{{confval}} {one.name} (TransferOptions)\n") == 1
    commands = reference_pages.commands_page()
    for words, command in reference_pages.commands():
        section = commands.partition(f"## graft {words}\n")[2].partition("\n## ")[0]
        assert all(name in section for one in command.params for name in one.opts)


def test_a_default_on_the_page_is_the_settings_default() -> None:
    run = resolve({})
    assert f"Default: `{run.gate.min_test_pictures}`" in next(
        entry
        for entry in reference_pages.settings_page().split("```{confval} ")
        if entry.startswith("gate.min_test_pictures\n")
    )


def test_a_flow_chart_becomes_a_table_of_what_waits_for_what() -> None:
    chart = (
        'flowchart TB\nsubgraph run["training"]\n  a["a"]:::reused\n'
        '  subgraph c-1["if gate says deploy"]\n    b-2["b"]\n  end\n  a --> b-2\nend\n'
        'n["notify"]\nrun --> n\nclassDef reused fill:#dbeafe\n'
    )
    rows = reference_pages.drawn_steps(f"```mermaid\n{chart}```").splitlines()[2:]
    assert rows == [
        "| a |  |  | yes |", "| b-2 | a | if gate says deploy |  |", "| n | training |  |  |"
    ]  # fmt: skip


def test_a_link_out_of_the_pages_becomes_a_path(tmp_path: Path) -> None:
    root = tmp_path / "docs"
    page = "[rules](../../RULES.md#a) and [other](../b/c.md)"
    found = reference_pages.inside(page, folder=root / "how-to", root=root)
    assert found == "rules (`RULES.md`) and [other](../b/c.md)"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_nobody(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run(
        [*words, "-d", tmp_path / "kept", ROOT / "docs", tmp_path / "site"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = {path: path.read_text() for path in (tmp_path / "site").rglob("*.html")}
    assert len(pages) > 80
    loaded = re.compile(r'<(script|img|iframe)[^>]+src="(https?:)?//|<link[^>]+href="(https?:)?//')
    assert not [str(path) for path, text in pages.items() if loaded.search(text)]
    settings = pages[tmp_path / "site" / "reference" / "settings.html"]
    assert 'id="confval-gate.min_test_pictures"' in settings
    assert "min_test_pictures" in (tmp_path / "site" / "searchindex.js").read_text()
