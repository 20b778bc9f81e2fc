"""Exact duplicates: pictures with the same pixels, whatever their names and encodings."""

import pandas as pd


def first_of_each(facts: pd.DataFrame) -> pd.Series:
    """Return for each picture the path of the first one with the same pixels: often itself.

    Unreadable pictures have no duplicates.
    """
    known = facts["pixels_sha256"] != ""
    first = facts[known].groupby("pixels_sha256")["path"].transform("first")
    return first.reindex(facts.index).fillna(facts["path"])


def mark(facts: pd.DataFrame, *, labels: pd.Series, splits: pd.Series) -> pd.DataFrame:
    """Return the facts with three columns more.

    `duplicate_of`: an earlier picture with the same pixels; `duplicate_in_other_split` and
    `duplicate_with_other_label`: the first such picture that makes trouble. Each is None
    where there is none. All three are one row a picture, in the same order.
    """
    first = first_of_each(facts)
    table = facts.assign(label=labels.to_numpy(), split=splits.to_numpy(), first=first)
    return facts.assign(
        duplicate_of=first.where(first != facts["path"]).astype(object),
        duplicate_in_other_split=_first_that_differs(table, "split"),
        duplicate_with_other_label=_first_that_differs(table, "label"),
    )


def _first_that_differs(table: pd.DataFrame, column: str) -> pd.Series:
    found = pd.Series(None, index=table.index, dtype=object)
    spread = table.groupby("first")[column].transform("nunique")
    for _, same in table[spread > 1].groupby("first"):
        for row in same.index:
            others = same[same[column] != same.at[row, column]]
            found.at[row] = others["path"].iloc[0]
    return found
