"""Train / validation / test: by group, and stable as the data grow.

`grouped`: each group draws a number u in [0, 1) from a hash of the seed and its own name, and
nothing else: u < test share -> test, u < test + validation share -> validation, else train.
So new groups never move old ones, and changing the validation share never moves a test group.
The price is that shares are met only on average (with 44 groups, give or take 7 points).
Stratifying would meet them closely, but every new group could then move an old one.

Where chance leaves a split without a class, the group whose number lies nearest to that split
is moved into it (`_repair`); this is the only way in which more data can change an old group,
and it happens with few groups only.

`random` (the published protocol of many papers, which leaks where pictures of a group look
alike): within each class and domain, pictures are ordered by their hash and cut at the shares,
so that the shares are met closely. New data can move the pictures next to a cut.

Pictures with the same pixels always go together.

Pictures that were added later (`graft data add`) never move an old one, under either protocol:
the old ones are dealt out as if the new ones were not there. A new picture follows its group or its
pixels where these are known, else the draw.
"""

import itertools
import logging

import pandas as pd

from components.common import seeding
from components.common.artifacts.dataset import ADDED, SPLITS
from components.validate.config import ValidateConfig

LOG = logging.getLogger(__name__)

_DRAWS = 2**32


def assign(
    manifest: pd.DataFrame, *, same_pixels: pd.Series, settings: ValidateConfig
) -> pd.Series:
    """Return each picture's split.

    Args:
        manifest: Dataset rows; a filled `split` column is taken as it is.
        same_pixels: for each row the path that stands for all pictures with its pixels.
        settings: protocol, shares, seed.

    Returns:
        "train", "validation" or "test" for each row, indexed as the manifest.
    """
    added = manifest["path"].str.startswith(ADDED)
    old = _assign_old(manifest[~added], same_pixels[~added], settings)
    if not added.any():
        return old
    units = same_pixels if settings.split == "random" else _joined(manifest["group"], same_pixels)
    known = dict(zip(units[~added], old, strict=True))
    draws = {unit: _by_share(_draw(settings.seed, unit), settings) for unit in set(units[added])}
    return old.reindex(manifest.index).fillna(units.map(draws | known))


def _assign_old(
    manifest: pd.DataFrame, same_pixels: pd.Series, settings: ValidateConfig
) -> pd.Series:
    if (manifest["split"] != "").all():
        return manifest["split"]
    if settings.split == "random":
        units = same_pixels
        split_of = _stratified(manifest, units, settings)
    else:
        units = _joined(manifest["group"], same_pixels)
        split_of = {unit: _by_share(_draw(settings.seed, unit), settings) for unit in set(units)}
    _repair(split_of, _classes_of(units, manifest["label"]), settings)
    return units.map(split_of)


def _draw(seed: int, unit: str) -> float:
    return seeding.derive(seed, "split", unit) / _DRAWS


def _by_share(draw: float, settings: ValidateConfig) -> str:
    if draw < settings.test_fraction:
        return "test"
    if draw < settings.test_fraction + settings.validation_fraction:
        return "validation"
    return "train"


def _stratified(
    manifest: pd.DataFrame, units: pd.Series, settings: ValidateConfig
) -> dict[str, str]:
    """Order the units of each class and domain by their draw and cut at the shares."""
    unique = manifest.assign(unit=units).drop_duplicates("unit")
    draws = unique["unit"].map(lambda unit: _draw(settings.seed, unit))
    strata = draws.groupby([unique["label"], unique["domain"]])
    shares = (strata.rank(method="first") - 0.5) / strata.transform("size")
    return {
        unit: _by_share(share, settings) for unit, share in zip(unique["unit"], shares, strict=True)
    }


def _joined(groups: pd.Series, same_pixels: pd.Series) -> pd.Series:
    """Join groups that share a picture: each gets the name of the first of them."""
    leader = {group: group for group in groups}

    def lead(group: str) -> str:
        while leader[group] != group:
            group = leader[group]
        return group

    for _, members in groups.groupby(same_pixels.to_numpy()):
        names = sorted({lead(group) for group in members})
        leader.update(dict.fromkeys(names, names[0]))
    return groups.map(lead)


def _classes_of(units: pd.Series, labels: pd.Series) -> dict[str, frozenset[str]]:
    return {str(unit): frozenset(found) for unit, found in labels.groupby(units.to_numpy())}


def _repair(
    split_of: dict[str, str],
    classes_of: dict[str, frozenset[str]],
    settings: ValidateConfig,
) -> None:
    """Move as few groups as possible so that every class is in every split, in place.

    The training split is served first, then test, then validation. A group moves only when
    its old split keeps all of the group's classes; what cannot be put right is left to the
    expectations, which name it.
    """
    classes = sorted(frozenset().union(*classes_of.values()))
    for split, label in itertools.product(("train", "test", "validation"), classes):
        if any(split_of[u] == split and label in classes_of[u] for u in split_of):
            continue
        spare = [
            unit
            for unit in split_of
            if label in classes_of[unit] and _can_spare(unit, split, split_of, classes_of)
        ]
        if not spare:
            continue
        nearest = _nearest(spare, split, settings)
        LOG.warning("no '%s' in the %s split by hash: moved '%s' there", label, split, nearest)
        split_of[nearest] = split


def _can_spare(
    unit: str, to: str, split_of: dict[str, str], classes_of: dict[str, frozenset[str]]
) -> bool:
    """Return whether the unit's split keeps its classes; splits that come first may take all."""
    order = ("train", "test", "validation")
    if order.index(split_of[unit]) > order.index(to):
        return True
    rest = [u for u in split_of if split_of[u] == split_of[unit] and u != unit]
    return all(any(label in classes_of[u] for u in rest) for label in classes_of[unit])


def _nearest(units: list[str], split: str, settings: ValidateConfig) -> str:
    """Return the unit whose draw lies nearest to a split's part of [0, 1)."""
    test = settings.test_fraction
    validation = test + settings.validation_fraction
    edges = {"test": (0.0, test), "validation": (test, validation), "train": (validation, 1.0)}
    low, high = edges[split]

    def distance(unit: str) -> float:
        draw = _draw(settings.seed, unit)
        return max(low - draw, draw - high, 0.0)

    return min(sorted(units), key=distance)


def counts(manifest: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return one row a split and class: `split`, `label`, `pictures`, `groups`; zeros included."""
    found = manifest.groupby(["split", "label"]).agg(
        pictures=("path", "size"), groups=("group", "nunique")
    )
    every = pd.MultiIndex.from_product([SPLITS, classes], names=["split", "label"])
    return found.reindex(every, fill_value=0).reset_index()
