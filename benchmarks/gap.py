"""A difference of two arms with its interval, as the tables print it."""

from dataclasses import dataclass

from components.common.statistics.jackknife import Jackknifed


@dataclass(frozen=True)
class Gap:
    """A mean in points with its 95 % interval by group."""

    points: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Jackknifed) -> "Gap":
        """Return the first value of a jackknife over groups, which is in points."""
        points, reach = float(found.values[0]), float(found.reach[0])
        return cls(points, points - reach, points + reach)

    def __str__(self) -> str:
        return f"{self.points:+.1f} ({self.low:+.1f} to {self.high:+.1f})"
