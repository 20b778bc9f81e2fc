from pathlib import Path

from components.common.artifacts.model_folder import (
    is_number,
    newest_version,
    passport_numbers,
    versions,
)


def test_versions_are_what_a_server_would_load(tmp_path: Path) -> None:
    for name in ("2", "10", "007", "v11", ".12.ab.partial", ".retired-13", "-14", "latest", "٣"):
        (tmp_path / name).mkdir()
    (tmp_path / "99").write_text("a file, not a version")

    assert [one.number for one in versions(tmp_path)] == [2, 7, 10]
    assert [one.number for one in versions(tmp_path, prefix=".retired-")] == [13]
    newest = newest_version(tmp_path)
    assert newest is not None
    assert (newest.number, newest.path) == (10, tmp_path / "10")


def test_a_model_without_versions_has_no_newest_one(tmp_path: Path) -> None:
    assert newest_version(tmp_path) is None
    assert newest_version(tmp_path / "not there") is None


def test_passports_outlive_their_versions(tmp_path: Path) -> None:
    (tmp_path / "passports").mkdir()
    for name in ("3.json", "12.json", "3.yaml", "notes.json", ".4.json.ab.partial"):
        (tmp_path / "passports" / name).write_text("{}")

    assert passport_numbers(tmp_path) == (3, 12)
    assert passport_numbers(tmp_path / "not there") == ()


def test_only_plain_digits_are_a_number() -> None:
    assert [name for name in ("0", "12", "", "1a", "1.5", "²") if is_number(name)] == ["0", "12"]
