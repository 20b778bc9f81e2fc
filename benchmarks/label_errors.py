"""How many flipped labels stand in the first tenth of a ranking, and how well groups are found.

    python -m benchmarks.label_errors [--seeds 0 1 2 3 4] [--pooling mean|max]

The demo, 5 % of its labels flipped by chance. Every ranker sees the same flips and the same
embeddings of the presets' backbone; "grouped" keeps the demo's modules together. Without flips,
and without the demo's groups: which groups inspect proposes, and what they cost, of all cells and
of some that a folder by class lists.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

from benchmarks.embedded import EmbeddedSet, embedded_folder
from components.common.artifacts.inspection import GroupFinding
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.folds import covering_folds
from components.common.statistics.temperature import softmax
from components.common.statistics.weighted import Floats, Integers
from components.inspect import hidden_groups
from components.inspect.left_out import LeaveOneOut
from components.networks.config import Pooling
from components.networks.probe.probe import feature_scale
from components.networks.probe.solver import Solver
from components.networks.probe.span import Span

Embeddings = npt.NDArray[np.float32]

DATA = Path("data/elpv")
CLASSES = np.array(["functional", "defective"])
FLIPPED = 0.05
LISTED = 0.1
NEIGHBOURS = 15
SUBSETS, DRAWS = (80, 300, 1000), 3
STRENGTH = 10.0**-1.5  # the probe's own where it cannot choose


def flips(labels: Integers, seed: int) -> npt.NDArray[np.bool_]:
    """Return which labels are flipped, bool [N]."""
    random = generator(seed, "benchmark", "label errors")
    chosen = random.choice(len(labels), round(FLIPPED * len(labels)), replace=False)
    return np.isin(np.arange(len(labels)), chosen)


def probe_probabilities(
    span: Embeddings, labels: Integers, groups: list[str], *, seed: int
) -> Floats:
    """Return what linear probes of five folds answer, [N, 2]."""
    said = np.zeros((len(labels), 2))
    folds = covering_folds(labels, np.array(groups, dtype=object), folds=5, seed=seed)
    for fold in track(folds, "probes"):
        ones = np.ones(len(fold.inner), np.float32)
        solver = Solver(span[fold.inner], np.eye(2, dtype=np.float32)[labels[fold.inner]], ones)
        kernel, bias = solver.at(STRENGTH)
        said[fold.outer] = span[fold.outer] @ kernel + bias
    return softmax(said.astype(np.float32)).astype(np.float64)


def neighbour_agreement(unit: Embeddings, labels: Integers, groups: list[str]) -> Floats:
    """Return the share of the nearest pictures outside the group with the same label, [N]."""
    named = np.array(groups)
    likeness = np.where(named[:, None] == named[None], -np.inf, unit @ unit.T)
    nearest = np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    agreement: Floats = (labels[nearest] == labels[:, None]).mean(axis=1)
    return agreement


@dataclass(frozen=True)
class Prepared:
    """What does not depend on labels: computed once for all seeds."""

    left_out: LeaveOneOut
    span: Embeddings
    unit: Embeddings

    @classmethod
    def of(cls, values: Embeddings) -> "Prepared":
        """Take embeddings [N, D]."""
        scaled = ((values - values.mean(axis=0)) * feature_scale(values)).astype(np.float32)
        unit = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
        return cls(LeaveOneOut.of(values), Span.of(scaled).coordinates, unit)


def qualities(
    prepared: Prepared, labels: Integers, groups: list[str], seed: int
) -> dict[str, Floats]:
    """Return the quality of every label by ranker, low where it is likely wrong, [N] each."""
    from cleanlab.rank import get_label_quality_scores

    probe = probe_probabilities(prepared.span, labels, groups, seed=seed)
    found = {
        f"cleanlab {method}, linear probe": get_label_quality_scores(labels, probe, method=method)
        for method in ("self_confidence", "normalized_margin")
    }
    found["agreement of 15 neighbours"] = neighbour_agreement(prepared.unit, labels, groups)
    found["average of these"] = np.mean([rankdata(one) for one in found.values()], axis=0)
    scores = prepared.left_out.scores(labels, groups, classes=2)
    found["left out (the product)"] = (scores * (2 * np.eye(2)[labels] - 1)).sum(axis=1)
    return found


def in_first_tenth(quality: Floats, flipped: npt.NDArray[np.bool_]) -> float:
    """Return the share of the flipped labels among the lowest tenth."""
    first = np.argsort(quality, kind="stable")[: round(LISTED * len(quality))]
    return float(flipped[first].sum() / flipped.sum())


def label_rows(embedded: EmbeddedSet, seeds: list[int]) -> list[tuple[str, ...]]:
    """Return a row for each ranker."""
    truth = (embedded.labels == CLASSES[1]).astype(np.int64)
    protocols = {"random": [str(n) for n in range(len(truth))], "grouped": embedded.groups.tolist()}
    prepared = Prepared.of(embedded.embeddings)
    found: dict[str, dict[str, list[float]]] = {}
    for seed in seeds:
        flipped = flips(truth, seed)
        labels = np.where(flipped, 1 - truth, truth)
        for protocol, groups in protocols.items():
            for name, quality in qualities(prepared, labels, groups, seed).items():
                row = found.setdefault(name, {one: [] for one in protocols})
                row[protocol].append(in_first_tenth(quality, flipped))
    return [(name, *(_shown(row[one]) for one in protocols)) for name, row in found.items()]


def _shown(shares: list[float]) -> str:
    return f"{np.mean(shares):.3f} ({min(shares):.3f} to {max(shares):.3f})"


def group_row(embedded: EmbeddedSet, cells: Integers) -> tuple[str, ...]:
    """Return what inspect finds among some cells without their groups, beside what these cost.

    Args:
        embedded: the demo.
        cells: int [N], in the order in which a data set lists them.
    """
    from sklearn.metrics import adjusted_rand_score

    labels = (embedded.labels == CLASSES[1]).astype(np.int64)[cells]
    embeddings, true_groups = embedded.embeddings[cells], embedded.groups[cells]
    names = [f"pictures/cell{cell + 1:04d}.png" for cell in cells]
    alone = pd.DataFrame({"path": names, "pixels": names, "group": names})
    left_out, facts = LeaveOneOut.of(embeddings), pd.DataFrame()

    def find(manifest: pd.DataFrame) -> tuple[GroupFinding | None, list[str]]:
        return hidden_groups.find(left_out, embeddings, manifest, facts, labels, seed=0)

    true, _ = find(alone.assign(group=true_groups))
    found, groups = find(alone)
    points = [
        f"{100 * one.flattery.value:.1f} ({100 * one.flattery.low:.1f} to "
        f"{100 * one.flattery.high:.1f})"
        if one
        else "none"
        for one in (true, found)
    ]
    agreement = f"{adjusted_rand_score(true_groups, groups):.2f}" if groups else "–"
    return (f"{len(cells):,}", *points, str(found.groups if found else 0), agreement)


def by_class(embedded: EmbeddedSet, count: int, seed: int) -> Integers:
    """Return cells drawn by chance, half of them defective, as a folder by class lists them."""
    random = generator(seed, "benchmark", "hidden groups")
    drawn = [
        np.sort(random.choice(np.flatnonzero(embedded.labels == name), count // 2, replace=False))
        for name in CLASSES
    ]
    return np.concatenate(drawn)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--pooling", choices=["mean", "max"], default="max")
    given = parser.parse_args()
    pooling: Pooling = given.pooling
    embedded, console = embedded_folder(DATA, pooling=pooling), Console(width=120)
    if given.seeds:
        table = Table("ranker", "random", "grouped", title="flipped labels in the first tenth")
        for row in label_rows(embedded, given.seeds):
            table.add_row(*row)
        console.print(table)
    columns = ("cells", "true groups, points", "proposed, points", "proposed groups", "Rand index")
    groups = Table(*columns, title="what a random split flatters by")
    groups.add_row(*group_row(embedded, np.arange(len(embedded.labels))))
    for count in SUBSETS:
        for seed in range(DRAWS):
            groups.add_row(*group_row(embedded, by_class(embedded, count, seed)))
    console.print(groups)


if __name__ == "__main__":
    main()
