"""Measure treatments of rare defects: `python -m benchmarks.imbalance [--seeds N]`."""

import argparse

from rich.console import Console

from benchmarks.imbalance.arms import answered, demo
from benchmarks.imbalance.table import Row, keep, printed, rows
from components.networks.config import Pooling

_POOLINGS: tuple[Pooling, ...] = ("max", "mean")


def main() -> None:
    """Measure, print and keep the rows; what was measured before is taken from `.graft`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="draws (default: 5)")
    parser.add_argument("--pooling", nargs="*", choices=_POOLINGS, default=_POOLINGS)
    asked = parser.parse_args()
    found: list[Row] = []
    for pooling in asked.pooling:
        found += rows(pooling, demo(pooling), answered(pooling, seeds=asked.seeds))
    Console(width=180).print(printed(found))
    keep(found)


if __name__ == "__main__":
    main()
