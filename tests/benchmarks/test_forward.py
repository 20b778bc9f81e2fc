"""The forward pass benchmark: what it may compare, and the table it shows."""

import subprocess

import numpy as np
import pytest
from rich.console import Console

from benchmarks.forward import Arm, gap_to, table
from benchmarks.forward_arms import LIMIT


def _arm(name: str, rates: dict[int, list[float]]) -> Arm:
    # The child is not asked anything here.
    return Arm(name, 0.0, subprocess.Popen.__new__(subprocess.Popen), rates)


def test_an_arm_that_answers_differently_ends_the_run() -> None:
    expected = np.array([[0.0, 1.0]])
    assert gap_to(expected, expected + 5e-4, reduced=False) == pytest.approx(5e-4)
    with pytest.raises(SystemExit, match=r"within 0\.001, received a gap of 0\.01"):
        gap_to(expected, expected + np.array([[0.0, 0.01]]), reduced=False)
    # In bfloat16 it is the probabilities that count, and they may move further.
    assert gap_to(expected, expected + 3.0, reduced=True) == pytest.approx(0.0)
    with pytest.raises(SystemExit, match=r"within 0\.1"):
        gap_to(expected, expected + np.array([[0.0, 1.0]]), reduced=True)


def test_the_best_is_a_network_and_medians_count() -> None:
    arms = [
        _arm("a", {1: [10.0, 90.0, 20.0], 8: [40.0, 40.0, 41.0]}),
        _arm("b", {1: [50.0, 50.0, 1.0], 8: [30.0, 30.0, 30.0]}),
        _arm(LIMIT, {1: [99.0] * 3, 8: [100.0] * 3}),
    ]
    console = Console(width=120, record=True)
    console.print(table(arms, ["c (no module)"], batches=[1, 8], title="t"))
    rows = [" ".join(line.replace("│", " ").split()) for line in console.export_text().split("\n")]
    assert "a 20 40 0.80 0" in rows
    assert "b 50 30 1.00 0" in rows
    assert any(row.startswith("c (no module)") and "not installed" in row for row in rows)
