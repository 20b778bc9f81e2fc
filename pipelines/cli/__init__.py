"""The `graft` command. One module a command; heavy imports happen inside the commands."""

import signal
import sys

import typer
from rich.console import Console

from components.common.errors import GraftError
from pipelines.cli import (
    audit,
    backbones,
    batch,
    data,
    doctor,
    gateway,
    label,
    lineage,
    monitor,
    predict,
    rollback,
    run,
    runs,
    schedule,
    serve,
    simulate,
    submit,
    tune,
)
from pipelines.cli import compile as compile_command

app = typer.Typer(
    name="graft",
    help="Graft: image transfer learning on small data, from a folder of pictures to a "
    "served, watched model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command(name="run")(run.run)
app.command(name="tune")(tune.tune)
app.command(name="serve", context_settings=serve.PASS_FLAGS_ON)(serve.serve)
app.command(name="gateway")(gateway.gateway)
app.command(name="predict")(predict.predict)
app.command(name="batch", context_settings=serve.PASS_FLAGS_ON)(batch.batch)
app.command(name="rollback")(rollback.rollback)
app.command(name="monitor")(monitor.monitor)
app.command(name="watch")(monitor.watch)
app.command(name="simulate")(simulate.simulate)
app.command(name="lineage")(lineage.lineage)
app.command(name="compile")(compile_command.compile_pipeline)
app.command(name="submit")(submit.submit)
app.command(name="backbones")(backbones.backbones)
app.command(name="doctor")(doctor.doctor)
app.add_typer(data.app, name="data")
app.add_typer(audit.app, name="audit")
app.add_typer(label.app, name="label")
app.add_typer(schedule.app, name="schedule")
app.add_typer(runs.app, name="runs")


def main() -> None:
    """Run the command line; deliberate errors become one line and their exit code."""
    # A polite end (systemd, CI, `timeout`) must clean up like Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except GraftError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]error:[/] {_escaped(error)}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped", style="yellow")
        sys.exit(130)


def _escaped(error: GraftError) -> str:
    from rich.markup import escape

    return escape(str(error))
