"""Where the model looks: parts of a picture are covered, and the answer watched.

Occlusion (Zeiler and Fergus 2014) needs nothing but answers, so it explains what is served. The
maps are checked by a deletion test (Petsiuk et al. 2018): blurring the parts that matter most must
lower the probability more than blurring as many other parts. Maps cover with the picture's mean
colour and the test blurs, so that the test is not the map once more.
"""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.figures import DeletionTest, Explained
from components.common.files import write_bytes
from components.common.pictures.decode import Pixels
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.weighted import Floats, Integers
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.behaviour.changes import mean_change

FOLDER = "heat_maps"
_CELLS = 5  # rows and columns of a map
_BLURRED = 3  # cells blurred together in the test, an eighth of the picture
_OTHERS = 2  # times as many other cells
_RIM = 0.2  # of a cell
_MAP_PX = 240
_BLUR = 0.15  # of the longer side
_COLOUR = np.array([224, 62, 26], dtype=np.float32)


@dataclass(frozen=True)
class Explanations:
    """Pictures with a map each, and whether the maps can be believed; None without a picture."""

    pictures: tuple[Explained, ...]
    test: DeletionTest | None


def explain(
    asked: ExportedModel, dataset: Dataset, rows: pd.DataFrame, *, plots: Path, seed: int
) -> Explanations:
    """Draw a heat map of each picture and test it.

    Args:
        asked: the model.
        dataset: holds the pictures.
        rows: PREDICTION_COLUMNS of the pictures to explain.
        plots: the evaluation's folder of plots; maps go into `heat_maps/` below it.
        seed: of the other parts in the test.
    """
    (plots / FOLDER).mkdir(parents=True, exist_ok=True)
    pictures = []
    for number, row in enumerate(track(rows.to_dict("records"), "looking where the model looks")):
        path, target = str(row["path"]), int(row["target"])
        pixels = asked.seen(dataset, path)
        name = f"{FOLDER}/{number:03d}.png"
        random = generator(seed, "deletion", path)
        covered = [_covered(pixels, (cell,)) for cell in range(_CELLS**2)]
        first = asked.about([pixels, *covered], np.full(len(covered) + 1, target))
        decided = int(first.predicted[0])
        probability = float(first.probabilities[0, decided])
        drops = probability - first.probabilities[1:, decided].astype(np.float64)
        order = np.argsort(-drops, kind="stable")
        others = [random.permutation(order[_BLURRED:])[:_BLURRED] for _ in range(_OTHERS)]
        soft = _blurred(pixels)
        blurred = [_mixed(pixels, soft, cells) for cells in (order[:_BLURRED], *others)]
        second = asked.about(blurred, np.full(len(blurred), target))
        falls = probability - second.probabilities[:, decided].astype(np.float64)
        write_bytes(plots / name, _drawn(pixels, drops.reshape(_CELLS, _CELLS)), durable=False)
        pictures.append(
            Explained(
                path=path,
                truth=asked.classes[target],
                predicted=asked.classes[decided],
                probability=probability,
                heat_map=name,
                drop=float(falls[0]),
                random_drop=float(falls[1:].mean()),
            )
        )
    groups = rows["group"].astype(str).tolist()
    return Explanations(tuple(pictures), _test(pictures, groups) if pictures else None)


def _test(pictures: Sequence[Explained], groups: list[str]) -> DeletionTest:
    drops = np.array([(one.drop, one.random_drop) for one in pictures])
    return DeletionTest(
        pictures=len(pictures),
        drop=float(drops[:, 0].mean()),
        random_drop=float(drops[:, 1].mean()),
        difference=mean_change("probability", drops[:, 0] - drops[:, 1], groups),
    )


@functools.lru_cache(maxsize=2 * _CELLS)
def _ramps(height: int, width: int) -> tuple[Floats, Floats]:
    """Return how far each row and each column lies in each of its cells, float [cells, side].

    It fades at the rim, since an edge is a find too. The blur of a rectangle is the product of the
    blurs of its sides.
    """
    from scipy.ndimage import gaussian_filter1d

    sigma_px = _RIM * min(height, width) / _CELLS
    rows, columns = (
        gaussian_filter1d(
            (np.arange(side) * _CELLS // side == np.arange(_CELLS)[:, None]).astype(np.float64),
            sigma_px,
            mode="nearest",
        )
        for side in (height, width)
    )
    return rows, columns


def _mask(shape: tuple[int, ...], cells: Sequence[int] | Integers) -> Floats:
    """Return float [H, W, 1], 1 in the cells."""
    rows, columns = _ramps(*shape[:2])
    down, across = np.divmod(np.asarray(cells), _CELLS)
    mask: Floats = rows[down].T @ columns[across]
    return mask[..., None]


def _covered(pixels: Pixels, cells: Sequence[int]) -> Pixels:
    return _mixed(pixels, pixels.mean(axis=(0, 1)), cells)


def _blurred(pixels: Pixels) -> npt.NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    sigma_px = _BLUR * max(pixels.shape[:2])
    soft: npt.NDArray[np.float32] = gaussian_filter(
        pixels.astype(np.float32), (sigma_px, sigma_px, 0), mode="nearest"
    )
    return soft


def _mixed(pixels: Pixels, other: npt.NDArray[Any], cells: Sequence[int] | Integers) -> Pixels:
    share = _mask(pixels.shape, cells)
    mixed: Pixels = np.rint((1.0 - share) * pixels + share * other).clip(0, 255).astype(np.uint8)
    return mixed


def _drawn(pixels: Pixels, drops: Floats) -> bytes:
    """Return the picture in grey as PNG, the parts that matter in colour."""
    height, width = pixels.shape[:2]
    scale = _MAP_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = Image.fromarray(pixels.mean(axis=2).round().astype(np.uint8)).resize(size)
    matters = np.clip(drops, 0.0, None)
    strength = (matters / max(float(matters.max()), 1e-6)).astype(np.float32)
    smooth = Image.fromarray(strength).resize(size, Image.Resampling.BICUBIC)
    share = 0.7 * np.clip(np.asarray(smooth), 0.0, 1.0)[..., None]
    base = np.asarray(grey, dtype=np.float32)[..., None]
    mixed = np.rint((1.0 - share) * base + share * _COLOUR).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(mixed).save(buffer, format="PNG")
    return buffer.getvalue()
