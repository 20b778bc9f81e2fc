"""Measure ways to transfer: `python -m benchmarks.methods [METHOD ...] [--seeds N]`."""

import argparse
import logging

from rich.console import Console

from benchmarks.methods.page import write_page
from benchmarks.methods.picture import write_pictures
from benchmarks.methods.table import keep, printed
from components.common import plugins

_PACKAGE = "benchmarks.methods"
_SHARED = {"table", "demo", "page", "picture"}


def benches() -> tuple[str, ...]:
    """Return the methods that have a benchmark here."""
    return tuple(name for name in plugins.names(_PACKAGE) if name not in _SHARED)


def main() -> None:
    """Measure, print and keep the rows of the methods asked for, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="METHOD", help=", ".join(benches()))
    parser.add_argument("--seeds", type=int, default=5, help="draws of each figure (default: 5)")
    parser.add_argument(
        "--docs", action="store_true", help="measure nothing, write what was kept into the docs"
    )
    asked = parser.parse_args()
    if asked.docs:
        write_page(benches())
        write_pictures()
        return
    logging.basicConfig(level=logging.WARNING)
    console = Console()
    for name in asked.methods or benches():
        rows = plugins.load(_PACKAGE, name).rows(asked.seeds)
        console.print(printed(name, rows))
        console.print(f"kept in {keep(name, rows)}")


if __name__ == "__main__":
    main()
