"""DriftReport: what the monitor saw, what it means, and what is to be done. Written by monitor."""

from dataclasses import dataclass
from typing import Literal

from components.common.artifacts.records import RecordFolder

Word = Literal["keep", "ask", "fix_camera", "blind", "retrain"]
WORDS: tuple[Word, ...] = ("keep", "ask", "fix_camera", "blind", "retrain")

Family = Literal["none", "camera", "product", "mix", "unknown"]

HarmVerdict = Literal["harmless", "harmful", "not enough evidence"]
HARM_VERDICTS: tuple[HarmVerdict, ...] = ("harmless", "harmful", "not enough evidence")


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One detector's answer about one window.

    `statistic` alarms above `threshold`; `p_value` is NaN where the detector has none.
    `promise` is a sentence on the false-alarm rate that this threshold can keep. `channel` is what
    it looked at: "statistics" or "features" of the pictures, or the model's "scores".
    """

    detector: str
    statistic: float
    threshold: float
    p_value: float
    alarm: bool
    promise: str = ""
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A picture of the window that shows what changed, beside its nearest in the reference.

    Both are SHA-256 of encoded pictures; `picture` may be no longer kept. `score` orders them.
    """

    picture: str
    nearest: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why the window differs.

    `fault` is a word within the family: focus, exposure, light, colour, noise, sensor, compression,
    framing, dirt (camera; "" where several are as likely); new_look, novel (product); classes,
    lines (mix); "" otherwise.
    `confidence` is in [0, 1]; `evidence` are sentences with numbers.
    """

    family: Family
    fault: str
    confidence: float
    advice: str
    evidence: tuple[str, ...] = ()
    telling: tuple[Telling, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Harm:
    """Loss of accuracy against the reference, in percentage points (positive is worse).

    `basis` is "audit" when labels of a random sample made it unbiased: `low` and `high` then bound
    it with 90 % confidence, however often one looks. It is "estimate" without labels: the bounds
    then hold only what groups differ by, and the loss only what moved decisions cost.
    """

    verdict: HarmVerdict
    loss_points: float
    low: float
    high: float
    basis: Literal["estimate", "audit"]
    reference_accuracy: float
    labels: int = 0


@dataclass(frozen=True, kw_only=True)
class AnswerShare:
    """How often the model gave one answer, a class or "ask", in [0, 1]."""

    answer: str
    usual: float  # in the reference
    now: float


@dataclass(frozen=True, kw_only=True)
class PolicyDecision:
    """The policy's word. `key` names the trigger: two triggers with one key start one run."""

    word: Word
    reasons: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class WindowInfo:
    """What was looked at. `asked` pictures have no decision: the model asks about them."""

    source: str
    pictures: int
    embeddings: int
    groups: int
    first_unix_s: float
    last_unix_s: float
    left_out: dict[str, int]  # reason: records, e.g. "other version", "not finite"
    asked: int = 0


@dataclass(frozen=True, kw_only=True)
class DriftReportInfo:
    """One look of the monitor at one window.

    `repeated` is True when people have heard the same in the same period already. `claim` is the
    file of the claim that the decision took, for the exit step to settle; "" where it took none.
    """

    model_name: str
    version: int
    created_unix_s: float
    window: WindowInfo
    detections: tuple[Detection, ...]
    explanation: Explanation
    harm: Harm | None
    decision: PolicyDecision
    notes: tuple[str, ...] = ()
    repeated: bool = False
    answers: tuple[AnswerShare, ...] = ()
    claim: str = ""


@dataclass(frozen=True)
class DriftReport(RecordFolder[DriftReportInfo]):
    """A folder with `drift.json`, `report.html` and plots."""

    FILE = "drift.json"
    INFO = DriftReportInfo
