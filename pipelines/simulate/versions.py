"""Versions of the simulated model, each with the reference its drift is measured against."""

from dataclasses import dataclass, replace

import numpy as np

from components.common.artifacts.monitoring.observations import Observations, joined
from pipelines.simulate.model import Eyes, SimulatedModel, fit
from pipelines.simulate.plant import Cells


@dataclass(frozen=True, kw_only=True)
class SimulatedVersion:
    """A model that serves or did.

    reference: what the camera saw of all its cells, what the model said of the held-out ones.
    accuracy: on the held-out cells.
    """

    number: int
    model: SimulatedModel
    reference: Observations
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where versions are made."""

    eyes: Eyes
    classes: tuple[str, ...]
    seed: int

    def make(self, number: int, train: Cells, held_out: Cells) -> SimulatedVersion:
        """Fit a model and make its reference."""
        model = fit(self.eyes, train, held_out, classes=self.classes, seed=self.seed)
        reference = joined(model.observe(held_out), _unasked(model.observe(train)))
        return SimulatedVersion(
            number=number,
            model=model,
            reference=reference,
            accuracy=model.accuracy(held_out),
        )


def _unasked(trained: Observations) -> Observations:
    """Leave only what the camera saw, as in a real reference: the model knows these by heart."""
    return replace(
        trained,
        features=np.full_like(trained.features, np.nan),
        scores=np.full_like(trained.scores, np.nan),
        decisions=np.full(len(trained), "", dtype=object),
    )
