"""One number a picture: how odd its statistics are. What the sequential detectors watch."""

import numpy as np

from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Scaling, Table, level

_RIDGE = 1e-3


class Oddness:
    """Mahalanobis distance of picture statistics, in standard deviations of its logarithm."""

    def __init__(self, reference: Observations) -> None:
        values = level(reference.statistics)
        self._scaling = Scaling.of(values)
        scaled = self._scaling.apply(values)
        covariance = scaled.T @ scaled / len(scaled) + _RIDGE * np.eye(scaled.shape[1])
        self._precision = np.linalg.inv(covariance)
        logs = self._log_distance(scaled)
        self._mean, self._deviation = float(logs.mean()), float(logs.std()) or 1.0
        self.usual = (logs - self._mean) / self._deviation

    def of(self, window: Observations) -> Table:
        """Return float64 [N]: 0 on average for the reference, with deviation 1."""
        logs = self._log_distance(self._scaling.apply(level(window.statistics)))
        found: Table = (logs - self._mean) / self._deviation
        return found

    def _log_distance(self, scaled: Table) -> Table:
        squares: Table = np.einsum("ni,ij,nj->n", scaled, self._precision, scaled)
        logs: Table = np.log(squares + 1e-6)
        return logs
