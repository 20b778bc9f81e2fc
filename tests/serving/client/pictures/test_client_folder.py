"""Folders of pictures: every picture gets a row, whatever happens to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bright_model import png

from components.common.errors import (
    ConfigError,
    DataError,
    DeniedError,
    RequestError,
    ServerError,
    UnreachableError,
)
from components.common.pictures.decode import decode
from components.common.progress import Progress, listening
from serving.client import Features, Predictions, Signature, TensorSpec, VersionStatus
from serving.client.answers import TaskPredictions
from serving.client.pictures.folders import find_pictures, folder_name, predict_folder
from serving.client.pictures.tables import exit_code, write_table
from serving.protocol.headers import sendable, spoken


class MemoryClient:
    """Answers from memory: 'bright' by the mean grey; one level is refused, a limit is kept."""

    address = "memory"
    model = "bright"

    def __init__(
        self,
        *,
        refuses: int = -1,
        largest: int = 1000,
        answers: int = 1000,
        outputs: str = "",
        end: type[ServerError] = UnreachableError,
        task: str = "",
    ) -> None:
        self.refuses = refuses
        self.largest = largest
        self.answers = answers
        self.outputs = outputs or "probabilities"
        self.end = end
        self.task = task
        self.sizes: list[int] = []
        self.headers: list[Mapping[str, str]] = []

    def predict_pictures(
        self, pictures: Sequence[bytes], *, headers: Mapping[str, str] | None = None
    ) -> Predictions:
        means = [float(decode(picture).mean()) for picture in pictures]
        if len(self.sizes) >= self.answers:
            raise self.end("gone")
        self.sizes.append(len(pictures))
        self.headers.append(headers or {})
        if self.refuses in means or len(pictures) > self.largest:
            raise RequestError("refused")
        bright = np.array(means, np.float32) / 255
        names = tuple("bright" if value > 0.5 else "dark" for value in bright)
        both = np.stack([1 - bright, bright], axis=1)
        loud = tuple(name.upper() for name in names)
        tasks = (TaskPredictions(self.task, loud, both),) if self.task else ()
        return Predictions(both, names, names, 7, self.model, tasks)

    def signature(self, name: str = "serving_default") -> Signature:
        inputs = (TensorSpec("image_bytes", "string", (-1,)),)
        return Signature(name, inputs, (TensorSpec(self.outputs, "float", (-1, 2)),))

    def features(self, pictures: Sequence[bytes]) -> Features:
        raise NotImplementedError

    def status(self) -> tuple[VersionStatus, ...]:
        raise NotImplementedError

    def wait_until_available(self, *, timeout_s: float, version: int | None = None) -> int:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __enter__(self) -> "MemoryClient":
        return self

    def __exit__(self, *exception: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    (root / "inner").mkdir(parents=True)
    for level in range(0, 250, 25):
        (root / "inner" / f"{level:03}.png").write_bytes(png(level))
    (root / "bad.png").write_bytes(b"not a picture")
    (root / "cut.JPG").write_bytes(png(3)[:50])
    (root / "notes.txt").write_text("no picture")
    return root


def test_further_tasks_are_columns(folder: Path) -> None:
    table = predict_folder([folder], client=MemoryClient(task="shade"), batch_size=3)
    pd.testing.assert_series_equal(
        table["task:shade"], table["class"].str.upper(), check_names=False
    )
    assert table["task:shade"].notna().sum() == 10
    assert "task:shade" not in predict_folder([folder], client=MemoryClient())


def test_one_row_a_picture(folder: Path) -> None:
    table = predict_folder([folder], client=MemoryClient(), batch_size=4)
    assert [Path(path).name for path in table["path"]] == [
        "bad.png",
        "cut.JPG",
        *[f"{level:03}.png" for level in range(0, 250, 25)],
    ]
    good = table[table["error"].isna()]
    assert list(good["class"]) == ["dark"] * 6 + ["bright"] * 4
    assert good["probability"].tolist() == [max(values) for values in good["probabilities"]]
    assert set(good["version"]) == {7}
    assert set(good["model"]) == {"bright"}
    bad = table[table["error"].notna()]
    assert bad["error"].str.contains("readable picture").all()
    assert bad[["class", "probability", "probabilities", "version"]].isna().all(axis=None)
    assert exit_code(table) == 3
    assert exit_code(good) == 0


def test_one_refused_picture_does_not_take_the_others_with_it(folder: Path) -> None:
    client = MemoryClient(refuses=100)
    table = predict_folder([folder / "inner"], client=client, batch_size=8)
    assert list(table[table["error"].notna()]["error"]) == ["refused"]
    assert Path(table[table["error"].notna()]["path"].iloc[0]).name == "100.png"


def test_batches_that_are_too_large_are_halved(folder: Path) -> None:
    client = MemoryClient(largest=3)
    table = predict_folder([folder / "inner"], client=client, batch_size=10)
    assert table["error"].isna().all()
    assert max(client.sizes[1:]) <= 5


@pytest.mark.parametrize("end", [UnreachableError, DeniedError])
def test_a_server_that_goes_away_leaves_what_it_answered(
    folder: Path, end: type[ServerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.client.pictures.folders.BATCHES_UNDER_WAY", 1)
    client = MemoryClient(answers=2, end=end)
    table = predict_folder([folder / "inner"], client=client, batch_size=2)
    assert table["error"].isna().sum() == 4
    assert set(table["error"].dropna()) == {"gone"}
    assert exit_code(table) == 3


def test_a_request_holds_pictures_of_one_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lot-2", "lot-1"):
        (folder / "inner" / name).mkdir()
        for level in (10, 240, 11):
            (folder / "inner" / name / f"{level}.png").write_bytes(png(level))
    monkeypatch.chdir(folder / "inner" / "lot-2")
    monkeypatch.setattr("serving.client.pictures.folders.BATCHES_UNDER_WAY", 1)
    client = MemoryClient(refuses=240)
    table = predict_folder(
        [Path("10.png"), folder / "inner"],
        client=client,
        batch_size=8,
        group_of=folder_name,
    )
    plain = predict_folder([Path("10.png"), folder / "inner"], client=MemoryClient())
    assert list(table["path"]) == list(plain["path"])
    # Also the halves of a batch with a picture that is refused, and a path without a folder.
    groups = [headers["X-Graft-Group"] for headers in client.headers]
    asked = list(zip(groups, client.sizes, strict=True))
    assert set(groups) == {"inner", "lot-1", "lot-2"}
    assert [size for group, size in asked if group == "inner"] == [8, 2]
    assert [size for group, size in asked if group == "lot-1"] == [3, 1, 2, 1, 1]
    assert asked[0] == ("lot-2", 1)
    assert table["error"].notna().sum() == 2


def test_without_groups_no_header_is_sent(folder: Path) -> None:
    client = MemoryClient()
    predict_folder([folder / "inner"], client=client)
    assert client.headers == [{}]


def test_a_folder_may_have_any_name(folder: Path) -> None:
    (folder / "Prüfling 7 %").mkdir()
    (folder / "Prüfling 7 %" / "1.png").write_bytes(png(1))
    client = MemoryClient()
    predict_folder([folder / "Prüfling 7 %"], client=client, group_of=folder_name)
    (sent,) = [sendable(headers) for headers in client.headers]
    assert spoken(sent["x-graft-group"]) == "Prüfling 7 %"


def test_a_model_of_another_kind_is_named_before_anything_is_sent(folder: Path) -> None:
    client = MemoryClient(outputs="logits")
    with pytest.raises(ServerError, match=r"probabilities.*logits"):
        predict_folder([folder], client=client)
    assert client.sizes == []


def test_progress_is_reported(folder: Path) -> None:
    reported: list[Progress] = []
    with listening(reported.append):
        predict_folder([folder / "inner"], client=MemoryClient(), batch_size=3)
    assert (reported[-1].done, reported[-1].total) == (4, 4)


def test_finding_pictures(folder: Path, tmp_path: Path) -> None:
    file = folder / "notes.txt"
    twice = find_pictures([file, folder / "inner", folder / "inner" / "000.png"])
    assert len(twice) == 11
    assert twice[0] == file
    with pytest.raises(DataError, match="correct the path") as caught:
        find_pictures([tmp_path / "absent"])
    assert caught.value.exit_code == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="received none in"):
        find_pictures([tmp_path / "empty"])


def test_tables_survive_writing(folder: Path, tmp_path: Path) -> None:
    table = predict_folder([folder], client=MemoryClient())
    for suffix in ("csv", "parquet"):
        write_table(table, tmp_path / "new" / f"out.{suffix}")
    parquet = pd.read_parquet(tmp_path / "new" / "out.parquet")
    assert list(parquet["path"]) == list(table["path"])
    assert parquet["probabilities"][2].tolist() == table["probabilities"][2]
    csv = pd.read_csv(tmp_path / "new" / "out.csv")
    assert list(csv.columns) == list(table.columns)
    assert csv["probabilities"][3] == "[0.9019608, 0.09803922]"
    assert csv["version"].dropna().astype(int).unique().tolist() == [7]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["out.csv", "out.parquet"]
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        write_table(table, tmp_path / "out.xlsx")
