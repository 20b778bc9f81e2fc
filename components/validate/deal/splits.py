"""Train / validation / test: by group, stratified where there is none, and where they were before.

Pictures of one group (module, lot, session) go together, and so do copies of a picture.
A picture without a group is its own group, named by its pixels. Each unit that goes together draws
a number in [0, 1) from a hash of `split_seed` and its name, and the shares cut [0, 1) into test,
validation and train. So a picture's place depends on what it shows, never on its path.

Groups take what their number says: shares are met on average (with 44 groups, give or take 7
points). Single pictures are stratified by class and domain besides (`quotas`). Where a class is
missing in a split, the unit whose number lies nearest is moved there.

What was dealt out before stays: the pictures behind the version that serves keep their splits,
whatever their names, labels and folders are now (`kept`). New pictures follow their group or their
pixels where these are known, else they fill the quotas. Pictures that `graft data add` brought
never move those that were there before.

`split: random` deals out single pictures whatever their group: the published protocol of many
papers, which leaks where pictures of a group look alike.
"""

import itertools
import logging
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from components.common import seeding
from components.common.artifacts.dataset import ADDED, SPLITS
from components.validate.config import ValidateConfig
from components.validate.deal.quotas import Shares, levelled

LOG = logging.getLogger(__name__)

_DRAWS = 2**32
# Which split is served first, and keeps what others want.
_ORDER = ("train", "test", "validation")


def assign(
    manifest: pd.DataFrame,
    *,
    settings: ValidateConfig,
    before: pd.DataFrame | None = None,
    shows: pd.Series | None = None,
) -> pd.Series:
    """Return each picture's split.

    Args:
        manifest: Dataset rows with `pixels`, and with `group` on each; a filled `split` column is
            taken as it is.
        settings: protocol, shares, seed.
        before: rows of an earlier manifest that stay where they are: `pixels` ("" where they were
            not kept), `sha256`, `group`, `split`.
        shows: the pixels of the first picture that shows the same, by row; without it only equal
            pixels go together.

    Returns:
        "train", "validation" or "test" for each row, indexed as the manifest.
    """
    manifest = manifest.assign(shows=manifest["pixels"] if shows is None else shows)
    old = manifest[~manifest["path"].str.startswith(ADDED)]
    dealt = old["split"] if given(old) else _dealt(old, settings, before)
    if len(old) == len(manifest):
        return dealt
    settled = old.assign(split=dealt)
    known = settled if before is None else pd.concat([before, settled], ignore_index=True)
    return _dealt(manifest, settings, known).where(~manifest.index.isin(old.index), dealt)


def given(manifest: pd.DataFrame) -> bool:
    """Return whether the manifest says itself how it is split."""
    old = manifest[~manifest["path"].str.startswith(ADDED)]
    return bool(len(old)) and bool((old["split"] != "").all())


def _dealt(
    manifest: pd.DataFrame, settings: ValidateConfig, before: pd.DataFrame | None
) -> pd.Series:
    single = settings.split == "random"
    units = manifest["shows"] if single else _joined(manifest["group"], manifest["shows"])
    # Copies count once.
    pictures = manifest.assign(unit=units).drop_duplicates("pixels")
    split_of = {} if before is None else _known(pictures, before, by_group=not single)
    fresh = pictures[~pictures["unit"].isin(split_of.keys())]
    unnamed = set(manifest["pixels"])
    alone = fresh["unit"].isin(unnamed)
    shares = Shares(settings.test_fraction, settings.validation_fraction)
    groups = {unit: split for unit, split in split_of.items() if unit not in unnamed}
    numbers = _group_numbers(fresh.loc[~alone, "unit"], groups, settings)
    split_of |= {unit: shares.split_of(number) for unit, number in numbers.items()}
    own = _own_numbers(fresh[alone].drop_duplicates("unit"), _placed(pictures, split_of), settings)
    split_of |= {unit: shares.split_of(number) for unit, number in own.items()}
    _repair(split_of, _classes_of(pictures), numbers | own, shares)
    return units.map(split_of)


def _known(pictures: pd.DataFrame, before: pd.DataFrame, *, by_group: bool) -> dict[str, str]:
    """Return the split of each unit that has a picture or a group from before.

    A unit that was in several is trained on: the model that serves has seen part of it.
    """
    rank = before["split"].map(SPLITS.index)
    columns = ("pixels", "sha256", *(["group"] if by_group else []))
    first, last = (
        pd.concat(
            [pictures[c].map(rank[before[c] != ""].groupby(before[c]).agg(end)) for c in columns],
            axis=1,
        ).agg(end, axis=1)
        for end in ("min", "max")
    )
    units = pictures["unit"]
    ranks = pd.DataFrame({"first": first.groupby(units).min(), "last": last.groupby(units).max()})
    ranks = ranks.dropna()
    torn = int((ranks["first"] != ranks["last"]).sum())
    if torn:
        LOG.warning("%d groups were in several splits before: they are trained on now", torn)
    return {str(unit): SPLITS[int(rank)] for unit, rank in ranks["first"].items()}


def _placed(pictures: pd.DataFrame, split_of: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows whose unit has a split, with it."""
    placed = pictures[pictures["unit"].isin(split_of.keys())]
    return placed.assign(split=placed["unit"].map(split_of))


def _draw(settings: ValidateConfig, unit: str) -> float:
    return seeding.derive(settings.split_seed, "split", unit) / _DRAWS


def _group_numbers(
    units: pd.Series, known: Mapping[str, str], settings: ValidateConfig
) -> dict[str, float]:
    """Return the number of each new group; beside known ones the new fill what they lack."""
    names = sorted(set(units))
    numbers = np.array([_draw(settings, name) for name in names])
    if known and names:
        shares = Shares(settings.test_fraction, settings.validation_fraction)
        numbers = levelled(numbers, shares, placed=Counter(known.values()))
    return dict(zip(names, numbers.tolist(), strict=True))


def _own_numbers(
    fresh: pd.DataFrame, placed: pd.DataFrame, settings: ValidateConfig
) -> dict[str, float]:
    """Return the number of each new picture that is alone, levelled by domain, then by class."""
    shares = Shares(settings.test_fraction, settings.validation_fraction)
    numbers = np.array([_draw(settings, unit) for unit in fresh["unit"]])
    for columns, at_least in ((["label", "domain"], 0), (["label"], 1)):
        there = placed.groupby([*columns, "split"]).size()
        for key, rows in fresh.groupby(columns).indices.items():
            name = key if isinstance(key, tuple) else (key,)
            counted = {one: int(there.get((*name, one), 0)) for one in SPLITS}
            numbers[rows] = levelled(numbers[rows], shares, placed=counted, at_least=at_least)
    return dict(zip(fresh["unit"], numbers.tolist(), strict=True))


def _joined(groups: pd.Series, pixels: pd.Series) -> pd.Series:
    """Join groups that share a picture: each gets the name of the first that has one of its own."""
    leader = {group: group for group in groups}
    unnamed = set(pixels)

    def lead(group: str) -> str:
        for _ in leader:  # no chain is longer
            if leader[group] == group:
                break
            group = leader[group]
        return group

    shared = pixels.duplicated(keep=False)
    for _, members in groups[shared].groupby(pixels[shared]):
        names = sorted({lead(name) for name in members}, key=lambda name: (name in unnamed, name))
        leader.update(dict.fromkeys(names, names[0]))
    return groups.map(lead)


def _classes_of(pictures: pd.DataFrame) -> dict[str, set[str]]:
    classes: dict[str, set[str]] = {}
    for unit, label in zip(pictures["unit"], pictures["label"], strict=True):
        classes.setdefault(unit, set()).add(label)
    return classes


def _repair(
    split_of: dict[str, str],
    classes_of: Mapping[str, set[str]],
    numbers: Mapping[str, float],
    shares: Shares,
) -> None:
    """Move as few units as possible so that every class is in every split, in place.

    Only units with a number move, those that were dealt out now, and only when their old split
    keeps all of their classes or comes later in `_ORDER`. What cannot be put right is left to the
    expectations, which name it.
    """
    counts = Counter(
        (split_of[unit], label) for unit, labels in classes_of.items() for label in labels
    )
    for split, label in itertools.product(_ORDER, sorted({label for _, label in counts})):
        if counts[split, label]:
            continue
        spare = [
            unit
            for unit in numbers
            if label in classes_of[unit]
            and (
                _ORDER.index(split_of[unit]) > _ORDER.index(split)
                or all(counts[split_of[unit], other] > 1 for other in classes_of[unit])
            )
        ]
        if not spare:
            continue
        nearest = min(sorted(spare), key=lambda unit: shares.distance(numbers[unit], split))
        LOG.warning("no '%s' in the %s split by hash: moved '%s' there", label, split, nearest)
        for other in classes_of[nearest]:
            counts[split_of[nearest], other] -= 1
            counts[split, other] += 1
        split_of[nearest] = split


def counts(manifest: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a split and class: `split`, `label`, `pictures`, `groups`; zeros included."""
    found = manifest.groupby(["split", "label"]).agg(
        pictures=("path", "size"), groups=("group", "nunique")
    )
    every = pd.MultiIndex.from_product([SPLITS, classes], names=["split", "label"])
    return found.reindex(every, fill_value=0).reset_index()
