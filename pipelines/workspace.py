"""The folder that a user stands in: which preset and which model it means when nobody says."""

import re
import unicodedata
from pathlib import Path

from components.common.artifacts.model_folder import newest_version
from components.common.errors import ConfigError
from pipelines.config import read_preset

# What `graft init` writes.
PRESET_FILE = Path("graft.yaml")


def default_preset() -> str | None:
    """Return the path of the preset that lies in this folder, None without one."""
    return str(PRESET_FILE) if PRESET_FILE.is_file() else None


def default_model_name(models: Path) -> str:
    """Return the model that is meant: graft.yaml's, else the only one published.

    Args:
        models: the folder that holds `<model name>/<version>/`.

    Raises:
        ConfigError: none is, or several are; the message names them.
    """
    preset = default_preset()
    named = read_preset(preset).get("model_name") if preset else None
    if isinstance(named, str) and named:
        return named
    published = published_models(models)
    if len(published) == 1:
        return published[0]
    raise ConfigError(
        "the name of a model",
        received=f"none, where {models} has {', '.join(published) or 'no published model'}",
        do="name one of them" if published else "publish one first: graft run FOLDER",
    )


def published_models(models: Path) -> tuple[str, ...]:
    """Return the names of the models that have a version, in alphabetical order."""
    if not models.is_dir():
        return ()
    return tuple(sorted(path.name for path in models.iterdir() if newest_version(path)))


def model_name_of(data: Path) -> str:
    """Return the model name that a data set's folder gives: its own, in small safe characters."""
    place = data.resolve()
    folder = place if place.is_dir() else place.parent
    plain = unicodedata.normalize("NFKD", folder.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_-]+", "-", plain.lower()).strip("-_")
    return name if re.match("[a-z]", name) else f"model-{name}".rstrip("-")
