"""Start the server on what is published and ask it about pictures, held-out ones if it can be."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from components.common import seeding
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.model_folder import newest_version
from pipelines.config import TrainingRun
from pipelines.local.records import Snapshot

PICTURES = 8


@dataclass(frozen=True)
class Asked:
    """One picture: what is true, and what REST and gRPC decided, a class or "ask"."""

    path: str
    truth: str
    rest_decision: str
    grpc_decision: str
    rest_probability: float
    grpc_probability: float


@dataclass(frozen=True)
class Served:
    """The answers of one published version."""

    version: int
    asked: tuple[Asked, ...]


def ask_served_model(settings: TrainingRun, last: Snapshot, *, console: Console) -> Served | None:
    """Serve the newest version and query pictures of the finished run by both protocols.

    Those are test pictures; under cross-validation the model has been fitted on all there are.

    Returns:
        The answers, or None when no version has been published.

    Raises:
        ServerError: the server did not start or did not answer.
    """
    from serving.client import connect
    from serving.server.launch import launch

    base = Path(settings.model_base_path) / settings.model_name
    if newest_version(base) is None:
        return None
    dataset = Dataset.read(last.output("validate", "validated"))
    rows = choose(dataset.judged(), pictures=PICTURES, seed=settings.seed)
    pictures = [dataset.picture(path) for path in rows["path"]]
    with (
        console.status("starting the model server"),
        tempfile.TemporaryDirectory() as folder,
        launch(settings.model_name, base_path=base, log_path=Path(folder) / "log") as server,
        connect(server.rest_url, model=settings.model_name) as over_rest,
        connect(server.grpc_address, model=settings.model_name) as over_grpc,
    ):
        rest = over_rest.predict_pictures(pictures)
        grpc = over_grpc.predict_pictures(pictures)
    asked = tuple(
        Asked(
            path=str(row.path),
            truth=str(row.label),
            rest_decision=rest.decisions[i],
            grpc_decision=grpc.decisions[i],
            rest_probability=float(rest.probabilities[i].max()),
            grpc_probability=float(grpc.probabilities[i].max()),
        )
        for i, row in enumerate(rows.itertuples())
    )
    return Served(int(rest.version), asked)


def choose(test: pd.DataFrame, *, pictures: int, seed: int) -> pd.DataFrame:
    """Pick manifest rows at random, as evenly over the classes as they go."""
    shuffled = test.sample(frac=1.0, random_state=seeding.derive(seed, "held-out"))
    turn = shuffled.groupby("label").cumcount()
    order = turn.sort_values(kind="stable").index
    return shuffled.loc[order].head(pictures).reset_index(drop=True)
