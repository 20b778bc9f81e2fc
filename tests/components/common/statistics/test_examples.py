"""The examples in the docstrings of figures and verdicts run and say the truth."""

import doctest
import importlib

import pytest

MODULES = (
    "components.common.statistics.bootstrap",
    "components.common.statistics.figures",
    "components.evaluate.intervals",
    "components.gate.paired",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
