"""The table of docs/how-to/cluster.md is the section `cluster`: every setting, with its default."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.cluster.config import ClusterConfig
from pipelines.config import resolve

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "cluster.md").read_text()


def settings(section: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if dataclasses.is_dataclass(value):
            found |= settings(value, f"{prefix}{field.name}.")
        else:
            found[f"{prefix}{field.name}"] = list(value) if isinstance(value, tuple) else value
    return found


def test_the_table_names_every_setting_with_its_default() -> None:
    part = TEXT.partition("## The section `cluster`")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `([^`]*)` \|", part, flags=re.MULTILINE)
    assert {name: yaml.safe_load(default) for name, default in rows} == settings(ClusterConfig())


def test_the_example_is_a_valid_preset() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)
    cluster = resolve(yaml.safe_load(example)).cluster
    assert (cluster.accelerator.count, len(cluster.volumes)) == (1, 2)


@pytest.mark.parametrize("words", sorted(set(re.findall(r"`graft ([a-z]+(?: [a-z-]+)?)", TEXT))))
def test_every_command_it_names_is_there(words: str) -> None:
    assert CliRunner().invoke(app, [*words.split(), "--help"]).exit_code == 0, words


def test_every_page_and_picture_it_names_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+)\)", TEXT):
        assert (Path(__file__).parents[2] / "docs" / "how-to" / target).is_file(), target
