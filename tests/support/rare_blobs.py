"""Two overlapping blobs, one of them rare."""

import numpy as np

from components.networks.data import Split
from components.train.options import ProbeOptions

OPTIONS = ProbeOptions(strength=0.01)


def rare(count: int = 400, share: float = 0.05, *, seed: int = 0) -> tuple[np.ndarray, Split]:
    """Blobs that overlap in 12 dimensions of different spread; the second class is rare."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) < round(share * count)).astype(np.int64)
    rows = rng.normal(size=(count, 12)) * np.linspace(3.0, 0.5, 12)
    rows[labels == 1] += np.linspace(0.5, 1.0, 12)
    split = Split(
        pixels=np.zeros((count, 1), np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=(np.arange(count) % 20).astype(str),
        paths=tuple(str(row) for row in range(count)),
        content_sha256="rare",
    )
    return rows.astype(np.float32), split


def margins(logits: np.ndarray) -> np.ndarray:
    return logits[:, 1] - logits[:, 0]
