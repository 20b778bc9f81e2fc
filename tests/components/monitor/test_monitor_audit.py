from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harm_support import CLASSES, reference_of, table_of, world
from typer.testing import CliRunner

from components.common.artifacts.monitoring.observations import Observations
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.artifacts.records import read_record
from components.common.errors import DataError
from components.monitor.audit_labels import read_labels
from components.monitor.commands import SAMPLE, AuditSample, audit_report, draw_sample
from pipelines.cli import app


@pytest.fixture
def served() -> Observations:
    return world(400, fault=0.3, seed=5)


@pytest.fixture
def log(tmp_path: Path, served: Observations) -> Path:
    root = tmp_path / "log" / "parts"
    (root / "1970-01-01").mkdir(parents=True)
    (root / "pictures").mkdir()
    table: pa.Table = table_of(served).select(SCHEMA.names)
    pq.write_table(table, root / "1970-01-01" / "a.parquet")
    for sha256 in served.sha256[:300]:
        (root / "pictures" / f"{sha256}.png").write_bytes(b"p")
    return root


def fill(folder: Path, served: Observations) -> None:
    sheet = pd.read_csv(folder / "labels.csv", dtype=str)
    truth = dict(zip(served.sha256, served.labels, strict=True))
    sheet["label"] = [truth[request] for request in sheet["request_id"]]
    sheet.to_csv(folder / "labels.csv", index=False)


def test_sample_and_report_find_the_accuracy(
    tmp_path: Path, log: Path, served: Observations
) -> None:
    reference_of(world(480), tmp_path / "reference")
    where = ["--model-name", "parts", "--log", str(log.parent)]
    folder = tmp_path / "audit"
    words = ["audit", "sample", str(folder), "--count", "120", *where]
    early = CliRunner().invoke(app, [*words, "--until", "1969-12-31"])
    assert "name another stretch of time" in str(early.exception)
    drawn = CliRunner().invoke(app, [*words, "--until", "1970-01-02"])
    assert drawn.exit_code == 0, drawn.output
    assert len(list((folder / "pictures").iterdir())) == 120
    fill(folder, served)
    asked = ["audit", "report", str(folder), "--reference", str(tmp_path / "reference"), *where]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0, said.output
    assert "120 audited labels" in " ".join(said.output.split())


def test_one_seed_draws_one_sample(tmp_path: Path, log: Path) -> None:
    sheets = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        draw_sample(log, out=tmp_path / name, count=50, seed=seed)
        sheets.append((tmp_path / name / "labels.csv").read_text())
    assert sheets[0] == sheets[1] != sheets[2]
    assert "functional" not in sheets[0]  # the decision would sway the person


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "broken"}, "line 2.*'broken'"),
        ({"label": ""}, "no label at all"),
        ({"row": "x", "label": CLASSES[0]}, "no number"),
    ],
)
def test_a_bad_sheet_is_refused_in_words(
    tmp_path: Path, log: Path, change: dict[str, str], words: str
) -> None:
    draw_sample(log, out=tmp_path / "a", count=5, seed=0)
    pd.read_csv(tmp_path / "a" / "labels.csv", dtype=str).assign(**change).to_csv(
        tmp_path / "a" / "labels.csv", index=False
    )
    with pytest.raises(DataError, match=words):
        read_labels(tmp_path / "a", classes=CLASSES)


def test_a_sheet_that_is_missing_or_of_another_log_is_refused(
    tmp_path: Path, log: Path, served: Observations
) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path, classes=CLASSES)
    draw_sample(log, out=tmp_path / "a", count=5, seed=0)
    fill(tmp_path / "a", served)
    reference_of(world(60), tmp_path / "reference")
    with pytest.raises(DataError, match="labels of other records"):
        audit_report(tmp_path / "a", reference=tmp_path / "reference", log=tmp_path / "other")


def test_a_sample_is_of_one_version_and_one_stretch(tmp_path: Path, served: Observations) -> None:
    root = tmp_path / "log"
    (root / "1970-01-01").mkdir(parents=True)
    (root / "pictures").mkdir()
    table = table_of(served).select(SCHEMA.names)
    # Seconds 0 to 399, the first 200 by version 1, the others by version 2.
    versions = pa.array([1] * 200 + [2] * 200, pa.int64())
    table = table.set_column(table.schema.get_field_index("version"), "version", versions)
    pq.write_table(table, root / "1970-01-01" / "a.parquet")
    for sha256 in served.sha256:
        (root / "pictures" / f"{sha256}.png").write_bytes(b"p")
    drawn = draw_sample(
        root, out=tmp_path / "a", count=400, seed=0, since_unix_s=100.0, until_unix_s=300.0
    )
    assert drawn == 100
    sheet = pd.read_csv(tmp_path / "a" / "labels.csv", dtype=str)
    assert set(sheet["request_id"]) == set(served.sha256[200:300])
    records = read_record(tmp_path / "a" / SAMPLE, AuditSample).records(root)
    assert records["request_id"].to_pylist() == list(served.sha256[200:300])
    fill(tmp_path / "a", served)
    reference_of(world(60), tmp_path / "reference")
    (tmp_path / "a" / SAMPLE).unlink()
    with pytest.raises(DataError, match=r"sample\.json to say what was sampled"):
        audit_report(tmp_path / "a", reference=tmp_path / "reference", log=root)


def test_after_a_rollback_the_version_that_serves_is_sampled(
    tmp_path: Path, served: Observations
) -> None:
    root, models = tmp_path / "log", tmp_path / "models"
    (root / "2026-01-01").mkdir(parents=True)
    (root / "pictures").mkdir()
    table = table_of(served).select(SCHEMA.names)
    # Version 5 was taken back after 300 of 400 seconds, and then 4 answered once.
    versions = pa.array([4] * 200 + [5] * 199 + [4], pa.int64())
    table = table.set_column(table.schema.get_field_index("version"), "version", versions)
    pq.write_table(table, root / "2026-01-01" / "a.parquet")
    for sha256 in served.sha256:
        (root / "pictures" / f"{sha256}.png").write_bytes(b"p")

    def sampled(name: str) -> int:
        draw_sample(root, out=tmp_path / name, count=9, seed=0, model_dir=models)
        return read_record(tmp_path / name / SAMPLE, AuditSample).version

    assert sampled("by-the-log") == 4
    (models / "4").mkdir(parents=True)
    (models / ".retired-5").mkdir()
    assert sampled("by-the-folder") == 4
    (models / "5").mkdir()
    assert sampled("published-again") == 5


def test_a_log_without_pictures_says_so(tmp_path: Path, log: Path) -> None:
    with pytest.raises(DataError, match="kept picture"):
        # None was kept of the last hundred.
        draw_sample(log, out=tmp_path / "a", count=5, seed=0, since_unix_s=300.0)


def test_pictures_under_one_request_id_are_different_records(
    tmp_path: Path, log: Path, served: Observations
) -> None:
    """A line that passes a trace id on may send many pictures under it; and ids can be formulas."""
    (part,) = log.glob("*/*.parquet")
    table = pq.read_table(part)
    same = pa.array(["=trace+1"] * len(table))
    pq.write_table(
        table.set_column(table.column_names.index("request_id"), "request_id", same), part
    )
    draw_sample(log, out=tmp_path / "a", count=120, seed=1)
    sheet = pd.read_csv(tmp_path / "a" / "labels.csv", dtype=str)
    assert set(sheet["request_id"]) == {"'=trace+1"}
    truth = dict(zip(served.sha256, served.labels, strict=True))
    shown = sheet["picture"].map(lambda picture: Path(picture).stem)
    sheet.assign(label=shown.map(truth)).to_csv(tmp_path / "a" / "labels.csv", index=False)
    labels = read_labels(tmp_path / "a", classes=CLASSES)
    assert len(labels.by_record) == len(sheet) > 1
    joined = labels.join(pq.read_table(part)).to_pandas()
    joined = joined[joined["label"] != ""]
    assert joined["label"].tolist() == [truth[sha256] for sha256 in joined["picture_sha256"]]
