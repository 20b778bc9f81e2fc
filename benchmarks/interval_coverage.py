"""How often a 95 % interval holds the truth, when whole groups are drawn that really differ.

Beside the product's interval stands what one would write first: percentiles of 200 resamples of
whole groups (every fifth trial). The truth is the figure on 20,000 groups; that of a difference is
0, the two models being made alike.

    python -m benchmarks.interval_coverage
    python -m benchmarks.interval_coverage --trials 200

On one core about two minutes, or a quarter of one.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from components.common.progress import track
from components.common.statistics.clusters import clusters
from components.common.statistics.figures import FIGURES, LABELS, Scored
from components.common.statistics.intervals import estimates
from components.common.statistics.weighted import Floats
from components.gate.paired import paired_difference

NAMES = (
    "accuracy",
    "balanced_accuracy",
    "roc_auc",
    "log_loss",
    "calibration_error",
)
COMPARED = ("accuracy", "balanced_accuracy", "roc_auc")
GROUPS = (5, 10, 20, 44)
PICTURES = 30
_DRAWS = 200
_PERCENTILES = 5  # every fifth trial, since they take the most time
# Between groups: the defects' share (logit), the distance of the classes (log), the scores' level;
# and the part of the level and of the pictures' noise that each model has for itself.
_SHARE, _DISTANCE, _LEVEL, _OWN_LEVEL, _OWN_NOISE = 0.7, 0.35, 0.45, 0.2, 0.4


def draw(
    random: np.random.Generator, *, groups: int, pictures: int
) -> tuple[Scored, Scored, list[str]]:
    """Return the answers of two models that are made alike, and the pictures' groups.

    Args:
        random: advances.
        groups: that differ in the share of defects, in difficulty and in the scores' level.
        pictures: a group.
    """
    group = np.repeat(np.arange(groups), pictures)
    share = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + _SHARE * random.normal(size=groups))))
    targets = (random.random(len(group)) < share[group]).astype(np.int64)
    distance = (
        np.where(targets == 1, 1.2, -1.2) * np.exp(_DISTANCE * random.normal(size=groups))[group]
    )
    common = distance + (_LEVEL * random.normal(size=groups))[group]
    common += np.sqrt(1 - _OWN_NOISE**2) * random.normal(size=len(group))

    def answers() -> Scored:
        own = (_OWN_LEVEL * random.normal(size=groups))[group]
        score = common + own + _OWN_NOISE * random.normal(size=len(group))
        positive = 1 / (1 + np.exp(-1.5 * score))
        probabilities = np.stack([1 - positive, positive], axis=1)
        return Scored(targets, (positive > 0.5).astype(np.int64), probabilities, positive=1)

    return answers(), answers(), [str(each) for each in group]


def truth(name: str) -> float:
    """Return a figure on 20,000 groups."""
    answers, _, _ = draw(np.random.default_rng(12345), groups=20_000, pictures=PICTURES)
    return float(FIGURES[name](answers, np.ones((1, len(answers.targets))))[0])


def percentiles(
    random: np.random.Generator, statistic: Callable[[Floats], Floats], names: list[str]
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a cluster bootstrap."""
    index = clusters(names)
    count = int(index.max()) + 1
    drawn = random.multinomial(count, np.full(count, 1 / count), size=_DRAWS)
    low, high = np.nanquantile(statistic(drawn[:, index].astype(float)), [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    trials = parser.parse_args().trials
    true = {name: truth(name) for name in NAMES}
    table = Table(box=box.MARKDOWN)
    for column in ("figure", *(f"{groups} groups" for groups in GROUPS)):
        table.add_column(column)
    shares = {groups: _coverage(true, groups=groups, trials=trials) for groups in GROUPS}
    for row in shares[GROUPS[0]]:
        table.add_row(row, *(shares[groups][row] for groups in GROUPS))
    Console(width=140).print(table)


def _coverage(true: dict[str, float], *, groups: int, trials: int) -> dict[str, str]:
    random = np.random.default_rng(groups)
    held: dict[str, list[bool]] = defaultdict(list)
    for trial in track(range(trials), f"simulating {groups} groups"):
        first, second, names = draw(random, groups=groups, pictures=PICTURES)
        for one in estimates(NAMES, first, names):
            held[LABELS[one.name]].append(one.low <= true[one.name] <= one.high)
        for name in COMPARED:
            gap = paired_difference(first, second, groups=names, metric=name, tolerance=0.0)
            if gap is not None:
                held[f"difference of {LABELS[name]}"].append(abs(gap.value) <= gap.reach(0.975))
        if trial % _PERCENTILES:
            continue
        for name in COMPARED:
            figure = FIGURES[name]
            low, high = percentiles(random, lambda weights: figure(first, weights), names)  # noqa: B023
            held[f"{LABELS[name]}, by percentiles"].append(low <= true[name] <= high)
            low, high = percentiles(
                random,
                lambda weights: figure(first, weights) - figure(second, weights),  # noqa: B023
                names,
            )
            held[f"difference of {LABELS[name]}, by percentiles"].append(low <= 0 <= high)
    return {row: f"{np.mean(each):.3f}" for row, each in held.items()}


if __name__ == "__main__":
    main()
