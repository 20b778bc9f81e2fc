"""Pictures of the evidence, drawn from each class alike, and the exported model's answers."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.models.saved_model import Answers, answer, load
from components.common.pictures.decode import Pixels, decode, encode_png, to_image
from components.common.progress import batches, track
from components.common.seeding import generator
from components.common.statistics.figures import Scored
from components.common.statistics.weighted import Integers

T = TypeVar("T")

# Larger pictures are made smaller before anything is done to them: what is finer than half of
# what the network sees is lost to it in any case, and a 12-megapixel defocus takes seconds.
_SIDES = 2


@dataclass(frozen=True)
class ExportedModel:
    """An exported model, loaded when it is first asked.

    saved_model: its folder.
    classes: in the order of its probabilities.
    image_size_px: what it resizes pictures to.
    batch_size: pictures a call.
    """

    saved_model: Path
    classes: tuple[str, ...]
    image_size_px: int
    batch_size: int

    @cached_property
    def model(self) -> Any:
        """The model as `saved_model.load` gives it."""
        return load(self.saved_model)

    def answer(self, pictures: Sequence[bytes], *, rows: int = 0) -> Answers:
        """Send one batch as from `to_servable`, as all held-out pictures were asked about.

        A smaller one is filled up to `rows`, see `saved_model.answer`.
        """
        return answer(self.model, pictures, described=True, rows=rows)

    def about(self, pictures: Sequence[Pixels], targets: Integers) -> Scored:
        """Return the answers to uint8 [H, W, 1 or 3] each; `targets` int [N] are their classes."""
        return self.about_all(lambda one: one, pictures, targets)

    def about_all(
        self,
        make: Callable[[T], Pixels],
        of: Sequence[T],
        targets: Integers,
        *,
        activity: str = "",
    ) -> Scored:
        """Return the answers to pictures that are made a few at a time.

        Args:
            make: returns a picture, uint8 [H, W, 1 or 3].
            of: what it makes them of, N of them.
            targets: int [N], their classes.
            activity: what the progress report calls this; "" for none.
        """

        def encoded(one: T) -> bytes:
            return encode_png(make(one), compress_level=0)

        ready: Iterable[list[bytes]] = batches(encoded, of, size=self.batch_size)
        if activity:
            ready = track(ready, activity, total=math.ceil(len(of) / self.batch_size))
        parts = [self.answer(batch, rows=self.batch_size) for batch in ready]
        position = {name: index for index, name in enumerate(self.classes)}
        predicted = [position[name] for part in parts for name in part.answers]
        probabilities = np.concatenate([part.probabilities for part in parts])
        return Scored(targets, np.asarray(predicted, dtype=np.int64), probabilities)

    def seen(self, dataset: Dataset, path: str) -> Pixels:
        """Return a picture of the data set, its longer side at most twice what the model sees."""
        image = to_image(decode(dataset.picture(path), name=path))
        image.thumbnail((_SIDES * self.image_size_px,) * 2)
        pixels = np.asarray(image)
        return pixels if pixels.ndim == 3 else pixels[..., None]


def drawn(table: pd.DataFrame, count: int, *, seed: int, purpose: str) -> pd.DataFrame:
    """Return at most `count` rows of predictions, as many of each class as there are, in turns.

    Args:
        table: PREDICTION_COLUMNS.
        count: how many at most.
        seed, purpose: of the drawing; equal ones draw equal rows.
    """
    order = generator(seed, purpose).permutation(len(table))
    classes = table["target"].to_numpy()[order]
    turns = np.empty(len(order), dtype=np.int64)
    for name in np.unique(classes):
        mine = classes == name
        turns[mine] = np.arange(mine.sum())
    first: npt.NDArray[np.int64] = order[np.lexsort((classes, turns))][:count]
    return table.iloc[first].reset_index(drop=True)
