"""`graft.load` and `graft.evaluate`: a published model, asked in this process."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from serving.client.litert_client import LitertClient
    from serving.client.saved_model_client import SavedModelClient


@dataclass(frozen=True)
class Model:
    """A model that answers in this process, without a server.

    Attributes:
        name: of the model.
        version: its number; 0 for a LiteRT file.
        classes: in the order of the probabilities.
    """

    name: str
    version: int
    classes: tuple[str, ...]
    _client: "SavedModelClient | LitertClient"

    def predict(
        self,
        pictures: "str | Path | npt.NDArray[Any] | Sequence[str | Path | npt.NDArray[Any]]",
        *,
        batch_size: int = 32,
        progress: bool = True,
    ) -> "pd.DataFrame":
        """Classify pictures.

        Args:
            pictures: a file, a folder, an array, or several of them. An array is uint8 [H, W],
                [H, W, 1 or 3] or, of several pictures, [N, H, W, 1 or 3], RGB in [0, 255].
            batch_size: pictures in one call of the network.
            progress: show a bar.

        Returns:
            A row a picture as `graft predict` has it: path (an array's number), class,
            probability (of that class), probabilities (a list, in the order of `classes`),
            decision (the class that is answered, or "ask"), model, version and error, which is
            missing where all went well.

        Raises:
            DataError: there are no pictures, or an array has another shape or type.
        """
        from serving.client.folders import predict_each, predict_folder

        given = [pictures] if isinstance(pictures, str | Path) else list(pictures)
        with _shown(progress):
            if all(isinstance(one, str | Path) for one in given):
                paths = [Path(str(one)) for one in given]
                return predict_folder(paths, client=self._client, batch_size=batch_size)
            encoded = dict(_encoded(pictures if hasattr(pictures, "ndim") else given))
            return predict_each(
                list(encoded), encoded.__getitem__, client=self._client, batch_size=batch_size
            )


def load(
    model: str | Path, *, version: int | None = None, models: str | Path = "serving/models"
) -> Model:
    """Load a published model into this process.

    Args:
        model: the model's name, the folder of a version, or a `.tflite` file of Graft.
        version: of a model that is named; None is the newest.
        models: the folder that holds `<model name>/<version>/`.

    Raises:
        InputError: there is no such version, or no record of its classes.
        ExportError: TensorFlow cannot load it.
    """
    if str(model).endswith(".tflite"):
        from serving.client.litert_client import LitertClient

        lite = LitertClient(Path(model))
        return Model(lite.model, 0, lite.classes, lite)
    from pipelines.local.finished import silence_tensorflow
    from pipelines.passports.find import find_passport, find_version
    from serving.client.saved_model_client import SavedModelClient

    found = find_version(model, models=Path(models), number=version)
    classes = find_passport(str(found.number), found.path.parent).classes
    silence_tensorflow()
    return Model(found.path.parent.name, found.number, classes, SavedModelClient(found.path))


def evaluate(
    model: Model | str | Path, data: str | Path, *, progress: bool = True
) -> "pd.DataFrame":
    """Measure how good a model's answers are about labelled pictures.

    Args:
        model: as `load` returns it, or what `load` takes.
        data: a folder with a sub-folder for each class, or a manifest.csv, whose groups count.
            Take pictures that training has not seen: `FinishedRun.figures` rests on such.
        progress: show a bar.

    Returns:
        A row a figure with columns `value`, `low` and `high`, its 95 % interval.

    Raises:
        DataError: the pictures cannot be used, or a label is no class of the model.
    """
    from graft.figures import table_of
    from pipelines.cli.settings import choose
    from pipelines.local.labelled import figures_of

    asked = model if isinstance(model, Model) else load(model)
    source = choose(None, Path(data)).run.ingest
    with _shown(progress):
        return table_of(figures_of(source, asked._client.answers, classes=asked.classes))


@contextmanager
def _shown(progress: bool) -> Iterator[None]:
    from rich.console import Console

    from pipelines.console.progress import bars

    with bars(Console(stderr=True, quiet=not progress)):
        yield


def _encoded(arrays: "Iterable[npt.NDArray[Any]]") -> "Iterator[tuple[Path, bytes]]":
    """Yield each picture's number as a path, and its bytes."""
    import numpy as np

    from components.common.errors import DataError
    from components.common.pictures.decode import encode_png

    single = getattr(arrays, "ndim", 0)
    grey_or_rgb = single == 2 or (single == 3 and np.shape(arrays)[-1] in {1, 3})
    for number, one in enumerate([arrays] if grey_or_rgb else arrays):
        pixels = np.asarray(one)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in {1, 3}:
            raise DataError(
                "pictures as uint8 arrays [H, W], [H, W, 1] or [H, W, 3]",
                received=f"{pixels.dtype} {list(pixels.shape)} at position {number}",
                do="convert them, or give paths",
            )
        yield Path(str(number)), encode_png(pixels)
