"""Figures as a table."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from components.common.artifacts.judging.figures import Metric
    from components.common.statistics.intervals import Estimate


def table_of(figures: "Iterable[Metric | Estimate]") -> "pd.DataFrame":
    """Return a row a figure, by its name: float columns `value`, `low`, `high`."""
    import pandas as pd

    rows = {one.name: (one.value, one.low, one.high) for one in figures}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])
    return table.rename_axis("figure")
