"""The examples in the docstrings of figures and verdicts run and say the truth."""

import doctest
import importlib
from pathlib import Path

import pytest

from components.common.statistics.figures import LABELS

MODULES = (
    "components.common.statistics.intervals",
    "components.common.statistics.jackknife",
    "components.common.statistics.figures",
    "components.evaluate.intervals",
    "components.gate.paired",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_the_example_of_the_reference_page() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "figures.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0


def test_the_reference_page_names_every_figure() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "figures.md"
    rows = {line.split("|")[1].strip() for line in page.read_text().splitlines() if "|" in line}
    assert rows - {"figure", "---"} == set(LABELS.values())
