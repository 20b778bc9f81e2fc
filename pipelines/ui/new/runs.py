"""From what a reader chose to the settings of a run, and to its job."""

import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.common.errors import ConfigError
from components.common.labels.source_facts import SourceFacts
from components.train.commands import MethodAdvice, Wish, advise
from pipelines.cli.settings import CommandSettings, choose
from pipelines.ui.jobs.records import ConsoleJob, job_folder
from pipelines.ui.settings import UiSettings
from pipelines.workspace import default_preset

# The settings of the folder where the console was started.
OWN = "own"


@dataclass(frozen=True, kw_only=True)
class RunWish:
    """What a reader chose: the pictures, a name, and a way: `OWN` or a method of `ways`."""

    folder: Path
    way: str
    model_name: str = ""


def ways(facts: SourceFacts) -> tuple[MethodAdvice, ...]:
    """Return the ways to transfer that fit what a folder offers, the best of them first."""
    fitting = (one for one in advise(facts, Wish()) if one.fits)
    return tuple(one for one in fitting if one.method != "self_taught_clustering")


def has_own_preset() -> bool:
    """Return whether there are settings of the reader's own."""
    return default_preset() is not None


def run_settings(
    wish: RunWish, *, settings: UiSettings, advice: tuple[MethodAdvice, ...] = ()
) -> CommandSettings:
    """Return the checked settings of a run.

    Args:
        wish: what the reader chose.
        settings: the console's.
        advice: the ways that fit the folder.

    Raises:
        ConfigError: the way fits no longer, or a setting is refused, such as the name.
        DataError: the folder is none.
    """
    preset: str | None = None
    assignments: tuple[str, ...] = ()
    if wish.way not in {"", OWN}:
        chosen = next((one for one in advice if one.method == wish.way), None)
        if chosen is None:
            fitting = ", ".join(one.method for one in advice)
            raise ConfigError(f"one of {fitting}", received=f"'{wish.way}'", do="choose a way")
        preset, assignments = chosen.preset, chosen.settings
    flags = {"model_name": wish.model_name} if wish.model_name else {}
    return choose(
        preset,
        wish.folder,
        model_base_path=settings.models,
        flags=flags,
        assignments=assignments,
    )


def run_job(
    chosen: CommandSettings, *, once: str, folder: Path, settings: UiSettings
) -> tuple[ConsoleJob, dict[str, str]]:
    """Return the job of a run, and the files that it reads: its settings.

    Args:
        chosen: the settings.
        once: what the form carried; becomes the job's id.
        folder: the pictures, for people.
        settings: the console's.

    Raises:
        InputError: `once` is no id.
    """
    place = job_folder(settings.state, once).resolve()
    run_name = f"{chosen.run.model_name}-{once[:6].lower()}"
    file = "settings.yaml"
    words = ("run", "--preset", str(place / file), "--run-name", run_name)
    job = ConsoleJob(
        id=once,
        kind="run",
        words=(
            *words,
            *("--runs-dir", str(settings.runs_dir), "--cache-dir", str(settings.cache_dir)),
            "--no-serve-check",
        ),
        model_name=chosen.run.model_name,
        about=str(folder),
        started_unix_s=time.time(),
        run_name=run_name,
    )
    return job, {file: yaml.safe_dump(chosen.plain, sort_keys=False)}
