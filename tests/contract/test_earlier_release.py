"""After an upgrade: what an earlier commit wrote is still read, looked at and merged."""

import os
import shutil
from pathlib import Path

import pytest

from components.common import config
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.lineage import read_lineage, read_pictures
from components.common.artifacts.model_folder import candidate_path, newest_version
from components.common.artifacts.monitoring.drift_report import WORDS
from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.observations import of_reference
from components.common.artifacts.monitoring.prediction_log import model_log
from components.common.artifacts.passport import read_passport
from components.monitor.config import MonitorConfig
from components.monitor.decide.history import HistoryEntry
from components.monitor.observe.served import find_reference, find_served
from components.monitor.observe.windows import from_log
from components.monitor.step import look
from serving.gateway.log.journal import recover
from serving.gateway.log.parts import Parts

MIDNIGHT_UNIX_S = 1_772_409_600.0
RECORDS = [f"{part}{number}" for part in "abc" for number in range(20)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy; its log's files are as old as their newest record, which git does not keep."""
    found = tmp_path / "home"
    shutil.copytree(Path(__file__).parent / "earlier_release", found)
    for name, newest_unix_s in (("a", -5 * 3600 + 570), ("b", 270), ("c", 3600 + 570)):
        (file,) = found.glob(f"log/*/*/*.{name}.*")
        os.utime(file, (MIDNIGHT_UNIX_S + newest_unix_s,) * 2)
    return found


def test_the_models_folder(home: Path) -> None:
    model_dir = home / "models" / "pictures"
    newest = newest_version(model_dir)
    assert newest is not None and newest.number == 1
    passport = read_passport(model_dir, 1)
    assert passport is not None and passport.classes == ("good", "defective")
    assert passport.verdict is not None and passport.verdict.word == "deploy"
    served = find_served(model_dir)
    reference, why_not = find_reference(served)
    assert reference is not None, why_not
    known = of_reference(reference.root)
    assert len(known) == reference.info.pictures == 128
    assert known.whole("scores").sum() > 0 and known.whole("statistics").any()
    lineage, pictures = read_lineage(model_dir, 1), read_pictures(model_dir, 1)
    assert lineage is not None and lineage.model_sha256 == passport.model_sha256
    assert {"ingest", "validate", "augment", "train", "export"} <= {
        link.producer for link in lineage.links
    }
    assert pictures is not None and len(pictures) == 128
    assert set(pictures["split"]) == {"train", "validation", "test"}
    assert Candidate.read(candidate_path(model_dir, 1)).info.classes == passport.classes
    (line,) = (model_dir / "decisions" / "decisions.jsonl").read_text().splitlines()
    assert config.from_json(HistoryEntry, line).word == "keep"


def test_the_log_before_and_after_its_parts_are_merged(home: Path) -> None:
    root = model_log(home / "log", "pictures")

    def names(**window: float) -> list[str]:
        return list(read_log(root, **window).table["request_id"].to_pylist())

    def seen() -> None:
        assert names() == RECORDS
        # Ten minutes of the part before midnight lie after it.
        assert names(since_unix_s=MIDNIGHT_UNIX_S) == RECORDS[30:]
        assert names(until_unix_s=MIDNIGHT_UNIX_S) == RECORDS[:30]
        window = from_log(
            root,
            version=1,
            classes=("good", "defective"),
            now_unix_s=MIDNIGHT_UNIX_S + 7200,
            since_unix_s=MIDNIGHT_UNIX_S,
        )
        assert window.info.pictures + sum(window.info.left_out.values()) == 30

    seen()
    assert recover(root) == 1
    seen()
    assert Parts(root).merge_some() == 2
    assert len(list(root.glob("2026-03-01/*.parquet"))) == 1
    seen()
    assert Parts(root).remove_old(keep_days=1.0) == 2
    assert names() == []


@pytest.mark.slow
def test_the_monitor_goes_on(home: Path, tmp_path: Path) -> None:
    settings = MonitorConfig(
        model_base_path=str(home / "models"), model_name="pictures", log=str(home / "log")
    )
    now = MIDNIGHT_UNIX_S + 7200
    report = look(settings, out=tmp_path / "drift", run_id="look-2", now_unix_s=now)
    assert report.info.window.pictures == 56
    assert report.info.detections
    assert report.info.decision.word in WORDS
    decisions = home / "models" / "pictures" / "decisions" / "decisions.jsonl"
    assert len(decisions.read_text().splitlines()) == 2
