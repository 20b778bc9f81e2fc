"""A small world for the harm tests: a model with two classes and a camera that may be noisy."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from components.common.artifacts.monitoring.observations import Observations
from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)
from components.common.pictures.statistics import STATISTICS

CLASSES = ("functional", "defective")


def world(
    count: int, *, fault: float = 0.0, seed: int = 0, groups: int = 8, labelled: bool = True
) -> Observations:
    """Return pictures whose scores a fault blinds and pushes towards "functional"."""
    rng = np.random.default_rng(seed)
    truth = rng.random(count) < 0.35
    seen = (np.where(truth, 1.5, -1.5) * (1 - fault)) + rng.normal(0, 1.4, count) - 4 * fault
    positive = 1 / (1 + np.exp(-seen))
    features = rng.normal(0, 1, (count, 6)) + truth[:, None] + 3 * fault
    statistics = rng.normal(0, 0.1, (count, len(STATISTICS))) + np.linspace(20, 60, len(STATISTICS))
    statistics[:, STATISTICS.index("grain")] += 30 * fault
    labels = np.where(truth, CLASSES[1], CLASSES[0]).astype(object)
    blank = np.full(count, "", dtype=object)
    return Observations(
        features=features.astype(np.float32),
        statistics=statistics.astype(np.float32),
        scores=np.stack([1 - positive, positive], axis=1).astype(np.float32),
        decisions=np.where(seen > 0, CLASSES[1], CLASSES[0]).astype(object),
        labels=labels if labelled else blank,
        groups=np.array([f"group-{row % groups}" for row in range(count)], dtype=object),
        lines=blank,
        cameras=blank,
        times_unix_s=np.arange(count, dtype=np.float64),
        sha256=np.array([f"{seed}-{row}" for row in range(count)], dtype=object),
        classes=CLASSES,
    )


def reference_of(observations: Observations, root: Path) -> Reference:
    """Write observations as the reference of a version."""
    held = observations
    info = ReferenceInfo(
        model_name="parts",
        model_sha256="m",
        data_sha256="d",
        classes=CLASSES,
        positive="defective",
        pictures=len(held),
        groups=len(set(held.groups)),
        accuracy=float((held.decisions == held.labels).mean()),
        seed=0,
    )
    reference = Reference(root, info)
    reference.write(table_of(held, split="test"))
    return reference


def table_of(held: Observations, *, split: str = "") -> pa.Table:
    """Return observations as records of the prediction log, with label and split."""
    frame = pd.DataFrame(
        {
            "time_unix_s": held.times_unix_s,
            "request_id": held.sha256,
            "row": 0,
            "model": "parts",
            "version": 1,
            "interface": "REST",
            "status": 200,
            "latency_ms": 1.0,
            "scores": [list(row) for row in held.scores],
            "decision": held.decisions,
            "embedding": [list(row) for row in held.features],
            "picture_sha256": held.sha256,
            "picture_bytes": 1,
            "height_px": 8,
            "width_px": 8,
            "group": held.groups,
            "line": held.lines,
            "camera": held.cameras,
            "label": held.labels,
            "split": split,
        }
    )
    for place, name in enumerate(STATISTIC_COLUMNS):
        frame[name] = held.statistics[:, place]
    return pa.Table.from_pandas(frame, OBSERVATIONS_SCHEMA, preserve_index=False)
