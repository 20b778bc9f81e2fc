"""Wait for a run, and report each change."""

import time
from collections.abc import Callable

from pipelines.cluster.connect import Connection
from pipelines.cluster.runs.client import Run, get


def follow(
    connection: Connection,
    run: Run,
    *,
    on_change: Callable[[Run], None],
    poll_s: float = 5.0,
) -> Run:
    """Ask for a run again and again until it is over.

    Args:
        connection: to the server; its patience bridges an API server that restarts.
        run: just started.
        on_change: called with every answer.
        poll_s: between two questions.

    Raises:
        ServerError: the server stayed silent longer than the patience, or the login ran out. The
            run itself goes on.
    """
    while True:
        on_change(run)
        if run.over:
            return run
        time.sleep(poll_s)
        run = get(connection, run.run_id)
