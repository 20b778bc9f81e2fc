"""No model is judged on pictures that it has seen: what of the test split is left to judge by.

A split that was dealt out again, or a manifest with splits of its own, can put into the test split
what the serving version, or the network that training started from, was trained on. These pictures
are left out of everything. Where too few others remain, what would be unfair is not done instead.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.lineage import Seen, read_seen, seen_by_version
from components.common.artifacts.model_folder import newest_version
from components.evaluate.config import EvaluateConfig

# With fewer the gate says "insufficient" by itself, and no figure is worth a look.
MIN_PICTURES = 30
KEEP_THE_SPLITS = (
    "keep the splits (validate.keep_splits=true), add new pictures, or judge by cross-validation "
    "(evaluate.evidence=cross_validation)"
)


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """The Dataset without the test pictures that were left out, and how many these are.

    The other fields are those of `EvaluationInfo`; `notes` say it for a reader.
    """

    dataset: Dataset
    unseen: int = 0
    seen_by_start: int = 0
    seen_by_incumbent: int = 0
    notes: tuple[str, ...] = ()


def without_seen(dataset: Dataset, candidate: Path, settings: EvaluateConfig) -> Unseen:
    """Leave out the test pictures that a model has seen which is judged on them.

    Args:
        dataset: the validated one; under cross-validation nothing is left out, as each picture is
            judged by a model that has not seen it.
        candidate: the folder of the Candidate, which says what it started from.
        settings: where the version that serves is.
    """
    if dataset.info.evidence == "cross_validation":
        return Unseen(dataset=dataset)
    test = dataset.manifest[dataset.manifest["split"] == "test"]
    version, serving = _serving(settings)
    known = read_seen(candidate) or Seen()
    by_start = Seen(sha256=known.inherited).among(test)
    by_incumbent = serving.among(test)
    both = by_start | by_incumbent
    if not both.any():
        return Unseen(dataset=dataset)
    left_out = next(
        (found for found in (both, by_start) if len(test) - found.sum() >= MIN_PICTURES),
        both & False,
    )
    start, incumbent = (int((found & ~left_out).sum()) for found in (by_start, by_incumbent))
    said = []
    if by_start.any():
        said.append(f"the network that training started from knows {by_start.sum()}")
    if by_incumbent.any():
        said.append(f"version {version}, which serves now, knows {by_incumbent.sum()}")
    note = f"Of {len(test)} test pictures {' and '.join(said)}: {left_out.sum()} are left out."
    if start or incumbent:
        note += f" Without all of these too few would be left: {KEEP_THE_SPLITS}."
    kept = dataset.manifest.drop(index=test.index[left_out])
    return Unseen(
        dataset=dataclasses.replace(dataset, manifest=kept),
        unseen=int(left_out.sum()),
        seen_by_start=start,
        seen_by_incumbent=incumbent,
        notes=(note,),
    )


def _serving(settings: EvaluateConfig) -> tuple[int, Seen]:
    if not settings.model_base_path:
        return 0, Seen()
    model_dir = Path(settings.model_base_path) / settings.model_name
    newest = newest_version(model_dir)
    if newest is None:
        return 0, Seen()
    return newest.number, seen_by_version(model_dir, newest.number) or Seen()
