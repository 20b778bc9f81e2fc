"""`graft audit`: a small labelled sample turns the estimated loss into an unbiased one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.workspace import default_model_name

app = typer.Typer(no_args_is_help=True, help="Label a small random sample of what was served.")

_ModelName = Annotated[
    str,
    typer.Option(
        "--model-name",
        "--model",
        help="The model whose log is read. Default: that in graft.yaml, else the only one "
        "published.",
    ),
]


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="A new folder for pictures and labels.csv.")],
    model_name: _ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    log: options.PredictionLog = options.DEFAULT_LOG,
    count: Annotated[int, typer.Option(min=1, help="Pictures to label.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the drawing.")] = 0,
    since: options.Since = None,
    until: options.Until = None,
) -> None:
    """Draw pictures at random from the log, with a sheet to fill in.

    They are those of the version that serves, of the last seven days unless you say otherwise.
    """
    from components.common.artifacts.monitoring.prediction_log import model_log
    from components.monitor.commands import draw_sample

    start_s, end_s = options.window(since, until)
    model_name = model_name or default_model_name(model_base_path)
    drawn = draw_sample(
        model_log(log, model_name),
        out=out,
        count=count,
        seed=seed,
        model_dir=model_base_path / model_name,
        since_unix_s=start_s,
        until_unix_s=end_s,
    )
    Console().print(f"{drawn} pictures in {out}; fill in the last column of labels.csv")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="What `graft audit sample` wrote, filled in.")],
    reference: Annotated[Path, typer.Option(help="The reference folder of the version.")],
    model_name: _ModelName = "",
    log: options.PredictionLog = options.DEFAULT_LOG,
) -> None:
    """Estimate the accuracy on what the sample was drawn from, with a 90 % interval."""
    from components.common.artifacts.monitoring.prediction_log import model_log
    from components.monitor.commands import audit_report

    model_name = model_name or default_model_name(options.DEFAULT_MODELS)
    sentence = audit_report(folder, reference=reference, log=model_log(log, model_name))
    Console().print(sentence)
