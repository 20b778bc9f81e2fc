"""`graft ui`: the web console."""

import os
import secrets
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from pipelines.cli import options


def ui(
    models: Annotated[
        Path, typer.Option(help="The folder that holds <model_name>/<version>/.")
    ] = options.DEFAULT_MODELS,
    log: options.PredictionLog = options.DEFAULT_LOG,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
    gateway: Annotated[
        str, typer.Option(help="The gateway's REST address.")
    ] = "http://127.0.0.1:8511",
    host: Annotated[
        str, typer.Option(help="Listen on this address; other machines then need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The console's port.")] = 8520,
    lang: Annotated[Literal["en", "zh-tw"], typer.Option(help="Language of the pages.")] = "en",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the console in a browser.")
    ] = True,
) -> None:
    """Open the web console: see models, make one from a folder, compare versions, roll back."""
    from pipelines.ui.run import run
    from pipelines.ui.settings import UiSettings
    from serving.protocol.addresses import is_loopback

    settings = UiSettings(
        models=models,
        log=log,
        runs_dir=runs_dir,
        cache_dir=cache_dir,
        gateway=gateway,
        host=host,
        port=port,
        language="zh-TW" if lang == "zh-tw" else "en",
        token="" if is_loopback(host) else secrets.token_urlsafe(24),
    )
    console = Console(soft_wrap=True, highlight=False)

    def ready() -> None:
        console.print(f"console: {settings.url}  (Ctrl-C ends it)")
        if browser and _has_screen():
            webbrowser.open(settings.url)

    run(settings, ready=ready)


def _has_screen() -> bool:
    """Return whether a browser would open a window, and not take over the terminal."""
    return sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
