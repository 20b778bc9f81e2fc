"""`graft.run`: pictures in, a judged and perhaps published version out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from components.common.artifacts.judging.verdict import VerdictInfo


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A run that has ended with a verdict.

    Attributes:
        folder: `runs/<run>`, with everything that its steps have left.
        verdict: the gate's `word` ("deploy", "hold" or "insufficient") and its `reasons`.
        figures: a row a figure (accuracy, f1, ...) with columns `value`, `low` and `high`, its 95 %
            interval, on pictures that training has not seen.
        report: the page for people, HTML in one file.
        model_name: what the model is called.
        version: the number it was published under, None where it was not: what served still serves.
    """

    folder: Path
    verdict: "VerdictInfo"
    figures: "pd.DataFrame"
    report: Path
    model_name: str
    version: int | None = None


def run(
    data: str | Path | None = None,
    *,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    models: str | Path | None = None,
    runs_dir: str | Path = "runs",
    cache_dir: str | Path | None = ".graft/cache",
    progress: bool = True,
) -> FinishedRun:
    """Check pictures, fine-tune a network, judge it and publish it: `graft run` from Python.

    Args:
        data: a folder with a sub-folder for each class, or a manifest.csv; None: as the preset.
        preset: a preset's name or a YAML file; None as in the command line.
        settings: what to change, as sections: `{"train": {"method": "full"}}`.
        models: where versions are published; None is what the preset says, `serving/models`.
        runs_dir: where the run's folder is made.
        cache_dir: where steps find what earlier runs computed; None computes all of it.
        progress: show the steps, and the summary at the end.

    Raises:
        ConfigError: a setting is wrong, or a preset is not there.
        DataError: the pictures cannot be used.
        GraftError: a step failed; the message is its own.
    """
    from rich.console import Console

    from components.common.artifacts.run_summary import read_summary
    from graft.models import table_of
    from pipelines.cli.settings import choose
    from pipelines.local.launch import Launch, run_and_summarise

    chosen = choose(
        preset,
        None if data is None else Path(data),
        model_base_path=None if models is None else Path(models),
        flags=settings,
    )
    cache = None if cache_dir is None else Path(cache_dir)
    launch = Launch(preset=chosen.preset, runs_dir=Path(runs_dir), cache_dir=cache)
    console = Console(quiet=not progress)
    done = run_and_summarise(launch, chosen.run, chosen.plain, console=console, query=False)
    summary = read_summary(done.run_dir)
    assert summary.verdict is not None  # a run without one has failed, which is an error
    return FinishedRun(
        folder=done.run_dir,
        verdict=summary.verdict,
        figures=table_of(summary.metrics),
        report=Path(summary.report),
        model_name=chosen.run.deploy.model_name,
        version=summary.deployed_version or None,
    )
