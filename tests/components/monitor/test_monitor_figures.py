"""What a look leaves for dashboards."""

from dataclasses import replace
from pathlib import Path

from components.common.artifacts.monitoring.drift_report import (
    WORDS,
    Detection,
    DriftReportInfo,
    Explanation,
    Harm,
    PolicyDecision,
    WindowInfo,
)
from components.common.artifacts.records import write_record
from components.common.store_figures import read_figures
from components.monitor.decide.history import Claim
from components.monitor.figures import show_figures

INFO = DriftReportInfo(
    model_name="parts",
    version=3,
    created_unix_s=2_000.0,
    window=WindowInfo(
        source="log",
        pictures=50,
        embeddings=5,
        groups=2,
        first_unix_s=500.0,
        last_unix_s=1_500.0,
        left_out={"duplicate": 4},
    ),
    detections=(
        Detection(detector="cusum", statistic=3.0, threshold=2.0, p_value=0.01, alarm=True),
    ),
    explanation=Explanation(family="none", fault="", confidence=1.0, advice=""),
    harm=Harm(
        verdict="harmful",
        loss_points=2.5,
        low=-1.0,
        high=6.0,
        basis="estimate",
        reference_accuracy=0.9,
    ),
    decision=PolicyDecision(word="retrain", reasons=(), key="k"),
)


def shown(base_path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for metric in read_figures(base_path):
        for sample in metric.samples:
            assert sample.labels.pop("model") == "parts"
            found.setdefault(metric.name, {})["".join(sample.labels.values())] = sample.value
    return {name.removeprefix("graft_monitor_"): values for name, values in found.items()}


def test_a_look_is_shown(tmp_path: Path) -> None:
    runs = tmp_path / "parts" / "decisions" / "runs"
    runs.mkdir(parents=True)
    for key, time_unix_s in (("a", 900.0), ("b", 1_900.0), ("c", 1_000.0)):
        write_record(runs / f"{key}.json", Claim(key=key, run_id=key, time_unix_s=time_unix_s))
    show_figures(INFO, tmp_path / "parts")
    assert shown(tmp_path) == {
        "last_look_timestamp_seconds": {"": 2_000.0},
        "version": {"": 3.0},
        "decision": {word: float(word == "retrain") for word in WORDS},
        "pictures": {"": 50.0},
        "left_out": {"duplicate": 4.0},
        "newest_record_timestamp_seconds": {"": 1_500.0},
        "statistic": {"cusum": 3.0},
        "threshold": {"cusum": 2.0},
        "alarm": {"cusum": 1.0},
        "harm": {"harmless": 0.0, "harmful": 1.0, "not enough evidence": 0.0},
        "loss_points": {"estimate": 2.5, "low": -1.0, "high": 6.0},
        "retraining_timestamp_seconds": {"": 1_900.0},
    }


def test_what_the_last_look_did_not_find_is_not_shown_from_an_earlier_one(tmp_path: Path) -> None:
    show_figures(INFO, tmp_path / "parts")
    empty = replace(INFO.window, pictures=0, left_out={}, last_unix_s=0.0)
    show_figures(replace(INFO, window=empty, detections=(), harm=None), tmp_path / "parts")
    assert set(shown(tmp_path)) == {
        "last_look_timestamp_seconds",
        "version",
        "decision",
        "pictures",
    }
