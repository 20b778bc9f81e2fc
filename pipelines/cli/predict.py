"""`graft predict`: ask a server about pictures."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def predict(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    model: Annotated[str, typer.Option(help="The model's name on the server.")] = "solar",
    server: Annotated[
        str, typer.Option(help="http://HOST:PORT for REST, HOST:PORT for gRPC.")
    ] = "http://127.0.0.1:8501",
    version: Annotated[
        int | None, typer.Option(help="Ask this version instead of the newest.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a .csv or .parquet file.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures in one request.")] = 32,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="Deadline of one request.")] = 60.0,
    show: Annotated[int, typer.Option(min=0, help="Rows to print.")] = 30,
) -> None:
    """Classify pictures through a running server, the local one or TensorFlow Serving.

    Exit codes: 0 every picture has an answer, 2 the input cannot be used, 3 some pictures have an
    error instead of an answer, 4 nobody answers at the server's address, 1 anything else.
    """
    from pipelines.console_progress import bars
    from serving.client import connect
    from serving.predict import check_output, exit_code, predict_folder, write_table

    console = Console()
    if output is not None:
        check_output(output)
    with (
        connect(server, model=model, timeout_s=timeout_s, version=version) as client,
        bars(Console(stderr=True)),
    ):
        table = predict_folder(paths, client=client, batch_size=batch_size)
    console.print(_drawn(table.head(show)))
    if len(table) > show:
        console.print(f"… and {len(table) - show} more", style="dim")
    if output is not None:
        write_table(table, output)
        console.print(f"wrote {output}")
    raise typer.Exit(exit_code(table))


def _drawn(rows: Any) -> Table:
    table = Table()
    for column in ("picture", "class", "probability", "version"):
        table.add_column(column)
    for row in rows.itertuples():
        if isinstance(row.error, str):
            table.add_row(escape(str(row.path)), f"[red]{escape(row.error)}[/]", "", "")
        else:
            # `class` is a keyword, so pandas names the field by its position.
            table.add_row(escape(str(row.path)), escape(row[2]), f"{row[3]:.3f}", str(row.version))
    return table
