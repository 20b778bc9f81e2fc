"""Lists, parts and batches, without a run."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="Apache Beam is not installed (graft[batch])")

from bright_model import png

from components.common.errors import DataError
from components.common.models.saved_model import Answers
from pipelines.batch import files
from pipelines.batch.classify import Classified, Failed, classify
from pipelines.batch.listing import cut, find_pictures, read_part, write_list


def test_parts_cover_the_list(tmp_path: Path) -> None:
    names = [f"/p/{'x' * (number % 7)}{number}.png" for number in range(23)]
    path = str(tmp_path / "list")
    assert write_list(iter(names), path) == 23
    parts = list(cut(path, part_size=5))
    assert [part.count for part in parts] == [5, 5, 5, 5, 3]
    assert [name for part in parts for name in read_part(path, part)] == names


def test_a_list_that_divides_evenly_has_no_empty_part(tmp_path: Path) -> None:
    write_list(iter(["a", "b"]), str(tmp_path / "list"))
    assert [part.count for part in cut(str(tmp_path / "list"), part_size=1)] == [1, 1]


def test_names_may_hold_anything(tmp_path: Path) -> None:
    odd = [os.fsdecode(b"caf\xe9.png"), "two\nlines.png", 'quo"te.png', "ümläut.png"]
    for name in odd:
        (tmp_path / "pictures").mkdir(exist_ok=True)
        (tmp_path / "pictures" / name).write_bytes(png(3))
    path = str(tmp_path / "list")
    write_list(find_pictures(str(tmp_path / "pictures")), path)
    (part,) = cut(path, part_size=10)
    read = read_part(path, part)
    assert {Path(name).name for name in read} == set(odd)
    assert all(files.read_bytes(name) == png(3) for name in read)


def test_a_list_file_names_pictures_from_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a.png\n\n/abs/b.png\ngs://bucket/c.png\n")
    found = list(find_pictures(str(tmp_path / "list.txt")))
    assert found == [str(tmp_path / "a.png"), "/abs/b.png", "gs://bucket/c.png"]


def test_patterns_reach_into_folders(tmp_path: Path) -> None:
    for name in ("a.png", "deep/b.png", "deep/er/c.png", "deep/d.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [Path(path).name for path in find_pictures(f"{tmp_path}/**.png")]
    assert found == ["a.png", "b.png", "c.png"]


def test_of_a_folder_what_is_hidden_or_no_picture_is_passed_over(tmp_path: Path) -> None:
    for name in ("b.png", "a/c.JPG", ".thumbnails/d.png", "a/._c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(Path(path).relative_to(tmp_path)) for path in find_pictures(str(tmp_path))]
    assert found == ["b.png", "a/c.JPG"]


def test_nothing_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a folder of pictures, a glob pattern or"):
        list(find_pictures(str(tmp_path / "nowhere")))


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError), files.writing_whole(str(path)) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"before"
    files.remove_partials(str(tmp_path))
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


class Picky:
    """Stands for a loaded model: refuses one picture, and batches beyond a size."""

    def __init__(self, *, refused: bytes = b"", room: int = 100) -> None:
        self._refused = refused
        self._room = room
        self.sizes: list[int] = []

    def answer(self, pictures: Sequence[bytes]) -> Answers:
        import tensorflow as tf

        self.sizes.append(len(pictures))
        if len(pictures) > self._room:
            raise tf.errors.ResourceExhaustedError(None, None, "no memory")
        if self._refused in pictures:
            raise tf.errors.InvalidArgumentError(None, None, "too green")
        count = len(pictures)
        names = ("a",) * count
        return Answers(np.ones((count, 1), np.float32), names, names, names)


def _some(folder: Path) -> list[str]:
    for level in range(10):
        (folder / f"{level}.png").write_bytes(png(level))
    return [str(folder / f"{level}.png") for level in range(10)]


@pytest.mark.slow
def test_a_refused_picture_does_not_take_its_batch_along(tmp_path: Path) -> None:
    model = Picky(refused=png(6))
    records = list(classify(_some(tmp_path), model=model, batch_size=8))  # type: ignore[arg-type]
    failed = [record for record in records if isinstance(record, Failed)]
    assert [(Path(record.path).name, record.reason) for record in failed] == [
        ("6.png", "the model refuses it: too green")
    ]
    assert [Path(record.path).name for record in records] == [f"{at}.png" for at in range(10)]
    assert sum(isinstance(record, Classified) for record in records) == 9


@pytest.mark.slow
def test_too_large_a_batch_is_halved(tmp_path: Path) -> None:
    model = Picky(room=3)
    records = list(classify(_some(tmp_path), model=model, batch_size=8))  # type: ignore[arg-type]
    assert len(records) == 10
    assert model.sizes == [8, 4, 2, 2, 4, 2, 2, 2]


@pytest.mark.slow
def test_no_memory_for_one_picture_is_no_fault_of_the_picture(tmp_path: Path) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.ResourceExhaustedError):
        list(classify(_some(tmp_path), model=Picky(room=0), batch_size=8))  # type: ignore[arg-type]


def test_a_missing_picture_is_a_failure(tmp_path: Path) -> None:
    (record,) = classify(
        [str(tmp_path / "gone.png")],
        model=Picky(),  # type: ignore[arg-type]
        batch_size=8,
    )
    assert isinstance(record, Failed)
    assert record.reason.startswith("cannot be read: ")
