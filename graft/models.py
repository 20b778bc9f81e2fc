"""`graft.load` and `graft.evaluate`: a published model, asked in this process."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from components.common.artifacts.judging.figures import Metric
    from serving.client.litert_client import LitertClient
    from serving.client.saved_model_client import SavedModelClient


@dataclass(frozen=True)
class LoadedModel:
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
            A row a picture as `graft predict` has it: path (an array's position), class,
            probability (of that class), probabilities (a list, in the order of `classes`),
            decision (the class that is answered, or "ask"), model, version and error, which is
            missing where all went well.

        Raises:
            DataError: there are no pictures, or an array has another shape or type.
        """
        from serving.client.pictures.arrays import predict_arrays
        from serving.client.pictures.folders import predict_folder

        given: Any = [pictures] if isinstance(pictures, str | Path) else pictures
        with _shown(progress):
            if all(isinstance(one, str | Path) for one in given):
                paths = [Path(one) for one in given]
                return predict_folder(paths, client=self._client, batch_size=batch_size)
            return predict_arrays(given, client=self._client, batch_size=batch_size)


def load(
    model: str | Path, *, version: int | None = None, models: str | Path = "serving/models"
) -> LoadedModel:
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
        return LoadedModel(lite.model, 0, lite.classes, lite)
    from pipelines.local.finished import silence_tensorflow
    from pipelines.passports.find import find_passport, find_version
    from serving.client.saved_model_client import SavedModelClient

    found = find_version(model, models=Path(models), number=version)
    passport = find_passport(str(found.number), found.path.parent)
    silence_tensorflow()
    client = SavedModelClient(found.path)
    return LoadedModel(client.model, found.number, passport.classes, client)


def evaluate(
    model: LoadedModel | str | Path, data: str | Path, *, progress: bool = True
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
    from pipelines.cli.settings import choose
    from pipelines.local.labelled import figures_of

    asked = model if isinstance(model, LoadedModel) else load(model)
    source = choose(None, Path(data)).run.ingest
    with _shown(progress):
        return table_of(figures_of(source, asked._client.answers, classes=asked.classes))


def table_of(figures: "Iterable[Metric]") -> "pd.DataFrame":
    """Return a row a figure, by its name: float columns `value`, `low`, `high`."""
    import pandas as pd

    rows = {one.name: (one.value, one.low, one.high) for one in figures}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "low", "high"])
    return table.rename_axis("figure")


@contextmanager
def _shown(progress: bool) -> Iterator[None]:
    from rich.console import Console

    from pipelines.console.progress import bars

    with bars(Console(stderr=True, quiet=not progress)):
        yield
