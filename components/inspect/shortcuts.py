"""Can the label be predicted from one plain fact? A network may then learn that fact."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.inspection import Shortcut
from components.common.statistics.figures import Scored
from components.common.statistics.folds import covering_folds
from components.common.statistics.intervals import estimates
from components.common.statistics.weighted import Integers

# Columns of validate's facts, by what a reader calls them.
_FACTS = {
    "brightness": ("brightness",),
    "contrast": ("contrast",),
    "sharpness": ("blur",),
    "picture size": ("width_px", "height_px"),
    "file size": ("bytes",),
}
_FOLDS = 5
# Whatever differs between the classes shows in some fact a little: below this it is no shortcut.
_CLEAR = 0.6
_PARTS = re.compile(r"[a-z]+|\d+")


def measure(
    manifest: pd.DataFrame, facts: pd.DataFrame, labels: Integers, groups: list[str], *, seed: int
) -> tuple[Shortcut, ...]:
    """Return the ROC-AUC of a small classifier on each fact alone, the highest first.

    Args:
        manifest: N rows.
        facts: one row a picture, in the manifest's order.
        labels: int [N].
        groups: N names, which no fold splits.
        seed: of the folds.

    Returns:
        Nothing where a class has fewer than two groups.
    """
    folds = covering_folds(labels, np.array(groups, dtype=object), folds=_FOLDS, seed=seed)
    if not folds:
        return ()
    found = []
    for fact, values, classifier in _each(manifest, facts):
        said = np.zeros((len(labels), int(labels.max()) + 1))
        for fold in folds:
            fitted = classifier.fit(values[fold.inner], labels[fold.inner])
            said[fold.outer] = fitted.predict_proba(values[fold.outer])
        (one,) = estimates(["roc_auc"], Scored.by_largest(labels, said), groups)
        found.append(Shortcut(fact=fact, roc_auc=one, clear=one.low > _CLEAR))
    return tuple(sorted(found, key=lambda one: -one.roc_auc.value))


def _each(manifest: pd.DataFrame, facts: pd.DataFrame) -> Iterator[tuple[str, Any, Any]]:
    """Yield facts that differ between pictures, as numbers [N, D], and what may learn them."""
    from sklearn.naive_bayes import BernoulliNB
    from sklearn.tree import DecisionTreeClassifier

    leaf = max(5, len(manifest) // 40)
    for fact, columns in _FACTS.items():
        if not set(columns) <= set(facts):
            continue
        values = facts[list(columns)].to_numpy(dtype=np.float64)
        if np.ptp(values, axis=0).any():
            yield fact, values, DecisionTreeClassifier(min_samples_leaf=leaf, random_state=0)
    words = _words(manifest)
    if words.nnz:
        yield "file name", words, BernoulliNB()


def _words(manifest: pd.DataFrame) -> Any:
    """Return which parts of names each picture has, sparse [N, parts]: parts grow with pictures.

    Those of several pictures count. The label itself, as in the folder of its class, is no part.
    """
    from scipy.sparse import csr_array

    named = []
    for path, label in zip(manifest["path"], manifest["label"], strict=True):
        parts = PurePosixPath(path.removeprefix("pictures/")).with_suffix("").parts
        own = [part.lower() for part in parts if part != label]
        named.append(dict.fromkeys(_PARTS.findall(" ".join(own)), 1.0))
    counts = pd.Series([part for one in named for part in one]).value_counts()
    known = {part: place for place, part in enumerate(counts.index[counts > 1])}
    found = [[known[part] for part in one if part in known] for one in named]
    ends = np.cumsum([0, *map(len, found)])
    columns = [column for one in found for column in one]
    return csr_array((np.ones(len(columns)), columns, ends), shape=(len(named), len(known)))
