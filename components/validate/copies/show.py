"""The pairs that a person should look at."""

from dataclasses import dataclass

import pandas as pd

from components.validate.copies.near import NearCopies

AT_MOST = 20


@dataclass(frozen=True, kw_only=True)
class ShownPair:
    """Two pictures that are nearly the same.

    paths: both, by their manifest paths.
    names: what to call them: file, label, split.
    share: how much of them differs, 0 to 1.
    trouble: whether they are in two splits or have two labels.
    """

    paths: tuple[str, str]
    names: tuple[str, str]
    share: float
    trouble: bool


def shown_pairs(copies: NearCopies, manifest: pd.DataFrame) -> tuple[ShownPair, ...]:
    """Return at most AT_MOST pairs: across splits or labels first, then the least different."""
    rows = manifest.set_index("path")[["label", "split"]]
    pairs = copies.pairs
    one, other = (rows.loc[pairs[name]].reset_index(drop=True) for name in ("one", "other"))
    trouble = (one != other).any(axis=1).to_numpy()
    worst = pairs.assign(trouble=trouble).sort_values("trouble", ascending=False, kind="stable")
    return tuple(
        ShownPair(
            paths=(one, other),
            names=(_name(rows, one), _name(rows, other)),
            share=share,
            trouble=trouble,
        )
        for one, other, share, trouble in worst.head(AT_MOST).to_numpy().tolist()
    )


def _name(rows: pd.DataFrame, path: str) -> str:
    return ", ".join((path.removeprefix("pictures/"), *rows.loc[path]))
