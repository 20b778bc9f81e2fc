"""`graft run`: the whole pipeline on this machine, then a served prediction."""

from pathlib import Path

from rich.console import Console

from components.common.errors import ConfigError
from pipelines.cli import options
from pipelines.cli.settings import choose


def run(
    pictures: options.Pictures = None,
    preset: options.Preset = None,
    data: options.Data = None,
    assignments: options.Assignments = None,
    model_base_path: options.ModelBasePath = None,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    run_name: options.RunName = "",
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
    no_cache: options.NoCache = False,
    serve_check: options.ServeCheck = True,
    containers: options.InContainers = False,
    image: options.Image = options.DEFAULT_IMAGE,
) -> None:
    """Validate, fine-tune, evaluate, judge, deploy and query a model, on this machine.

    Exit codes: 0 the run ended with a verdict (deploy, hold or insufficient), 1 a step failed,
    2 the pictures or settings cannot be used, 130 stopped.
    """
    from pipelines.local.launch import Launch, run_and_summarise

    chosen = choose(
        preset,
        options.one_of(pictures, data),
        model_base_path=model_base_path,
        assignments=assignments,
    )
    if Path(run_name).name != run_name:
        raise ConfigError(
            "a plain name in --run-name", received=f"'{run_name}'", do="leave out '/'"
        )
    launch = Launch(
        preset=chosen.preset, runs_dir=runs_dir, cache_dir=None if no_cache else cache_dir,
        image=image if containers else "", name=run_name,
    )  # fmt: skip
    run_and_summarise(launch, chosen.run, chosen.plain, console=Console(), query=serve_check)
