"""The `graft` command. One module a command; heavy imports happen inside the commands."""

import os
import signal
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from components.common.errors import GraftError
from components.common.files import full_disk_named
from components.common.warm.owner import child_environment
from pipelines.cli import (
    advise,
    audit,
    backbones,
    batch,
    classes,
    data,
    doctor,
    evaluate,
    export,
    gate,
    gateway,
    init,
    label,
    lineage,
    monitor,
    passport,
    predict,
    register,
    rollback,
    run,
    runs,
    schedule,
    serve,
    simulate,
    submit,
    tune,
    ui,
    up,
)
from pipelines.cli import compile as compile_command

# By what a person wants to do: the panels of `graft --help`, in this order.
_COMMANDS: dict[str, dict[str, typer.Typer | Callable[..., None]]] = {
    "Train": {
        "init": init.init,
        "advise": advise.advise,
        "run": run.run,
        "tune": tune.tune,
        "evaluate": evaluate.evaluate,
        "data": data.app,
        "classes": classes.app,
        "backbones": backbones.backbones,
        "doctor": doctor.doctor,
    },
    "Serve": {
        "up": up.up,
        "serve": serve.serve,
        "gateway": gateway.gateway,
        "predict": predict.predict,
        "batch": batch.batch,
        "rollback": rollback.rollback,
        "gate": gate.app,
        "lineage": lineage.lineage,
        "passport": passport.app,
        "export": export.export,
        "register": register.register,
    },
    "Watch": {
        "ui": ui.ui,
        "monitor": monitor.monitor,
        "watch": monitor.watch,
        "audit": audit.app,
        "label": label.app,
        "simulate": simulate.simulate,
    },
    "Kubernetes": {
        "compile": compile_command.compile_pipeline,
        "submit": submit.submit,
        "runs": runs.app,
        "schedule": schedule.app,
    },
}
# What they do not know they pass on.
_PASSING_FLAGS_ON = {"serve", "batch"}

app = typer.Typer(
    name="graft",
    help="Graft: image transfer learning on small data, from a folder of pictures to a "
    "served, watched model.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for _panel, _commands in _COMMANDS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_panel)
        else:
            _extra = _name in _PASSING_FLAGS_ON
            _settings = {"allow_extra_args": _extra, "ignore_unknown_options": _extra}
            app.command(name=_name, rich_help_panel=_panel, context_settings=_settings)(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"graft {metadata.version('graft-vision')}")
        raise typer.Exit


@app.callback()
def _graft(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; deliberate errors become one line and their exit code."""
    os.environ |= child_environment()
    # A polite end (systemd, CI, `timeout`) must clean up like Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with full_disk_named():
            app()
    except GraftError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {escape(str(error))}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        stop = end.__context__ and end.__context__.__cause__
        # typer has made an exit code of Ctrl-C, without a word.
        if isinstance(stop, KeyboardInterrupt):
            Console(stderr=True).print("; ".join(("stopped", *stop.args)), style="yellow")
        raise
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped", style="yellow")
        sys.exit(130)
