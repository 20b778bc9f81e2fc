"""Ask a real server about test pictures and compare with what was evaluated."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.deployment import Agreement, Latency, ServedAnswer
from components.common.artifacts.judging.evaluation import Evaluation, probabilities
from components.common.errors import PublishError
from components.common.progress import track
from serving.client import Client, connect
from serving.server.launch import RunningServer, launch

# Before any number that a version is published under.
_REHEARSED = 0


@dataclass(frozen=True)
class Questions:
    """Pictures, and what the model answered about them before it was served.

    Attributes:
        pictures: N encoded pictures.
        paths: their names in the Dataset.
        answers: float64 [N, C], probabilities.
        max_difference: largest gap allowed between a served and an evaluated probability.
    """

    pictures: tuple[bytes, ...]
    paths: tuple[str, ...]
    answers: npt.NDArray[np.float64]
    max_difference: float


def questions(
    evaluation: Evaluation,
    candidate: Path,
    dataset: Dataset,
    *,
    count: int,
    max_difference: float,
) -> Questions:
    """Choose `count` of the pictures that the model itself was asked about, spread evenly.

    Those are the test pictures; under cross-validation, where the evaluation holds what folds
    answered, the pictures that export compared trained and exported answers on.
    """
    if evaluation.info.evidence == "holdout":
        predictions = evaluation.predictions()
        paths = predictions["path"].astype(str).tolist()
        answers = probabilities(predictions, evaluation.info.classes).to_numpy(dtype=np.float64)
    else:
        shipped = Candidate.read(candidate)
        paths = shipped.parity_paths()
        answers = shipped.parity_probabilities().astype(np.float64)
    count = min(count, len(paths))
    rows = np.linspace(0, len(paths) - 1, count).round().astype(int)
    return Questions(
        pictures=tuple(dataset.picture(paths[row]) for row in rows),
        paths=tuple(paths[row] for row in rows),
        answers=answers[rows],
        max_difference=max_difference,
    )


@dataclass(frozen=True)
class Heard:
    """Whether a server agrees with what was evaluated, and what it answered, one a picture."""

    agreement: Agreement
    answers: tuple[ServedAnswer, ...]


class RehearsalServer:
    """A model server of our own, started when it is first needed, and the folder that it serves.

    Rehearsal and confirmation share it: most of a server's start is importing TensorFlow.
    """

    def __init__(self, model_name: str, *, timeout_s: float, until: ExitStack) -> None:
        self._model_name = model_name
        self._timeout_s = timeout_s
        self._until = until
        self._folder: Path | None = None
        self._server: RunningServer | None = None

    def serve(self, saved_model: Path, *, version: int) -> RunningServer:
        """Return the server once it answers with a SavedModel as that version.

        Args:
            saved_model: a version folder, which is read where it is.
            version: larger than those served before, since the newest answers.

        Raises:
            ServerError: it does not load or does not answer.
        """
        if self._folder is None:
            folder = tempfile.TemporaryDirectory(prefix="graft-rehearsal-")
            self._folder = Path(self._until.enter_context(folder))
        versions = self._folder / self._model_name
        versions.mkdir(exist_ok=True)
        (versions / str(version)).symlink_to(saved_model.resolve(), target_is_directory=True)
        if self._server is None:
            started = launch(
                self._model_name,
                base_path=versions,
                timeout_s=self._timeout_s,
                log_path=self._folder / "server.log",
                # A model that does not load will not load a minute later.
                flags=("--max_num_load_retries=0",),
            )
            self._server = self._until.enter_context(started)
        else:
            with connect(self._server.rest_url, model=self._model_name) as client:
                client.wait_until_available(version=version, timeout_s=self._timeout_s)
        return self._server

    def close(self) -> None:
        """End the server, if there is one."""
        self._until.close()


@contextmanager
def staging(model_name: str, *, timeout_s: float) -> Iterator[RehearsalServer]:
    """Yield a RehearsalServer whose server ends with the block, and its folder and log with it."""
    with ExitStack() as until:
        yield RehearsalServer(model_name, timeout_s=timeout_s, until=until)


def rehearse(
    saved_model: Path, *, model_name: str, asked: Questions, own_server: RehearsalServer
) -> tuple[Agreement, ...]:
    """Serve the candidate alone in a server of its own and ask it over gRPC and REST.

    Raises:
        PublishError: it answers otherwise than when it was evaluated.
        ServerError: it does not load or does not answer.
    """
    server = own_server.serve(saved_model, version=_REHEARSED)
    heard = ask_both(
        server, model_name=model_name, version=_REHEARSED, asked=asked, activity="rehearsing"
    )
    return tuple(one.agreement for one in heard)


def ask_both(
    server: RunningServer,
    *,
    model_name: str,
    version: int,
    asked: Questions,
    activity: str,
) -> tuple[Heard, ...]:
    """Ask one server over gRPC and over REST; raises as `ask`."""
    found = []
    for address in (server.grpc_address, server.rest_url):
        with connect(address, model=model_name) as client:
            found.append(ask(client, version=version, asked=asked, activity=activity))
    return tuple(found)


def ask(client: Client, *, version: int, asked: Questions, activity: str) -> Heard:
    """Ask about all pictures at once, then about each alone, timing the latter.

    Args:
        client: a connection to the server.
        version: the version that must answer.
        asked: pictures and evaluated answers.
        activity: what the progress report calls this; the interface is added.

    Raises:
        PublishError: another version answered, or an answer differs from the evaluated one.
        ServerError: the server does not answer.
    """
    together = client.predict_pictures(list(asked.pictures))
    differences = [_difference(together.probabilities, asked.answers, client)]
    answered_by = {together.version}
    times_ms = []
    by = interface(client.address)
    for index, picture in enumerate(track(asked.pictures, f"{activity} ({by})")):
        started = time.perf_counter()
        alone = client.predict_pictures([picture])
        times_ms.append(1000.0 * (time.perf_counter() - started))
        differences.append(
            _difference(alone.probabilities, asked.answers[index : index + 1], client)
        )
        answered_by.add(alone.version)
    if answered_by != {version}:
        raise PublishError(
            f"answers from version {version} at {client.address}",
            received=f"answers from version {sorted(answered_by)}",
            do="check which folder and version policy the server was started with",
        )
    if max(differences) > asked.max_difference:
        raise PublishError(
            f"the evaluated probabilities from {client.address}, within {asked.max_difference:g}",
            received=f"a difference of {max(differences):.2g}",
            do="check that the server's TensorFlow is the version that exported the model",
        )
    agreement = Agreement(
        interface=by,
        pictures=len(asked.pictures),
        max_difference=max(differences),
        latency=Latency(
            median_ms=float(np.median(times_ms)),
            p95_ms=float(np.quantile(times_ms, 0.95)),
            requests=len(times_ms),
        ),
    )
    answers = [
        ServedAnswer(
            interface=by, path=path, decision=decision, probability=float(probabilities.max())
        )
        for path, decision, probabilities in zip(
            asked.paths, together.decisions, together.probabilities, strict=True
        )
    ]
    return Heard(agreement, tuple(answers))


def interface(address: str) -> str:
    """Return "REST" or "gRPC", as the address says."""
    return "REST" if address.startswith(("http://", "https://")) else "gRPC"


def _difference(
    served: npt.NDArray[np.float32], evaluated: npt.NDArray[np.float64], client: Client
) -> float:
    if served.shape != evaluated.shape:
        raise PublishError(
            f"probabilities of shape {evaluated.shape} from {client.address}",
            received=f"shape {served.shape}",
            do="run the pipeline again; the model that serves is another one",
        )
    # A NaN would pass any comparison; it counts as the largest gap there is.
    return float(np.nan_to_num(np.abs(served - evaluated), nan=1.0).max())
