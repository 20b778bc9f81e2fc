"""Start the server on what is published and ask it about pictures, held-out ones if it can be.

A version is asked once. While neither it nor the pictures, the server and the libraries change, a
later run shows what it answered, and says when.
"""

import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from components import common
from components.common import seeding
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.model_folder import ModelVersion, newest_version
from components.common.artifacts.records import read_record, tree_sha256, write_record
from components.common.step_cache import library_versions, sources_sha256
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
    """The answers of one published version, and when it gave them."""

    version: int
    asked: tuple[Asked, ...]
    asked_unix_s: float


def ask_served_model(
    settings: TrainingRun, last: Snapshot, *, cache_dir: Path | None, console: Console
) -> Served | None:
    """Serve the newest version and query pictures of the finished run by both protocols.

    Those are test pictures; under cross-validation the model has been fitted on all there are.

    Args:
        settings: of the run.
        last: how it ended.
        cache_dir: where answers are kept; None asks in any case.
        console: shows that the server starts.

    Returns:
        The answers, or None when no version has been published.

    Raises:
        ServerError: the server did not start or did not answer.
    """
    from serving.client import connect
    from serving.server.launch import launch

    base = Path(settings.model_base_path) / settings.model_name
    newest = newest_version(base)
    if newest is None:
        return None
    dataset = Dataset.read(last.output("validate", "validated"))
    rows = choose(dataset.judged(), pictures=PICTURES, seed=settings.seed)
    pictures = [dataset.picture(path) for path in rows["path"]]
    kept = cache_dir / "served" / f"{_key(newest, rows)}.json" if cache_dir else None
    if kept is not None and kept.is_file():
        return read_record(kept, Served)
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
    served = Served(int(rest.version), asked, time.time())
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_record(kept, served)
    return served


def _key(version: ModelVersion, rows: pd.DataFrame) -> str:
    """Return the digest of all that the answers depend on."""
    from serving import client

    # Not the namespace's own path: a folder "serving" where the user works belongs to it too.
    code = Path(client.__path__[0]).parent
    parts = {
        "version": [str(version.path.resolve()), tree_sha256(version.path)],
        "pictures": rows[["path", "sha256", "label"]].to_numpy().tolist(),
        "code": sources_sha256([code, Path(common.__path__[0])]),
        "libraries": library_versions(),
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def choose(test: pd.DataFrame, *, pictures: int, seed: int) -> pd.DataFrame:
    """Pick manifest rows at random, as evenly over the classes as they go."""
    shuffled = test.sample(frac=1.0, random_state=seeding.derive(seed, "held-out"))
    turn = shuffled.groupby("label").cumcount()
    order = turn.sort_values(kind="stable").index
    return shuffled.loc[order].head(pictures).reset_index(drop=True)
