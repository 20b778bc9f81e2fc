"""Copies by picture: the same pixels, whatever name and encoding, or nearly the same."""

import pandas as pd


def first_of_each(facts: pd.DataFrame) -> pd.Series:
    """Return for each picture the path of the first one with the same pixels: often itself.

    Unreadable pictures have no duplicates.
    """
    known = facts["pixels_sha256"] != ""
    first = facts[known].groupby("pixels_sha256")["path"].transform("first")
    return first.reindex(facts.index).fillna(facts["path"])


def mark(
    facts: pd.DataFrame, *, labels: pd.Series, splits: pd.Series, near: pd.Series
) -> pd.DataFrame:
    """Return the facts with six columns more.

    `duplicate_of`: an earlier picture with the same pixels; `duplicate_in_other_split` and
    `duplicate_with_other_label`: the first such picture that makes trouble. `near_duplicate_of`,
    `near_duplicate_in_other_split`, `near_duplicate_with_other_label`: the same of pictures that
    are nearly the same. Each is None where there is none. All are one row a picture, in the same
    order.

    Args:
        facts: what was measured.
        labels: one a row.
        splits: one a row.
        near: the first picture that shows nearly the same, its own path without one.
    """
    exact = first_of_each(facts)
    table = facts.assign(label=labels.to_numpy(), split=splits.to_numpy(), near=near, exact=exact)
    # Where all copies are exact, that is what is said of them.
    nearly = table[table.groupby("near")["exact"].transform("nunique") > 1]
    is_copy = nearly["exact"] != nearly["near"]
    return facts.assign(
        duplicate_of=exact.where(exact != facts["path"]).astype(object),
        duplicate_in_other_split=_first_that_differs(table, "split", of="exact"),
        duplicate_with_other_label=_first_that_differs(table, "label", of="exact"),
        near_duplicate_of=nearly["near"].where(is_copy).reindex(facts.index).astype(object),
        near_duplicate_in_other_split=_first_that_differs(nearly, "split", of="near").reindex(
            facts.index
        ),
        near_duplicate_with_other_label=_first_that_differs(nearly, "label", of="near").reindex(
            facts.index
        ),
    )


def _first_that_differs(table: pd.DataFrame, column: str, *, of: str) -> pd.Series:
    found = pd.Series(None, index=table.index, dtype=object)
    spread = table.groupby(of)[column].transform("nunique")
    for _, same in table[spread > 1].groupby(of):
        for row in same.index:
            others = same[same[column] != same.at[row, column]]
            found.at[row] = others["path"].iloc[0]
    return found
