"""What a published version answers over REST and gRPC, about held-out pictures if it can be.

A version is asked once. While neither it nor the pictures, the server and the libraries change, a
later run shows what it answered, and says when.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.console import Console

from components import common
from components.common import seeding
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.deployment import Deployment, ServedAnswer
from components.common.artifacts.model_folder import ModelVersion, newest_version
from components.common.artifacts.records import read_record, tree_sha256, write_record
from components.common.step_cache import library_versions, sources_sha256
from pipelines.config import TrainingRun
from pipelines.local.records import Snapshot

if TYPE_CHECKING:
    from serving.client import Predictions

PICTURES = 8

# Of one picture, over REST and over gRPC.
_Both = tuple[ServedAnswer, ServedAnswer]


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
    """The answers of one published version, and when it gave them.

    held_out: it has not learnt these pictures.
    """

    version: int
    asked: tuple[Asked, ...]
    asked_unix_s: float
    held_out: bool = True


def ask_served_model(
    settings: TrainingRun, last: Snapshot, *, cache_dir: Path | None, console: Console
) -> Served | None:
    """Return what the newest version answers, by both protocols.

    A version that the run has deployed answered when it was confirmed. Another one is served now
    and asked about test pictures; under cross-validation it has been fitted on all there are.

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
    base = Path(settings.model_base_path) / settings.model_name
    newest = newest_version(base)
    if newest is None:
        return None
    dataset = Dataset.read(last.output("validate", "validated"))
    rows = choose(dataset.judged(), pictures=PICTURES, seed=settings.seed)
    kept = cache_dir / "served" / f"{_key(newest, rows)}.json" if cache_dir else None
    if kept is not None and kept.is_file():
        return read_record(kept, Served)
    answers = _confirmed(last, newest)
    if answers is None:
        with console.status("starting the model server"):
            paths = rows["path"].tolist()
            answers = _asked_now(settings.model_name, base, dataset, paths)
    truths = dict(zip(dataset.manifest["path"], dataset.manifest["label"], strict=True))
    asked = tuple(
        Asked(
            path=over_rest.path,
            truth=str(truths[over_rest.path]),
            rest_decision=over_rest.decision,
            grpc_decision=over_grpc.decision,
            rest_probability=over_rest.probability,
            grpc_probability=over_grpc.probability,
        )
        for over_rest, over_grpc in answers
    )
    held_out = dataset.info.evidence != "cross_validation"
    served = Served(newest.number, asked, time.time(), held_out)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_record(kept, served)
    return served


def _confirmed(last: Snapshot, newest: ModelVersion) -> list[_Both] | None:
    """Return what this run's deploy heard of a server of its own; None where it heard nothing."""
    record = last.record("deploy")
    if record is None or "deployment" not in record.outputs:
        return None
    info = Deployment.read(last.output("deploy", "deployment")).info
    rest, grpc = (
        [one for one in info.answers if one.interface == interface]
        for interface in ("REST", "gRPC")
    )
    both = list(zip(rest, grpc, strict=False))
    if info.version != newest.number or not both:
        return None
    return both[:: -(-len(both) // PICTURES)]


def _asked_now(model_name: str, base: Path, dataset: Dataset, paths: Sequence[str]) -> list[_Both]:
    from serving.client import connect
    from serving.server.launch import launch

    pictures = [dataset.picture(path) for path in paths]
    with (
        tempfile.TemporaryDirectory() as folder,
        launch(model_name, base_path=base, log_path=Path(folder) / "log") as server,
        connect(server.rest_url, model=model_name) as over_rest,
        connect(server.grpc_address, model=model_name) as over_grpc,
    ):
        rest, grpc = (one.predict_pictures(pictures) for one in (over_rest, over_grpc))
    return list(zip(_answers(paths, rest, "REST"), _answers(paths, grpc, "gRPC"), strict=True))


def _answers(paths: Sequence[str], prediction: "Predictions", interface: str) -> list[ServedAnswer]:
    return [
        ServedAnswer(
            interface=interface,
            path=path,
            decision=decision,
            probability=float(probabilities.max()),
        )
        for path, decision, probabilities in zip(
            paths, prediction.decisions, prediction.probabilities, strict=True
        )
    ]


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
