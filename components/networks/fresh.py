"""Views made when an epoch asks for them, instead of a few that are stored."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.augmentation.composition import Composition
from components.common.progress import worker_count
from components.networks.data import Split
from components.networks.rows import Rows, forget_rows, network_pixels

# More than any training draws from: row numbers stay far below 2^63.
VIEWS = 2**24


@dataclass(frozen=True)
class FreshViews:
    """Pictures in any of `VIEWS` views: row = view * pictures + picture, view 0 as they are.

    A row is a function of the policies' seed, the picture and the view, so that an epoch drawn
    again is the same.
    """

    plain: Rows
    sha256: tuple[str, ...]
    composition: Composition

    def __len__(self) -> int:
        return VIEWS * len(self.sha256)

    def __getitem__(self, rows: Any) -> npt.NDArray[np.uint8]:
        """Return rows by positions, uint8 [n, S, S, 3] as the network sees them."""
        numbers, pictures = np.divmod(np.asarray(rows, np.int64), len(self.sha256))
        plain = self.plain[pictures]
        forget_rows(self.plain)

        def view(at: int) -> npt.NDArray[np.uint8]:
            if not numbers[at]:
                return np.asarray(plain[at])
            sha256 = self.sha256[pictures[at]]
            return self.composition.view(plain[at], sha256=sha256, number=int(numbers[at]))

        with ThreadPoolExecutor(worker_count()) as pool:
            views = list(pool.map(view, range(len(numbers))))
        return network_pixels(np.stack(views), (False, False))


def fresh_views(split: Split) -> FreshViews | None:
    """Return a split's pictures in fresh views; None where its views are none, or all there are."""
    if split.views_by is None:
        return None
    return FreshViews(split.pixels, split.sha256, split.views_by)
