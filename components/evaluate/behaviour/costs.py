"""What the exported model costs: time of a call on this machine, size, parameters."""

import io
import itertools
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from components.common.artifacts.judging.figures import CallTime, Costs
from components.common.artifacts.records import files_below
from components.common.progress import track
from components.evaluate.behaviour.asked import ExportedModel

# Calls by batch; the first one, which meets this size for the first time, is not counted.
_CALLS = {1: 20, 32: 3}
_FIRST = 1


def measure_costs(
    asked: ExportedModel, pictures: Sequence[bytes], *, saved_model: Path, network: Path
) -> Costs:
    """Time the model and count what it consists of.

    Args:
        asked: the model.
        pictures: encoded ones as `pictures.to_servable` gives them, at least one; decoding is
            part of a call.
        saved_model: its folder.
        network: the Keras file that it was exported from; 0 parameters where there is none.
    """
    latency = []
    for batch, calls in track(_CALLS.items(), "timing the model"):
        repeated = itertools.cycle(pictures)
        times_ms = []
        for _ in range(_FIRST + calls):
            several = list(itertools.islice(repeated, batch))
            started = time.perf_counter()
            asked.answer(several)
            times_ms.append(1000.0 * (time.perf_counter() - started))
        median, p95 = np.quantile(times_ms[_FIRST:], (0.5, 0.95))
        latency.append(CallTime(batch=batch, median_ms=float(median), p95_ms=float(p95)))
    return Costs(
        latency=tuple(latency),
        size_bytes=sum(path.stat().st_size for path in files_below(saved_model)),
        parameters=_parameters(network),
    )


def _parameters(network: Path) -> int:
    """Return how many numbers a Keras file holds, without loading it."""
    import h5py

    if not network.exists():
        return 0
    with zipfile.ZipFile(network) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".weights.h5")), "")
        if not name:
            return 0
        # As a whole: out of the archive every look of h5py would unpack and check a piece again.
        with h5py.File(io.BytesIO(archive.read(name)), "r") as file:
            sizes: list[int] = []
            file.visititems(
                lambda _, item: sizes.append(item.size) if isinstance(item, h5py.Dataset) else None
            )
    return sum(sizes)
