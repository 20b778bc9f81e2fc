"""What changed against the version that serves now, picture by picture."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, kw_only=True)
class ClassChange:
    """Pictures of a class that only this model recognises, and that only the serving one does."""

    name: str
    gained: int
    lost: int


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How the answers of the two models fall together.

    both_right, gained, lost, both_wrong: pictures; gained are recognised by the new model only.
    by_class: classes with a change, those that lost most first.
    lost_pictures: rows of the new model's predictions that the serving version had right, those
        with the surest wrong answer first.
    """

    both_right: int
    gained: int
    lost: int
    both_wrong: int
    by_class: tuple[ClassChange, ...]
    lost_pictures: pd.DataFrame


def compare(
    predictions: pd.DataFrame, serving: pd.DataFrame, classes: tuple[str, ...]
) -> Changes | None:
    """Compare the answers about the pictures that both were asked about; None without any.

    Args:
        predictions: of the new model, PREDICTION_COLUMNS and probabilities.
        serving: of the version that serves now.
        classes: names in order.
    """
    common = predictions[predictions["path"].isin(serving["path"])].reset_index(drop=True)
    if common.empty:
        return None
    theirs = serving.drop_duplicates("path").set_index("path").loc[common["path"]]
    truth = common["target"].to_numpy()
    ours_right = common["predicted"].to_numpy() == truth
    theirs_right = theirs["predicted"].to_numpy() == truth
    gained, lost = ours_right & ~theirs_right, theirs_right & ~ours_right
    by_class = [
        ClassChange(
            name=name,
            gained=int(gained[truth == number].sum()),
            lost=int(lost[truth == number].sum()),
        )
        for number, name in enumerate(classes)
    ]
    changed = [one for one in by_class if one.gained or one.lost]
    probabilities = common[[f"p_{name}" for name in classes]].to_numpy(dtype=float)
    sureness = probabilities[np.arange(len(common)), common["predicted"].to_numpy(dtype=int)]
    order = np.argsort(-sureness, kind="stable")
    return Changes(
        both_right=int((ours_right & theirs_right).sum()),
        gained=int(gained.sum()),
        lost=int(lost.sum()),
        both_wrong=int((~ours_right & ~theirs_right).sum()),
        by_class=tuple(sorted(changed, key=lambda one: (one.gained - one.lost, -one.lost))),
        lost_pictures=common.iloc[order[lost[order]]],
    )
