"""What a batch prediction will do, or still has to do."""

import hashlib
from pathlib import Path

from components.common.artifacts.model_folder import is_number, newest_version
from components.common.errors import ConfigError, DataError
from pipelines.batch import files, records
from pipelines.batch.listing import find_pictures, write_list
from pipelines.batch.records import BatchRun, Summary

_GRAPH = "saved_model.pb"


def plan(*, model: str, pictures: str, out: str, part_size: int) -> BatchRun:
    """Write the list of pictures and what was asked for, or find them as an earlier try left them.

    Args:
        model: a SavedModel, or a folder of numbered versions of which the newest is taken.
        pictures: as `find_pictures` takes it.
        out: the output folder, in full.
        part_size: pictures in one part.

    Raises:
        ConfigError: there is no model, or `out` belongs to another batch prediction.
        DataError: there are no pictures.
    """
    folder = _version_folder(files.absolute(model))
    digest = _digest(folder)
    name = folder.rstrip("/").rpartition("/")[2]
    run = BatchRun(
        model=folder,
        model_sha256=digest,
        version=name if is_number(name) else digest[:12],
        pictures=files.absolute(pictures),
        part_size=part_size,
    )
    folders = (out, files.join(out, records.PREDICTIONS), files.join(out, records.FAILURES))
    if files.exists(files.join(out, records.RUN)):
        _check_same(run, out)
    else:
        for written in folders:
            files.make_folder(written)
        _begin(run, out)
    for written in folders:
        files.remove_partials(written)
    return run


def read_summary(out: str) -> Summary | None:
    """Return the counts of a run that has ended, else None."""
    path = files.join(out, records.SUMMARY)
    return files.read_record(path, Summary) if files.exists(path) else None


def _begin(run: BatchRun, out: str) -> None:
    if not write_list(find_pictures(run.pictures), files.join(out, records.PICTURES)):
        raise DataError("pictures", received=f"none in {run.pictures}", do="correct --pictures")
    # Last: where it is, the list is as well.
    files.write_record(files.join(out, records.RUN), run)


def _check_same(run: BatchRun, out: str) -> None:
    began = files.read_record(files.join(out, records.RUN), BatchRun)
    for field in ("model_sha256", "pictures", "part_size"):
        was, asked = getattr(began, field), getattr(run, field)
        if was != asked:
            raise ConfigError(
                f"the {field} that {out} was begun with ({was})",
                received=asked,
                do="ask for the same to go on, or name another --out",
            )


def _version_folder(model: str) -> str:
    if files.exists(files.join(model, _GRAPH)):
        return model
    version = newest_version(Path(model))
    newest = str(version.path) if version else ""
    if not newest or not files.exists(files.join(newest, _GRAPH)):
        raise ConfigError(
            "a SavedModel, or a folder of numbered versions",
            received=f"'{model}'",
            do="name one that `graft run` has exported or published",
        )
    return newest


def _digest(folder: str) -> str:
    """Return a SHA-256 over the names and contents of the graph and its variables."""
    total = hashlib.sha256()
    found = [files.join(folder, _GRAPH), *files.matches(files.join(folder, "variables", "*"))]
    for path in found:
        name = path.removeprefix(folder)
        total.update(f"{name}\0{hashlib.sha256(files.read_bytes(path)).hexdigest()}\n".encode())
    return total.hexdigest()
