"""`graft predict`: ask a server about pictures."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.errors import ConfigError
from pipelines.cli import options
from pipelines.workspace import default_model_name

_gateway = partial(typer.Option, rich_help_panel="For the gateway")

ApiKeyFile = Annotated[
    Path | None,
    _gateway(
        help="Send the key in this file; without it, the one in the environment variable "
        "GRAFT_API_KEY, if set."
    ),
]
CaFile = Annotated[
    Path | None,
    _gateway(help="Trust these authorities (PEM) of the server's certificate, over https, grpcs."),
]
GroupByFolder = Annotated[
    bool,
    _gateway(
        "--group-by-folder", help="A picture's group is the name of the folder that holds it."
    ),
]


def predict(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    model_name: Annotated[
        str,
        typer.Option(
            "--model-name",
            "--model",
            help="The model's name on the server. Default: that in graft.yaml, else the only one "
            "published here.",
        ),
    ] = "",
    server: Annotated[
        str,
        typer.Option(
            help="http://HOST:PORT for REST, HOST:PORT for gRPC. Default: the gateway of "
            "`graft up`, which logs what is asked."
        ),
    ] = options.DEFAULT_GATEWAY,
    litert: Annotated[
        Path | None,
        typer.Option(help="Answer by this .tflite file instead of a server; see export.litert."),
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Ask this version instead of the newest.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write a .csv or .parquet file.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures in one request.")] = 32,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="Deadline of one request.")] = 60.0,
    show: Annotated[int, typer.Option(min=0, help="Rows to print.")] = 30,
    api_key_file: ApiKeyFile = None,
    ca_file: CaFile = None,
    group: Annotated[str, _gateway(help="The module, lot or session that they show.")] = "",
    group_by_folder: GroupByFolder = False,
    line: Annotated[str, _gateway(help="The production line that they come from.")] = "",
    camera: Annotated[str, _gateway(help="The camera that took them.")] = "",
) -> None:
    """Classify pictures through a running gateway, as of `graft up`, or a model server.

    With --litert a file does it, without TensorFlow: on a small device, say.

    Exit codes: 0 every picture has an answer, 2 the input cannot be used or the API key is missing
    or wrong, 3 some pictures have an error instead of an answer, 4 nobody answers at the server's
    address, 1 anything else.
    """
    from pipelines.console.progress import bars
    from serving.client import Client, connect
    from serving.client.pictures.folders import folder_name, predict_folder
    from serving.client.pictures.tables import check_output, exit_code, write_table
    from serving.protocol.headers import read_api_key, request_headers

    console = Console()
    if output is not None:
        check_output(output)
    if group and group_by_folder:
        raise ConfigError(
            "--group or --group-by-folder", received="both", do="leave one of them out"
        )
    headers = request_headers(
        api_key=read_api_key(api_key_file), group=group, line=line, camera=camera
    )

    def answering() -> Client:
        if litert is None:
            return connect(
                server,
                model=model_name or default_model_name(options.DEFAULT_MODELS),
                timeout_s=timeout_s,
                version=version,
                headers=headers,
                ca_file=ca_file,
            )
        from serving.client.litert_client import LitertClient

        return LitertClient(litert)

    with (
        answering() as client,
        bars(Console(stderr=True)),
    ):
        table = predict_folder(
            paths,
            client=client,
            batch_size=batch_size,
            group_of=folder_name if group_by_folder else None,
        )
    console.print(_drawn(table.head(show)))
    if len(table) > show:
        console.print(f"… and {len(table) - show} more", style="dim")
    if output is not None:
        write_table(table, output)
        console.print(f"wrote {output}")
    raise typer.Exit(exit_code(table))


def _drawn(rows: Any) -> Table:
    tasks = [name for name in rows if name.startswith("task:")]
    asked = [name.removeprefix("task:") for name in tasks]
    table = Table("picture", "decision", "class", "probability", "version", *asked)
    for row in rows.to_dict("records"):
        path = escape(str(row["path"]))
        if isinstance(row["error"], str):
            table.add_row(path, f"[red]{escape(row['error'])}[/]")
        else:
            said = (escape(row["decision"]), escape(row["class"]), f"{row['probability']:.3f}")
            further = [escape(row[name]) for name in tasks]
            table.add_row(path, *said, str(row["version"] or ""), *further)
    return table
