"""From the votes of single checks to the verdict."""

from dataclasses import dataclass

from components.common.artifacts.evaluation import EvaluationInfo
from components.common.artifacts.verdict import Comparison, ThresholdCheck, VerdictInfo, Word

# One missed minimum holds the candidate back, however much else is uncertain.
_GRAVITY: tuple[Word, ...] = ("hold", "insufficient", "deploy")


@dataclass(frozen=True)
class Vote:
    """What one check speaks for, and why."""

    word: Word
    reason: str


def conclude(
    votes: list[Vote],
    *,
    info: EvaluationInfo,
    thresholds: tuple[ThresholdCheck, ...] = (),
    comparisons: tuple[Comparison, ...] = (),
) -> VerdictInfo:
    """Return the gravest word; the reasons that led to it stand first."""
    ordered = sorted(votes, key=lambda vote: _GRAVITY.index(vote.word))
    word: Word = ordered[0].word if ordered else "deploy"
    return VerdictInfo(
        word=word,
        reasons=tuple(vote.reason for vote in ordered),
        thresholds=thresholds,
        comparisons=comparisons,
        candidate_sha256=info.candidate_sha256,
        incumbent_sha256=info.incumbent_sha256,
        incumbent_version=info.incumbent_version,
    )
