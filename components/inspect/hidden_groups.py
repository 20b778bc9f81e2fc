"""Groups that nobody named: what they may go by, and how much they flatter.

A grouping is believed by what it does: with whole groups left out, accuracy falls by more than
chance. It must come from something besides the likeness of the pictures (names, sizes, the order
of the rows): leaving out a cluster of alike pictures lowers accuracy in any data set.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.dataset import names_groups
from components.common.artifacts.inspection import GroupFinding
from components.common.artifacts.judging.figures import Metric
from components.common.seeding import generator
from components.common.statistics.clusters import count_clusters
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats, Integers, ratio
from components.inspect.left_out import LeaveOneOut
from components.networks.probe.probe import feature_scale

# Fewer groups leave nothing to judge a difference by.
_FEWEST = 8
# Row orders that the observed one is compared with: at best it is one in a hundred.
_SHUFFLES = 99
# Numbers a picture when runs are sought; all features give about the same runs.
_AXES = 64
# Stretches of one label, for each class, from which on an order is not by class.
_MIXED = 3
# Of the largest flattery: runs that cost so much cost the same.
_ABOUT_EQUAL = 0.9
_DIGITS = re.compile(r"(\d+)")
_LAST_PART = re.compile(r"[-_. ]*\d+$|[-_. ]+[A-Za-z]$")
# Deals of groups by chance that the given ones are compared with.
_DEALS = 9
# Of the largest flattery.
_EXPLAINS = 0.8


def find(
    left_out: LeaveOneOut,
    embeddings: npt.NDArray[np.float32],
    manifest: pd.DataFrame,
    facts: pd.DataFrame,
    labels: Integers,
    *,
    seed: int,
) -> tuple[GroupFinding | None, list[str]]:
    """Return the finding and the groups that it speaks of, N names; [] without one.

    Of several groupings that flatter with evidence, one that flatters about as much as any.

    Args:
        left_out: of the pictures.
        embeddings: [N, D].
        manifest: of the validated Dataset, N rows.
        facts: one row a picture, in the manifest's order.
        labels: int [N].
        seed: of the shuffled orders.
    """
    trial = _Trial(left_out, labels, seed)
    if names_groups(manifest):
        groups = manifest["group"].astype(str).tolist()
        return (trial.finding("given", groups), groups) if len(set(groups)) > 1 else (None, [])
    tried = [one for one in (*_by_name(manifest), *_by_size(facts)) if _fit(one[1], labels)]
    short = _short(embeddings, seed=seed)
    for order in _orders(manifest, labels):
        if _in_runs(short[order], labels[order], seed=seed):
            tried += _by_runs(short, order, trial)
    found = [(trial.finding(origin, groups), groups) for origin, groups in tried]
    found = [one for one in found if one[0].proposed]
    most = max((one.flattery.value for one, _ in found), default=0.0)
    # What names say is exact, so they come first where they explain about as much.
    near = (one for one in found if one[0].flattery.value >= _EXPLAINS * most)
    return next(near, (None, []))


@dataclass(frozen=True)
class _Trial:
    """What groupings are tried on."""

    left_out: LeaveOneOut
    labels: Integers
    seed: int

    def right(self, groups: list[str]) -> npt.NDArray[np.bool_]:
        """Return which pictures are answered correctly by those outside their group, [N]."""
        classes = int(self.labels.max()) + 1
        scores = self.left_out.scores(self.labels, groups, classes=classes)
        right: npt.NDArray[np.bool_] = scores.argmax(axis=1) == self.labels
        return right

    def flattery(self, groups: list[str]) -> float:
        """Return about how much accuracy falls with whole groups left out, by one deal."""
        return float(self.by_chance(groups, deals=1).mean() - self.right(groups).mean())

    def by_chance(self, groups: list[str], *, deals: int = _DEALS) -> Floats:
        """Return the same with groups of the same sizes and labels dealt by chance, [deals, N].

        Whoever leaves out a group of one class leaves less of that class to go by, which costs
        accuracy whatever the group is.
        """
        random = generator(self.seed, "inspect", "groups")
        dealt, right = np.array(groups, dtype=object), []
        for _ in range(deals):
            for label in np.unique(self.labels):
                mine = np.flatnonzero(self.labels == label)
                dealt[mine] = dealt[random.permutation(mine)]
            right.append(self.right(dealt.tolist()))
        return np.array(right, dtype=np.float64)

    def finding(self, origin: str, groups: list[str]) -> GroupFinding:
        """Measure how much a grouping flatters."""
        apart, dealt = self.right(groups), self.by_chance(groups)
        lost: Floats = dealt.mean(axis=0) - apart

        def mean(weights: Floats) -> Floats:
            return ratio(weights @ lost, weights.sum(axis=1))[:, None]

        spread = jackknife(mean, groups, self.labels)
        value, reach = float(spread.values[0]), float(spread.reach[0])
        low, high = max(value - reach, -1.0), min(value + reach, 1.0)
        return GroupFinding(
            origin=origin,
            groups=count_clusters(groups),
            apart=float(apart.mean()),
            straddling=float(dealt.mean()),
            chance=float(dealt.mean(axis=1).std(ddof=1)),
            flattery=Metric(name="accuracy", value=value, low=low, high=high),
        )


def _short(embeddings: npt.NDArray[np.float32], *, seed: int) -> Floats:
    """Return the embeddings in few numbers, [N, k], with about their distances.

    A random projection (Johnson and Lindenstrauss 1984): Ward's clustering takes long else.
    """
    axes = generator(seed, "inspect", "axes").standard_normal((embeddings.shape[1], _AXES))
    scaled = feature_scale(embeddings)[:, None] * axes
    return (embeddings @ scaled.astype(np.float32)).astype(np.float64)


def _fit(groups: list[str], labels: Integers) -> bool:
    """Return whether groups are several, hold several pictures, and leave each class elsewhere."""
    table = pd.DataFrame({"group": groups, "label": labels})
    several = table["group"].nunique()
    spread = table.groupby("label")["group"].nunique().min()
    return bool(_FEWEST <= several <= len(groups) / 2 and spread >= 2)


def _by_name(manifest: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Yield what is left of names without their last part: with the folder, and without it."""
    paths = [PurePosixPath(path) for path in manifest["path"].str.removeprefix("pictures/")]
    stems = [_LAST_PART.sub("", path.stem) for path in paths]
    yield "file names", [f"{path.parent}/{stem}" for path, stem in zip(paths, stems, strict=True)]
    if all(stems):
        yield "file names", stems
    yield "folders", [path.parent.name for path in paths]


def _by_size(facts: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    if {"width_px", "height_px"} <= set(facts):
        sides = facts[["width_px", "height_px"]].astype(str)
        yield "picture sizes", (sides["width_px"] + " x " + sides["height_px"]).tolist()


def _orders(manifest: pd.DataFrame, labels: Integers) -> Iterator[Integers]:
    """Yield positions as the source lists the rows, and by file name, whatever the folder.

    None that goes class by class: its runs hold one class each, and with one left out the pictures
    of another class that were taken beside it speak for theirs.
    """
    listed = np.arange(len(manifest))
    keys = [_natural(PurePosixPath(path).name) for path in manifest["path"]]
    by_name = np.array(sorted(range(len(keys)), key=keys.__getitem__))
    for order in (listed,) if np.array_equal(by_name, listed) else (listed, by_name):
        stretches = 1 + np.count_nonzero(np.diff(labels[order]))
        if stretches >= _MIXED * len(np.unique(labels)):
            yield order


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which cell9 comes before cell10."""
    parts = [part for part in _DIGITS.split(name) if part]
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _in_runs(values: Floats, labels: Integers, *, seed: int) -> bool:
    """Return whether neighbours in the order are more alike than chance, beyond their labels.

    Args:
        values: [N, k], rows in the order.
        labels: int [N], in the order.
        seed: of the orders that it is compared with.
    """
    pairs = np.flatnonzero(labels[1:] == labels[:-1])
    if len(pairs) < _FEWEST:
        return False
    random = generator(seed, "inspect", "order")
    seen = float(((values[pairs] - values[pairs + 1]) ** 2).sum())
    by_class = [np.flatnonzero(labels == each) for each in np.unique(labels)]
    for _ in range(_SHUFFLES):
        place = np.arange(len(labels))
        for rows in by_class:
            place[rows] = random.permutation(rows)
        chance = ((values[place[pairs]] - values[place[pairs + 1]]) ** 2).sum()
        if chance <= seen:
            return False
    return True


def _by_runs(values: Floats, order: Integers, trial: _Trial) -> Iterator[tuple[str, list[str]]]:
    """Yield the shortest runs that cost about as much accuracy as any.

    Where runs are longer than the true groups, whole groups are left out as well, and accuracy
    falls hardly further; where they are shorter, mates of a picture remain.
    """
    breaks = _breaks(values[order])
    found: list[tuple[float, list[str]]] = []
    count = _FEWEST
    while count <= len(order) / 3:
        starts = np.zeros(len(order), dtype=np.int64)
        starts[breaks[: count - 1]] = 1
        named = np.empty(len(order), dtype=object)
        named[order] = [f"run-{number:04d}" for number in starts.cumsum()]
        groups = named.tolist()
        if _fit(groups, trial.labels):
            found.append((trial.flattery(groups), groups))
        count = round(count * 1.5)
    most = max((value for value, _ in found), default=0.0)
    if most > 0:
        enough = _ABOUT_EQUAL * most
        yield "runs of rows", [groups for value, groups in found if value >= enough][-1]


def _breaks(values: Floats) -> Integers:
    """Return where an order of rows breaks into runs, the largest break first, int [N - 1].

    Ward's clustering of neighbours only (Ward 1963; constrained by a chain): a break is as large
    as late as its two sides are joined.
    """
    from scipy.sparse import diags
    from sklearn.cluster import ward_tree

    count = len(values)
    chain = diags([np.ones(count - 1), np.ones(count - 1)], [1, -1])
    children = ward_tree(values, connectivity=chain)[0]
    first = list(range(count))
    removed = []
    for left, right in children:
        removed.append(max(first[left], first[right]))
        first.append(min(first[left], first[right]))
    return np.array(removed[::-1], dtype=np.int64)
