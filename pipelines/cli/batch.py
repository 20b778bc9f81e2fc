"""`graft batch`: classify millions of pictures without a server."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

SOME_FAILED = 3


def batch(
    context: typer.Context,
    model: Annotated[
        str, typer.Option(help="A SavedModel, or a folder of numbered versions (the newest).")
    ],
    pictures: Annotated[
        str,
        typer.Option(
            help="A folder, a pattern (gs://b/**.png), or a text file of paths, one per line."
        ),
    ],
    out: Annotated[
        str, typer.Option(help="The folder to write to; a run that was begun there goes on.")
    ],
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures a call of the model.")] = 32,
    part_size: Annotated[int, typer.Option(min=1, help="Pictures in one output file.")] = 1000,
) -> None:
    """Classify every picture of a large collection; answers and failures become Parquet.

    Any other flag is Beam's: --runner=FlinkRunner, --direct_num_workers=4, ... A stopped run goes
    on when the same command is given again.

    Exit codes: 0 every picture has an answer, 2 the input cannot be used, 3 some pictures are among
    the failures, 1 anything else.
    """
    from pipelines.batch import import_beam

    import_beam()
    from pipelines.batch.launch import run_batch
    from pipelines.console.progress import bars
    from pipelines.local.finished import silence_tensorflow

    silence_tensorflow()
    console = Console()
    with bars(Console(stderr=True)):
        summary = run_batch(
            model=model,
            pictures=pictures,
            out=out,
            batch_size=batch_size,
            part_size=part_size,
            beam_options=context.args,
        )
    counts = summary.counts
    console.print(
        f"{counts.answered} answered by version {summary.run.version}, of them {counts.asked} "
        f"with 'ask', {counts.failed} failed; "
        f"see {Path(out, 'predictions') if '://' not in out else out}"
    )
    if counts.failed:
        console.print(f"why: {out.rstrip('/')}/failures", style="yellow")
        raise typer.Exit(SOME_FAILED)
