"""The process that reads bodies: whatever they hold, it is all that can die of them.

It opens no file and no connection. Its memory is limited, so that the system never has to choose
what to kill; `serving.gateway.log.reader` starts it, limits its time and replaces it.
"""

import contextlib
import logging
import resource
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from components.common.pictures.grey_range import GreyRange
from serving.gateway.exchange import ServedExchange
from serving.gateway.reading.records import Record, Recorder, bare_records
from serving.gateway.reading.statistics_budget import StatisticsBudget
from serving.gateway.settings import MIB

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read of one exchange.

    counts: counters of `serving.gateway.log.counters.WORKER` to add to.
    last: the process ends after this one.
    """

    records: list[Record]
    counts: Mapping[str, int]
    last: bool = False


def serve(
    connection: Connection, busy_statistics_share: float, grey_range: GreyRange, memory_mib: int
) -> None:
    """Answer each ServedExchange with a Reading, until the end.

    Args:
        connection: to the log's process.
        busy_statistics_share, grey_range: see `LogSettings`.
        memory_mib: what reading one exchange may take, in MiB.
    """
    # The end of the connection is our sign, as the log's process has its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    limit_memory(memory_mib * MIB)
    counts: Counter[str] = Counter()
    budget = StatisticsBudget(busy_statistics_share)
    recorder = Recorder(budget=budget, counts=counts, grey_range=grey_range)
    looked_s = time.monotonic()
    going_on = True
    while going_on:
        try:
            exchange = connection.recv()
        except (EOFError, OSError):
            return
        if time.monotonic() - looked_s >= _LOOK_EVERY_S:
            budget.look()
            looked_s = time.monotonic()
        reading = _read(recorder, exchange, counts)
        going_on = not reading.last
        connection.send(reading)


def _read(recorder: Recorder, exchange: ServedExchange, counts: Counter[str]) -> Reading:
    counts.clear()
    try:
        records = recorder.records(exchange)
    except MemoryError:
        # What is left of the attempt lies about in memory, so a fresh process takes over.
        return Reading(records=bare_records(exchange.head), counts={"out_of_memory": 1}, last=True)
    except Exception:
        # One odd exchange must not end the log.
        _LOG.exception("a prediction could not be read")
        return Reading(records=bare_records(exchange.head), counts={"failures": 1})
    return Reading(records=records, counts=dict(counts))


def limit_memory(extra_bytes: int) -> None:
    """Let the data of this process grow by so much; only Linux keeps to it."""
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/self/status").read_text().splitlines()
        (used_kib,) = (int(line.split()[1]) for line in lines if line.startswith("VmData:"))
        limit = used_kib * 1024 + extra_bytes
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
