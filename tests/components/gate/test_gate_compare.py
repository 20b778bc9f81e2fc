"""The parts of a comparison: its word, which version stays the best."""

import pytest

from components.common.artifacts.judging.evaluation import BEST, SERVES
from components.common.artifacts.judging.verdict import ServingComparison, Word
from components.gate.compare import Rival, best_of, word_of
from components.gate.paired import PairedDifference


@pytest.mark.parametrize(
    ("value", "word"), [(0.0, "deploy"), (-0.03, "insufficient"), (-0.041, "hold")]
)
def test_the_word_follows_from_difference_and_reach(value: float, word: Word) -> None:
    measured = PairedDifference(0.9 + value, 0.9, error=0.01, degrees=100.0)
    assert word_of(measured, tolerance=0.04, confidence=0.95) == word


def compared(low: float, *, version: int) -> ServingComparison:
    figures = {"candidate": 0.9, "incumbent": 0.9, "difference": 0.0, "high": 0.05}
    return ServingComparison(
        metric="accuracy", low=low, confidence=0.95, tolerance=0.04, version=version, **figures
    )


@pytest.mark.parametrize(("low", "best"), [(-0.01, 2), (0.0, 2), (0.01, 0)])
def test_the_best_version_stays_unless_the_candidate_is_better_with_evidence(
    low: float, best: int
) -> None:
    rivals = (
        Rival(version=3, role=SERVES, answers=None),
        Rival(version=2, role=BEST, answers=None),
    )
    comparisons = (compared(0.02, version=3), compared(low, version=2))
    assert best_of(comparisons, rivals) == best
    assert best_of((), rivals) == best_of((), ()) == 0
