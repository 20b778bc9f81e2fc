"""`graft data log` and `graft data diff`: folders, manifests, and what DVC pinned over time."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from components.common.errors import ConfigError
from components.ingest.config import IngestConfig
from pipelines.cli import app
from pipelines.data import compare, history


def write_picture(path: Path, seed: int, *, brighter: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 200, (40, 40)) + brighter
    Image.fromarray(noise.astype(np.uint8)).save(path)
    return path


def graft(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(
        app, [str(word) for word in words], catch_exceptions=False, env={"COLUMNS": "200"}
    )
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def shell(folder: Path, *words: str) -> None:
    subprocess.run(words, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures a class below `data/cells`."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write_picture(tmp_path / "data" / "cells" / "good" / f"{number}.png", number)
        write_picture(tmp_path / "data" / "cells" / "bad" / f"{number}.png", 100 + number)
    return tmp_path / "data" / "cells"


def changed(pictures: Path) -> Path:
    """A copy: one added and brighter, one removed, one relabelled, one renamed and re-encoded."""
    other = pictures.parents[1] / "other"
    for number in (0, 1):
        write_picture(other / "good" / f"{number}.png", number)
    write_picture(other / "bad" / "2 of good.png", 2)
    with Image.open(pictures / "bad" / "0.png") as image:
        (other / "bad").mkdir(exist_ok=True)
        image.save(other / "bad" / "renamed.bmp")
    write_picture(other / "bad" / "1.png", 101)
    write_picture(other / "bad" / "new.png", 300, brighter=50)
    return other


def test_each_kind_of_change_is_named(pictures: Path) -> None:
    sides = (IngestConfig(path=str(place)) for place in (pictures, changed(pictures)))
    found = compare.difference(*sides, names=("a", "b"))
    assert [one.name for one in found.added] == ["bad/new.png"]
    assert [one.name for one in found.removed] == ["bad/2.png"]
    assert [(one.name, one.label_before, one.label) for one in found.relabelled] == [
        ("bad/2 of good.png", "good", "bad")
    ]
    assert found.renamed == 2  # relabelling moved a file; the other one is in another format
    assert [(one.label, one.before, one.after) for one in found.classes] == [
        ("bad", 3, 4),
        ("good", 3, 2),
    ]
    moved = {one.name: one for one in found.shifts}
    assert moved["mean"].after > moved["mean"].before
    assert moved["mean"].shift > 1
    assert not found.same


def test_a_shift_is_measured_between_groups(tmp_path: Path) -> None:
    """Pictures 10 brighter are nothing where lots differ by 40, and much where they do not."""

    def lots(name: str, brightness: tuple[int, ...], more: int) -> IngestConfig:
        rows = [("path", "label", "group")]
        for lot, base in enumerate(brightness):
            for number in range(6):
                file = write_picture(
                    tmp_path / name / f"{lot}-{number}.png", 10 * lot + number, brighter=base + more
                )
                rows.append((file.name, ("good", "bad")[number % 2], f"lot-{lot}"))
        manifest = tmp_path / name / "manifest.csv"
        with manifest.open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return IngestConfig(source="manifest", path=str(manifest))

    def shift(brightness: tuple[int, ...]) -> float:
        sides = (lots(f"{brightness}-{more}", brightness, more) for more in (0, 10))
        found = compare.difference(*sides, names=("a", "b"))
        return {one.name: one for one in found.shifts}["mean"].shift

    assert shift((0, 40, 0, 40)) < 1.0 < shift((0, 1, 0, 1))


def test_the_command_prints_it_and_writes_a_page(pictures: Path, tmp_path: Path) -> None:
    said = graft("data", "diff", pictures, changed(pictures), "--out", tmp_path / "p" / "d.html")
    assert "6 and 6 pictures" in said
    assert "1 added: bad/new.png" in said
    assert "1 removed: bad/2.png" in said
    assert "1 relabelled: bad/2 of good.png (good to bad)" in said
    page = (tmp_path / "p" / "d.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 3
    assert "bad, was good" in page
    assert "the same pictures, names and labels" in graft("data", "diff", pictures, pictures)


def test_a_picture_that_nothing_can_read_is_compared_by_its_bytes(pictures: Path) -> None:
    other = changed(pictures)
    for place in (pictures, other):
        (place / "good" / "odd.png").write_bytes(b"no picture")
    sides = (IngestConfig(path=str(place)) for place in (pictures, other))
    found = compare.difference(*sides, names=("a", "b"))
    assert found.unreadable == 2
    assert "good/odd.png" not in {one.name for one in (*found.added, *found.removed)}


def test_the_log_says_who_added_what(pictures: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "new" / "good" / "a.png", 50)
    write_picture(tmp_path / "new" / "bad" / "b.png", 51)
    assert "nothing was added" in graft("data", "log", "--data", pictures)
    graft("data", "add", tmp_path / "new", "--data", pictures, "--by", "J. Miller")
    said = graft("data", "log", "--data", pictures)
    assert "J. Miller 2 added: bad 1, good 1 (from folder)" in said


def test_additions_from_before_names_were_kept_are_read(pictures: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "new" / "good" / "a.png", 50)
    graft("data", "add", tmp_path / "new", "--data", pictures)
    manifest = pictures / "additions" / "manifest.csv"
    rows = list(csv.reader(manifest.read_text().splitlines()))
    column = rows[0].index("by")
    without = [[cell for place, cell in enumerate(row) if place != column] for row in rows]
    manifest.write_text("".join(f"{','.join(row)}\n" for row in without))
    (one,) = history.versions(IngestConfig(path=str(pictures)))
    assert (one.by, one.files) == ("", 1)
    write_picture(tmp_path / "more" / "bad" / "b.png", 51)
    graft("data", "add", tmp_path / "more", "--data", pictures, "--by", "me")
    assert {one.by for one in history.versions(IngestConfig(path=str(pictures)))} == {"", "me"}


def test_a_version_needs_a_pin(pictures: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no \.dvc file"):
        history.find_revision("219fb3", IngestConfig(path=str(pictures)))


@pytest.mark.slow
def test_versions_that_dvc_pinned_are_listed_compared_and_run(
    pictures: Path, tmp_path: Path
) -> None:
    def dvc(*words: str) -> None:
        shell(tmp_path, sys.executable, "-m", "dvc", *words)

    def commit(words: str) -> None:
        shell(tmp_path, "git", "add", "-A")
        shell(tmp_path, "git", "commit", "-q", "-m", words)

    shell(tmp_path, "git", "init", "-q")
    shell(tmp_path, "git", "config", "user.name", "A. Lee")
    shell(tmp_path, "git", "config", "user.email", "lee@example.com")
    dvc("init", "-q")
    dvc("remote", "add", "-d", "store", str(tmp_path / "store"))
    dvc("add", "data")
    commit("first cells")
    write_picture(tmp_path / "new" / "bad" / "b.png", 51)
    graft("data", "add", tmp_path / "new", "--data", pictures)
    commit("a new defect")
    dvc("push", "--all-commits")
    said = graft("data", "log", "--data", pictures)
    for words in ("A. Lee 6", "first cells", "A. Lee 8", "a new defect", "added: bad 1"):
        assert words in said
    first, second = sorted(
        (one for one in history.versions(IngestConfig(path=str(pictures))) if one.revision),
        key=lambda one: one.files,
    )
    said = graft("data", "diff", first.revision[:8], "now", "--data", pictures)
    assert "6 and 7 pictures" in said
    assert "1 added: additions/" in said
    found = history.find_revision(second.revision[:8], IngestConfig(path=str(pictures)))
    assert (found.path, found.data_remote) == ("cells", str(tmp_path / ".dvc" / "cache"))
    # Without the cache, as in another place: from the remote.
    (tmp_path / ".dvc" / "cache").rename(tmp_path / "elsewhere")
    found = history.find_revision(first.revision[:8], IngestConfig(path=str(pictures)))
    assert Path(found.data_remote).resolve() == tmp_path / "store"
    assert "6 and 7 pictures" in graft(
        "data", "diff", first.revision[:8], second.revision[:8], "--data", pictures
    )
    with pytest.raises(ConfigError, match="fits 0 of"):
        history.find_revision("ffff", IngestConfig(path=str(pictures)))
