"""What a finalist is worth and what it costs."""

import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.bootstrap import resample
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.weighted import Floats
from components.select.config import SelectConfig

_WARM_UPS = 2


def qualities(
    candidates: Sequence[Candidate], dataset: Dataset, settings: SelectConfig
) -> list[tuple[float, float]]:
    """Score every candidate on the same validation pictures.

    Returns:
        The quality of each, and the standard error of its gap to the best. This noise is paired:
        the same groups are drawn for all, and what varies is the gap.

    Raises:
        DataError: a candidate was validated on other pictures than the dataset names.
    """
    rows = dataset.split("validation")
    truth = dataset.targets(rows)
    scored = [Scored.by_largest(truth, _answers(one, rows["path"])) for one in candidates]
    figure = FIGURES[settings.metric]

    def all_qualities(weights: Floats) -> Floats:
        return np.stack([figure(one, weights) for one in scored], axis=1)

    values = all_qualities(np.ones((1, len(rows))))[0]
    drawn = resample(
        all_qualities,
        rows["group"].astype(str).tolist(),
        draws=settings.bootstrap_draws,
        random=generator(settings.seed, "select"),
    )
    gaps = drawn[:, [values.argmax()]] - drawn
    gaps = gaps[np.isfinite(gaps).all(axis=1)]
    spreads = gaps.std(axis=0) if len(gaps) else np.zeros(len(values))
    return list(zip(values.tolist(), spreads.tolist(), strict=True))


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


def _answers(candidate: Candidate, paths: "pd.Series[str]") -> npt.NDArray[np.float64]:
    known = candidate.validation()
    if set(known.index) != set(paths):
        raise DataError(
            f"candidates validated on the {len(paths)} pictures of this dataset",
            received=f"'{candidate.info.backbone}' validated on {len(known)} others",
            do="run `graft tune` again; report this if it comes back",
        )
    answers: npt.NDArray[np.float64] = known.loc[list(paths)].to_numpy(dtype=np.float64)
    return answers


def _picture(candidate: Candidate) -> npt.NDArray[np.float32]:
    size = candidate.info.image_size_px
    return np.full((candidate.info.flips, size, size, 3), 127.0, dtype=np.float32)
