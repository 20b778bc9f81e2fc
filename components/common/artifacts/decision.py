"""Decision: why `method: auto` chose what it chose. Written by train, drawn by evaluate."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DepthScore:
    """What the pretrained features after one layer say about the task.

    layer: its name; depth: the share of the network's layers up to it, in (0, 1].
    features: how many numbers describe a picture there.
    score: mean over the folds of the linear probe, see `Decision.metric`; error: its standard
        error; folds: the single scores, the same folds at every layer.
    """

    layer: str
    depth: float
    features: int
    score: float
    error: float
    folds: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The measured numbers, the cell of size x similarity they fall into, and what follows.

    cell: "few_similar", "few_dissimilar", "many_similar", "many_dissimilar" or "unclear".
    method: the method that fitted the network; layer: the last one that was kept, "" for all.
    reason: one sentence for a reader.
    pictures, groups: of the training split; groups_a_class: of the class that has fewest.
    metric: "roc_auc" with two classes, else "balanced_accuracy"; chance: what guessing gives.
    similarity, similarity_error: (late - early) / (best - chance) and its standard error; None
        where no layer tells the classes apart, or they have too few groups to be asked.
    profile: from shallow to deep; empty where it could not be measured.
    remarks: what else a reader should know.
    """

    cell: str
    method: str
    layer: str
    reason: str
    pictures: int
    groups: int
    groups_a_class: int
    metric: str
    chance: float
    similarity: float | None
    similarity_error: float | None
    profile: tuple[DepthScore, ...]
    remarks: tuple[str, ...] = ()
