"""The demo's pictures as the frozen network of the preset sees them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.embedded import WORK, embedded_folder
from components.common.artifacts.dataset import Dataset
from components.networks.config import Pooling

_DATA = Path("data/elpv")
_POOLING: Pooling = "max"


@dataclass(frozen=True)
class DemoFeatures:
    """One row a cell of the demo, in the order of its list.

    features: float32 [N, D], embeddings at 160 px. labels: int [N], 1 is defective. soft: float
    [N], the experts' probability. domains: text [N], mono or poly. groups: text [N], the module.
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    soft: npt.NDArray[np.float64]
    domains: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]


def demo() -> DemoFeatures:
    """Return the demo's embeddings; computed once, a minute or two on two cores."""
    found = embedded_folder(_DATA, pooling=_POOLING)
    dataset = Dataset.read(WORK / f"{_DATA.name}-{_POOLING}" / "dataset")
    rows = dataset.manifest
    return DemoFeatures(
        features=found.embeddings,
        labels=dataset.targets(rows),
        soft=rows["soft_label"].to_numpy(dtype=np.float64),
        domains=rows["domain"].to_numpy(dtype=np.str_),
        groups=rows["group"].to_numpy(dtype=np.str_),
    )
