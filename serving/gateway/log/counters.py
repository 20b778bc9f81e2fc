"""What is counted on the way into the log, with the help text that Prometheus shows.

Every counter starts at 0, so that an alert sees the first event.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final

# Counted by the gateway's own process.
QUEUE: Final[Mapping[str, str]] = {
    "offered": "Predictions that should be logged.",
    "dropped": "Predictions not logged: the queue was full, or there was no log process.",
    "lost": "Predictions not logged: the log process ended before it wrote them.",
    "worker_restarts": "Log processes that ended, or were ended because they hung.",
}
# Counted by the log's process; as metrics their names begin with `log_`.
WORKER: Final[Mapping[str, str]] = {
    "received": "Predictions that reached the log process.",
    "rows": "Records written, one a picture.",
    "rows_dropped": "Records given up: the disk refused them for too long.",
    "write_failures": "Writes that the disk refused; they are tried again.",
    "parts_beyond_size": "Parts removed since the log had grown beyond its size.",
    "pictures": "Pictures that joined the sample for people.",
    "reader_restarts": "Reading processes that died of one prediction, or were ended by the "
    "time limit; what it said is not in its record.",
    "out_of_memory": "Predictions that would take too much memory to read.",
    "unreadable_requests": "Requests that are not what their interface says.",
    "unreadable_answers": "Answers that are not what their interface says.",
    "undecodable": "Pictures that cannot be decoded.",
    "unknown_model": "Predictions of models that never answered; they have no record.",
    "unusable_model_name": "Predictions whose model's name cannot be a folder; no record.",
    "statistics_skipped": "Pictures not measured: no time, or too large.",
    "embeddings": "Embeddings added to records.",
    "embeddings_skipped": "Sampled pictures without an embedding: the rate limit, or a pause.",
    "embeddings_failed": "Embeddings that the model server did not give.",
    "failures": "Predictions that could not be logged for any other reason.",
}


def zeros(names: Mapping[str, str]) -> Counter[str]:
    """Return every counter at 0."""
    return Counter(dict.fromkeys(names, 0))
