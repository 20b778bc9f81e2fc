"""Pictures without a label: measured like the others, and kept apart from what is judged."""

import dataclasses

import pandas as pd

from components.common.artifacts.dataset import UNLABELLED, Dataset
from components.validate import facts


def measure(dataset: Dataset, labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the facts of the pictures without a label, and `copy_of`.

    Args:
        dataset: as ingest wrote it.
        labelled: the facts of its other pictures.

    Returns:
        One row a picture. `copy_of` is the path of a labelled picture with the same pixels, None
        where there is none.
    """
    if dataset.unlabelled.empty:
        return pd.DataFrame()
    measured = facts.measure(dataclasses.replace(dataset, manifest=dataset.unlabelled))
    known = labelled[labelled["pixels_sha256"] != ""].drop_duplicates("pixels_sha256")
    by_pixels = known.set_index("pixels_sha256")["path"]
    copy_of = measured["pixels_sha256"].map(by_pixels).astype(object)
    return measured.drop(columns=facts.MINIATURE).assign(
        copy_of=copy_of.where(copy_of.notna(), None)
    )


def kept(dataset: Dataset, measured: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a method may see: readable ones that no labelled picture equals."""
    rows = dataset.unlabelled
    if rows.empty:
        return rows
    pixels = measured["pixels_sha256"]
    rows = rows.assign(
        pixels=pixels.to_numpy(),
        split=UNLABELLED,
        group=rows["group"].where(rows["group"] != "", pixels),
    )
    return rows[(measured["readable"] & measured["copy_of"].isna()).to_numpy()]
