import numpy as np
import pandas as pd


def predictions(
    share_right: float,
    *,
    pictures: int = 200,
    classes: tuple[str, ...] = ("good", "bad"),
    groups: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """Answers of a model that is right on `share_right` of each class."""
    random = np.random.default_rng(seed)
    count = len(classes)
    targets = np.arange(pictures) % count
    right = np.zeros(pictures, dtype=bool)
    for index in range(count):
        members = np.flatnonzero(targets == index)
        right[members[: round(share_right * len(members))]] = True
    predicted = np.where(right, targets, (targets + 1) % count)
    scores = random.uniform(0.0, 0.2, size=(pictures, count))
    scores[np.arange(pictures), predicted] += 1.0
    scores /= scores.sum(axis=1, keepdims=True)
    frame = pd.DataFrame(
        {
            "path": [f"pictures/{index}.png" for index in range(pictures)],
            "sha256": [f"{index:064x}" for index in range(pictures)],
            "group": [f"module-{index * groups // pictures}" for index in range(pictures)],
            "domain": "",
            "target": targets,
            "predicted": predicted,
        }
    )
    for index, name in enumerate(classes):
        frame[f"p_{name}"] = scores[:, index]
    return frame
