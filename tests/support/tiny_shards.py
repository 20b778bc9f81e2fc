"""Tiny shards that a network can learn in seconds, and a recipe for a tiny candidate."""

from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.augmentation import AugmentationInfo
from components.common.artifacts.shards import Shards, ShardsInfo
from components.common.augmentation.composition import parsed
from components.common.pictures.fit import Fit

SIZE_PX = 32


def write_tiny_shards(
    root: Path,
    *,
    train: int = 24,
    validation: int = 12,
    views: int = 2,
    classes: tuple[str, ...] = ("functional", "defective"),
    fit: Fit = "squeeze",
) -> Path:
    """Write Shards of noise in which the classes differ by brightness.

    Without validation pictures there are none for a test either: evidence by cross-validation.
    """
    rng = np.random.default_rng(3)
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for split, count in (
        ("train", train),
        ("validation", validation),
        ("test", 4 if validation else 0),
    ):
        target = np.arange(count) % len(classes)
        level = 60 + 120 * target / (len(classes) - 1)
        base = level[:, None, None, None] + rng.normal(0, 30, (count, SIZE_PX, SIZE_PX, 1))
        repeat = views if split == "train" else 1
        pixels = np.concatenate([base[:, :, ::-1] if v % 2 else base for v in range(repeat)])
        np.save(root / f"{split}.npy", pixels.clip(0, 255).astype(np.uint8))
        for row in range(count * repeat):
            picture = row % count
            rows.append(
                {
                    "split": split,
                    "row": row,
                    "view": row // count,
                    "sha256": f"{split}{picture}",
                    "path": f"pictures/{split}{picture}.png",
                    "target": int(target[picture]),
                    "soft_label": float(target[picture]) if len(classes) == 2 else np.nan,
                    "domain": "",
                    "group": f"{split}{picture // 4}",
                    "weight": 1.0,
                }
            )
    info = ShardsInfo(
        classes=classes,
        positive=classes[1] if len(classes) == 2 else "",
        image_size_px=SIZE_PX,
        channels=1,
        views=views,
        augmentation=AugmentationInfo(policy=parsed("flips")),
        seed=0,
        content_sha256="tiny",
        evidence="holdout" if validation else "cross_validation",
        fit=fit,
    )
    Shards(root, info, pd.DataFrame(rows)).write()
    return root
