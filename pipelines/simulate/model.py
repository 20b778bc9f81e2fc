"""The model of the simulation: a linear probe on the demo's own backbone.

A retraining then takes a second, because the backbone's features of a picture are computed once.
"""

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import (
    Observations,
    answered,
    column_numbers,
)
from components.common.pictures.statistics import measure
from components.common.statistics.temperature import fit_temperature, softmax
from components.networks.data import Split
from components.networks.probe.probe import Probe, fit_probe
from components.train.config import TrainConfig
from pipelines.simulate.plant import Cells

Floats = npt.NDArray[np.float32]
_BATCH = 32


@dataclass(frozen=True)
class Eyes:
    """The frozen backbone, and what it has seen: features and picture statistics by content."""

    settings: TrainConfig
    size_px: int
    _seen: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)

    def look(self, pixels: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Return features [N, D] and statistics [N, len(STATISTICS)], float32.

        Args:
            pixels: uint8 [N, S, S, C].
        """
        keys = [hashlib.sha256(picture.tobytes()).hexdigest() for picture in pixels]
        new = [row for row, key in enumerate(keys) if key not in self._seen]
        if new:
            colour = np.broadcast_to(pixels[new], (len(new), *pixels.shape[1:3], 3))
            features = self._network.predict(
                colour.astype(np.float32), batch_size=_BATCH, verbose=0
            )
            for row, values in zip(new, features, strict=True):
                self._seen[keys[row]] = values, measure(pixels[row])
        found = [self._seen[key] for key in keys]
        return np.stack([one for one, _ in found]), np.stack([one for _, one in found])

    @cached_property
    def _network(self) -> Any:
        from components.networks import network
        from components.networks.config import EMBEDDING, INPUT

        built = network.build(self.settings, image_size_px=self.size_px, classes=2)
        return built.frozen_between((INPUT,), (EMBEDDING,))


@dataclass(frozen=True, kw_only=True)
class SimulatedModel:
    """Eyes and a calibrated head."""

    eyes: Eyes
    probe: Probe
    temperature: float
    classes: tuple[str, ...]

    def answer(self, pixels: npt.NDArray[np.uint8]) -> Observations:
        """Answer for uint8 [N, S, S, C], as the gateway would log it."""
        features, statistics = self.eyes.look(pixels)
        scores = softmax(self.probe.logits(features) / np.float32(self.temperature))
        return answered(
            features=features,
            statistics=statistics,
            scores=scores,
            decisions=[self.classes[column] for column in scores.argmax(axis=1)],
            classes=self.classes,
        )

    def observe(self, cells: Cells) -> Observations:
        """Answer for cells, with their labels and modules."""
        return replace(self.answer(cells.pixels), labels=cells.labels, groups=cells.groups)

    def accuracy(self, cells: Cells) -> float:
        """Return the share of right decisions."""
        return float(np.mean(self.answer(cells.pixels).decisions == cells.labels))


def fit(
    eyes: Eyes, train: Cells, held_out: Cells, *, classes: tuple[str, ...], seed: int
) -> SimulatedModel:
    """Fit a head on cells and calibrate it on others, as the training step's probe does."""
    features, _ = eyes.look(train.pixels)
    labels = column_numbers(train.labels, classes)
    split = Split(
        pixels=train.pixels,
        targets=np.eye(len(classes), dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(len(train), dtype=np.float32),
        groups=train.groups.astype(str),
        paths=tuple(str(number) for number in range(len(train))),
        content_sha256="",
    )
    probe = fit_probe(features, split, strength=0.0, seed=seed)
    logits = probe.logits(eyes.look(held_out.pixels)[0])
    temperature = fit_temperature(logits, column_numbers(held_out.labels, classes))
    return SimulatedModel(eyes=eyes, probe=probe, temperature=temperature, classes=classes)
