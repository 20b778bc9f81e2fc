"""docs/reference/methods.md names what there is, and nothing else."""

import dataclasses
import re
from pathlib import Path

import pytest

from components.common import plugins
from components.train.config import METHODS

pytestmark = pytest.mark.slow

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "methods.md").read_text()
# The first word of each table row, and in the last table the methods in the second column.
ROWS = re.findall(r"^\| `(\w+)` \|(.*)$", TEXT, flags=re.MULTILINE)
NAMES = plugins.names(METHODS)


def options(method: str) -> dict[str, object]:
    defaults = plugins.load(METHODS, method).Options()
    return {field.name: getattr(defaults, field.name) for field in dataclasses.fields(defaults)}


def test_every_method_and_every_option_has_a_row() -> None:
    described = {name for name, _ in ROWS}
    # `auto` chooses among the others and has a page of its own.
    there = set(NAMES) | {option for name in NAMES if name != "auto" for option in options(name)}
    assert there - {"auto"} <= described
    assert described <= there


def test_the_shared_options_have_the_defaults_that_are_written_down() -> None:
    actual = options("linear_probe_finetune")
    written = {name: rest.split("|")[0].strip() for name, rest in ROWS if name in actual}
    for name, default in written.items():
        if isinstance(actual[name], float):
            assert float(default) == actual[name], name
        elif name != "cut":
            assert default == str(actual[name]), name


def test_the_options_of_single_methods_are_ascribed_to_those_that_have_them() -> None:
    shared = set(options("full"))
    for name, rest in ROWS:
        column = re.findall(r"`(\w+)`", rest.split("|")[0])
        if name not in NAMES and name not in shared:
            owners = {method for method in NAMES if method != "auto" and name in options(method)}
            assert owners == set(column), name
