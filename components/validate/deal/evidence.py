"""What a verdict can rest on: a test split that is large enough, or folds of all pictures."""

import pandas as pd

from components.common.artifacts.dataset import SPLITS, Evidence, names_groups
from components.validate.config import ValidateConfig

# Below these a held-out split seldom decides. Of two equally good models that differ on a tenth of
# the pictures, 300 independent test pictures are where the gate begins to tell ("What the gate
# decides" in docs/results.md); a class figure from fewer than 10 pictures moves by more than ten
# points with each of them; and from fewer than 10 groups an interval is rarely narrow enough.
MIN_TEST_PICTURES = 300
MIN_TEST_PICTURES_PER_CLASS = 10
MIN_TEST_GROUPS = 10


def chosen(
    manifest: pd.DataFrame, classes: tuple[str, ...], settings: ValidateConfig, *, given: bool
) -> Evidence:
    """Return what a verdict on these data should rest on.

    Args:
        manifest: Dataset rows, dealt out as for a held-out split.
        classes: names of the classes.
        settings: what is asked for.
        given: the splits are the user's own: what they hold out is taken.
    """
    if settings.evidence != "auto":
        return settings.evidence
    return "holdout" if given or _decides(manifest, classes) else "cross_validation"


def _decides(manifest: pd.DataFrame, classes: tuple[str, ...]) -> bool:
    test = manifest[manifest["split"] == SPLITS[-1]]
    sizes = manifest.groupby(["split", "label"]).size()
    every = pd.MultiIndex.from_product([SPLITS, classes])
    tested = test.groupby("label").size().reindex(list(classes), fill_value=0)
    return (
        len(test) >= MIN_TEST_PICTURES
        and bool((sizes.reindex(every, fill_value=0) > 0).all())
        and bool((tested >= MIN_TEST_PICTURES_PER_CLASS).all())
        and (not names_groups(manifest) or test["group"].nunique() >= MIN_TEST_GROUPS)
    )
