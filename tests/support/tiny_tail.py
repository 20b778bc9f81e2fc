"""A tail of a few numbers and what it can learn: for tests of the training itself."""

import keras
import numpy as np

from components.networks.data import Split
from components.train.loop.inputs import TuningInputs


def split(labels: np.ndarray) -> Split:
    count = len(labels)
    return Split(
        pixels=np.zeros((count, 1, 1, 1), dtype=np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str),
        paths=(),
        content_sha256="",
    )


def tiny_inputs() -> TuningInputs:
    """48 training and 16 validation rows of four numbers; the class shifts them all."""
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 2
    values = (labels[:, None] * 2.0 - 1.0 + rng.normal(0, 1, (64, 4))).astype(np.float32)
    train, validation = slice(0, 48), slice(48, 64)
    return TuningInputs(
        split(labels[train]), (values[train],), split(labels[validation]), (values[validation],)
    )


def tiny_tail(*, dropout: float = 0.0) -> keras.Model:
    """Dense, BatchNorm, Dropout, Dense."""
    keras.utils.set_random_seed(0)
    start = keras.Input((4,))
    x = keras.layers.BatchNormalization(name="norm")(keras.layers.Dense(4, name="dense")(start))
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(start, keras.layers.Dense(2, name="logits")(x))
