"""What one look of the monitor costs, by its parts: `python -m benchmarks.look_time`.

A version with a reference of 1,600 pictures of 40 modules (embeddings of 1,280 numbers, drawn at
random) and a log of 600 pictures of 10 further modules. Each look is a process of its own, as a
schedule starts it: the first finds and keeps the thresholds, the later ones read them. Seconds by
part, and as ratios to `import tensorflow` in the same run, so that machines can be compared.

    python -m benchmarks.look_time --models FOLDER --name MODEL --pictures FOLDER

looks at a folder of pictures with a version that is published, whose model is then asked.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from components.common.artifacts.model_folder import reference_path
from components.common.artifacts.monitoring.prediction_log import SCHEMA, STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)

WIDTH, CLASSES, NOW = 1280, ("functional", "defective"), 1_767_600_000.0
LOOKS = 3
# The parts of a look, by the functions that the step calls; the rest of its time is "other".
PARTS = {
    "window": "components.monitor.step:_window",
    "detectors": "components.monitor.assess:measure",
    "cause": "components.monitor.assess:explain",
    "harm": "components.monitor.assess:estimate",
    "page": "components.monitor.step:_write_page",
}
_LOOK = f"""
import importlib, json, sys, time
start = time.perf_counter()
from pathlib import Path
from components.monitor.config import MonitorConfig
from components.monitor import step
spent = {{"imports": time.perf_counter() - start}}
def timed(name, call):
    def run(*given, **named):
        begun = time.perf_counter()
        try:
            return call(*given, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun
    return run
for name, place in {PARTS!r}.items():
    module, _, function = place.partition(":")
    module = importlib.import_module(module)
    setattr(module, function, timed(name, getattr(module, function)))
settings, out = json.loads(sys.argv[1]), sys.argv[2]
begun = time.perf_counter()
report = step.look(
    MonitorConfig(**settings), out=Path(out), run_id=out, now_unix_s=float(sys.argv[3])
)
whole = time.perf_counter() - begun
spent["other"] = whole - sum(spent[name] for name in spent if name != "imports")
assert report.info.detections, report.info.decision
print(json.dumps(spent))
"""


def observations(groups: int, each: int, *, seed: int) -> pd.DataFrame:
    """Return records of modules whose pictures resemble each other."""
    rng, count = np.random.default_rng(seed), groups * each
    module = np.repeat(np.arange(groups), each)
    truth = rng.random(count) < 0.27
    own = rng.normal(0, 1, (groups, WIDTH))[module]
    features = 0.5 * own + rng.normal(0, 1, (count, WIDTH)) + truth[:, None]
    positive = 1 / (1 + np.exp(-np.where(truth, 1.5, -1.5) - rng.normal(0, 1.2, count)))
    frame = pd.DataFrame(
        {
            "time_unix_s": NOW - 60.0 - np.arange(count)[::-1],
            "request_id": [f"{seed}-{row}" for row in range(count)],
            "scores": list(np.stack([1 - positive, positive], axis=1)),
            "decision": np.where(positive > 0.5, CLASSES[1], CLASSES[0]),
            "embedding": list(features.astype(np.float32)),
            "picture_sha256": [f"{seed}-{row}" for row in range(count)],
            "group": [f"{seed}-module-{number}" for number in module],
            "label": np.where(truth, CLASSES[1], CLASSES[0]),
        }
    )
    usual = rng.normal(1, 0.05, (groups, len(STATISTIC_COLUMNS)))[module]
    for place, name in enumerate(STATISTIC_COLUMNS):
        frame[name] = (20.0 + 5 * place) * usual[:, place] * rng.normal(1, 0.1, count)
    return frame.assign(
        row=0, model="model", version=1, interface="REST", status=200, latency_ms=1.0,
        picture_bytes=1, height_px=300, width_px=300, line="", camera="", split="test",
    )  # fmt: skip


def published(home: Path) -> dict[str, str]:
    """Write the version, its reference and the log; return the settings of a look."""
    root = home / "models" / "model"
    (root / "1").mkdir(parents=True)
    known = observations(40, 40, seed=0)
    info = ReferenceInfo(
        model_name="model", model_sha256="m", data_sha256="d", classes=CLASSES,
        positive=CLASSES[1], pictures=len(known), groups=40, seed=0,
        accuracy=float((known["decision"] == known["label"]).mean()),
    )  # fmt: skip
    Reference(reference_path(root, 1), info).write(
        pa.Table.from_pandas(known, OBSERVATIONS_SCHEMA, preserve_index=False)
    )
    day = home / "log" / "model" / time.strftime("%Y-%m-%d", time.gmtime(NOW))
    day.mkdir(parents=True)
    seen = pa.Table.from_pandas(observations(10, 60, seed=1), SCHEMA, preserve_index=False)
    pq.write_table(seen, day / "part.parquet")
    return {"model_base_path": str(home / "models"), "log": str(home / "log")}


def one_look(settings: dict[str, str], out: Path, *, now: float) -> dict[str, float]:
    """Return the seconds of each part of a look in a process of its own."""
    command = [sys.executable, "-c", _LOOK, json.dumps(settings), str(out), str(now)]
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    whole = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    parts: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    start = whole - sum(parts.values())
    return {"start and end": start, **parts, "whole": whole}


def main() -> None:
    """Time the looks and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", default="", help="base path of a published version")
    parser.add_argument("--name", default="model")
    parser.add_argument("--pictures", default="", help="a folder of pictures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder:
        home, now = Path(folder), NOW
        if asked.models:
            now = time.time()
            settings = {
                "model_base_path": asked.models,
                "model_name": asked.name,
                "pictures": asked.pictures,
            }
        else:
            settings = published(home)
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import tensorflow"], check=True, capture_output=True)
        unit = time.perf_counter() - begun
        looks = [one_look(settings, home / f"out-{n}", now=now) for n in range(LOOKS)]
    found = Table("part", *(f"look {n + 1}, s" for n in range(LOOKS)), "last, ratio")
    for part in looks[0]:
        cells = [f"{look[part]:.2f}" for look in looks]
        found.add_row(part, *cells, f"{looks[-1][part] / unit:.2f}")
    Console().print(found)
    print(f"import tensorflow: {unit:.1f} s")


if __name__ == "__main__":
    main()
