from pathlib import Path

from components.common.pictures.folders import pictures_below


def test_pictures_are_found_by_their_ending_and_nothing_hidden(tmp_path: Path) -> None:
    for name in ("b/2.PNG", "a.jpg", ".cache/x.png", "b/._2.png", "notes.txt", "b/deep/c.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in pictures_below(tmp_path)]
    assert found == ["a.jpg", "b/2.PNG", "b/deep/c.tif"]


def test_a_hidden_folder_that_is_named_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / ".own").mkdir()
    (tmp_path / ".own" / "a.png").touch()
    assert pictures_below(tmp_path / ".own") == [tmp_path / ".own" / "a.png"]
    assert pictures_below(tmp_path / "absent") == []
