"""What the camera makes of pictures, as figures of which one fault moves only a few."""

from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.pictures.statistics import STATISTICS

CAMERA_FIGURES = (
    "brightness",  # log
    "contrast",  # log of the brightness's deviation
    "sharpness",  # log, as a share of the contrast
    "grain",  # log, as a share of the sharpness
    "dark end",  # of the brightness, in contrasts from the mean
    "bright end",
    "clipping",
    "warmth",
    "saturation",
    "row centre",
    "column centre",
    "border",  # in contrasts
)


def camera_figures(statistics: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return float64 [N, len(CAMERA_FIGURES)] for float [N, len(STATISTICS)]; NaN rows stay NaN."""
    named = dict(zip(STATISTICS, statistics.T.astype(np.float64), strict=True))
    contrast = named["deviation"] + 1.0
    columns = [
        np.log(named["mean"] + 1.0),
        np.log(contrast),
        np.log((named["sharpness"] + 0.5) / contrast),
        np.log((named["grain"] + 0.5) / (named["sharpness"] + 0.5)),
        (named["dark"] - named["mean"]) / contrast,
        (named["bright"] - named["mean"]) / contrast,
        named["clipped"],
        named["warmth"],
        named["saturation"],
        named["row_centre"],
        named["column_centre"],
        named["border"] / contrast,
    ]
    return np.stack(columns, axis=1)
