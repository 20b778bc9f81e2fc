"""Selection: the finalists side by side and the one that was chosen. Written by select."""

from dataclasses import dataclass

from components.common.artifacts.records import RecordFolder
from components.common.artifacts.tuning.ranking import LeftOut
from components.common.statistics.figures import Quality


@dataclass(frozen=True, kw_only=True)
class MeasuredFinalist:
    """One fine-tuned finalist.

    quality: of the validation pictures, in [0, 1], higher is better.
    noise: standard error of the gap to the best finalist (paired, over groups); 0 for the best.
    latency_ms: median time for one picture with all its test-time views, in one process.
    size_mb: of the weights as float32, in 10^6 bytes.
    """

    key: str
    name: str
    quality: float
    noise: float
    latency_ms: float
    parameters: int
    size_mb: float


@dataclass(frozen=True, kw_only=True)
class SelectionInfo:
    """Who won, why, and everybody else.

    front: keys of the finalists that no other one beats in quality, latency and size at once.
    """

    metric: Quality
    winner: str
    reason: str
    measured: tuple[MeasuredFinalist, ...]
    front: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    def of(self, key: str) -> MeasuredFinalist:
        """Return one finalist by its key."""
        return next(one for one in self.measured if one.key == key)


@dataclass(frozen=True)
class Selection(RecordFolder[SelectionInfo]):
    """A folder with `selection.json` and `report.html`."""

    FILE = "selection.json"
    INFO = SelectionInfo
