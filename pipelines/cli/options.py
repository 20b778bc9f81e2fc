"""Options that several commands share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from components.common.errors import ConfigError
from components.common.images import CPU_IMAGE
from pipelines.config import PipelineName, preset_names

Preset = Annotated[
    str | None,
    typer.Option(
        help="Settings to start from: one of "
        + ", ".join(preset_names())
        + ", or a YAML file. Default: graft.yaml in this folder, or pictures where you name some."
    ),
]
Pictures = Annotated[
    Path | None,
    typer.Argument(
        help="Your pictures: a folder with a sub-folder for each class, or a manifest.csv. "
        "Its name becomes the model's."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Your pictures: a folder with a sub-folder for each class, or a manifest.csv."
    ),
]
DataPreset = Annotated[
    str | None, typer.Option(help="The run whose data set is meant. Default: graft.yaml's.")
]
DataSet = Annotated[
    Path | None, typer.Option(help="The data set that is meant: its folder or manifest.csv.")
]
By = Annotated[str, typer.Option(help="Who. Default: the user's name in git, else the login.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")]
ClusterPreset = Annotated[
    str | None,
    typer.Option(
        help="Settings to start from: preset or YAML file. Default: graft.yaml in this folder."
    ),
]
Pipeline = Annotated[PipelineName, typer.Option(help="Which pipeline.")]
Cron = Annotated[
    str | None, typer.Option(help="When, as '0 5 * * *'. Default: the preset's schedule.cron.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a setting, e.g. --set train.method=full. Repeatable."),
]
ModelBasePath = Annotated[
    Path | None, typer.Option(help="Where versions are published. Default: serving/models.")
]
PublishedModels = Annotated[
    Path, typer.Option(help="The folder that holds <model_name>/<version>/.")
]
ModelName = Annotated[
    str,
    typer.Option(
        help="The model's name. Default: that in graft.yaml, else the only one published."
    ),
]
PredictionLog = Annotated[Path, typer.Option(help="Folder of the prediction log.")]
Since = Annotated[
    datetime | None, typer.Option(help="Start of the window, UTC. Default: a week before its end.")
]
Until = Annotated[datetime | None, typer.Option(help="End of the window, UTC. Default: now.")]
RunsDir = Annotated[Path, typer.Option(help="Where run folders are made.")]
RunName = Annotated[
    str,
    typer.Option(
        help="What the run's folder is called, after the time. Default: the model's name."
    ),
]
CacheDir = Annotated[Path, typer.Option(help="Where reusable outputs of steps are kept.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Take nothing from earlier runs: compute every step.")
]
ServeCheck = Annotated[
    bool,
    typer.Option(
        "--serve-check/--no-serve-check",
        help="At the end, show what the served model answers; a server is started for it where "
        "deploy has not just asked one.",
    ),
]
InContainers = Annotated[
    bool,
    typer.Option(
        "--containers/--subprocesses",
        help="Run each step in a container (Docker or Podman), or in a process of its own.",
    ),
]
Image = Annotated[
    str, typer.Option(envvar="GRAFT_CPU_IMAGE", help="Image of the steps, with --containers.")
]
KubeflowHost = Annotated[
    str,
    typer.Option(
        "--host",
        help="Address of Kubeflow Pipelines. Default: KF_PIPELINES_ENDPOINT, the cluster that this "
        "runs in, or the kubeconfig.",
    ),
]
KubeflowNamespace = Annotated[
    str, typer.Option("--namespace", help="Yours, where Kubeflow has several users.")
]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Stay and show the steps until the run is over.")
]
DEFAULT_RUNS_DIR = Path("runs")
DEFAULT_CACHE_DIR = Path(".graft/cache")
DEFAULT_IMAGE = CPU_IMAGE
DEFAULT_LOG = Path(".graft/predictions")
DEFAULT_MODELS = Path("serving/models")
DEFAULT_GATEWAY = "http://127.0.0.1:8511"


def one_of(pictures: Path | None, data: Path | None) -> Path | None:
    """Return the pictures, said by `Pictures` or by `Data`.

    Raises:
        ConfigError: both are said.
    """
    if pictures and data:
        raise ConfigError(
            "one set of pictures", received=f"'{pictures}' and '{data}'", do="leave one out"
        )
    return pictures or data


def window(since: datetime | None, until: datetime | None) -> tuple[float, float]:
    """Return the UNIX times of `Since` and `Until`."""
    end = (until or datetime.now(UTC)).replace(tzinfo=UTC)
    start = (since or end - timedelta(days=7)).replace(tzinfo=UTC)
    return start.timestamp(), end.timestamp()
