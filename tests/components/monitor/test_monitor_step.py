"""A whole look, from a log on the disk to a decision on record."""

import base64
import csv
import json
import multiprocessing
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from brightness_model import write_export
from decision_lines import looks
from harm_support import CLASSES, reference_of, table_of, world

from components.common.artifacts.model_folder import reference_path
from components.common.artifacts.monitoring.claims import settle
from components.common.artifacts.monitoring.drift_report import DriftReport
from components.common.artifacts.monitoring.observations import Observations, of_reference
from components.common.artifacts.monitoring.prediction_log import SCHEMA, STATISTIC_COLUMNS
from components.common.artifacts.monitoring.reference import Reference
from components.common.errors import DataError
from components.common.pictures.decode import encode_png
from components.monitor.config import MonitorConfig
from components.monitor.decide.config import PolicyConfig
from components.monitor.detect.config import DetectConfig
from components.monitor.harm.config import HarmConfig
from components.monitor.step import look

NOW = 1_767_600_000.0  # 5 January 2026, 8:00 UTC
QUICK = DetectConfig(detectors=("shifted_features",), null_windows=100, windows="independent")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A published version with its reference, and no log yet."""
    model_dir = tmp_path / "models" / "parts"
    (model_dir / "1").mkdir(parents=True)
    reference_of(world(400, groups=40), reference_path(model_dir, 1))
    return tmp_path


def settings(home: Path, **policy: Any) -> MonitorConfig:
    return MonitorConfig(
        model_base_path=str(home / "models"),
        model_name="parts",
        log=str(home / "log"),
        detect=QUICK,
        policy=PolicyConfig(**policy),
    )


def log(home: Path, seen: Observations, *, name: str = "a", **columns: Any) -> None:
    """Write a part of the prediction log whose records end a minute before now."""
    table = table_of(seen).select(SCHEMA.names).to_pandas()
    table["time_unix_s"] = NOW - 60.0 - np.arange(len(seen))[::-1]
    table["request_id"] = [f"{name}-{row}" for row in range(len(seen))]
    for column, value in columns.items():
        table[column] = value
    folder = home / "log" / "parts" / "2026-01-05"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.Table.from_pandas(table, SCHEMA, preserve_index=False), folder / f"{name}.parquet"
    )


def seen_by(home: Path, out: str = "out", run_id: str = "run-1", **policy: Any) -> DriftReport:
    return look(settings(home, **policy), out=home / out, run_id=run_id, now_unix_s=NOW)


def said(report: DriftReport) -> str:
    return " ".join((*report.info.decision.reasons, *report.info.notes))


def test_nothing_published_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a published version of parts in .*graft run"):
        seen_by(tmp_path)


@pytest.mark.parametrize("spoil", ["absent", "cut", "foreign"])
def test_without_a_usable_reference_people_are_asked_and_nothing_is_made_up(
    home: Path, spoil: str
) -> None:
    root = reference_path(home / "models" / "parts", 1)
    if spoil == "absent":
        shutil.rmtree(root)
    else:
        (root / "reference.json").write_text("{" if spoil == "cut" else "{}")
    log(home, world(200, fault=1.0))
    report = seen_by(home)
    assert report.info.decision.word == "ask"
    assert "reference" in said(report)
    assert report.info.detections == ()
    assert report.report_path.exists()


def test_a_log_that_is_missing_or_silent_is_a_finding_once_a_period(home: Path) -> None:
    report = seen_by(home)
    assert report.info.decision.word == "blind"
    assert "There is no prediction log" in said(report)
    assert DriftReport.read(report.root).info == report.info
    assert not report.info.repeated
    assert seen_by(home, run_id="run-2").info.repeated
    log(home, world(200), time_unix_s=NOW - 30 * 3600.0)
    assert "No new prediction for 30.0 h" in said(seen_by(home, run_id="run-3"))


def test_without_a_reference_a_silent_log_comes_first(home: Path) -> None:
    shutil.rmtree(reference_path(home / "models" / "parts", 1))
    assert seen_by(home).info.decision.word == "blind"


def test_what_the_model_asked_about_is_counted_and_does_no_harm(home: Path) -> None:
    asked = world(200)
    log(home, asked, decision=["ask"] * 30 + list(asked.decisions[30:]))
    report = seen_by(home)
    assert report.info.window.asked == 30
    assert "asked about 30 pictures (15.0 %), when it was evaluated about 0.0 %" in said(report)
    assert report.info.harm is not None


def test_one_prediction_keeps(home: Path) -> None:
    log(home, world(1))
    report = seen_by(home)
    assert report.info.decision.word == "keep"
    assert "1 usable picture; at least 50" in said(report)


def test_predictions_of_another_version_only(home: Path) -> None:
    log(home, world(200), version=7)
    report = seen_by(home)
    assert report.info.decision.word == "keep"
    assert "predictions of version 7 only, but version 1 is the newest" in said(report)
    assert report.info.window.left_out == {"other version": 200}


def test_what_cannot_be_used_is_left_out_and_counted(home: Path) -> None:
    log(home, world(60, seed=1))
    log(home, world(5, seed=2), name="b", version=2)
    log(home, world(4, seed=3), name="c", status=503)
    log(home, world(3, seed=4), name="d", time_unix_s=NOW + 7 * 86400)
    log(home, world(2, seed=5), name="e", time_unix_s=NOW - 30 * 86400)
    unscored = [[float("nan")] * len(CLASSES)] * 6
    log(home, world(6, seed=6), name="f", scores=unscored)
    report = seen_by(home)
    assert report.info.window.pictures == 60
    assert report.info.window.left_out == {
        "other version": 5,
        "refused request": 4,
        "clock ahead": 3,
        "not finite": 6,
    }


def test_duplicates_count_once_and_damage_is_reported(home: Path) -> None:
    log(home, world(60, seed=1))
    folder = home / "log" / "parts" / "2026-01-05"
    shutil.copy(folder / "a.parquet", folder / "copy.parquet")
    (folder / "damaged.parquet").write_bytes(b"PAR1 nonsense")
    report = seen_by(home)
    assert report.info.window.pictures == 60
    assert "damaged.parquet is damaged" in said(report)


def test_features_that_are_not_finite_and_undecodable_pictures_are_survived(home: Path) -> None:
    log(home, world(60, seed=1), embedding=[[float("nan")] * 6] * 60)
    log(home, world(60, seed=2), name="b", embedding=None, **dict.fromkeys(STATISTIC_COLUMNS))
    report = seen_by(home)
    assert report.info.window.pictures == 60
    assert report.info.window.embeddings == 0
    assert report.info.window.left_out == {"not finite": 60}


def test_a_clock_that_went_backwards_loses_nothing(home: Path) -> None:
    log(home, world(60, seed=1), time_unix_s=NOW - np.arange(60) * 10.0)
    report = seen_by(home)
    assert report.info.window.pictures == 60
    assert report.info.window.first_unix_s == NOW - 590
    assert report.info.window.last_unix_s == NOW


def test_pictures_like_those_of_the_reference_keep(home: Path) -> None:
    log(home, world(200, seed=9))
    report = seen_by(home)
    assert report.info.decision.word == "keep"
    (entry,) = looks(home / "models" / "parts")
    assert (entry["word"], entry["run_id"], entry["version"]) == ("keep", "run-1", 1)


def additions(home: Path, count: int) -> str:
    path = home / "additions" / "manifest.csv"
    path.parent.mkdir()
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "sha256", "label", "added_unix_s"])
        writer.writerows([f"{n}.png", str(n), "good", NOW - 10] for n in range(count))
    return str(path)


# Any change is worth a run: what follows is about what follows.
EAGER = HarmConfig(harmful_points=-100.0)


def eager(home: Path, labels: str, *, run_id: str, now: float = NOW, out: str = "out") -> str:
    changed = replace(
        settings(home, min_confidence=1.0), additions=labels, silence_h=100.0, harm=EAGER
    )
    return look(changed, out=home / out, run_id=run_id, now_unix_s=now).info.decision.word


def shifted(seed: int) -> Observations:
    """A window of another look, which is no fault of the camera and which the model knows."""
    seen = world(300, seed=seed)
    return replace(seen, features=seen.features + np.float32([0, 0, 0, 2, 0, 0]))


def _contend(home: str, labels: str, run_id: str, said: Any) -> None:
    said.put(eager(Path(home), labels, run_id=run_id, out=run_id))


@pytest.mark.slow
def test_two_monitors_at_once_start_one_run(home: Path) -> None:
    log(home, shifted(3))
    labels = additions(home, 30)
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    monitors = [
        context.Process(target=_contend, args=(str(home), labels, f"run-{n}", said))
        for n in range(2)
    ]
    for monitor in monitors:
        monitor.start()
    words = sorted(said.get(timeout=200) for _ in monitors)
    for monitor in monitors:
        monitor.join()
    assert words == ["keep", "retrain"]
    entries = looks(home / "models" / "parts")
    assert sorted(entry["word"] for entry in entries) == ["keep", "retrain"]
    assert len(list((home / "models" / "parts" / "decisions" / "runs").iterdir())) == 1


@pytest.mark.slow
def test_a_retried_look_says_the_same_and_the_next_waits(home: Path) -> None:
    log(home, shifted(3))
    labels = additions(home, 30)
    assert eager(home, labels, run_id="a") == "retrain"
    assert eager(home, labels, run_id="a") == "retrain"
    assert eager(home, labels, run_id="b", now=NOW + 3600) == "keep"
    assert eager(home, labels, run_id="c", now=NOW + 73 * 3600) == "retrain"


def test_an_alarm_shows_pictures_that_were_kept_beside_their_nearest(home: Path) -> None:
    seen = shifted(3)
    log(home, seen)
    came, known = (encode_png(np.full((4, 4, 1), level, np.uint8)) for level in (40, 200))
    kept = home / "log" / "parts" / "pictures"
    kept.mkdir()
    for sha256 in seen.sha256[:12]:
        (kept / f"{sha256}.png").write_bytes(came)
    reference = Reference.read(reference_path(home / "models" / "parts", 1))
    for sha256 in reference.observations()["picture_sha256"].to_pylist():
        path = reference.picture_path(sha256)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(known)
    report = seen_by(home)
    assert len(report.info.explanation.telling) == 10
    page = report.report_path.read_text()
    assert page.count('alt="came"') == page.count('alt="known"') == 10
    for picture in (came, known):
        assert page.count(base64.b64encode(picture).decode()) == 10


def test_without_labels_people_are_asked_once_a_period(home: Path) -> None:
    log(home, shifted(3))
    first, again = (
        look(
            replace(settings(home, min_confidence=1.0), harm=EAGER),
            out=home / run_id,
            run_id=run_id,
            now_unix_s=NOW,
        )
        for run_id in ("run-1", "run-2")
    )
    assert first.info.decision.word == again.info.decision.word == "ask"
    assert (first.info.repeated, again.info.repeated) == (False, True)


def test_a_message_that_was_not_sent_is_said_by_the_first_look_an_hour_later(home: Path) -> None:
    log(home, shifted(3))

    def repeated(run_id: str, hour: float) -> bool:
        base = replace(settings(home, min_confidence=1.0), harm=EAGER)
        now = NOW + hour * 3600.0
        return look(base, out=home / run_id, run_id=run_id, now_unix_s=now).info.repeated

    said = [repeated("lost", 0.0), repeated("soon", 0.5), repeated("later", 1.5)]
    assert said == [False, True, False]
    settle(Path(DriftReport.read(home / "later").info.claim), "later", done=True)
    assert repeated("next", 20.0)


@pytest.mark.slow
def test_trainings_that_fail_are_tried_thrice_and_then_people_are_asked(home: Path) -> None:
    log(home, shifted(3))
    labels = additions(home, 30)
    words = []
    for attempt in range(4):
        words.append(eager(home, labels, run_id=f"run-{attempt}", now=NOW + attempt, out="again"))
        settle(Path(DriftReport.read(home / "again").info.claim), f"run-{attempt}", done=False)
    assert words == ["retrain", "retrain", "retrain", "ask"]
    assert "3 runs were started for this and none ended well" in said(
        DriftReport.read(home / "again")
    )


def test_an_outbreak_of_defects_is_asked_about_with_its_share(home: Path) -> None:
    # The pictures are as ever; there are only more of one kind.
    reference = of_reference(reference_path(home / "models" / "parts", 1))
    bad = np.flatnonzero(reference.decisions == CLASSES[1])
    log(home, reference.take(np.tile(bad, 2)[:120]), picture_sha256=[str(n) for n in range(120)])
    report = seen_by(home)
    assert report.info.decision.word == "ask"
    assert "The share of `defective` among the answers rose from" in said(report)
    assert "to 100% (alarmed: answer_ranks): look at the process first" in said(report)
    (entry,) = looks(home / "models" / "parts")
    assert entry["evidence"]["groups"] == 120
    later = look(settings(home), out=home / "later", run_id="run-2", now_unix_s=NOW + 60.0)
    assert looks(home / "models" / "parts")[-1]["evidence"] is None, "nothing new came"
    assert later.info.repeated


def test_the_record_is_plain_json(home: Path) -> None:
    log(home, world(60, seed=1))
    report = seen_by(home)
    plain = json.loads((report.root / "drift.json").read_text())
    assert plain["decision"]["word"] == "keep"


@pytest.mark.slow
def test_a_folder_of_pictures_is_looked_at_instead_of_the_log(home: Path) -> None:
    export = write_export(home / "exported")
    shutil.rmtree(home / "models" / "parts" / "1")
    shutil.copytree(export.saved_model, home / "models" / "parts" / "1")
    folder = home / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(60):
        pixels = rng.integers(0, 256, (24, 24, 1), dtype=np.uint8)
        (folder / f"{number}.png").write_bytes(encode_png(pixels))
    (folder / "text.png").write_text("not a picture")
    changed = MonitorConfig(**{**vars(settings(home)), "pictures": str(folder)})
    report = look(changed, out=home / "out", run_id="run-1", now_unix_s=NOW)
    assert report.info.window.source == str(folder)
    assert report.info.window.pictures == 60
    assert report.info.window.left_out == {"unreadable": 1}
    assert report.info.detections


def test_labels_of_an_audit_make_the_loss_measured(home: Path) -> None:
    seen = world(200, seed=1)
    log(home, seen)
    folder = home / "audit"
    folder.mkdir()
    lines = ["request_id,row,picture,label"]
    lines += [
        f"a-{row},{seen_row},pictures/{seen.sha256[row]}.png,{seen.labels[row]}"
        for row, seen_row in _records(home)[:40]
    ]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    changed = MonitorConfig(**{**vars(settings(home)), "audit": str(folder)})
    report = look(changed, out=home / "out", run_id="run-1", now_unix_s=NOW)
    assert report.info.harm is not None
    assert (report.info.harm.basis, report.info.harm.labels) == ("audit", 40)
    assert "40 of 40 audited records are of this window" in said(report)


def _records(home: Path) -> list[tuple[int, int]]:
    table = pq.read_table(home / "log" / "parts" / "2026-01-05" / "a.parquet")
    return [
        (int(name.removeprefix("a-")), row)
        for name, row in zip(table["request_id"].to_pylist(), table["row"].to_pylist(), strict=True)
    ]


@pytest.mark.slow
def test_what_is_lost_without_groups_is_said(home: Path) -> None:
    log(home, world(60, seed=1), group="")
    changed = MonitorConfig(**{**vars(settings(home)), "detect": replace(QUICK, windows="groups")})
    report = look(changed, out=home / "out", run_id="run-1", now_unix_s=NOW)
    assert "No record names a group" in said(report)
    assert "No record names a group" not in said(seen_by(home, out="other"))


def test_a_look_leaves_figures_for_prometheus(home: Path) -> None:
    report = seen_by(home)
    text = (home / "models" / "parts" / "metrics" / "monitor.prom").read_text()
    assert f'graft_monitor_decision{{model="parts",word="{report.info.decision.word}"}} 1.0' in text
