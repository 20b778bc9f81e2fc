"""What a batch prediction will do, or still has to do."""

import hashlib
from pathlib import Path

from components.common import config
from components.common.artifacts.model_folder import is_number, newest_version
from components.common.errors import ConfigError, DataError, expected
from pipelines.batch import files
from pipelines.batch.listing import find_pictures, write_list
from pipelines.batch.parts import Output
from pipelines.batch.records import BatchRun, Summary

_GRAPH = "saved_model.pb"


def plan(*, model: str, pictures: str, out: str, part_size: int) -> BatchRun:
    """Write the list of pictures and what was asked for, or find them as an earlier try left them.

    Args:
        model: a SavedModel, or a folder of numbered versions of which the newest is taken.
        pictures: as `find_pictures` takes it.
        out: the output folder.
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
    output = Output(files.absolute(out))
    if files.exists(output.run):
        _check_same(run, output)
    else:
        _begin(run, output)
    for written in (output.root, output.predictions, output.failures):
        files.remove_partials(written)
    return run


def read_summary(output: Output) -> Summary | None:
    """Return the counts of a run that has ended, else None."""
    if not files.exists(output.summary):
        return None
    return config.from_json(Summary, files.read_bytes(output.summary).decode())


def _begin(run: BatchRun, output: Output) -> None:
    for folder in (output.root, output.predictions, output.failures):
        files.make_folder(folder)
    if not write_list(find_pictures(run.pictures), output.pictures):
        raise DataError(
            expected("pictures", received=f"none in {run.pictures}", do="correct --pictures")
        )
    # Last: whoever finds it finds the list as well.
    with files.writing_whole(output.run) as stream:
        stream.write(config.to_json(run).encode())


def _check_same(run: BatchRun, output: Output) -> None:
    began = config.from_json(BatchRun, files.read_bytes(output.run).decode())
    for field in ("model_sha256", "pictures", "part_size"):
        was, asked = getattr(began, field), getattr(run, field)
        if was != asked:
            raise ConfigError(
                expected(
                    f"the {field} that {output.root} was begun with ({was})",
                    received=asked,
                    do="ask for the same to go on, or name another --out",
                )
            )


def _version_folder(model: str) -> str:
    if files.exists(files.join(model, _GRAPH)):
        return model
    version = newest_version(Path(model))
    newest = str(version.path) if version else ""
    if not newest or not files.exists(files.join(newest, _GRAPH)):
        raise ConfigError(
            expected(
                "a SavedModel, or a folder of numbered versions",
                received=f"'{model}'",
                do="name one that `graft run` has exported or published",
            )
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
