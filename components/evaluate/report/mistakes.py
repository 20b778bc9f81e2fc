"""The pictures that the model got wrong with the most confidence."""

import io
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.evaluation import probabilities
from components.common.pictures.decode import decode, to_image

THUMBNAIL_PX = 240


def worst_mistakes(
    predictions: pd.DataFrame, dataset: Dataset, *, limit: int
) -> list[dict[str, Any]]:
    """Return the mistakes with the largest probability of the decided class, worst first.

    Returns:
        What the page shows of each, of at most `limit`; `confidence` in [0, 1] is what the wrong
        class was given.
    """
    classes = dataset.info.classes
    table = probabilities(predictions, classes).to_numpy(dtype=float)
    decided = predictions["predicted"].to_numpy(dtype=int)
    confidence = table[np.arange(len(table)), decided]
    wrong = np.flatnonzero(decided != predictions["target"].to_numpy(dtype=int))
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:limit]
    rows = predictions.to_dict("records")
    return [
        {
            **{name: str(row[name]) for name in ("path", "group", "domain")},
            "truth": classes[int(row["target"])],
            "decision": classes[int(row["predicted"])],
            "confidence": float(confidence[position]),
            "jpeg": _thumbnail(dataset.picture(str(row["path"])), str(row["path"])),
        }
        for row, position in ((rows[position], position) for position in worst)
    ]


def _thumbnail(data: bytes, name: str) -> bytes:
    image = to_image(decode(data, name=name))
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=82)
    return buffer.getvalue()
