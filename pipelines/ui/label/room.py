"""What the page Label works with: a model's desk, its classes and the data set that grows."""

import csv
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.model_folder import newest_version, settings_path
from components.common.artifacts.monitoring.prediction_log import model_log
from components.common.artifacts.passport import read_passport
from components.common.errors import DataError
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.report.spreadsheet import plain_cell
from components.ingest.commands import SourceData
from components.ingest.step import read_source
from components.label.commands import Desk
from components.label.config import QueueConfig
from pipelines.config import TrainingRun, read_preset, resolve
from pipelines.data import labels
from pipelines.data.labels import Added, Relabelled
from pipelines.ui.models.published import model_folder_of
from pipelines.ui.settings import UiSettings
from pipelines.workspace import default_preset

# A month of the log is looked through; the gateway keeps pictures for as long.
_WINDOW_S = 30 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class LabelRoom:
    """One model's pictures to label.

    run: says which data set grows: graft.yaml of the folder that the console stands in, where that
        is this model's, since the next run reads it; else the settings of the newest version.
    learnt_from: path of the data set that the newest version is from, "" where that one grows.
    classes: what a person can answer.
    """

    model: str
    log: Path
    desk: Desk
    run: TrainingRun
    learnt_from: str
    classes: tuple[str, ...]
    grey_range: GreyRange

    def fill(self, count: int) -> int:
        """Put up to so many pictures of the log into the queue; return how many came.

        Raises:
            DataError: the log is empty or keeps no picture, or the data set cannot be read.
        """
        now = time.time()
        settings = QueueConfig(
            log=str(self.log.parent),
            model_name=self.model,
            count=count,
            since_unix_s=now - _WINDOW_S,
            until_unix_s=now + 1.0,
            format="csv",
        )
        made = labels.queue(settings, out=self.desk.new_queue(), data=self.run.ingest)
        return len(made.items)

    def hand_in(self, by: str) -> Added:
        """Take the answers that hold into the data set; `by` is who does it.

        Raises:
            ConfigError: pictures cannot be added to this data set.
            DataError: the data set cannot be read.
        """
        proposed = self.desk.to_hand_in()
        added = labels.take_in(proposed, run=self.run, by=by)
        refused = {one.file for one in added.outcome.refused}
        taken = [one.file.stem for one in proposed if one.file not in refused]
        self.desk.handed_in(taken, by=by)
        return added

    def source(self) -> SourceData:
        """Return the data set as it is now.

        Raises:
            ConfigError, DataError: it cannot be read.
        """
        return read_source(self.run.ingest)

    def correct(self, name: str, label: str, corrected: str, *, by: str) -> Relabelled:
        """Correct a label of the data set, as `graft data relabel` does.

        Raises:
            DataError: there is no such picture or class, or it has another label by now.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("path", "label", "corrected"))
            writer.writerow([plain_cell(one) for one in (name, label, corrected)])
            file.flush()
            return labels.correct(Path(file.name), run=self.run, by=by)


def open_room(settings: UiSettings, model: str) -> LabelRoom:
    """Return a model's room.

    Raises:
        InputError: there is no such model, or no record of what it was trained on.
        ConfigError: graft.yaml in this folder is this model's, and cannot be read.
    """
    model_dir = model_folder_of(settings.models, model)
    newest = newest_version(model_dir)
    passport = read_passport(model_dir, newest.number) if newest else None
    if newest is None or passport is None or not settings_path(model_dir, newest.number).is_file():
        raise DataError(
            f"a version of {model} with a passport that says which data set it is from",
            received="none",
            do="publish one: graft run FOLDER",
        )
    published = resolve(read_preset(str(settings_path(model_dir, newest.number))))
    run = _of_this_folder(model) or published
    log = model_log(settings.log, model)
    return LabelRoom(
        model=model,
        log=log,
        desk=Desk(log),
        run=run,
        learnt_from="" if _place(run) == _place(published) else published.ingest.path,
        classes=passport.classes,
        grey_range=passport.data.grey_range if passport.data else FULL,
    )


def _of_this_folder(model: str) -> TrainingRun | None:
    """Return what graft.yaml says, where it is this model's and names its pictures."""
    name = default_preset()
    plain = read_preset(name) if name else {}
    if plain.get("model_name") != model or not (plain.get("ingest") or {}).get("path"):
        return None
    return resolve(plain)


def _place(run: TrainingRun) -> tuple[str, Path]:
    return run.ingest.source, Path(run.ingest.path).resolve()
