"""What comes back from people, format by format."""

import json
from pathlib import Path
from typing import Any

import pytest
from noise_png import noise_png

from components.common.errors import DataError
from components.label.format_contract import QueueItem
from components.label.formats import csv, folder, label_studio


def put(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(noise_png(seed))
    return path


def test_a_folder_gives_what_was_moved_into_a_class(tmp_path: Path) -> None:
    put(tmp_path / "to-label" / "1.png")
    put(tmp_path / "good" / "deeper" / "2.png")
    (tmp_path / "bad").mkdir()
    (tmp_path / "good" / "notes.txt").write_text("not a picture")
    answers = folder.read(tmp_path, places=())
    assert [(one.file.name, one.label) for one in answers.labelled] == [("2.png", "good")]
    assert answers.unlabelled == 1
    with pytest.raises(DataError, match="sub-folder a class"):
        folder.read(tmp_path / "bad", places=())


def test_a_csv_gives_its_filled_lines(tmp_path: Path) -> None:
    put(tmp_path / "pictures" / "1.png")
    put(tmp_path / "elsewhere" / "2.png")
    (tmp_path / "queue.csv").write_text(
        "path,label,group,domain,remark\n"
        "pictures/1.png, good ,lot-1,north,dusty\n"
        "pictures/2.png,bad,,,\n"
        "pictures/3.png,bad,,,\n"
        "pictures/4.png,,,,\n"
    )
    answers = csv.read(tmp_path, places=(tmp_path / "elsewhere",))
    assert [(one.file.name, one.label, one.group) for one in answers.labelled] == [
        ("1.png", "good", "lot-1"),
        ("2.png", "bad", ""),
    ]
    assert answers.problems == ("'pictures/3.png' is not there",)
    assert answers.unlabelled == 1


def test_a_csv_holds_no_formula_that_came_over_the_network(tmp_path: Path) -> None:
    put(tmp_path / "1.png")
    item = QueueItem(
        picture=tmp_path / "1.png",
        sha256="ab",
        time_unix_s=0.0,
        version=1,
        suggestion="good",
        confidence=0.9,
        uncertainty=0.1,
        group="=HYPERLINK(1)",
        line="-north",
    )
    csv.write([item], out=tmp_path / "queue", queue="queue", classes=("good", "bad"))
    file = tmp_path / "queue" / csv.FILE
    assert ",'=HYPERLINK(1),'-north," in file.read_text()

    file.write_text(file.read_text().replace("ab.png,,", "ab.png,bad,"))
    (one,) = csv.read(file, places=()).labelled
    assert (one.label, one.group, one.domain) == ("bad", "=HYPERLINK(1)", "-north")


@pytest.mark.parametrize(
    "content", [b"path;label\na.png;good\n", b"\xff\xfe\x00", b'path,label\n"a.png,good\n']
)
def test_a_csv_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "labels.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match="comma-separated UTF-8 file"):
        csv.read(file, places=())


def task(name: str, *choices: str, **more: Any) -> dict[str, Any]:
    result = [{"type": "choices", "from_name": "label", "value": {"choices": list(choices)}}]
    annotations = [{"result": result if choices else [], "was_cancelled": False}]
    data = {"image": f"/data/local-files/?d=queue/pictures/{name}", "group": "lot-1"}
    return {"id": 7, "data": data, "annotations": annotations, **more}


def test_label_studios_export_gives_single_answers(tmp_path: Path) -> None:
    put(tmp_path / "pictures" / "1.png")
    skipped = task("1.png", "good")
    skipped["annotations"][0]["was_cancelled"] = True
    disputed = task("1.png", "good")
    disputed["annotations"] += task("1.png", "bad")["annotations"]
    file = tmp_path / "export.json"
    tasks = [task("1.png", "good"), task("1.png"), skipped, disputed, task("2.png", "bad")]
    file.write_text(json.dumps(tasks))
    answers = label_studio.read(file, places=())
    (one,) = answers.labelled
    assert (one.file.name, one.label, one.group) == ("1.png", "good", "lot-1")
    assert answers.unlabelled == 2
    assert answers.problems == (
        "task 7: several answers (bad, good)",
        "task 7: its picture is not there; name --pictures",
    )
    put(tmp_path / "kept" / "2.png", seed=2)
    assert len(label_studio.read(file, places=(tmp_path / "kept",)).labelled) == 2


def test_a_path_out_of_the_folders_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "secret.png")
    file = tmp_path / "in" / "export.json"
    file.parent.mkdir()
    evil = task("x", "good")
    evil["data"]["file"] = "../secret.png"
    file.write_text(json.dumps([evil]))
    assert label_studio.read(file, places=()).labelled == ()


@pytest.mark.parametrize(
    "content", ["{", "{}", "[1]", '[{"image": "/a.png", "label": "good"}]', '[{"data": []}]']
)
def test_other_json_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "export.json"
    file.write_text(content)
    with pytest.raises(DataError, match="Label Studio's JSON export"):
        label_studio.read(file, places=())
