"""How good the demo model is: both protocols, several splits, the frozen probe beside the default.

    python -m benchmarks.quality [--splits 3] [--protocols random grouped] [--methods ...]

Every row goes through the project's own steps, from the pinned data to the exported model, and is
scored by the exported model on the test split. `random` is the published protocol (pictures dealt
out stratified by class and cell type, 25 % for testing); it leaks, since cells of one module lie on
both sides. `grouped` keeps inferred modules together. Label rule: defect probability > 0.5.
"""

import argparse
import dataclasses
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from components.augment.write_shards import augment
from components.common.artifacts.evaluation import Evaluation
from components.common.run_context import RunContext
from components.evaluate.evaluate_exported import Inputs, evaluate
from components.export.export_candidate import export
from components.ingest.write_dataset import ingest
from components.train.fit import train
from components.validate.validate_dataset import validate
from pipelines.config import TrainingRun, override, read_preset, resolve

METRICS = ("accuracy", "balanced_accuracy", "f1", "roc_auc")
PROBE = "linear_probe"


@dataclass(frozen=True)
class Row:
    """One fitted and scored model."""

    protocol: str
    method: str
    seed: int
    figures: dict[str, float]
    train_s: float


def measure(protocol: str, method: str, seed: int, *, ingested: Path, work: Path) -> Row:
    """Split, augment, train, export and score once."""
    settings = _settings(protocol, method, seed)
    folder = work / f"{protocol}-{seed}"
    dataset, shards = folder / "dataset", folder / "shards"
    if not shards.exists():
        validate(ingested, out=dataset, report=folder / "report", settings=settings.validate)
        augment(dataset, out=shards, settings=settings.augment)
    fitted = folder / method
    started = time.monotonic()
    train(shards, out=fitted / "candidate", settings=settings.train, cache_dir=str(work / "cache"))
    train_s = time.monotonic() - started
    export(fitted / "candidate", dataset, out=fitted / "exported", settings=settings.export)
    inputs = Inputs(fitted / "exported", fitted / "candidate", dataset)
    run = RunContext(run_id=f"bench-{protocol}-{seed}")
    evaluate(inputs, out=fitted / "evaluation", settings=settings.evaluate, run=run)
    info = Evaluation.read(fitted / "evaluation").info
    figures = {metric.name: metric.value for metric in info.metrics if metric.name in METRICS}
    return Row(protocol, method, seed, figures, train_s)


def _settings(protocol: str, method: str, seed: int) -> TrainingRun:
    changes = [f"seed={seed}", f"validate.split={protocol}", f"train.method={method}"]
    settings = resolve(override(read_preset("solar"), changes))
    # No comparison with what happens to serve on this machine.
    alone = dataclasses.replace(settings.evaluate, model_base_path="")
    return dataclasses.replace(settings, evaluate=alone)


def table(rows: list[Row]) -> Table:
    """Return mean ± standard deviation over the splits."""
    drawn = Table(title="demo data, label rule p > 0.5, mean ± sd over splits")
    for column in ("protocol", "method", "splits", *METRICS, "train s"):
        drawn.add_column(column)
    for protocol, method in dict.fromkeys((row.protocol, row.method) for row in rows):
        chosen = [row for row in rows if (row.protocol, row.method) == (protocol, method)]
        cells = [_spread([row.figures[name] for row in chosen]) for name in METRICS]
        seconds = f"{statistics.mean(row.train_s for row in chosen):.0f}"
        drawn.add_row(protocol, method, str(len(chosen)), *cells, seconds)
    return drawn


def _spread(values: list[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {deviation:.3f}"


def main() -> None:
    """Measure and print, a line for each finished model."""
    default: Any = resolve(read_preset("solar")).train.method
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--protocols", nargs="+", default=["random", "grouped"])
    parser.add_argument("--methods", nargs="+", default=[PROBE, default])
    options = parser.parse_args()
    console = Console()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        work = Path(name)
        ingest(out=work / "ingested", settings=resolve(read_preset("solar")).ingest)
        for protocol in options.protocols:
            for seed in range(options.splits):
                for method in options.methods:
                    row = measure(protocol, method, seed, ingested=work / "ingested", work=work)
                    rows.append(row)
                    console.print(f"{protocol} split {seed} {method}: {row.figures}")
    console.print(table(rows))


if __name__ == "__main__":
    main()
