"""Which served versions have to be fitted again; on a cluster a step of its own.

A version that was judged by a held-out split kept no out-of-fold answers, and it has seen most of
the pictures that cross-validation judges by. One whose folds had pictures of one group on both
sides, because the groups were not known then, kept answers that flatter it. The recipe of either is
fitted again, see `refit`. Kubeflow cannot see which version serves, so a look comes before train,
which is then found again by the digest.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.lineage import out_of_fold_of, read_pictures
from components.common.artifacts.model_folder import ModelVersion, newest_version
from components.common.artifacts.passport import best_so_far
from components.common.artifacts.records import tree_sha256
from components.common.artifacts.shards import Shards
from components.common.run_context import RunContext
from components.common.step import Nothing, Step
from components.train.config import TrainConfig

# Answers about so small a share of the pictures flatter an accuracy by less than a point: not worth
# another training. Near copies of old pictures join a few groups in most updates.
_FEW = 0.01


@dataclass(frozen=True, kw_only=True)
class RivalsInputs:
    """The Shards, which say what the verdict rests on."""

    shards: Path


def to_refit(settings: TrainConfig, shards: Shards) -> tuple[ModelVersion, ...]:
    """Return the version that serves and the best so far, as far as they kept no fair answers.

    None of them where the verdict rests on a held-out split, which all can be asked about.
    """
    if not settings.compare_with or shards.info.evidence == "holdout":
        return ()
    serving = newest_version(Path(settings.compare_with))
    if serving is None:
        return ()
    compared = dict.fromkeys((serving, best_so_far(serving)))
    return tuple(one for one in compared if not _kept_fair_answers(one, shards.index))


def _kept_fair_answers(version: ModelVersion, index: pd.DataFrame) -> bool:
    """Say whether a version's folds answered, and parted no group of now.

    A group of now lay in one fold where it was part of one group then.
    """
    model_dir, number = version.path.parent, version.number
    if out_of_fold_of(model_dir, number).empty:
        return False
    pictures = read_pictures(model_dir, number)
    if pictures is None:
        return True
    then = pictures.drop_duplicates("sha256").set_index("sha256")["group"]
    both = index[(index["view"] == 0) & index["sha256"].isin(then.index)]
    groups_then = both["sha256"].map(then).groupby(both["group"]).transform("nunique")
    return bool((groups_then > 1).sum() <= _FEW * len(both))


def digest(settings: TrainConfig, shards: Path) -> str:
    """Return what pins down the versions that have to be fitted again; "" without any."""
    if not settings.compare_with:
        return ""
    found = to_refit(settings, Shards.read(shards))
    return " ".join(f"{one.number}:{tree_sha256(one.path)}" for one in found)


def run(settings: TrainConfig, inputs: RivalsInputs, outputs: Nothing, context: RunContext) -> str:
    """Return the digest of the versions that have to be fitted again."""
    return digest(settings, inputs.shards)


STEP = Step("rivals", run)
