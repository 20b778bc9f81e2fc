"""Passport: one page per served version, beside the versions. Written by deploy."""

import dataclasses
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from components.common.artifacts.dataset import Evidence
from components.common.artifacts.deployment import Agreement
from components.common.artifacts.judging.figures import ClassFigures, Metric, Slice
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.model_folder import (
    ModelVersion,
    passport_page_path,
    passport_path,
    settings_path,
)
from components.common.artifacts.records import read_record, write_record
from components.common.errors import InputError
from components.common.files import write_bytes
from components.common.pictures.fit import Fit
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.report import page
from components.common.statistics.figures import LABELS
from components.common.times import utc_minute

LOG = logging.getLogger(__name__)

TEMPLATE = Path(page.__file__).with_name("passport.html")

State = Literal["staged", "confirmed", "retired", "pruned"]


@dataclass(frozen=True, kw_only=True)
class SplitSize:
    """Pictures and groups of one class in one split."""

    split: str
    label: str
    pictures: int
    groups: int


@dataclass(frozen=True, kw_only=True)
class DataPage:
    """The pictures behind a version.

    sha256: over the picture's digest, label and split of every row, whatever the files are called.
    licence: as the source states it, "" where it does not.
    protocol: how the splits were dealt, `split_seed` the seed of the dealing; "" where no record
        says so.
    findings: what validation warned of, as sentences.
    grey_range: the levels that 16-bit grey pictures have.
    """

    name: str
    sha256: str
    licence: str
    protocol: str
    split_seed: int
    splits: tuple[SplitSize, ...]
    findings: tuple[str, ...]
    grey_range: GreyRange = FULL


@dataclass(frozen=True, kw_only=True)
class Passport:
    """Where a version came from, what it can do, and how to build it again.

    `state` is "staged" until the server has confirmed the version, "retired" after a rollback
    and "pruned" when the files were removed to save space. `settings` holds the run's preset with
    its overrides, and the whole sections of the steps that made the model; the same lies beside the
    passport as `<version>.yaml`, ready to be run again. `rebuild` are commands, in order.
    `test_pictures` and `test_groups` are what the figures rest on: the test split or, where
    `evidence` is "cross_validation", all pictures, each answered by a model that had not seen it.
    `unproven` are classes that no picture has shown. `run_page` is the run's page in Kubeflow.
    `fit` is how pictures become square.
    Passports of older versions lack what stands below `rebuild`.
    """

    model_name: str
    version: int
    state: State
    created_unix_s: float
    model_sha256: str
    previous_version: int
    run_id: str
    commit: str
    data_sha256: str
    config_sha256: str
    settings: dict[str, Any]
    classes: tuple[str, ...]
    backbone: str
    method: str
    image_size_px: int
    test_pictures: int
    test_groups: int
    metrics: tuple[Metric, ...]
    verdict: VerdictInfo
    rehearsal: tuple[Agreement, ...]
    rebuild: tuple[str, ...]
    data_read_unix_s: float = 0.0
    evidence: Evidence = "holdout"
    data: DataPage | None = None
    seeds: dict[str, int] = field(default_factory=dict)
    weights: str = ""
    weights_licence: str = ""
    per_class: tuple[ClassFigures, ...] = ()
    slices: tuple[Slice, ...] = ()
    notes: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    run_page: str = ""
    fit: Fit = "squeeze"

    @property
    def best_version(self) -> int:
        """The best version when this one began to serve, often itself.

        It is where a person let it through against the gate's word: a new count begins.
        """
        return self.version if self.verdict.override else self.verdict.best_version or self.version

    @property
    def judges_recipe(self) -> bool:
        """Whether the figures are those of the recipe, not of the very model that serves."""
        return self.evidence == "cross_validation"

    @property
    def trained_unix_s(self) -> float:
        """What came in after this moment, the version has not seen."""
        return self.data_read_unix_s or self.created_unix_s


def read_passport(model_dir: Path, version: int) -> Passport | None:
    """Return a version's passport, None when it has none that can be read."""
    path = passport_path(model_dir, version)
    try:
        return read_record(path, Passport) if path.exists() else None
    except InputError as error:
        # One damaged page must stop neither the next version nor the monitor.
        LOG.warning("version %d is treated as one without a passport: %s", version, error)
        return None


def best_so_far(serving: ModelVersion) -> ModelVersion:
    """Return the version that the passport of the serving one names as the best so far.

    That is the serving one itself where it is the best, has no passport, or the best was taken back
    by a person.
    """
    model_dir = serving.path.parent
    passport = read_passport(model_dir, serving.number)
    number = passport.best_version if passport else serving.number
    best = read_passport(model_dir, number)
    if number == serving.number or (best is not None and best.state == "retired"):
        return serving
    return ModelVersion(number, model_dir / str(number))


def write_passport(model_dir: Path, passport: Passport) -> None:
    """Put a passport in place; it is absent or whole at any time, also after a power cut."""
    path = passport_path(model_dir, passport.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(passport.settings, sort_keys=False)
    if passport.settings:
        write_bytes(settings_path(model_dir, passport.version), text.encode())
    names = {"labels": LABELS, "settings": text, "moment": utc_minute}
    drawn = page.render(TEMPLATE, passport=passport, **names)
    write_bytes(passport_page_path(model_dir, passport.version), drawn.encode())
    write_record(path, passport)


def mark(model_dir: Path, version: int, state: State) -> None:
    """Change the state in a version's passport, if it has one."""
    passport = read_passport(model_dir, version)
    if passport is not None:
        write_passport(model_dir, dataclasses.replace(passport, state=state))
