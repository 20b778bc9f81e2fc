"""Corrected labels: read with the source, checked row by row, never lost."""

import math
from pathlib import Path

import pytest

from components.common.errors import DataError
from components.ingest.commands import relabel
from components.ingest.config import IngestConfig
from components.ingest.corrections import COLUMNS, RELABELLED, read_corrections
from components.ingest.step import content_key, read_source

HEADER = "path,label,corrected,remark\n"


@pytest.fixture
def settings(two_classes: Path) -> IngestConfig:
    return IngestConfig(source="folder", path=str(two_classes))


def labels(settings: IngestConfig) -> dict[str, str]:
    return {one.name: one.label for one in read_source(settings).pictures}


def correct(settings: IngestConfig, rows: str, *, dry_run: bool = False) -> int:
    table = Path(settings.path).parent / "corrected.csv"
    table.write_text(HEADER + rows)
    return len(relabel(table, settings=settings, by="ann", now_unix_s=5.0, dry_run=dry_run))


def test_corrections_are_read_with_the_source_and_leave_it_alone(settings: IngestConfig) -> None:
    before, key = labels(settings), content_key(settings)
    assert correct(settings, "good/a.png,good,bad,x\ngood/b.png,good,,\nbad/a.png,bad,bad,\n") == 1
    assert labels(settings) == before | {"good/a.png": "bad"}
    assert content_key(settings) != key
    assert (Path(settings.path) / "good" / "a.png").is_file()
    (one,) = read_corrections(Path(settings.path))
    assert (one.by, one.at_unix_s, one.label) == ("ann", 5.0, "good")


def test_a_correction_can_be_corrected(settings: IngestConfig) -> None:
    # The path as the Dataset has it will do.
    assert correct(settings, "pictures/good/a.png,good,bad,\n") == 1
    assert correct(settings, "good/a.png,bad,good,\n") == 1
    assert labels(settings)["good/a.png"] == "good"
    assert [one.corrected for one in read_corrections(Path(settings.path))] == ["bad", "good"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("good/z.png,good,bad,", r"line 3: no picture 'good/z.png'"),
        ("good/b.png,good,ugly,", r"no class 'ugly' \(there are: bad, good|good, bad"),
        ("good/b.png,bad,good,", r"'good/b.png' is labelled 'good' now, not 'bad'"),
        ("good/a.png,good,bad,", r"'good/a.png' stands in the table twice"),
    ],
)
def test_a_wrong_row_is_named_and_changes_nothing(
    settings: IngestConfig, row: str, words: str
) -> None:
    before = labels(settings)
    with pytest.raises(DataError, match=words):
        correct(settings, f"good/a.png,good,bad,\n{row}\n")
    assert labels(settings) == before
    assert not (Path(settings.path) / RELABELLED).exists()


def test_a_table_without_the_column_says_where_to_begin(
    settings: IngestConfig, tmp_path: Path
) -> None:
    table = tmp_path / "other.csv"
    table.write_text("path,label\ngood/a.png,good\n")
    with pytest.raises(DataError, match=r"label_errors\.csv"):
        relabel(table, settings=settings, by="ann", now_unix_s=0.0)


def test_a_dry_run_changes_nothing(settings: IngestConfig) -> None:
    before = labels(settings)
    assert correct(settings, "good/a.png,good,bad,\n", dry_run=True) == 1
    assert labels(settings) == before


def test_the_owner_of_a_label_has_the_last_word(
    settings: IngestConfig, caplog: pytest.LogCaptureFixture
) -> None:
    correct(settings, "good/a.png,good,bad,\ngood/b.png,good,bad,\n")
    root = Path(settings.path)
    (root / "good" / "a.png").unlink()
    assert labels(settings)["good/b.png"] == "bad"
    assert "good/a.png" in caplog.text


def test_a_manifest_is_corrected_and_loses_the_old_soft_label(two_classes: Path) -> None:
    manifest = two_classes / "manifest.csv"
    rows = "good/a.png,good,0.1\ngood/b.png,good,0.2\nbad/a.png,bad,0.9\n"
    manifest.write_text("path,label,soft_label\n" + rows)
    settings = IngestConfig(source="manifest", path=str(manifest), positive="bad")
    assert correct(settings, "good/a.png,good,bad,\n") == 1
    found = {one.name: one for one in read_source(settings).pictures}
    assert found["good/a.png"].label == "bad" and math.isnan(found["good/a.png"].soft_label)
    assert found["good/b.png"].soft_label == 0.2
    assert manifest.read_text().endswith(rows)


def test_damage_to_the_table_is_said(settings: IngestConfig) -> None:
    table = Path(settings.path) / RELABELLED
    table.write_text("path,label\ngood/a.png,good\n")
    with pytest.raises(DataError, match="restore it"):
        read_source(settings)
    table.write_text(",".join(COLUMNS) + "\ngood/a.png,good,ugly,ann,1.0\n")
    with pytest.raises(DataError, match="received ugly"):
        read_source(settings)
