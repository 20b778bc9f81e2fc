import csv
import json
import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from label_log import MONDAY_UNIX_S, Log
from noise_png import noise_png

from components.common.artifacts.monitoring.prediction_log import PICTURES, STATISTIC_COLUMNS
from components.common.errors import ConfigError, DataError
from components.common.pictures.decode import decode, encode_png
from components.label.asked_before import LEDGER, read_asked
from components.label.commands import LabelQueue, default_out, make_queue
from components.label.config import QueueConfig

CLASSES = ("good", "bad")


def make(log: Log, out: Path, *, known: tuple[str, ...] = (), **settings: Any) -> LabelQueue:
    config = QueueConfig(
        log=str(log.root.parent),
        model_name="solar",
        **{"until_unix_s": MONDAY_UNIX_S + 7 * 86400, **settings},
    )
    return make_queue(config, out=out, classes=CLASSES, known=known, now_unix_s=1.0)


def spread(log: Log, number: int) -> list[str]:
    """Log pictures far from each other, the later the less certain."""
    rng = np.random.default_rng(0)
    return [
        log.add(
            noise_png(seed),
            p=0.99 - 0.4 * seed / number,
            embedding=rng.normal(0, 1, 16).tolist(),
            hour=seed,
            group=f"lot-{seed % 3}",
            line="north",
        )
        for seed in range(number)
    ]


def test_twenty_of_a_week_in_a_folder(log: Log, tmp_path: Path) -> None:
    spread(log, 60)
    log.write()
    queue = make(log, tmp_path / "out")
    assert (queue.predictions, queue.pictures, queue.asked) == (60, 60, 0)
    assert len(queue.items) == 20
    waiting = sorted(path.name for path in (tmp_path / "out" / "to-label").iterdir())
    assert waiting == sorted(f"{rank:02d}-{x.name}" for rank, x in enumerate(queue.items, 1))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"to-label", "good", "bad"}
    assert queue.items[0].uncertainty == max(item.uncertainty for item in queue.items)
    assert {item.line for item in queue.items} == {"north"}


def test_the_same_log_gives_the_same_queue(log: Log, tmp_path: Path) -> None:
    spread(log, 40)
    log.write()
    first = make(log, tmp_path / "a")
    (log.root / LEDGER).unlink()
    assert make(log, tmp_path / "b").items == first.items


def test_what_the_model_asks_about_comes_first_and_is_no_class(log: Log, tmp_path: Path) -> None:
    spread(log, 30)
    embedding = np.random.default_rng(1).normal(0, 1, 16).tolist()
    strange = log.add(noise_png(900), p=0.999, embedding=embedding, decision="ask", hour=1.0)
    log.write()
    config = QueueConfig(
        log=str(log.root.parent), model_name="solar", until_unix_s=MONDAY_UNIX_S + 7 * 86400
    )
    queue = make_queue(config, out=tmp_path / "out", classes=(), known=(), now_unix_s=1.0)
    assert queue.items[0].sha256 == strange and queue.items[0].suggestion == ""
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"to-label", "bad"}


def test_nothing_is_asked_twice(log: Log, tmp_path: Path) -> None:
    hashes = spread(log, 30)
    log.write()
    known = (hashes[0],)
    weeks = [make(log, tmp_path / str(week), known=known, count=12) for week in range(4)]
    asked = [item.sha256 for week in weeks for item in week.items]
    assert [len(week.items) for week in weeks] == [12, 12, 5, 0]
    assert len(set(asked)) == 29
    assert hashes[0] not in asked
    assert weeks[3].out is None
    assert not (tmp_path / "3").exists()
    assert set(read_asked(log.root)) == set(asked)
    assert read_asked(log.root)[asked[0]].line == "north"


def test_two_queues_at_once_share_nothing(log: Log, tmp_path: Path) -> None:
    spread(log, 40)
    log.write()
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda n: make(log, tmp_path / str(n), count=15), range(2)))
    counts = Counter(item.sha256 for queue in both for item in queue.items)
    assert len(counts) == 30
    assert set(counts.values()) == {1}


def test_a_ledger_that_was_cut_off_keeps_its_other_lines(log: Log, tmp_path: Path) -> None:
    spread(log, 30)
    log.write()
    first = make(log, tmp_path / "a", count=5)
    ledger = log.root / LEDGER
    ledger.write_text(ledger.read_text() + '{"sha256": "cut o')
    second = make(log, tmp_path / "b", count=5)
    assert {*read_asked(log.root)} == {item.sha256 for item in (*first.items, *second.items)}


def test_a_burst_of_one_scene_is_asked_once_by_statistics_alone(log: Log, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for scene in range(6):
        level = rng.uniform(40, 200)
        base = rng.normal(level, rng.uniform(5, 40), (48, 48, 1))
        for _ in range(8):
            pixels = (base + rng.normal(0, 0.3, base.shape)).clip(0, 255)
            log.add(encode_png(pixels.astype(np.uint8)), p=0.6, hour=scene, group=f"scene-{scene}")
    log.write()
    queue = make(log, tmp_path / "out")
    assert Counter(item.group for item in queue.items) == {f"scene-{n}": 1 for n in range(6)}


def test_pictures_that_the_gateway_had_no_time_to_measure_are_asked_about_too(
    log: Log, tmp_path: Path
) -> None:
    nothing: dict[str, Any] = dict.fromkeys(STATISTIC_COLUMNS)
    log.add(noise_png(1), p=0.51)
    log.add(noise_png(2), p=0.52, **nothing)
    broken = log.add(noise_png(3), p=0.53, **nothing)
    (log.root / PICTURES / f"{broken}.png").write_bytes(b"no picture")
    log.write()
    queue = make(log, tmp_path / "out")
    assert queue.pictures == 2
    assert [item.confidence for item in queue.items] == pytest.approx([0.51, 0.52])


def test_records_of_one_picture_are_one_and_the_newest_answer_counts(
    log: Log, tmp_path: Path
) -> None:
    for hour, p in enumerate((0.9, 0.7, 0.2)):
        log.add(noise_png(1), p=p, hour=hour)
    log.write()
    (item,) = make(log, tmp_path / "out").items
    assert (item.suggestion, round(item.confidence, 2)) == ("good", 0.8)


def test_embeddings_of_an_older_version_are_not_compared(log: Log, tmp_path: Path) -> None:
    for seed in range(4):
        log.add(noise_png(seed), embedding=[0.0, 0.0], version=1)
        log.add(noise_png(10 + seed), embedding=[float(seed), 1.0, 2.0], version=2)
    log.write()
    queue = make(log, tmp_path / "out")
    assert len(queue.items) > 4


def test_the_window_bounds_what_is_asked(log: Log, tmp_path: Path) -> None:
    spread(log, 30)
    log.write()
    day = MONDAY_UNIX_S + 86400
    queue = make(log, tmp_path / "out", since_unix_s=day, until_unix_s=day + 3 * 3600)
    assert len(queue.items) == 3
    assert all(day <= item.time_unix_s < day + 3 * 3600 for item in queue.items)
    config = QueueConfig(model_name="solar", until_unix_s=day)
    assert default_out(config) == Path("label-queues/solar-2026-12-01")


@pytest.mark.parametrize("by", ["margin", "entropy"])
def test_pictures_without_an_answer_are_worth_asking(log: Log, tmp_path: Path, by: str) -> None:
    silent = log.add(noise_png(1), p=None)
    log.add(noise_png(2), p=0.99)
    log.write()
    queue = make(log, tmp_path / "out", uncertainty=by)
    assert queue.items[0].sha256 == silent
    assert queue.items[0].suggestion == ""


def test_the_csv_is_to_be_filled_in(log: Log, tmp_path: Path) -> None:
    spread(log, 30)
    log.write()
    queue = make(log, tmp_path / "out", format="csv")
    with (tmp_path / "out" / "queue.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [f"pictures/{item.name}" for item in queue.items]
    assert {row["label"] for row in rows} == {""}
    assert all((tmp_path / "out" / row["path"]).is_file() for row in rows)
    assert rows[0]["domain"] == "north"
    assert (tmp_path / "out" / "classes.txt").read_text().split() == ["good", "bad"]


def test_label_studio_gets_tasks_whose_parts_fit(log: Log, tmp_path: Path) -> None:
    spread(log, 30)
    log.write()
    queue = make(log, tmp_path / "week 48", format="label_studio")
    tasks = json.loads((tmp_path / "week 48" / "tasks.json").read_text())
    config = ElementTree.fromstring((tmp_path / "week 48" / "label-config.xml").read_text())
    image, choices = config.find("Image"), config.find("Choices")
    assert image is not None
    assert choices is not None
    assert image.get("value") == "$image"
    offered = {choice.get("value") for choice in choices}
    assert offered == {"good", "bad"}
    for task, item in zip(tasks, queue.items, strict=True):
        served = task["data"]["image"].removeprefix("/data/local-files/?d=")
        assert (tmp_path / served.replace("%20", " ")).is_file()
        (prediction,) = task["predictions"]
        (result,) = prediction["result"]
        assert result["to_name"] == image.get("name") == choices.get("toName")
        assert result["from_name"] == choices.get("name")
        assert result["value"]["choices"] == [item.suggestion]
        assert prediction["score"] == pytest.approx(item.confidence, abs=1e-3)


def test_words_when_there_is_nothing(log: Log, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a prediction log in .*, received no such"):
        make(log, tmp_path / "a")
    log.add(noise_png(1))
    log.write()
    with pytest.raises(DataError, match="none; its 1 records are from 2026-11-30 00:00"):
        make(log, tmp_path / "b", since_unix_s=MONDAY_UNIX_S + 86400)
    shutil.rmtree(log.root / PICTURES)
    with pytest.raises(
        DataError, match=r"pictures of the 1 predictions .* none that is still kept"
    ):
        make(log, tmp_path / "c")
    (log.root / PICTURES).mkdir()
    (tmp_path / "d").mkdir()
    with pytest.raises(DataError, match="expected a new folder"):
        make(log, tmp_path / "d")
    with pytest.raises(ConfigError, match="expected one of the formats csv, folder, label_studio"):
        make(log, tmp_path / "e", format="xlsx")
    assert not any((tmp_path / name).exists() for name in "abce")


def test_damaged_parts_are_named_and_cost_nothing_else(log: Log, tmp_path: Path) -> None:
    spread(log, 10)
    log.write()
    broken = log.root / "2026-11-30" / "1-test.parquet"
    broken.write_bytes(b"PAR1 no")
    queue = make(log, tmp_path / "out")
    assert queue.damaged == (str(broken),)
    assert len(queue.items) == 10


def test_the_queue_holds_the_pictures_bytes(log: Log, tmp_path: Path) -> None:
    picture = noise_png(5)
    log.add(picture)
    log.write()
    make(log, tmp_path / "out")
    (copied,) = (tmp_path / "out" / "to-label").iterdir()
    assert copied.read_bytes() == picture
    assert decode(copied.read_bytes()).shape == (40, 40, 1)


def test_a_picture_that_goes_meanwhile_is_said_and_nothing_is_noted(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread(log, 5)
    log.write()

    def gone(source: Path, target: Path) -> None:
        raise FileNotFoundError(2, "No such file", str(source))

    monkeypatch.setattr(shutil, "copyfile", gone)
    with pytest.raises(DataError, match="to stay while they are copied"):
        make(log, tmp_path / "out")
    monkeypatch.undo()
    assert not (log.root / LEDGER).exists()
    assert len(make(log, tmp_path / "out").items) == 5
