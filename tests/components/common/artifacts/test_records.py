"""A record that is damaged is named, with what to do about it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from components.common.artifacts.lineage import read_provenance
from components.common.artifacts.records import PROVENANCE, read_record, write_record
from components.common.errors import ConfigError, DataError


@dataclass(frozen=True, kw_only=True)
class Sample:
    name: str
    count: int = 0


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    write_record(tmp_path / "sample.json", Sample(name="a", count=3))
    assert read_record(tmp_path / "sample.json", Sample) == Sample(name="a", count=3)


@pytest.mark.parametrize("content", ['{"name": "a", "cou', "", "[1, 2]", "\x00\x00"])
def test_a_damaged_record_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sample.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"a whole JSON record in .*sample\.json, .*; restore"):
        read_record(path, Sample)


def test_a_record_of_something_else_names_the_field(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text('{"count": 3}')
    with pytest.raises(ConfigError, match=r"sample\.json\.name"):
        read_record(tmp_path / "sample.json", Sample)


def test_a_truncated_provenance_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / PROVENANCE).write_text('{"content_sha256": "12')
    assert read_provenance(tmp_path) is None
