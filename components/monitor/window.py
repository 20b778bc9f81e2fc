"""Window: which records of the log, or which pictures, are looked at, and which are left out."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.common.artifacts.drift_report import WindowInfo
from components.common.artifacts.prediction_log import model_log, read_log
from components.monitor.observations import Observations, from_table

_GOOD = {0, 200}  # gRPC's and HTTP's
# Clocks of two machines may differ; a record from the future beyond this is a broken clock's.
_SKEW_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is looked at. `notes` say what was left out, and why there is nothing if so."""

    observations: Observations
    info: WindowInfo
    notes: tuple[str, ...] = ()


def from_log(
    folder: Path, *, model: str, version: int, classes: int, window_h: float, now_unix_s: float
) -> Window:
    """Return the good predictions of one version in the hours before now.

    Args:
        folder: of the prediction log, all models; one that is not there is empty.
        model, version: whose predictions.
        classes: how many scores a prediction has.
        window_h: hours back from now.
        now_unix_s: the present.
    """
    root = model_log(folder, model)
    whole = read_log(root)
    notes = [f"{path} is damaged; what could be read of it was." for path in whole.damaged]
    frame = whole.table.select(["time_unix_s", "version", "status", "scores"]).to_pandas()
    times = frame["time_unix_s"].to_numpy(dtype=np.float64)
    reasons = np.full(len(frame), "", dtype=object)
    for reason, mask in (
        ("no finite answer", ~np.array([_usable(v, classes) for v in frame["scores"]], dtype=bool)),
        ("failed request", ~frame["status"].isin(_GOOD).to_numpy(dtype=bool)),
        ("other version", frame["version"].ne(version).to_numpy(dtype=bool)),
        ("dated in the future", times > now_unix_s + _SKEW_S),
        ("before the window", times < now_unix_s - window_h * 3600.0),
    ):
        reasons[mask] = reason  # the last one that fits is the one that counts
    kept = pa.array(np.flatnonzero(reasons == ""), type=pa.int64())
    left_out = Counter(str(reason) for reason in reasons if reason)
    del left_out["before the window"]
    if not len(kept):
        notes.append(_why_empty(root, frame["version"].to_numpy(), times, version, left_out))
    elif left_out["other version"]:
        notes.append(f"{left_out['other version']} predictions of other versions are left out.")
    observations = from_table(whole.table.take(kept), classes=classes)
    return Window(
        observations=observations,
        info=describe(observations, source=str(root), left_out=dict(left_out)),
        notes=tuple(notes),
    )


def describe(
    observations: Observations, *, source: str, left_out: dict[str, int] | None = None
) -> WindowInfo:
    """Return what the report says of a window."""
    times = observations.times_unix_s
    return WindowInfo(
        source=source,
        pictures=len(observations),
        embeddings=int(observations.has_features.sum()),
        groups=len(set(observations.groups) - {""}),
        first_unix_s=float(times[0]) if len(times) else 0.0,
        last_unix_s=float(times[-1]) if len(times) else 0.0,
        left_out=left_out or {},
    )


def now() -> float:
    """Return the present, in seconds since 1970."""
    return time.time()


def _usable(scores: object, classes: int) -> bool:
    if not isinstance(scores, np.ndarray) or len(scores) != classes:
        return False
    return bool(np.isfinite(scores.astype(np.float64)).all())


def _why_empty(
    root: Path, versions: object, times: object, version: int, left_out: "Counter[str]"
) -> str:
    assert isinstance(versions, np.ndarray) and isinstance(times, np.ndarray)
    if not len(times):
        return (
            f"The prediction log in {root} is empty; send predictions through `graft gateway`, or "
            "correct monitor.log."
        )
    if left_out["other version"]:
        others = ", ".join(str(one) for one in sorted(set(versions.tolist()) - {version}))
        return (
            f"The window holds predictions of version {others} only, but version {version} is the "
            "newest here; look whether the server has loaded it."
        )
    newest = datetime.fromtimestamp(float(times.max()), UTC)
    return (
        f"The window holds no usable prediction of version {version}; the newest record is from "
        f"{newest:%Y-%m-%d %H:%M} UTC."
    )
