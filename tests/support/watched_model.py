"""A model in production for a week: its log, the monitor's looks with a report, two versions."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from blank_passport import blank_passport
from PIL import Image

from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.monitoring.drift_report import (
    Detection,
    DriftReport,
    DriftReportInfo,
    Explanation,
    Harm,
    PolicyDecision,
    Telling,
    WindowInfo,
    Word,
)
from components.common.artifacts.monitoring.prediction_log import (
    PICTURES,
    SCHEMA,
    STATISTIC_COLUMNS,
)
from components.common.artifacts.passport import write_passport
from components.common.artifacts.records import write_record
from components.common.step_record import StepRecord
from components.monitor.decide.history import DecisionHistory, HistoryEntry

MODEL = "parts"
CLASSES = ("bad", "good")
DAY_S = 86_400.0
# Noon of a Thursday.
NOW_UNIX_S = 1_795_694_400.0
ALARM_RUN = "20261126-060000-monitor"


def picture(seed: int, side_px: int = 48) -> bytes:
    """Return a grey part with a dark spot, as PNG."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(150, 12, (side_px, side_px))
    row, column = rng.integers(8, side_px - 8, 2)
    levels[row - 6 : row + 6, column - 6 : column + 6] -= 90
    buffer = io.BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def write_log(
    root: Path, *, days: int = 7, each: int = 10, now_unix_s: float = NOW_UNIX_S
) -> list[str]:
    """Write the log of some days up to now, all pictures kept; return their SHA-256.

    The share of "bad" rises from day to day, and one picture a day is asked about.
    """
    (root / PICTURES).mkdir(parents=True)
    kept = []
    for day in range(days):
        rows = []
        for number in range(each):
            data = picture(day * each + number)
            sha256 = hashlib.sha256(data).hexdigest()
            (root / PICTURES / f"{sha256}.png").write_bytes(data)
            kept.append(sha256)
            bad = number < 1 + day
            p = 0.5 if number == each - 1 else 0.9 - 0.01 * number
            known = {
                "time_unix_s": now_unix_s - (days - 1 - day) * DAY_S - 60.0 * (each - number),
                "request_id": f"{day}-{number}",
                "row": 0,
                "model": MODEL,
                "version": 2,
                "status": 200,
                "scores": [p, 1 - p] if bad else [1 - p, p],
                "decision": "ask" if number == each - 1 else CLASSES[int(not bad)],
                "picture_sha256": sha256,
                "group": f"lot-{day}",
                "line": "north",
                **dict.fromkeys(STATISTIC_COLUMNS, float(day * each + number)),
            }
            rows.append({name: known.get(name) for name in SCHEMA.names})
        start = np.datetime64(int(rows[0]["time_unix_s"]), "s").astype("datetime64[D]")
        (root / str(start)).mkdir()
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), root / str(start) / "0-w.parquet")
    return kept


def write_records(
    root: Path,
    pictures: Sequence[tuple[bytes, str]],
    *,
    classes: tuple[str, str],
    end_unix_s: float,
) -> None:
    """Write one part of a log: pictures, kept, and what was answered, a minute apart."""
    (root / PICTURES).mkdir(parents=True)
    rows = []
    for number, (data, decision) in enumerate(pictures):
        sha256 = hashlib.sha256(data).hexdigest()
        (root / PICTURES / f"{sha256}.png").write_bytes(data)
        known = {
            "time_unix_s": end_unix_s - 60.0 * (len(pictures) - number),
            "request_id": str(number),
            "row": 0,
            "version": 1,
            "status": 200,
            "scores": [0.6 if name == decision else 0.4 for name in classes],
            "decision": decision,
            "picture_sha256": sha256,
            "group": "lot-new",
            **dict.fromkeys(STATISTIC_COLUMNS, float(number)),
        }
        rows.append({name: known.get(name) for name in SCHEMA.names})
    day = np.datetime64(int(rows[0]["time_unix_s"]), "s").astype("datetime64[D]")
    (root / str(day)).mkdir()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), root / str(day) / "0-w.parquet")


def write_model(models: Path, *, data: Path | None = None) -> Path:
    """Write two versions' passports and the folder of the second; return the model's folder.

    Args:
        models: the folder of all models.
        data: the data set that the passports name.
    """
    ingest = {"ingest": {"source": "folder", "path": str(data)}} if data else {}
    model_dir = models / MODEL
    for version, age_days in ((1, 30.0), (2, 5.0)):
        passport = blank_passport(
            model_name=MODEL,
            version=version,
            created_unix_s=NOW_UNIX_S - age_days * DAY_S,
            classes=CLASSES,
            settings={"model_name": MODEL, **ingest},
            state="retired" if version == 1 else "confirmed",
        )
        write_passport(model_dir, passport)
    (model_dir / "2").mkdir()
    return model_dir


def write_data(root: Path, *, each: int = 4) -> Path:
    """Write a data set: a folder a class."""
    for place, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for number in range(each):
            data = picture(5000 + 100 * place + number)
            (root / name / f"{number}.png").write_bytes(data)
    return root


def write_looks(model_dir: Path, runs_dir: Path, pictures: list[str]) -> None:
    """Write four looks, of which the third one alarms and the fourth starts a retraining."""
    history = DecisionHistory(model_dir)
    words: tuple[tuple[str, Word, float, float], ...] = (
        ("20261124-060000-monitor", "keep", 0.4, 0.2),
        ("20261125-060000-monitor", "keep", 0.7, 0.9),
        (ALARM_RUN, "ask", 1.6, 3.1),
        ("20261126-110000-monitor", "retrain", 1.9, 6.2),
    )
    with history.deciding():
        for place, (run_id, word, ratio, loss) in enumerate(words):
            at = NOW_UNIX_S - (4 - place) * DAY_S + 3600.0
            entry = HistoryEntry(
                time_unix_s=at,
                run_id=run_id,
                version=2,
                word=word,
                reasons=(f"The statistics moved by {ratio} <thresholds>.",),
                key="",
                loss_points=loss,
            )
            history.append(entry)
            _write_report(runs_dir / run_id, entry, ratio, pictures)
        mine = Claim(key="week-48", run_id=words[-1][0], time_unix_s=at)
        history.claim("runs", mine, run_lease_s=1.0)


def write_reference_picture(model_dir: Path, sha256: str) -> None:
    """Keep a small copy of a picture with the reference of version 2."""
    folder = model_dir / "references" / "2" / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sha256}.png").write_bytes(picture(999))


def _write_report(run_dir: Path, entry: HistoryEntry, ratio: float, pictures: list[str]) -> None:
    info = DriftReportInfo(
        model_name=MODEL,
        version=2,
        created_unix_s=entry.time_unix_s,
        window=WindowInfo(
            source="the log",
            pictures=60,
            embeddings=0,
            groups=6,
            first_unix_s=entry.time_unix_s - 7 * DAY_S,
            last_unix_s=entry.time_unix_s,
            left_out={},
        ),
        detections=(
            Detection(
                detector="shifted_statistics",
                statistic=2.0 * ratio,
                threshold=2.0,
                p_value=0.01,
                alarm=ratio > 1,
                promise="one false alarm in 20 windows",
            ),
            Detection(
                detector="cusum", statistic=0.1, threshold=1.0, p_value=float("nan"), alarm=False
            ),
        ),
        explanation=Explanation(
            family="product",
            fault="new_look",
            confidence=0.7,
            advice="Label some of these pictures.",
            telling=(
                Telling(picture=pictures[-1], nearest="b" * 64, score=3.5),
                Telling(picture="c" * 64, nearest="d" * 64, score=2.5),
            ),
        ),
        harm=Harm(
            verdict="not enough evidence",
            loss_points=entry.loss_points or 0.0,
            low=-1.0,
            high=8.0,
            basis="estimate",
            reference_accuracy=0.9,
        ),
        decision=PolicyDecision(word=entry.word, reasons=entry.reasons),
    )
    drift = run_dir / "artifacts" / "drift"
    DriftReport(drift, info).write()
    (run_dir / "steps").mkdir()
    record = StepRecord(
        step="monitor",
        state="done",
        started_unix_s=entry.time_unix_s,
        result=entry.word,
        outputs={"drift": str(drift)},
    )
    write_record(run_dir / "steps" / "monitor.json", record)
