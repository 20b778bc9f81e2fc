"""From what a person types to a version's passport."""

from pathlib import Path

from components.common.artifacts.model_folder import (
    ModelVersion,
    is_number,
    newest_version,
    passport_numbers,
    passport_path,
    versions,
)
from components.common.artifacts.passport import Passport, read_passport
from components.common.errors import InputError


def find_version(model: str | Path, *, models: Path, number: int | None = None) -> ModelVersion:
    """Return a published version.

    Args:
        model: the model's name, or the folder of one of its versions.
        models: the folder that holds `<model name>/<version>/`.
        number: the version of a model that is named; None is the newest.

    Raises:
        InputError: there is no such version.
    """
    folder = Path(model)
    if number is None and is_number(folder.name) and folder.is_dir():
        return ModelVersion(int(folder.name), folder.resolve())
    model_dir = (models / model).resolve()
    present = versions(model_dir)
    wanted = [one for one in present if number in {None, one.number}]
    if wanted:
        return wanted[-1]
    if present:
        there = "version " + ", ".join(str(one.number) for one in present)
    else:
        names = sorted(path.name for path in models.glob("*") if versions(path))
        there = f"no version; {models} has {', '.join(names) or 'no model'}"
    raise InputError(
        f"version {number} of '{model}'" if number is not None else f"a version of '{model}'",
        received=there,
        do=f"name one of them, or the folder of a version ({models}/NAME/1)",
    )


def find_passport(word: str, model_dir: Path) -> Passport:
    """Return the passport that a word names.

    Args:
        word: a version's number, the folder of a version of any model, or "" for the newest.
        model_dir: `<base path>/<model name>`, where numbers count.

    Raises:
        InputError: there is no such version, or it has no passport that can be read.
    """
    if word and not is_number(word):
        return _of_folder(Path(word))
    if not word:
        newest = newest_version(model_dir)
        if newest is None:
            raise _unknown("no version", model_dir)
        return _read(model_dir, newest.number)
    return _read(model_dir, int(word))


def _of_folder(folder: Path) -> Passport:
    if not is_number(folder.name):
        raise InputError(
            "a version's number, or the folder of one",
            received=f"'{folder}'",
            do="write it as '3' or 'serving/models/solar/3'",
        )
    return _read(folder.resolve().parent, int(folder.name))


def _read(model_dir: Path, version: int) -> Passport:
    found = read_passport(model_dir, version)
    if found is not None:
        return found
    path = passport_path(model_dir, version)
    if path.exists():
        raise InputError(
            f"a whole passport in {path}",
            received="a damaged one",
            do="restore the file from a copy; 'graft lineage' says what else is known",
        )
    raise _unknown(f"version {version}", model_dir)


def _unknown(received: str, model_dir: Path) -> InputError:
    numbers = ", ".join(map(str, passport_numbers(model_dir))) or "none"
    return InputError(
        f"a version with a passport in {model_dir} (there are: {numbers})",
        received=received,
        do="name one of them, or check --model-name and --model-base-path",
    )
