"""`graft doctor`: is this machine ready, and if not, what to do; one function a check."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import typer
from rich.console import Console
from rich.table import Table

from components.common.errors import GraftError
from pipelines.up.ports import Ports, taken

GIB = 1024**3
_NEEDED_DISK_GIB = 4
_NEEDED_MEMORY_GIB = 4


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis. `state` is "ok", "note" (works, but) or "bad"."""

    name: str
    state: str
    found: str
    advice: str = ""


def doctor() -> None:
    """Check Python, disk, memory, GPU, ports and data, and say what to do about each."""
    checks = diagnose(Path.cwd())
    table = Table(box=None, show_header=False)
    marks = {"ok": "[green]✔[/]", "note": "[yellow]![/]", "bad": "[red]✘[/]"}
    for check in checks:
        table.add_row(marks[check.state], check.name, check.found, check.advice)
    Console().print(table)
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)


def diagnose(project: Path) -> tuple[Finding, ...]:
    """Run every check for the project in the folder `project`."""
    checks = (_python, _packages, _memory, _gpu, _ports, _git)
    return (*(check() for check in checks), _disk(project), _data(project))


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("Python", "ok", found)
    return Finding("Python", "bad", found, "use Python 3.11, 3.12 or 3.13")


def _packages() -> Finding:
    absent = _absent("kfp", "tensorflow", "keras", "great_expectations", "seaborn", "grpc")
    if absent:
        return Finding("packages", "bad", f"missing: {absent}", "run `make install`")
    extras = _absent("dvc", "apache_beam", "jax")
    if extras:
        return Finding("packages", "ok", f"all that a run needs; not {extras} (`make install-dev`)")
    return Finding("packages", "ok", "all there")


def _absent(*names: str) -> str:
    return ", ".join(name for name in names if importlib.util.find_spec(name) is None)


def _disk(project: Path) -> Finding:
    free = shutil.disk_usage(project).free / GIB
    found = f"{free:.0f} GiB free"
    if free >= _NEEDED_DISK_GIB:
        return Finding("disk", "ok", found)
    return Finding(
        "disk", "bad", found, f"free {_NEEDED_DISK_GIB} GiB or more (`make clean` helps)"
    )


def _memory() -> Finding:
    free = psutil.virtual_memory().available / GIB
    found = f"{free:.1f} GiB available"
    if free >= _NEEDED_MEMORY_GIB:
        return Finding("memory", "ok", found)
    return Finding("memory", "note", found, "close other programs, or lower augment.image_size_px")


def _gpu() -> Finding:
    command = shutil.which("nvidia-smi")
    if command is None:
        return Finding("GPU", "note", "none", "the processor will do: the demo takes minutes")
    query = [command, "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode != 0:
        return Finding("GPU", "note", "driver does not answer", "check `nvidia-smi`")
    return Finding("GPU", "ok", done.stdout.strip().replace("\n", ", "))


def _ports() -> Finding:
    if found := taken(Ports().all()):
        return Finding("ports", "note", found, "stop it, or `graft up --port-offset 100`")
    return Finding("ports", "ok", "all that `graft up` needs are free")


def _data(project: Path) -> Finding:
    from pipelines.data.demo import verify
    from pipelines.data.tracking import PIN

    if not (project / PIN).is_file():
        return Finding("demo data", "ok", "none here; your own pictures need none")
    if not (project / "data").is_dir():
        return Finding("demo data", "note", "not fetched", "run `make data`")
    try:
        verify(project)
    except GraftError as error:
        return Finding("demo data", "bad", str(error), "run `make data`")
    return Finding("demo data", "ok", "as data.dvc pins it")


def _git() -> Finding:
    if shutil.which("git") is None:
        return Finding("git", "note", "not installed", "install git: DVC and provenance need it")
    return Finding("git", "ok", "installed")
