"""What a finalist is worth and what it costs."""

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.held_out import held_out_logits
from components.common.errors import DataError
from components.common.progress import track
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.jackknife import jackknife
from components.common.statistics.temperature import softmax
from components.common.statistics.weighted import Floats
from components.select.config import SelectConfig

_WARM_UPS = 2


def qualities(
    candidates: Sequence[Candidate], dataset: Dataset, settings: SelectConfig
) -> list[tuple[float, float]]:
    """Score every candidate on the same held-out pictures.

    Returns:
        The quality of each, and the standard error of its gap to the best. This noise is paired:
        the same groups are left out for all, and what varies is the gap.

    Raises:
        DataError: a candidate answered about other held-out pictures than the dataset names.
    """
    tables = [one.held_out().set_index("path").sort_index() for one in candidates]
    _check_pictures(candidates, tables, dataset)
    groups = tables[0]["group"].astype(str).tolist()
    scored = [_scored(one, table) for one, table in zip(candidates, tables, strict=True)]
    figure = FIGURES[settings.metric]

    once = np.ones((1, len(groups)))
    values = [float(figure(one, once)[0]) for one in scored]
    best = scored[int(np.argmax(values))]

    def gaps(weights: Floats) -> Floats:
        highest = figure(best, weights)
        return np.stack([highest - figure(one, weights) for one in scored], axis=1)

    noise = jackknife(gaps, groups, best.targets).errors
    return list(zip(values, np.nan_to_num(noise).tolist(), strict=True))


def costs(candidates: Sequence[Candidate], *, pictures: int) -> list[tuple[float, int]]:
    """Time all candidates side by side in this process, one picture at a time, in turns.

    A picture is answered as it will be served: all its test-time views in one call.

    Args:
        candidates: their networks are loaded together.
        pictures: timed pictures a candidate.

    Returns:
        The median milliseconds a picture and the number of parameters of each.
    """
    import keras

    models = [keras.models.load_model(one.model_path, compile=False) for one in candidates]
    inputs = [_picture(one) for one in candidates]
    for model, picture in zip(models, inputs, strict=True):
        for _ in range(_WARM_UPS):
            model.predict_on_batch(picture)
    seconds = np.zeros((pictures, len(models)))
    for turn in track(range(pictures), "timing the finalists"):
        for position, (model, picture) in enumerate(zip(models, inputs, strict=True)):
            started = time.perf_counter()
            model.predict_on_batch(picture)
            seconds[turn, position] = time.perf_counter() - started
    medians = np.median(seconds, axis=0)
    parameters = [int(model.count_params()) for model in models]
    return list(zip((1e3 * medians).tolist(), parameters, strict=True))


def _check_pictures(
    candidates: Sequence[Candidate], tables: Sequence[pd.DataFrame], dataset: Dataset
) -> None:
    held_out = "train" if dataset.info.evidence == "cross_validation" else "validation"
    wanted = set(dataset.split(held_out)["path"])
    for candidate, table in zip(candidates, tables, strict=True):
        if set(table.index) != wanted:
            raise DataError(
                f"candidates judged on the {len(wanted)} held-out pictures of this dataset",
                received=f"'{candidate.info.backbone}' judged on {len(table)} others",
                do="run `graft tune` again; report this if it comes back",
            )


def _scored(candidate: Candidate, table: pd.DataFrame) -> Scored:
    logits = held_out_logits(table, candidate.info.classes)
    probabilities = softmax(logits / np.float32(candidate.info.temperature))
    return Scored.by_largest(
        table["target"].to_numpy(dtype=np.int64), probabilities.astype(np.float64)
    )


def _picture(candidate: Candidate) -> npt.NDArray[np.float32]:
    size = candidate.info.image_size_px
    return np.full((candidate.info.flips, size, size, 3), 127.0, dtype=np.float32)
