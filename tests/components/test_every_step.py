"""Every step is a folder of one shape: config.py, step.py with `run`, component.py."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.common.step import Step, find_step

COMPONENTS = Path(__file__).parents[2] / "components"
STEPS = sorted(path.parent.name for path in COMPONENTS.glob("*/component.py"))
# Steps of other modules than `step.py`, as their components name them.
VARIANTS = (
    *("gate.override", "ingest.fingerprint", "validate.kept"),
    *("train.finalist", "train.folds.rivals", "train.nodes.step"),
)


def test_the_steps_are_found() -> None:
    assert {"ingest", "gate", "monitor", "notify"} <= set(STEPS)
    assert len(STEPS) >= 14


@pytest.mark.parametrize("name", STEPS)
def test_a_step_has_settings_an_entry_and_a_wrapper(name: str) -> None:
    assert (COMPONENTS / name / "config.py").is_file()
    assert find_step(name).name == name


@pytest.mark.parametrize("name", [*STEPS, *VARIANTS])
def test_every_entry_is_called_alike(name: str) -> None:
    step: Step[Any, Any, Any] = find_step(name)
    assert step.run.__name__ == "run"
    assert list(inspect.signature(step.run).parameters) == [
        "settings",
        "inputs",
        "outputs",
        "context",
    ]
    assert step.records["settings"].__name__.endswith("Config")


@pytest.mark.parametrize("name", STEPS)
def test_a_wrapper_only_translates(name: str) -> None:
    tree = ast.parse((COMPONENTS / name / "component.py").read_text())
    wrappers = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert wrappers
    for wrapper in wrappers:
        start = min(node.lineno for node in (*wrapper.decorator_list, wrapper))
        assert wrapper.end_lineno is not None
        assert wrapper.end_lineno - start + 1 <= 25, wrapper.name
        imported = [n.module for n in ast.walk(wrapper) if isinstance(n, ast.ImportFrom)]
        assert imported == ["components.common.step"]


def test_no_step_is_imported_with_a_framework() -> None:
    modules = [f"components.{name}.step" for name in STEPS]
    modules += [f"components.{name}" for name in VARIANTS]
    code = f"""
import importlib, sys
for name in {modules}:
    importlib.import_module(name)
print(*(name for name in ("tensorflow", "keras", "jax", "kfp") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
