"""The facade: small, quick to import, nothing of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

import graft
from components.common import errors

HEAVY = ("tensorflow", "keras", "pandas", "numpy", "pyarrow", "typer", "kfp")


def test_importing_it_brings_nothing_heavy() -> None:
    program = (
        "import graft, sys; graft.errors.ConfigError; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    line = [sys.executable, "-c", program]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_and_no_other() -> None:
    assert {name for name in graft.__all__ if getattr(graft, name) is None} == set()
    assert dir(graft) == sorted(graft.__all__)
    assert graft.errors is errors
    with pytest.raises(AttributeError, match="module 'graft' has no attribute 'trian'"):
        graft.trian  # noqa: B018


def test_it_stays_a_facade() -> None:
    modules = Path(graft.__file__).parent.glob("*.py")
    assert sum(len(path.read_text().splitlines()) for path in modules) <= 300
