"""Where the model looks, by occlusion, and whether that can be believed.

The maps are checked by a deletion test (Petsiuk et al. 2018): blurring the parts that matter most
must lower the probability more than blurring as many other parts. Maps cover with the picture's
mean colour and the test blurs, so that the test is not the map once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.figures import DeletionTest, Explained
from components.common.files import write_bytes
from components.common.pictures.decode import Pixels
from components.common.pictures.occlusion import CELLS, covered, heat_map, mixed
from components.common.progress import track
from components.common.seeding import generator
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.behaviour.changes import mean_change

FOLDER = "heat_maps"
_BLURRED = 3  # cells blurred together in the test, an eighth of the picture
_OTHERS = 2  # times as many other cells
_BLUR = 0.15  # of the longer side


@dataclass(frozen=True)
class Explanations:
    """Pictures with a map each, and whether the maps can be believed; None without a picture."""

    pictures: tuple[Explained, ...]
    test: DeletionTest | None


@dataclass(frozen=True)
class _Look:
    """What the model says of a picture as it is, and where its map lies."""

    path: str
    target: int
    decided: int
    probability: float
    heat_map: str


def explain(
    asked: ExportedModel, dataset: Dataset, rows: pd.DataFrame, *, plots: Path, seed: int
) -> Explanations:
    """Draw a heat map of each picture and test it.

    Args:
        asked: the model.
        dataset: holds the pictures.
        rows: PREDICTION_COLUMNS of the pictures to explain, at least one.
        plots: the evaluation's folder of plots; maps go into `heat_maps/` below it.
        seed: of the other parts in the test.
    """
    (plots / FOLDER).mkdir(parents=True, exist_ok=True)
    looks, blurred = [], []
    for number, row in enumerate(track(rows.to_dict("records"), "looking where the model looks")):
        path, target = str(row["path"]), int(row["target"])
        pixels = asked.seen(dataset, path)
        first = asked.about([pixels, *covered(pixels)], np.full(CELLS**2 + 1, target))
        decided = int(first.predicted[0])
        probability = float(first.probabilities[0, decided])
        drops = probability - first.probabilities[1:, decided].astype(np.float64)
        order = np.argsort(-drops, kind="stable")
        random = generator(seed, "deletion", path)
        others = [random.permutation(order[_BLURRED:])[:_BLURRED] for _ in range(_OTHERS)]
        soft = _blurred(pixels)
        blurred += [mixed(pixels, soft, cells) for cells in (order[:_BLURRED], *others)]
        name = f"{FOLDER}/{number:03d}.png"
        write_bytes(plots / name, heat_map(pixels, drops), durable=False)
        looks.append(_Look(path, target, decided, probability, name))
    # All at once: so few pictures of one photograph would leave a batch nearly empty.
    targets = np.repeat([look.target for look in looks], 1 + _OTHERS)
    answers = asked.about(blurred, targets).probabilities.astype(np.float64)
    pictures = []
    for look, said in zip(looks, np.split(answers, len(looks)), strict=True):
        falls = look.probability - said[:, look.decided]
        pictures.append(
            Explained(
                path=look.path,
                truth=asked.classes[look.target],
                predicted=asked.classes[look.decided],
                probability=look.probability,
                heat_map=look.heat_map,
                drop=float(falls[0]),
                random_drop=float(falls[1:].mean()),
            )
        )
    groups = rows["group"].astype(str).tolist()
    return Explanations(tuple(pictures), _test(pictures, groups))


def _test(pictures: Sequence[Explained], groups: list[str]) -> DeletionTest:
    drops = np.array([(one.drop, one.random_drop) for one in pictures])
    return DeletionTest(
        pictures=len(pictures),
        drop=float(drops[:, 0].mean()),
        random_drop=float(drops[:, 1].mean()),
        difference=mean_change("probability", drops[:, 0] - drops[:, 1], groups),
    )


def _blurred(pixels: Pixels) -> npt.NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    sigma_px = _BLUR * max(pixels.shape[:2])
    soft: npt.NDArray[np.float32] = gaussian_filter(
        pixels.astype(np.float32), (sigma_px, sigma_px, 0), mode="nearest"
    )
    return soft
