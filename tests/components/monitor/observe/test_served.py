import dataclasses
from pathlib import Path

import pytest
from blank_passport import blank_passport
from harm_support import reference_of, world

from components.common.artifacts.model_folder import reference_path
from components.common.artifacts.passport import Passport
from components.common.errors import DataError
from components.monitor.observe.served import ServedVersion, count_new_labels, find_reference

# harm_support's reference is of model "m".
PASSPORT = blank_passport(created_unix_s=30.0, model_sha256="m")


def served(model_dir: Path, passport: Passport | None = PASSPORT) -> ServedVersion:
    return ServedVersion(model_dir=model_dir, version=1, passport=passport)


def test_a_reference_of_another_model_is_not_used(tmp_path: Path) -> None:
    reference_of(world(60), reference_path(tmp_path, 1))
    found, why_not = find_reference(served(tmp_path))
    assert found is not None and why_not == ""
    other = dataclasses.replace(PASSPORT, model_sha256="x")
    found, why_not = find_reference(served(tmp_path, other))
    assert found is None
    assert "was made with another model than version 1 holds" in why_not


def test_labels_count_that_the_version_has_not_seen(tmp_path: Path) -> None:
    table = tmp_path / "manifest.csv"
    lines = [f"{when},{when}" for when in (10.0, 20.0, 40.0)]
    table.write_text("\n".join(["sha256,added_unix_s", *lines, lines[-1]]) + "\n")
    # Labels that came in while the run was training were not learnt from either.
    read_before = dataclasses.replace(PASSPORT, data_read_unix_s=15.0)
    for passport, count in ((None, 3), (PASSPORT, 1), (read_before, 2)):
        assert count_new_labels(str(table), served(tmp_path, passport)) == count
    assert count_new_labels("", served(tmp_path)) == 0
    assert count_new_labels(str(tmp_path / "nowhere.csv"), served(tmp_path)) == 0


@pytest.mark.parametrize("text", ["file\na.png\n", "sha256,added_unix_s\na,yesterday\n"])
def test_a_table_without_its_columns_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DataError, match=r"columns sha256 and added_unix_s .*graft data add"):
        count_new_labels(str(tmp_path / "manifest.csv"), served(tmp_path))
