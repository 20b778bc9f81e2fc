"""The year: each week the plant produces, the monitor looks, and people and pipeline answer."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.monitoring.drift_report import Explanation, Harm, PolicyDecision
from components.common.artifacts.monitoring.observations import Observations
from components.common.seeding import generator
from components.monitor.commands import Situation, assess, decide
from components.monitor.config import MonitorConfig
from pipelines.simulate.plant import Cells, Plant, join
from pipelines.simulate.scenario import Conditions, Repairs, Scenario, conditions
from pipelines.simulate.versions import Workshop

_WEEK_S = 7 * 86_400.0
# Monday, 5 January 2026: any date does, the policy only needs time to pass.
_START_UNIX_S = 1_767_571_200.0
_HELD_OUT_SHARE = 3  # one label of so many is held out of the training


@dataclass(frozen=True, kw_only=True)
class Lived:
    """One week, as it was and as the monitor saw it.

    drift: the largest statistic of a detector in units of its threshold; above 1 is an alarm.
    accuracy: true, on this week's pictures. `harm` None where nothing could be estimated.
    asked: people were asked to label a random sample, and the decision is the one that followed.
    trained: what became of a training that this week started, "" without one.
    """

    now: Conditions
    version: int
    pictures: int
    drift: float
    explanation: Explanation
    harm: Harm | None
    decision: PolicyDecision
    accuracy: float
    reference_accuracy: float
    labels: int
    asked: bool = False
    trained: str = ""


@dataclass(kw_only=True)
class Year:
    """A year that goes on week by week.

    train, held_out: labelled cells: what the model is trained on, and what it is judged by.
    labels_a_week: pictures that people label at random in a week in which they are asked to.
    """

    plant: Plant
    workshop: Workshop
    train: Cells
    held_out: Cells
    settings: MonitorConfig
    scenario: Scenario
    labels_a_week: int
    repairs: Repairs = Repairs()
    runs_unix_s: tuple[float, ...] = ()
    new_labels: int = 0

    def __post_init__(self) -> None:
        """Make the first version."""
        self.version = self.workshop.make(1, self.train, self.held_out)

    def live(self, weeks: int, *, after: Callable[[Lived], None]) -> tuple[Lived, ...]:
        """Live so many weeks and return them; `after` gets each as it ends."""
        lived = []
        for week in range(1, weeks + 1):
            lived.append(self._week(week))
            after(lived[-1])
        return tuple(lived)

    def _week(self, week: int) -> Lived:
        now = conditions(week, self.scenario, self.repairs)
        cells = self.plant.week(now)
        truth = self.version.model.observe(cells)
        seen = dataclasses.replace(truth, labels=np.full(len(cells), "", dtype=object))
        lived = self._look(now, seen, accuracy=float(np.mean(truth.decisions == truth.labels)))
        if lived.decision.word == "ask":
            lived = self._audited(lived, cells, seen)
        return self._act(lived)

    def _look(self, now: Conditions, seen: Observations, *, accuracy: float) -> Lived:
        serving, settings = self.version, self.settings
        found = assess(
            seen,
            serving.reference,
            detect=settings.detect,
            harm=settings.harm,
            seed=settings.seed,
        )
        situation = Situation(
            now_unix_s=_time_unix_s(now.week),
            version=serving.number,
            pictures=len(seen),
            detections=found.detections,
            explanation=found.explanation,
            harm=found.harm,
            runs_unix_s=self.runs_unix_s,
            new_labels=self.new_labels,
            answers=found.answers,
        )
        ratios = [one.statistic / one.threshold for one in found.detections if one.threshold > 0]
        return Lived(
            now=now,
            version=serving.number,
            pictures=len(seen),
            drift=max(ratios, default=float("nan")),
            explanation=found.explanation,
            harm=found.harm,
            decision=decide(situation, settings.policy),
            accuracy=accuracy,
            reference_accuracy=serving.accuracy,
            labels=self.new_labels,
        )

    def _audited(self, lived: Lived, cells: Cells, seen: Observations) -> Lived:
        """Label a random sample, as a question of the policy asks for, and look again."""
        rng = generator(self.settings.seed, "audit", str(lived.now.week))
        rows = np.sort(rng.permutation(len(cells))[: self.labels_a_week])
        labels = seen.labels.copy()
        labels[rows] = cells.labels[rows]
        labelled = cells.take(rng.permutation(rows))
        held = np.arange(len(labelled)) % _HELD_OUT_SHARE == 0
        self.train = join(self.train, labelled.take(~held))
        self.held_out = join(self.held_out, labelled.take(held))
        self.plant = self.plant.without(labelled.ids)
        self.new_labels += len(labelled)
        sampled = dataclasses.replace(seen, labels=labels)
        again = self._look(lived.now, sampled, accuracy=lived.accuracy)
        return dataclasses.replace(again, asked=True)

    def _act(self, lived: Lived) -> Lived:
        """Do what the policy says, as people and pipeline would until the next week."""
        now = lived.now
        if lived.decision.word == "fix_camera":
            # Who is sent to the camera repairs what is wrong with it.
            self.repairs = Repairs(
                lens=now.week if now.defocus else self.repairs.lens,
                lamp=now.week if now.dim else self.repairs.lamp,
            )
        elif lived.decision.word == "retrain":
            return dataclasses.replace(lived, trained=self._train(now.week))
        return lived

    def _train(self, week: int) -> str:
        """Train on old and new pictures together; the gate lets through what is no worse."""
        self.runs_unix_s = (*self.runs_unix_s, _time_unix_s(week))
        serving = self.version
        candidate = self.workshop.make(serving.number + 1, self.train, self.held_out)
        before = serving.model.accuracy(self.held_out)
        verdict = "held"
        if candidate.accuracy >= before:
            verdict = f"deployed as version {candidate.number}"
            self.version, self.new_labels = candidate, 0
        return (
            f"{verdict}: {candidate.accuracy:.3f} on the held-out pictures, version "
            f"{serving.number} has {before:.3f}"
        )


def _time_unix_s(week: int) -> float:
    return _START_UNIX_S + week * _WEEK_S
