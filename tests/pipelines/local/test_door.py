"""What a run refuses before its first step: one line, what to do, and nothing left behind."""

import resource
import shutil
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from blank_passport import blank_passport
from PIL import Image
from rich.console import Console

from components.common.artifacts.lineage import PICTURE_COLUMNS, pictures_path
from components.common.artifacts.passport import write_passport
from components.common.artifacts.records import file_sha256
from components.common.errors import ConfigError, WeightsError
from components.common.labels.source_facts import SourceFacts
from components.networks.config import NetworkConfig
from pipelines.cli import main
from pipelines.config import TrainingRun, resolve
from pipelines.local import door, launch
from pipelines.local.door import check_product, fetch_weights


def write_class(root: Path, name: str, *, seed: int) -> None:
    rng = np.random.default_rng(seed)
    (root / name).mkdir(parents=True, exist_ok=True)
    for number in range(3):
        pixels = rng.integers(0, 255, (32, 32), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name / f"{seed}-{number}.png")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which a user has made every mistake there is."""
    write_class(tmp_path / "photos", "good", seed=1)
    write_class(tmp_path / "photos", "bad", seed=2)
    write_class(tmp_path / "one", "good", seed=1)
    shutil.copytree(tmp_path / "one" / "good", tmp_path / "flat")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "semicolons.csv").write_text("path;label\nphotos/good/1-0.png;good\n")
    (tmp_path / "tabs.csv").write_text("path\tlabel\nphotos/good/1-0.png\tgood\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str) -> str:
    """Return what a command prints that refuses: it ends with code 2 and leaves nothing."""
    monkeypatch.setattr(sys, "argv", ["graft", *words.split()])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("error:") == 1
    assert not Path("runs").exists()
    assert not Path("serving").exists()
    return " ".join(printed.err.split())


@pytest.mark.parametrize(
    ("words", "received", "do"),
    [
        ("nothing", "no sub-folder", "make a folder a class"),
        ("flat", "3 pictures outside any class folder", "move each into"),
        ("one", "only 'good'", "add the pictures of another class"),
        (".", "'runs'", "and 'graft run "),
        ("photos --runs-dir photos/runs", "'photos/runs'", "'graft run photos'"),
        ("empty.csv", "an empty file", "write a line for each picture"),
        ("semicolons.csv", "no column path, label", "separate the cells by commas, not by ';'"),
        ("tabs.csv", "no column path, label", r"separate the cells by commas, not by '\t'"),
        ("photos --runs-dir file", "a file", "with --runs-dir"),
        ("photos --runs-dir file/below", "a file at '/", "with --runs-dir"),
        ("photos --runs-dir /proc/runs", "at '/proc'", "with --runs-dir"),
        ("photos --cache-dir file", "a file", "with --cache-dir"),
        ("photos --model-base-path file", "a file at '", "with --model-base-path"),
        ("photos --set train.method=fulll", "'fulll'", "write 'full'"),
        ("photos --set train.method=magic", "'magic'", "choose one of them"),
        ("photos --set train.backbone=mobilenetv2", "'mobilenetv2'", "write 'mobilenet_v2'"),
        ("photos --set train.options.epoch=3", "'train.options.epoch'", "correct the name"),
        ("photos --set train.weights=net.h5", "'net.h5', where there is no file", "=imagenet"),
    ],
)
def test_a_run_that_cannot_end_well_does_not_begin(
    words: str,
    received: str,
    do: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A refused run would wait until its TensorFlow is imported.
    monkeypatch.setattr(launch, "warm_parent", lambda: pytest.fail("the warm parent is started"))
    none = "" if "train.weights" in words else " --set train.weights=none"
    before, _, after = said(capsys, monkeypatch, f"run {words}{none}").partition("; ")
    assert before.startswith("error: expected ")
    assert received in before.partition(", received ")[2]
    assert do in after


def test_a_method_hears_of_the_pictures_and_of_their_squares(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[SourceFacts] = []
    monkeypatch.setattr(door, "check_source", lambda _, facts: heard.append(facts))
    squares = {"image_size_px": 64, "fit": "pad"}
    door.check_data(resolve({"ingest": {"path": "photos"}, "augment": squares}))
    (facts,) = heard
    assert [one.name for one in facts.labelled] == ["bad", "good"]
    assert (facts.side_px, facts.fit) == (64, "pad")


def test_a_full_disk_is_found_at_the_door(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit on the size of a file stands in for the disk: the same call fails."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        text = said(capsys, monkeypatch, "run photos --set train.weights=none")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "a folder for the runs at 'runs', received 'File too large'" in text


def test_weights_are_had_or_missed_now(here: Path) -> None:
    for weights in ("file", "none", "https://example.org/net.h5#sha256=0"):
        assert fetch_weights(NetworkConfig(weights=weights), Console()) is None


def test_without_a_network_imagenet_is_refused_unless_it_is_here(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(here))
    for scheme in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setenv("no_proxy", "")
    # Made at the first call, by the proxies of that time: not one for the tests that follow.
    monkeypatch.setattr(urllib.request, "_opener", None)
    asked = NetworkConfig(backbone="mobilenet_v2", weights="imagenet")
    with pytest.raises(WeightsError, match=r"Connection refused.*; connect to the internet"):
        fetch_weights(asked, Console())
    (here / "models").mkdir()
    known = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    (here / "models" / known).touch()
    assert fetch_weights(asked, Console()) is None


def settings(data: Path, **gate: bool) -> TrainingRun:
    return resolve(
        {
            "model_name": "photos",
            "model_base_path": str(data.parent / "models"),
            "ingest": {"source": "folder", "path": str(data)},
            "gate": gate,
        }
    )


@pytest.fixture
def published(here: Path) -> Path:
    """A version that was made from the folder photos; its folder."""
    model_dir = here / "models" / "photos"
    (model_dir / "1").mkdir(parents=True)
    passport = blank_passport(
        model_name="photos",
        classes=("good", "bad"),
        settings={"ingest": {"path": str(here / "photos")}},
    )
    write_passport(model_dir, passport)
    files = sorted((here / "photos").rglob("*.png"))
    rows = [(str(one), file_sha256(one), "", one.parent.name, "", "train") for one in files]
    pictures_path(model_dir, 1).parent.mkdir(parents=True)
    pd.DataFrame(rows, columns=list(PICTURE_COLUMNS)).to_parquet(pictures_path(model_dir, 1))
    return model_dir


def test_a_name_without_a_version_is_free(here: Path) -> None:
    check_product(settings(here / "photos"))


def test_the_same_product_may_grow_move_and_be_renamed(published: Path, here: Path) -> None:
    photos = here / "photos"
    write_class(photos, "good", seed=3)
    write_class(photos, "scratched", seed=4)
    check_product(settings(photos))
    photos.rename(here / "archive")
    check_product(settings(here / "archive"))
    (here / "archive" / "bad").rename(here / "archive" / "broken")
    check_product(settings(here / "archive"))


@pytest.mark.parametrize("classes", [("good", "bad"), ("ripe", "rotten")])
def test_another_product_is_refused_with_a_name_for_it(
    classes: tuple[str, str], published: Path, here: Path
) -> None:
    """Also with classes of the same names, and where it took the place of the first."""
    for number, name in enumerate(classes):
        write_class(here / "apples", name, seed=10 + number)
    with pytest.raises(ConfigError, match=r"received others from .*; .*model_name=photos-2"):
        check_product(settings(here / "apples"))
    check_product(settings(here / "apples", compare_with_serving=False))
    if "ripe" in classes:
        shutil.rmtree(here / "photos")
        (here / "apples").rename(here / "photos")
        with pytest.raises(ConfigError, match=r"model_name=photos-2"):
            check_product(settings(here / "photos"))
