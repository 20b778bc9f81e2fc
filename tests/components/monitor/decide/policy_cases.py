"""Situations for the policy, and whole years of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from components.common.artifacts.monitoring.drift_report import (
    AnswerShare,
    Detection,
    Explanation,
    Family,
    Harm,
    HarmVerdict,
    PolicyDecision,
)
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.policy import decide
from components.monitor.decide.situation import Situation
from components.monitor.observe.silence import Silence

MONDAY = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
NOTHING = Explanation(family="none", fault="", confidence=1.0, advice="")


def detection(*, alarm: bool, name: str = "ks_pca", channel: str = "features") -> Detection:
    return Detection(
        detector=name,
        channel=channel,
        statistic=2.0 if alarm else 0.1,
        threshold=1.0,
        p_value=0.5,
        alarm=alarm,
    )


def explained(family: Family, fault: str = "", confidence: float = 0.9) -> Explanation:
    advice = "Nothing unusual was measured."
    return Explanation(family=family, fault=fault, confidence=confidence, advice=advice)


def loss(points: float, *, width: float = 2.0, basis: str = "estimate") -> Harm:
    # As the defaults of the policy judge an audit, so that both kinds of evidence share cases.
    verdict: HarmVerdict = "harmless" if points + width < 5 else "not enough evidence"
    if points >= 3 and points - width > 0:
        verdict = "harmful"
    return Harm(
        verdict=verdict,
        loss_points=points,
        low=points - width,
        high=points + width,
        basis=basis,  # type: ignore[arg-type]
        reference_accuracy=0.9,
    )


def situation(
    *,
    at: datetime = MONDAY,
    alarm: bool = False,
    explanation: Explanation = NOTHING,
    harm: Harm | None = None,
    pictures: int = 500,
    runs: tuple[datetime, ...] = (),
    labels: int = 100,
    version: int = 1,
    answers: bool = False,
    silence: Silence | None = None,
) -> Situation:
    return Situation(
        now_unix_s=at.timestamp(),
        version=version,
        pictures=pictures,
        detections=(
            detection(alarm=alarm),
            detection(alarm=answers, name="answer_ranks", channel="scores"),
        ),
        explanation=explanation,
        harm=harm,
        runs_unix_s=tuple(run.timestamp() for run in runs),
        new_labels=labels,
        answers=(
            AnswerShare(answer="functional", usual=0.85, now=0.39),
            AnswerShare(answer="defective", usual=0.15, now=0.61),
        ),
        silence=silence,
    )


@dataclass
class Plant:
    """A production line as the policy sees it; what happens is written by a script."""

    alarm: bool = False
    explanation: Explanation = NOTHING
    harm: Harm | None = field(default_factory=lambda: loss(0.0))
    labels: int = 0
    pictures: int = 500
    # Whether a run gives a version that takes the harm away.
    curable: bool = True

    def retrained(self) -> None:
        self.labels = 0
        if self.curable:
            self.calm()

    def calm(self) -> None:
        self.alarm, self.explanation, self.harm = False, NOTHING, loss(0.0)

    def changed(self, explanation: Explanation, harm: Harm | None) -> None:
        self.alarm, self.explanation, self.harm = True, explanation, harm


Script = Callable[[Plant, int], None]


@dataclass(frozen=True)
class Look:
    """One look of a simulated year."""

    day: int
    at: datetime
    decision: PolicyDecision


def live_through(script: Script, settings: PolicyConfig, *, days: int = 365) -> list[Look]:
    """Let a year pass, a look a day at 7:00 UTC; every "retrain" is a run that deploys."""
    plant, version, runs = Plant(), 1, []
    looks = []
    for day in range(days):
        script(plant, day)
        at = MONDAY + timedelta(days=day)
        decision = decide(
            situation(
                at=at,
                alarm=plant.alarm,
                explanation=plant.explanation,
                harm=plant.harm,
                pictures=plant.pictures,
                runs=tuple(runs),
                labels=plant.labels,
                version=version,
            ),
            settings,
        )
        looks.append(Look(day, at, decision))
        if decision.word == "retrain":
            runs.append(at)
            version += 1
            plant.retrained()
    return looks


def eventful(plant: Plant, day: int) -> None:
    """A year in which everything happens once; people label 20 pictures a week from day 100 on."""
    if day >= 100 and day % 7 == 0:
        plant.labels += 20
    if day == 30:
        plant.changed(explained("product", "new_look"), loss(0.5, width=1.0))
        plant.labels = 25
    if day == 44:
        plant.calm()
        plant.labels = 0
    if day == 60:
        plant.changed(explained("camera", "focus"), loss(12.0))
    if day == 63:
        plant.calm()
    if day == 95:
        plant.changed(explained("product", "novel"), loss(1.0, width=6.0))
    if day == 102:
        plant.harm = loss(8.0)
    if day == 200:
        plant.changed(explained("mix", "classes"), loss(6.0))
        plant.curable = False
    if day == 230:
        plant.calm()
        plant.curable = True
    if day == 300:
        plant.harm = loss(5.0)
    if day == 303:
        plant.harm = loss(5.0, basis="audit")
    if day == 330:
        plant.pictures = 12
    if day == 340:
        plant.pictures = 500


def table(looks: list[Look]) -> str:
    """Return the year as Markdown: one line for each stretch of days with one word and rule."""
    lines = ["| days | looks | word | the first reason |", "|---|---|---|---|"]
    start = 0
    for number, look in enumerate(looks):
        after = looks[number + 1] if number + 1 < len(looks) else None
        if after is None or _kind(after) != _kind(look):
            first = looks[start]
            lines.append(
                f"| {first.day}–{look.day} | {number - start + 1} | `{look.decision.word}` | "
                f"{_summary(first.decision)} |"
            )
            start = number + 1
    return "\n".join(lines)


def _kind(look: Look) -> str:
    return f"{look.decision.word} {_summary(look.decision)}"


def _summary(decision: PolicyDecision) -> str:
    # A run that waits is known by why it waits, without the dates that change daily.
    last = decision.reasons[-1] if decision.word == "keep" else decision.reasons[0]
    return last.partition(";")[0].partition(": ")[0].rstrip(".")
