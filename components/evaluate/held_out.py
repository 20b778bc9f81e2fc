"""The exported model's answers about held-out pictures and their features, in one pass."""

import json

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import HeldOut
from components.common.models.saved_model import describe
from components.common.run_context import RunContext
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.config import EvaluateConfig
from components.evaluate.kept import kept
from components.evaluate.predictions import answers_as_table, check_any

_CACHED_AS = "evaluate-held-out"


def ask_held_out(
    asked: ExportedModel,
    export: Export,
    dataset: Dataset,
    settings: EvaluateConfig,
    context: RunContext,
) -> HeldOut:
    """Ask about every picture that was held out: the evidence, and what drift is measured against.

    An unchanged model's answers about unchanged pictures are taken from the cache.

    Args:
        asked: the model.
        export: where it comes from.
        dataset: the validated one. Under cross-validation all pictures are asked about, for their
            features: the model has been fitted on them, so that its answers are no evidence.
        settings: pictures a call.
        context: where the cache is.

    Raises:
        DataError: there is no picture to judge by, or one cannot be read.
        ExportError: the model answers with other classes than the data set has.
    """
    rows = dataset.judged()
    check_any(rows)
    if dataset.info.evidence == "holdout":
        rows = pd.concat([dataset.split("validation"), rows], ignore_index=True)
    chosen = json.dumps([settings.batch_size])
    with kept(_CACHED_AS, chosen, "", (export.root, dataset.root), settings, context) as found:
        if not found.complete:
            answers, features = describe(
                export.saved_model,
                rows["path"].astype(str).tolist(),
                dataset.picture,
                batch_size=asked.batch_size,
                activity="asking the exported model",
                model=asked.model,
            )
            found.folder.mkdir()
            table = answers_as_table(rows, dataset, answers, tasks=export.info.tasks)
            HeldOut(table, features).write(found.folder)
        return HeldOut.read(found.folder)


def seen_by_network(
    predictions: pd.DataFrame, held_out: HeldOut, candidate: Candidate
) -> npt.NDArray[np.float32] | None:
    """Return the evidence as the network sees it; as the pretrained one does where it is kept.

    Returns:
        float32 [N, D], a row for each of the predictions; None where one is not finite.
    """
    paths = predictions["path"].tolist()
    kept_paths, features = candidate.embeddings() or ([], held_out.features)
    if not set(paths) <= set(kept_paths):
        kept_paths, features = held_out.answers["path"].tolist(), held_out.features
    place = {path: row for row, path in enumerate(kept_paths)}
    found = features[[place[path] for path in paths]]
    return found if np.isfinite(found).all() else None
