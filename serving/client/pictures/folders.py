"""Classify files and folders of pictures through a model server.

Exit codes of `graft predict`, which these functions decide:

    0  every picture has an answer
    2  the input cannot be used: a path does not exist, no pictures, unknown suffix to write, the
       gateway's API key is missing or wrong
    3  some pictures have an error instead of an answer; the rest is in the table
    4  nobody answers at the server's address
    1  any other failure of the server
"""

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from components.common.artifacts.exported import INPUT_BYTES, OUTPUT_PROBABILITIES
from components.common.errors import (
    DataError,
    DeniedError,
    RequestError,
    ServerError,
    UnreachableError,
)
from components.common.pictures.decode import PICTURE_SUFFIXES, to_servable
from components.common.pictures.folders import pictures_below
from components.common.progress import track
from serving.client import Client
from serving.client.error_messages import wrong_outputs
from serving.client.pictures.tables import COLUMNS, PictureRow
from serving.protocol.headers import request_headers

# One batch is answered while the next ones are read and checked.
BATCHES_UNDER_WAY = 3


def find_pictures(paths: Sequence[Path]) -> list[Path]:
    """Return the given files and, sorted, the pictures in and below the given folders.

    Files are taken whatever their suffix, in folders the suffix decides.

    Raises:
        DataError: a path does not exist, or there is no picture at all.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            chosen = pictures_below(path)
        elif path.exists():
            chosen = [path]
        else:
            raise DataError("a picture or a folder", received=str(path), do="correct the path")
        found.update(dict.fromkeys(chosen))
    if not found:
        suffixes = ", ".join(sorted(PICTURE_SUFFIXES))
        where = ", ".join(str(path) for path in paths) or "nothing"
        raise DataError(f"pictures ({suffixes})", received=f"none in {where}", do="name a folder")
    return list(found)


def predict_folder(
    paths: Sequence[Path],
    *,
    client: Client,
    batch_size: int = 32,
    group_of: Callable[[Path], str] | None = None,
) -> pd.DataFrame:
    """Classify every picture.

    A picture that cannot be read, or that the server refuses, becomes a row with its error.
    When the server goes away half-way, the pictures without an answer get that as their error.
    So it is with an API key that is withdrawn.

    Args:
        paths: files and folders, see `find_pictures`.
        client: the connection to the server.
        batch_size: pictures in one request.
        group_of: the group that the gateway logs with a picture, `folder_name` for one; then no
            request holds pictures of two groups. None tells it what the client does, if anything.

    Returns:
        One row a picture, in the order of `find_pictures`: path, class, probability (of that
        class), probabilities (list, in the export's class order), decision, model, version
        and error (missing when all went well). Of a multitask model a column `task:NAME` for each
        further task follows.

    Raises:
        DataError: there are no pictures.
        DeniedError: the gateway's API key is missing or wrong.
        UnreachableError: nobody answers at all.
        ServerError: the model is not there or is not one that Graft exported.
    """
    return predict_each(
        find_pictures(paths),
        Path.read_bytes,
        client=client,
        batch_size=batch_size,
        group_of=group_of,
    )


def predict_each(
    pictures: Sequence[Path],
    read: Callable[[Path], bytes],
    *,
    client: Client,
    batch_size: int = 32,
    group_of: Callable[[Path], str] | None = None,
) -> pd.DataFrame:
    """Classify pictures that lie anywhere; all else as `predict_folder`.

    Args:
        pictures: their names, at least one.
        read: returns the encoded bytes of one, from several threads.
        client, batch_size, group_of: see there.
    """
    groups = {path: group_of(path) for path in pictures} if group_of else {}
    _check_model(client)
    batches = _batches(pictures, groups, batch_size)
    classifier = _BatchClassifier(client, groups, read)
    rows: list[PictureRow] = []
    pool = ThreadPoolExecutor(max_workers=BATCHES_UNDER_WAY)
    try:
        answers = pool.map(classifier.classify, batches)
        for answer in track(answers, "classifying pictures", total=len(batches)):
            rows.extend(answer)
    finally:
        # Ctrl-C must not wait for the batches that have not begun.
        pool.shutdown(cancel_futures=True)
    tasks = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    columns = COLUMNS | dict.fromkeys(tasks, "string")
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def folder_name(path: Path) -> str:
    """Return the name of the folder that holds a picture, as the user knows it: links stay."""
    name = path.parent.name
    return path.parent.resolve().name if name in {"", ".."} else name


def _batches(pictures: Sequence[Path], groups: Mapping[Path, str], size: int) -> list[list[Path]]:
    """Cut pictures into requests that each hold one group."""
    runs = [list(run) for _, run in itertools.groupby(pictures, key=groups.get)]
    return [run[at : at + size] for run in runs for at in range(0, len(run), size)]


class _BatchClassifier:
    """Classifies one batch at a time, from several threads."""

    def __init__(
        self, client: Client, groups: Mapping[Path, str], read: Callable[[Path], bytes]
    ) -> None:
        self._client = client
        self._groups = groups
        self._read = read
        self._gone = threading.Event()
        self._reason = ""

    def classify(self, paths: Sequence[Path]) -> list[PictureRow]:
        pictures: dict[Path, bytes] = {}
        errors: dict[Path, str] = {}
        for path in paths:
            try:
                pictures[path] = self._read(path)
            except OSError as error:
                errors[path] = f"cannot be read: {error.strerror or error}"
        rows = {row["path"]: row for row in self._answer(pictures)}
        rows |= {str(path): _failed(path, error) for path, error in errors.items()}
        return [rows[str(path)] for path in paths]

    def _answer(self, pictures: dict[Path, bytes]) -> list[PictureRow]:
        if not pictures:
            return []
        if self._gone.is_set():
            return [_failed(path, self._reason) for path in pictures]
        try:
            return self._ask(pictures)
        except DataError:
            return self._without_damaged(pictures)
        except RequestError as error:
            if len(pictures) == 1:
                return [_failed(path, str(error)) for path in pictures]
            # Too much for one message, or one bad picture in the batch: halves find out which.
            paths = list(pictures)
            halves = paths[: len(paths) // 2], paths[len(paths) // 2 :]
            return [row for half in halves for row in self._answer({p: pictures[p] for p in half})]
        except (UnreachableError, DeniedError) as error:
            self._reason = str(error)
            self._gone.set()
            return [_failed(path, self._reason) for path in pictures]
        except ServerError as error:
            return [_failed(path, str(error)) for path in pictures]

    def _ask(self, pictures: dict[Path, bytes]) -> list[PictureRow]:
        # A batch is of one group.
        group = self._groups.get(next(iter(pictures)), "")
        answer = self._client.predict_pictures(
            list(pictures.values()), headers=request_headers(group=group)
        )
        return [
            {
                "path": str(path),
                "class": answer.classes[at],
                "probability": float(answer.probabilities[at].max()),
                "probabilities": [float(value) for value in answer.probabilities[at]],
                "decision": answer.decisions[at],
                "model": answer.model,
                "version": answer.version,
                **{f"task:{task.name}": task.answers[at] for task in answer.tasks},
            }
            for at, path in enumerate(pictures)
        ]

    def _without_damaged(self, pictures: dict[Path, bytes]) -> list[PictureRow]:
        good: dict[Path, bytes] = {}
        rows: list[PictureRow] = []
        for path, data in pictures.items():
            try:
                good[path] = to_servable(data, name=path.name)
            except DataError as error:
                rows.append(_failed(path, str(error)))
        return rows + self._answer(good)


def _check_model(client: Client) -> None:
    """Say once, before thousands of pictures fail, that the model is of another kind."""
    signature = client.signature()
    inputs = [spec.name for spec in signature.inputs]
    outputs = [spec.name for spec in signature.outputs]
    if INPUT_BYTES not in inputs or OUTPUT_PROBABILITIES not in outputs:
        raise wrong_outputs(
            client.address, client.model, wanted=OUTPUT_PROBABILITIES, known=outputs
        )


def _failed(path: Path, error: str) -> PictureRow:
    return {"path": str(path), "probabilities": None, "error": error}
