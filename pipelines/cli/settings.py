"""From preset, flags and `--set` to the settings of a run on this machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.errors import ConfigError, DataError
from pipelines.config import TrainingRun, override, preset_names, read_preset, resolve
from pipelines.workspace import default_preset, model_name_of

PICTURES_PRESET = "pictures"


@dataclass(frozen=True, kw_only=True)
class CommandSettings:
    """The preset's name, the settings as they are written, and the same checked."""

    preset: str
    plain: dict[str, Any]
    run: TrainingRun


def choose(
    preset: str | None,
    data: Path | None = None,
    *,
    model_base_path: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    assignments: Iterable[str] | None = None,
) -> CommandSettings:
    """Return the settings that a command line asks for; each layer overrides those before it.

    Args:
        preset: name or YAML file; None is the one of this folder or, with `data`, that for own
            pictures.
        data: the user's pictures. Their folder names the model, unless a YAML file is theirs.
        model_base_path, assignments: as the options of these names.
        flags: what other flags say, as nested sections.

    Raises:
        ConfigError: there is no preset, or it, a key or a value is wrong.
        DataError: `data` is neither a folder nor a .csv file.
    """
    name = chosen_preset(preset, PICTURES_PRESET if data else None)
    plain = read_preset(name)
    if data:
        source = _source_of(data)
        if name in preset_names() or not (preset or _reads(plain, source["path"])):
            plain["model_name"] = model_name_of(data)
        plain = merged(plain, {"ingest": source})
    plain = merged(plain, {"model_base_path": str(model_base_path)} if model_base_path else {})
    plain = override(merged(plain, flags or {}), assignments or ())
    base = plain.get("model_base_path", "serving/models")
    if isinstance(base, str) and base:  # else the settings refuse it
        # A path is meant from where the user stands; steps run elsewhere.
        plain["model_base_path"] = str(Path(base).resolve())
    return CommandSettings(preset=name, plain=plain, run=resolve(plain))


def chosen_preset(preset: str | None, otherwise: str | None = None) -> str:
    """Return a preset's name: what the user typed, else the one of this folder, else the last.

    Raises:
        ConfigError: there is none.
    """
    name = preset or default_preset() or otherwise
    if name is None:
        raise ConfigError(
            "pictures, a preset, or a graft.yaml in this folder",
            received="none of them",
            do="type 'graft run FOLDER', a folder with a sub-folder of pictures for each class "
            "(other commands: '--data FOLDER'), or 'graft init FOLDER' to look at the settings "
            "first; the demo is '--preset solar'",
        )
    return name


def merged(plain: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay nested sections over others; what is no section is replaced."""
    result = {**plain}
    for key, value in over.items():
        inner = result.get(key) or {}
        if not isinstance(value, Mapping):
            result[key] = value
        elif isinstance(inner, Mapping):  # else the settings refuse it
            result[key] = merged(inner, value)
    return result


def _reads(plain: Mapping[str, Any], path: str) -> bool:
    """Return whether a preset is about the pictures at an absolute path."""
    section = plain.get("ingest")
    own = section.get("path") if isinstance(section, Mapping) else None
    return isinstance(own, str) and bool(own) and Path(own).resolve() == Path(path)


def _source_of(data: Path) -> dict[str, str]:
    if data.is_dir() and (data / "manifest.csv").is_file():
        data = data / "manifest.csv"
    if data.is_dir():
        return {"source": "folder", "path": str(data.resolve())}
    if data.is_file() and data.suffix.lower() == ".csv":
        return {"source": "manifest", "path": str(data.resolve())}
    received = "nothing there" if not data.exists() else "another kind of file"
    wanted = f"a folder of pictures or a manifest.csv at '{data}'"
    raise DataError(wanted, received=received, do="unpack an archive first, or correct the path")
