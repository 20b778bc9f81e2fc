from pathlib import Path

import pytest

from components.common.errors import ConfigError, DataError
from components.ingest.config import IngestConfig
from components.ingest.sources.folder import read


def settings(path: Path, **rest: str) -> IngestConfig:
    return IngestConfig(source="folder", path=str(path), **rest)


def test_lists_every_picture_with_its_class(two_classes: Path) -> None:
    source = read(settings(two_classes))
    assert [(item.name, item.label) for item in source.pictures] == [
        ("bad/a.png", "bad"),
        ("bad/lot2/b.png", "bad"),
        ("good/a.png", "good"),
        ("good/b.png", "good"),
        ("good/c.png", "good"),
    ]
    assert source.name == "mine"


@pytest.mark.parametrize(
    ("names", "positive"),
    [
        (("good", "bad"), "bad"),
        (("Defective", "ok"), "Defective"),
        (("ng", "ok"), "ng"),
        (("apple", "pear"), "pear"),
        (("bad", "broken"), "broken"),
        (("normal", "abnormal"), "abnormal"),
    ],
)
def test_the_class_that_sounds_like_a_defect_is_positive_and_last(
    tmp_path: Path, picture, names: tuple[str, str], positive: str
) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(picture(1))
    source = read(settings(tmp_path))
    assert source.positive == positive
    assert source.classes[-1] == positive


def test_positive_can_be_chosen(two_classes: Path) -> None:
    assert read(settings(two_classes, positive="good")).classes == ("bad", "good")
    with pytest.raises(ConfigError, match=r"one of the classes bad, good, received 'ugly'"):
        read(settings(two_classes, positive="ugly"))


def test_three_classes_have_no_positive_one(two_classes: Path, picture) -> None:
    (two_classes / "odd").mkdir()
    (two_classes / "odd" / "a.jpg").write_bytes(picture(9))
    source = read(settings(two_classes))
    assert source.classes == ("bad", "good", "odd")
    assert source.positive == ""


def test_groups_come_from_the_name(two_classes: Path) -> None:
    source = read(settings(two_classes, group_pattern=r"([a-c])\.png$"))
    assert [item.group for item in source.pictures] == ["a", "b", "a", "b", "c"]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [("(", "unterminated"), ("lot", "without a bracket"), (r"lot(\d)", "no group in 'bad/a.png'")],
)
def test_a_wrong_group_pattern_is_refused(two_classes: Path, pattern: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read(settings(two_classes, group_pattern=pattern))


def test_hidden_and_other_files_are_passed_over(
    two_classes: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (two_classes / "good" / ".hidden.png").write_bytes(b"")
    (two_classes / "good" / "notes.txt").write_text("notes")
    (two_classes / ".cache").mkdir()
    assert len(read(settings(two_classes)).pictures) == 5
    assert "{'.txt': 1}" in caplog.text


class TestRubbish:
    def test_no_path(self) -> None:
        with pytest.raises(ConfigError, match=r"expected ingest\.path .*received nothing; set it"):
            read(IngestConfig(source="folder"))

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="received nothing there; correct the path"):
            read(settings(tmp_path / "absent"))

    def test_a_file_instead_of_a_folder(self, two_classes: Path) -> None:
        with pytest.raises(DataError, match="received a file"):
            read(settings(two_classes / "good" / "a.png"))

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="received no sub-folder; make a folder a class"):
            read(settings(tmp_path))

    def test_one_class(self, tmp_path: Path, picture) -> None:
        (tmp_path / "good").mkdir()
        (tmp_path / "good" / "a.png").write_bytes(picture(1))
        with pytest.raises(DataError, match=r"at least two classes .* received only 'good'"):
            read(settings(tmp_path))

    def test_a_class_without_pictures(self, two_classes: Path) -> None:
        (two_classes / "ugly").mkdir()
        (two_classes / "ugly" / "notes.txt").write_text("notes")
        with pytest.raises(DataError, match="no picture in ugly"):
            read(settings(two_classes))

    def test_pictures_outside_the_classes(self, two_classes: Path, picture) -> None:
        (two_classes / "stray.png").write_bytes(picture(1))
        with pytest.raises(DataError, match=r"1 pictures outside any class folder \(stray\.png\)"):
            read(settings(two_classes))

    def test_split_folders_are_not_taken_for_classes(self, tmp_path: Path, picture) -> None:
        for name in ("train", "test"):
            (tmp_path / name / "good").mkdir(parents=True)
            (tmp_path / name / "good" / "a.png").write_bytes(picture(1))
        with pytest.raises(DataError, match=r"received split folders .*'split' column"):
            read(settings(tmp_path))

    def test_a_class_name_that_is_no_text(self, two_classes: Path) -> None:
        (two_classes / "good").rename(two_classes / "go\nod")
        with pytest.raises(DataError, match="printable"):
            read(settings(two_classes))
