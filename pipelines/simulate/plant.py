"""The plant: modules of the demo data that the model has not seen, photographed week by week."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.pictures.corruptions import corrupt
from components.common.pictures.decode import Pixels
from components.common.seeding import generator
from pipelines.simulate.scenario import Conditions

Rows = npt.NDArray[np.int64]
_MODULES_A_WEEK = 16


@dataclass(frozen=True, kw_only=True)
class Cells:
    """N cells.

    pixels: uint8 [N, S, S, C].
    labels: class names, object [N]; groups: modules; suppliers: "known" or "new".
    ids: int [N], which cell of the data it is, whatever the camera made of it.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.object_]
    groups: npt.NDArray[np.object_]
    suppliers: npt.NDArray[np.object_]
    ids: Rows

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: Any) -> "Cells":
        """Return some cells: a mask or positions."""
        return Cells(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


def join(*parts: Cells) -> Cells:
    """Put cells together."""
    names = Cells.__dataclass_fields__
    return Cells(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What is produced, and how it is photographed.

    cells: those that a window may hold, of modules that no training has seen.
    defective: the name of that class.
    a_week: pictures a week.
    """

    cells: Cells
    defective: str
    a_week: int
    seed: int

    def week(self, now: Conditions) -> Cells:
        """Return a week's cells as the camera took them."""
        rng = generator(self.seed, "plant", str(now.week))
        drawn = [self._rows(supplier, now, rng=rng) for supplier in ("new", "known")]
        taken = self.cells.take(rng.permutation(np.concatenate(drawn)))
        pixels = [
            self._photograph(picture, number, now) for number, picture in enumerate(taken.pixels)
        ]
        return dataclasses.replace(taken, pixels=np.stack(pixels))

    def without(self, ids: Rows) -> "Plant":
        """Return the plant without some cells: what is trained on is not sent again."""
        return dataclasses.replace(self, cells=self.cells.take(~np.isin(self.cells.ids, ids)))

    def _rows(self, supplier: str, now: Conditions, *, rng: np.random.Generator) -> Rows:
        """Draw cells of a few modules of one supplier, defective ones as often as is said."""
        share = now.newcomers if supplier == "new" else 1.0 - now.newcomers
        wanted = round(self.a_week * share)
        ours = self.cells.suppliers == supplier
        modules = np.unique(self.cells.groups[ours].astype(str))
        if not wanted or not len(modules):
            return np.zeros(0, dtype=np.int64)
        few = rng.permutation(modules)[: max(1, round(_MODULES_A_WEEK * share))]
        rows = np.flatnonzero(ours & np.isin(self.cells.groups, few))
        if not now.bad_share:
            return rng.choice(rows, wanted, replace=wanted > len(rows))
        # Bad lots come from all modules; few modules have so many defects.
        rows = np.flatnonzero(ours)
        bad = self.cells.labels[rows] == self.defective
        weight = np.where(bad, now.bad_share / bad.sum(), (1.0 - now.bad_share) / (~bad).sum())
        return rng.choice(rows, wanted, replace=True, p=weight)

    def _photograph(self, picture: Pixels, number: int, now: Conditions) -> Pixels:
        rng = generator(self.seed, "camera", str(now.week), str(number))
        if now.defocus:
            picture = corrupt(picture, kind="defocus", severity=now.defocus, rng=rng)
        if now.dim and number % 2:
            picture = corrupt(picture, kind="exposure", severity=now.dim, rng=rng)
        return picture
