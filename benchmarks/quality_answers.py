"""What fitted networks answered about their test pictures, kept so that a stop costs one split.

<folder>/
├── settings.json              what the answers depend on
└── <split>-<method>.csv.gz    path, group, defective, margin, seconds
"""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd

from components.augment.config import AugmentConfig
from components.common.artifacts.records import read_record, write_record
from components.common.config import Section
from components.common.errors import ConfigError
from components.train.config import TrainConfig
from pipelines.config import TrainingRun

_SETTINGS = "settings.json"
# The name of the answers says which method gave them; what a network is compared with changes none.
_SAY_NOTHING = {("train", "method"), ("train", "compare_with")}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked(Section):
    """The settings that decide what a network answers, apart from split and method."""

    augment: AugmentConfig
    train: TrainConfig


class KeptAnswers:
    """A folder of answers that were all given under the same settings."""

    def __init__(self, folder: Path, settings: TrainingRun) -> None:
        """Open the folder, made if need be.

        Raises:
            ConfigError: its answers were given under other settings.
        """
        self._folder = folder
        asked = Asked(augment=settings.augment, train=settings.train)
        record = folder / _SETTINGS
        if record.exists():
            _check_equal(asked, read_record(record, Asked), folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_record(record, asked)

    def read(self, name: str) -> pd.DataFrame | None:
        """Return the answers of that name, or None when there are none yet."""
        path = self._path(name)
        return pd.read_csv(path) if path.exists() else None

    def write(self, name: str, answers: pd.DataFrame) -> None:
        """Keep answers; a file is absent or whole."""
        path = self._path(name)
        partial = path.with_name(f"{path.name}.partial")
        # Without a time in it, equal answers are equal files.
        packed = {"method": "gzip", "mtime": 0}
        answers.to_csv(partial, index=False, float_format="%.5g", compression=packed)
        partial.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.csv.gz"


def _check_equal(asked: Asked, kept: Asked, folder: Path) -> None:
    now, then = _flat(asked), _flat(kept)
    differ = sorted(key for key in now.keys() | then.keys() if now.get(key) != then.get(key))
    if differ:
        found = ", ".join(f"{key} = {now.get(key)}, kept {then.get(key)}" for key in differ)
        raise ConfigError(
            f"the settings of the answers in '{folder}'",
            received=found,
            do="name another folder, or --set the same",
        )


def _flat(asked: Asked) -> dict[str, Any]:
    return {
        f"{section}.{key}": value
        for section, settings in dataclasses.asdict(asked).items()
        for key, value in settings.items()
        if (section, key) not in _SAY_NOTHING
    }
