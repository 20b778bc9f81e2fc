"""What the server's bfloat16 setting changes in a model's answers, and how much sooner they come.

    python -m benchmarks.server_bfloat16 [--saved-model serving/models/solar/1] [--pictures 2624]

The demo's pictures are answered by the server's own graph with its batching, once in float32 and
once by `serving/config/bfloat16.config`, one request of 25 after the other; the seconds are the
medians of turns. ROC-AUC is of all of them, most of which the model has learnt: what counts is the
difference.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from components.ingest.step import read_source
from pipelines.config import read_preset, resolve
from serving.server.config_files import read_batching_parameters, read_session_config
from serving.server.graph.light_tensorflow import import_tensorflow
from serving.server.graph.servable import Servable

CONFIG = Path(__file__).resolve().parents[1] / "serving" / "config"
# What a server may answer differently in bfloat16.
LIMIT = 0.1
_REQUEST = 25


@dataclass(frozen=True)
class Answers:
    """Probabilities float32 [N, classes], decisions [N] ("ask" among them), and the seconds."""

    probabilities: npt.NDArray[np.float32]
    decisions: npt.NDArray[Any]
    seconds: float


def ask(servable: Servable, pictures: list[bytes]) -> Answers:
    """Ask for every picture, a request of 25 after the other."""
    began, wanted = time.monotonic(), ["probabilities", "decision"]
    parts = []
    for first in range(0, len(pictures), _REQUEST):
        given = {"image_bytes": np.array(pictures[first : first + _REQUEST], object)}
        parts.append(servable.run("serving_default", given, wanted, timeout_ms=0))
    probabilities, decisions = (np.concatenate([part[name] for part in parts]) for name in wanted)
    return Answers(probabilities, decisions, time.monotonic() - began)


def table(turns: dict[str, list[Answers]], positive: npt.NDArray[np.bool_]) -> Table:
    """Return a row a precision; `positive` says of which pictures the last class is true, [N]."""
    from sklearn.metrics import roc_auc_score

    drawn = Table("computed in", "pictures/s", "largest change of a probability", "mean")
    drawn.add_column(f"above {LIMIT}, the limit")
    drawn.add_column("decisions changed")
    drawn.add_column("ROC-AUC")
    plain = turns["float32"][-1]
    for name, taken in turns.items():
        answers, seconds = taken[-1], statistics.median(one.seconds for one in taken)
        change = np.abs(answers.probabilities - plain.probabilities)
        drawn.add_row(
            name,
            f"{len(positive) / seconds:.0f}",
            f"{change.max():.3f}",
            f"{change.mean():.4f}",
            f"{np.count_nonzero(change.max(axis=1) > LIMIT)} of {len(positive)}",
            f"{np.count_nonzero(answers.decisions != plain.decisions)}",
            f"{roc_auc_score(positive, answers.probabilities[:, -1]):.4f}",
        )
    return drawn


def main() -> None:
    """Load the model twice, ask in turns, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--saved-model", type=Path, default=Path("serving/models/solar/1"))
    parser.add_argument("--pictures", type=int, default=2624, help="of the demo's")
    parser.add_argument("--turns", type=int, default=3, help="of each precision, after a first")
    asked = parser.parse_args()
    if not (asked.saved_model / "saved_model.pb").is_file():
        parser.error(
            f"expected a version of the demo's model, received: none at {asked.saved_model};"
            " publish one by `make run`, or name one by --saved-model"
        )
    if asked.turns < 1 or asked.pictures < 1:
        parser.error("expected at least one turn and one picture")
    tf = import_tensorflow()
    every = read_source(resolve(read_preset("solar")).ingest).pictures
    places = np.linspace(0, len(every) - 1, min(asked.pictures, len(every))).round().astype(int)
    chosen = [every[place] for place in places]
    pictures = [one.read() for one in chosen]
    batching = read_batching_parameters(str(CONFIG / "batching.config"), default_threads=2)
    sessions = {
        "float32": tf.compat.v1.ConfigProto(),
        "bfloat16": read_session_config(str(CONFIG / "bfloat16.config")),
    }
    servables = {
        name: Servable(
            model="solar", version=1, path=asked.saved_model, batching=batching, session=session
        )
        for name, session in sessions.items()
    }
    turns: dict[str, list[Answers]] = {name: [] for name in servables}
    for turn in range(asked.turns + 1):
        for name, servable in servables.items():
            answers = ask(servable, pictures)
            # The first turn compiles.
            turns[name] += [answers] if turn else []
    positive = np.array([one.label == "defective" for one in chosen])
    Console(width=160).print(table(turns, positive))


if __name__ == "__main__":
    main()
