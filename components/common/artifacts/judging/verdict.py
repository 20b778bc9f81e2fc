"""Verdict: the gate's word and what it rests on. Written by gate."""

from dataclasses import dataclass
from typing import Literal

from components.common.artifacts.records import RecordFolder

Word = Literal["deploy", "hold", "insufficient"]
NextAction = Literal[
    "serve", "nothing", "improve", "add_pictures", "cross_validate", "accept_groups"
]


@dataclass(frozen=True, kw_only=True)
class ThresholdCheck:
    """One minimum and the candidate's figure with its 95 % interval."""

    metric: str
    at_least: float
    value: float
    low: float
    high: float
    met: bool


@dataclass(frozen=True, kw_only=True)
class ServingComparison:
    """Candidate against an earlier `version` on the same pictures; 0 in records of older versions.

    `difference` is candidate minus incumbent; with `confidence` it is at least `low`, and with the
    same it is at most `high` (one-sided each).
    """

    metric: str
    candidate: float
    incumbent: float
    difference: float
    low: float
    high: float
    confidence: float
    tolerance: float
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Override:
    """A person's decision to deploy against the gate's word: who, when and why."""

    by: str
    at_unix_s: float
    reason: str


@dataclass(frozen=True, kw_only=True)
class VerdictInfo:
    """The word, its reasons as sentences, and the figures behind them.

    `incumbent_version` is 0 when nothing served. `comparisons` are with that version and, where it
    is another, with the best one so far. `best_version` is the best one when the candidate serves,
    0 for the candidate itself: it is the best where it is better with evidence, or was compared
    with nothing. An `override` leaves the word as it was. `next_action` is what a user does now,
    in `next_steps` as sentences. `model_name` and `judged_unix_s` are "" and 0 in records of older
    versions.
    """

    word: Word
    reasons: tuple[str, ...]
    thresholds: tuple[ThresholdCheck, ...] = ()
    comparisons: tuple[ServingComparison, ...] = ()
    candidate_sha256: str = ""
    incumbent_sha256: str = ""
    incumbent_version: int = 0
    best_version: int = 0
    override: Override | None = None
    model_name: str = ""
    judged_unix_s: float = 0.0
    next_action: NextAction = "nothing"
    next_steps: tuple[str, ...] = ()

    @property
    def may_deploy(self) -> bool:
        """Whether the candidate goes out, by the gate's word or by a person's."""
        return self.word == "deploy" or self.override is not None


@dataclass(frozen=True)
class Verdict(RecordFolder[VerdictInfo]):
    """A folder with `verdict.json` and `report.html`: the evaluation's page, the verdict on top."""

    FILE = "verdict.json"
    INFO = VerdictInfo
