"""The published models, from what lies beside their versions."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from components.common import config
from components.common.artifacts.deployment import read_switches
from components.common.artifacts.model_folder import (
    METRICS,
    newest_version,
    passport_numbers,
    passport_path,
    versions,
)
from components.common.artifacts.passport import Passport, read_passport
from components.common.errors import ConfigError, InputError, some
from components.common.store_figures import read_figures
from pipelines.schedule.config import ScheduleConfig
from pipelines.schedule.cron import next_after

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


@dataclass(frozen=True, kw_only=True)
class PublishedModel:
    """One model as its folder has it.

    version: the newest one, which a server serves; 0 where all were taken back.
    since_unix_s: when it began to serve; 0 where no record says so.
    damaged: its passport is there but cannot be read.
    verdict, verdict_unix_s: the gate's last word about a candidate, and when; "" and 0 without one.
    look, look_unix_s: the monitor's last word, and when; "" and 0 without one.
    next_look_unix_s: when `graft watch` looks next, by the settings of the version that serves.
    """

    name: str
    version: int
    since_unix_s: float
    passport: Passport | None
    damaged: bool
    verdict: str
    verdict_unix_s: float
    look: str
    look_unix_s: float
    next_look_unix_s: float


def model_names(models: Path) -> tuple[str, ...]:
    """Return the models that a folder holds, also those of which nothing was deployed yet.

    The folder need not be there.
    """
    if not models.is_dir():
        return ()
    found = (path for path in models.iterdir() if not path.name.startswith("."))
    return tuple(sorted(path.name for path in found if _is_model(path)))


def _is_model(path: Path) -> bool:
    return bool(versions(path) or passport_numbers(path)) or (path / METRICS).is_dir()


def model_folder_of(models: Path, name: str) -> Path:
    """Return the folder of a model that is there; a name is never taken for a path.

    Raises:
        InputError: there is no model of that name.
    """
    known = model_names(models)
    if name not in known:
        raise InputError(
            f"one of the models {some(known) or '(there is none yet)'}",
            received=f"'{name}'",
            do="choose it from the list",
        )
    return models / name


def published_models(models: Path) -> tuple[PublishedModel, ...]:
    """Return what is known of every model, without opening a log or asking a server."""
    figures = read_figures(models) if models.is_dir() else []
    return tuple(_published(models / name, figures) for name in model_names(models))


def _published(model_dir: Path, figures: "Iterable[Metric]") -> PublishedModel:
    newest = newest_version(model_dir)
    number = newest.number if newest else 0
    passport = read_passport(model_dir, number) if number else None
    mine = _StoredFigures(model_dir.name, figures)
    return PublishedModel(
        name=model_dir.name,
        version=number,
        since_unix_s=_since(model_dir, number, passport),
        passport=passport,
        damaged=bool(number) and passport is None and passport_path(model_dir, number).exists(),
        verdict=mine.word("graft_gate_verdict"),
        verdict_unix_s=mine.value("graft_gate_verdict_timestamp_seconds"),
        look=mine.word("graft_monitor_decision"),
        look_unix_s=mine.value("graft_monitor_last_look_timestamp_seconds"),
        next_look_unix_s=_next_look(passport.settings if passport else {}, time.time()),
    )


class _StoredFigures:
    """What jobs left for Prometheus, of one model."""

    def __init__(self, model: str, figures: "Iterable[Metric]") -> None:
        self._samples = [
            (sample.name, sample.labels, sample.value)
            for metric in figures
            for sample in metric.samples
            if sample.labels.get("model") == model
        ]

    def word(self, name: str) -> str:
        """Return the word that has a 1."""
        found = (labels["word"] for one, labels, value in self._samples if one == name and value)
        return next(found, "")

    def value(self, name: str) -> float:
        """Return the only value, 0 without one."""
        return next((value for one, _, value in self._samples if one == name), 0.0)


def _since(model_dir: Path, number: int, passport: Passport | None) -> float:
    switches = [one.at_unix_s for one in read_switches(model_dir) if one.serving == number]
    return max([*switches, passport.created_unix_s if passport else 0.0])


def _next_look(settings: dict[str, Any], now_unix_s: float) -> float:
    try:
        schedule = config.load(ScheduleConfig, settings.get("schedule") or {})
    except ConfigError:
        return 0.0  # of another release
    now = datetime.fromtimestamp(now_unix_s, UTC)
    return next_after(schedule.cron, now, ZoneInfo(schedule.time_zone)).timestamp()
