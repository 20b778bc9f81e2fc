"""What the gate decides, with its defaults, about candidates whose true quality is known.

Simulated answers (`benchmarks.simulated_answers`) go through the gate's own comparison. The first
table is of pictures that stand for themselves (two models disagree on 10 %; a worse or better one
on that much and what it loses or gains), the second of groups that differ as the demo's modules do,
the third of twenty retrains in a row, each as much worse than what serves as it says: compared
with what serves only, or with the best version so far too, which one becomes by its figure alone or
with evidence, as in the product.

    python -m benchmarks.gate_decisions
    python -m benchmarks.gate_decisions --trials 100

On one core about three minutes, or one.
"""

import argparse
import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.simulated_answers import ACCURACY, Flags, Pictures, alone, answered, grouped, model
from components.common.artifacts.judging.verdict import Word
from components.common.progress import track
from components.gate.compare import word_of
from components.gate.config import GateConfig
from components.gate.paired import PairedDifference, paired_difference

CHANGES = {"equal": 0.0, "2 points better": 0.02, "3 points worse": -0.03, "5 points worse": -0.05}
CLASSES = {"15 classes": (1 / 15,) * 15, "2 classes, 30 % of one": (0.7, 0.3)}
SIZES = (100, 300, 600, 2400)
GROUPS = ((5, 60), (10, 30), (20, 15), (44, 60))
RETRAINS, OF_RETRAINS = 20, 300
SETTINGS = GateConfig()
Make = Callable[[np.random.Generator], Pictures]
Rule = Literal["what serves only", "the best, by its figure", "the best, with evidence"]
# When a candidate that is deployed becomes the version that the next ones are compared with too.
RULES: dict[Rule, Callable[[PairedDifference], bool]] = {
    "what serves only": lambda _: True,
    "the best, by its figure": lambda lead: lead.value > 0,
    "the best, with evidence": lambda lead: lead.value > lead.reach(SETTINGS.confidence),
}


@dataclass(frozen=True)
class Version:
    """How good it truly is, and which pictures it gets right."""

    accuracy: float
    right: Flags


def judge(pictures: Pictures, candidate: Flags, other: Flags) -> tuple[Word, PairedDifference]:
    """Return the word on a candidate that is right where it is said, and what that rests on."""
    measured = paired_difference(
        answered(pictures, candidate),
        answered(pictures, other),
        groups=pictures.names,
        metric=SETTINGS.primary_metric,
        tolerance=SETTINGS.tolerance,
    )
    if measured is None:
        raise ValueError("expected pictures of every class")
    word = word_of(measured, tolerance=SETTINGS.tolerance, confidence=SETTINGS.confidence)
    return word, measured


def shares(make: Make, *, change: float, trials: int, seed: int) -> Counter[str]:
    """Return how often each word is said about a candidate that is so much better."""
    random = np.random.default_rng(seed)
    words: Counter[str] = Counter()
    for _ in range(trials):
        pictures = make(random)
        serving = model(random, pictures, accuracy=ACCURACY)
        retrained = model(random, pictures, accuracy=ACCURACY)
        candidate = changed(random, retrained, change / ACCURACY if change < 0 else change)
        words[judge(pictures, candidate, serving)[0]] += 1
    return words


def changed(random: np.random.Generator, right: Flags, change: float) -> Flags:
    """Return answers of which a share is right no longer (below 0), or right now as well."""
    drawn = random.random(len(right))
    if change < 0:
        return right & (drawn >= -change)
    return right | (drawn < change / (1 - ACCURACY))


def retrains(
    random: np.random.Generator, make: Make, *, step: float, fresh: bool, rule: Rule
) -> tuple[int, float]:
    """Return how many of twenty retrains are deployed, and what is lost against the best in all.

    Args:
        random: advances.
        make: the pictures they are judged by.
        step: accuracy of each beyond that of the version that serves when it is made.
        fresh: each is judged by other pictures; else all by the same.
        rule: which version they are compared with besides the one that serves.
    """
    pictures = make(random)
    serving = best = Version(ACCURACY, model(random, pictures, accuracy=ACCURACY))
    top, deployed = ACCURACY, 0
    for _ in range(RETRAINS):
        if fresh:
            pictures = make(random)
            again = Version(serving.accuracy, model(random, pictures, accuracy=serving.accuracy))
            if best is not serving:
                right = model(random, pictures, accuracy=best.accuracy)
                best = Version(best.accuracy, right)
            else:
                best = again
            serving = again
        accuracy = serving.accuracy + step
        candidate = Version(accuracy, model(random, pictures, accuracy=accuracy))
        word, lead = judge(pictures, candidate.right, serving.right)
        if word == "deploy" and best is not serving:
            word, lead = judge(pictures, candidate.right, best.right)
        if word == "deploy":
            serving, deployed = candidate, deployed + 1
            top = max(top, accuracy)
            best = candidate if RULES[rule](lead) else best
    return deployed, top - serving.accuracy


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=500)
    trials = parser.parse_args().trials
    console = Console(width=150)
    for rows in (_alone(), _grouped()):
        console.print(_decisions(list(rows), trials))
    console.print(_creeping(max(10, trials // 10)))


def _alone() -> Iterator[tuple[str, Make]]:
    for name, classes in CLASSES.items():
        for size in SIZES:
            yield (
                f"{size} pictures, {name}",
                functools.partial(alone, shares=classes, pictures=size),
            )


def _grouped() -> Iterator[tuple[str, Make]]:
    for groups, pictures in GROUPS:
        yield (
            f"{groups} groups of {pictures}",
            functools.partial(grouped, groups=groups, pictures=pictures),
        )


def _decisions(rows: list[tuple[str, Make]], trials: int) -> Table:
    table = Table(box=box.MARKDOWN)
    for column in ("deploy / hold / insufficient, %", *CHANGES):
        table.add_column(column)
    for name, make in track(rows, "asking the gate"):
        counted = [
            shares(make, change=change, trials=trials, seed=seed)
            for seed, change in enumerate(CHANGES.values())
        ]
        words = ("deploy", "hold", "insufficient")
        cells = [" / ".join(f"{100 * one[word] / trials:.0f}" for word in words) for one in counted]
        table.add_row(name, *cells)
    return table


def _creeping(trials: int) -> Table:
    table = Table(box=box.MARKDOWN)
    for column in (
        "20 retrains at 300 pictures, 15 classes",
        "each is",
        "compared with",
        "deployed",
        "lost in all",
        "lost more than the tolerance",
    ):
        table.add_column(column)

    def make(random: np.random.Generator) -> Pictures:
        return alone(random, CLASSES["15 classes"], pictures=OF_RETRAINS)

    rows = list(itertools.product((False, True), (0.0, -0.01, -0.02), RULES))
    for fresh, step, rule in track(rows, "twenty retrains in a row"):
        random = np.random.default_rng(0)
        runs = [retrains(random, make, step=step, fresh=fresh, rule=rule) for _ in range(trials)]
        deployed, lost = np.array(runs).T
        table.add_row(
            "judged by new ones each" if fresh else "all judged by the same",
            f"{-100 * step:.0f} points worse" if step else "equal",
            rule,
            f"{deployed.mean():.1f}",
            f"{100 * lost.mean():.1f} points",
            f"{100 * (lost > SETTINGS.tolerance + 1e-9).mean():.0f} %",
        )
    return table


if __name__ == "__main__":
    main()
