"""`graft tune`: find the network that suits the pictures, within a budget of minutes."""

from typing import Annotated, Any

import typer
from rich.console import Console

from components.common.errors import ConfigError
from pipelines.cli import options
from pipelines.cli.settings import choose


def tune(
    pictures: options.Pictures = None,
    preset: options.Preset = None,
    data: options.Data = None,
    budget_min: Annotated[
        float | None, typer.Option(help="Minutes for everything. Default: the preset's, or 30.")
    ] = None,
    backbones: Annotated[
        str | None,
        typer.Option(
            help="Networks to try, separated by commas; name=WEIGHTS gives one its weights: "
            "mobilenet_v2=data/w.h5,vgg16=imagenet. Default: the preset's."
        ),
    ] = None,
    sizes: Annotated[
        str | None, typer.Option(help="Picture sizes to try, in pixels: 160,224.")
    ] = None,
    methods: Annotated[
        str | None, typer.Option(help="Ways to fine-tune the best ones, separated by commas.")
    ] = None,
    assignments: options.Assignments = None,
    model_base_path: options.ModelBasePath = None,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
    no_cache: options.NoCache = False,
    serve_check: options.ServeCheck = True,
    containers: options.InContainers = False,
    image: options.Image = options.DEFAULT_IMAGE,
) -> None:
    """Rank networks by probes, fine-tune the best few, and put the winner through the gate.

    Stopped or out of time, a second start takes all that was finished from the cache.
    Exit codes as those of `graft run`.
    """
    from pipelines.console.tuning_summary import print_selection
    from pipelines.local.launch import Launch, run_and_summarise

    console = Console()
    said = flags(budget_min=budget_min, backbones=backbones, sizes=sizes, methods=methods)
    chosen = choose(
        preset,
        options.one_of(pictures, data),
        model_base_path=model_base_path,
        flags=said,
        assignments=assignments,
    )
    launch = Launch(
        chosen.preset, runs_dir, None if no_cache else cache_dir, pipeline="tuning",
        budget_min=chosen.run.tune.plan.budget_min, image=image if containers else "",
    )  # fmt: skip
    finished = run_and_summarise(
        launch, chosen.run, chosen.plain, console=console, query=serve_check
    )
    print_selection(console, finished)


def flags(
    *, budget_min: float | None, backbones: str | None, sizes: str | None, methods: str | None
) -> dict[str, Any]:
    """Return what the command line says, as plain data; weights are added to the preset's own.

    Raises:
        ConfigError: a list is empty.
    """
    rank: dict[str, Any] = {}
    if backbones is not None:
        pairs = [item.partition("=") for item in _listed("--backbones", backbones)]
        rank["backbones"] = [backbone for backbone, _, _ in pairs]
        rank["weights"] = {backbone: weights for backbone, _, weights in pairs if weights}
    if sizes is not None:
        items = _listed("--sizes", sizes)
        rank["sizes_px"] = [int(item) if item.isdecimal() else item for item in items]
    if methods is not None:
        rank["methods"] = _listed("--methods", methods)
    plan = {} if budget_min is None else {"budget_min": budget_min}
    return {"tune": {"rank": rank, "plan": plan}}


def _listed(flag: str, text: str) -> list[str]:
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items:
        raise ConfigError(
            f"names separated by commas after {flag}", received=f"'{text}'", do="add one"
        )
    return list(dict.fromkeys(items))
