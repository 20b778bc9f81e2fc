"""Labelled pictures enter a data set: what is taken, what is refused, and what a kill leaves."""

import dataclasses
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.errors import ConfigError, DataError
from components.common.run_context import RunContext
from components.ingest.additions import Addition, folder_of, read_additions, write_additions
from components.ingest.commands import AddOutcome, add_pictures, adding_to
from components.ingest.config import IngestConfig
from components.ingest.step import IngestInputs, IngestOutputs, content_key, read_source, run

Picture = Callable[..., bytes]
ROOT = Path(__file__).parents[3]


def propose(folder: Path, label: str, content: bytes, **more: str) -> LabelledPicture:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(content).hexdigest()[:8]}.PNG"
    file.write_bytes(content)
    return LabelledPicture(file=file, label=label, **more)


def add(settings: IngestConfig, *proposed: LabelledPicture, dry_run: bool = False) -> AddOutcome:
    return add_pictures(
        proposed, settings=settings, min_size_px=32, now_unix_s=1000.0, dry_run=dry_run
    )


@pytest.fixture(params=["folder", "manifest", "elpv"])
def settings(request: pytest.FixtureRequest, two_classes: Path, tmp_path: Path) -> IngestConfig:
    """One data set of each kind, with classes good and bad (the demo's have names of their own)."""
    if request.param == "folder":
        return IngestConfig(source="folder", path=str(two_classes))
    pictures = sorted(two_classes.rglob("*.png"))
    if request.param == "manifest":
        names = [path.relative_to(two_classes).as_posix() for path in pictures]
        lines = [f"{name},{name.split('/')[0]},test,lot" for name in names]
        text = "\n".join(["path,label,split,group", *lines]) + "\n"
        (two_classes / "manifest.csv").write_text(text)
        return IngestConfig(source="manifest", path=str(two_classes / "manifest.csv"))
    lines = [
        f"{path.relative_to(two_classes).as_posix()} {number % 2}.0 mono"
        for number, path in enumerate(pictures)
    ]
    (two_classes / "labels.csv").write_text("\n".join(lines) + "\n")
    return IngestConfig(source="elpv", path=str(two_classes))


def label_of(settings: IngestConfig) -> str:
    return read_source(settings).classes[0]


def test_new_pictures_stand_behind_the_old_ones(
    settings: IngestConfig, picture: Picture, tmp_path: Path
) -> None:
    before = read_source(settings)
    key = content_key(settings)
    label = label_of(settings)
    new = propose(tmp_path / "new", label, picture(50), group="lot-9", domain="north")
    outcome = add(settings, new)
    assert [one.label for one in outcome.added] == [label]
    after = read_source(settings)
    assert repr(after.pictures[:-1]) == repr(before.pictures)
    assert dataclasses.replace(after, pictures=()) == dataclasses.replace(before, pictures=())
    record = after.pictures[-1]
    assert (record.label, record.group, record.domain) == (label, "lot-9", "north")
    assert content_key(settings) != key
    dataset = run(
        settings,
        IngestInputs(),
        IngestOutputs(dataset=tmp_path / "artifact"),
        RunContext(run_id="r"),
    )
    row = dataset.manifest.iloc[-1]
    assert dataset.picture(row["path"]) == picture(50)
    assert row["path"].startswith("pictures/additions/")
    assert new.file.is_file()


def test_a_dry_run_changes_nothing(
    settings: IngestConfig, picture: Picture, tmp_path: Path
) -> None:
    key = content_key(settings)
    outcome = add(settings, propose(tmp_path / "n", label_of(settings), picture(50)), dry_run=True)
    assert len(outcome.added) == 1
    assert content_key(settings) == key


def test_what_cannot_be_taken_is_refused_by_name_and_the_rest_is_in(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    settings = IngestConfig(source="folder", path=str(two_classes))
    old, other = ((two_classes / "good" / name).read_bytes() for name in ("a.png", "b.png"))
    new = tmp_path / "new"
    outcome = add(
        settings,
        propose(new, "good", picture(50)),
        propose(new, "good", old),
        propose(new / "2", "bad", other),
        propose(new, "ugly", picture(51)),
        propose(new, "good", picture(52)[:200]),
        propose(new, "good", b"text"),
        propose(new, "good", picture(53, 16)),
        propose(new / "3", "good", picture(54)),
        propose(new / "4", "bad", picture(54)),
        propose(new / "5", "good", picture(50)),
        LabelledPicture(file=new / "gone.png", label="good"),
    )
    assert len(outcome.added) == 1
    # One was in the data set before, one comes twice in this batch.
    assert len(outcome.already) == 2
    reasons = [one.reason for one in outcome.refused]
    text = "\n".join(reasons)
    for words in (
        "holds as 'good'",
        "one of the classes good, bad, received 'ugly'",
        "a damaged file",
        "bytes that no decoder knows",
        "sides of at least 32 pixels, received 16 × 16",
        "bad and good",
        "No such file",
    ):
        assert words in text
    assert len(read_additions(two_classes)) == 1
    assert len(outcome.added) + len(outcome.already) + len(reasons) == 11


def test_adding_twice_adds_once(two_classes: Path, picture: Picture, tmp_path: Path) -> None:
    settings = IngestConfig(source="folder", path=str(two_classes))
    one = propose(tmp_path / "n", "good", picture(50))
    two = propose(tmp_path / "n", "bad", picture(51))
    assert len(add(settings, one).added) == 1
    again = add(settings, one, two)
    assert (len(again.added), again.already) == (1, (one.file,))
    assert [a.label for a in read_additions(two_classes)] == ["good", "bad"]


def test_an_archive_cannot_grow(tmp_path: Path) -> None:
    (tmp_path / "digits.whl").touch()
    settings = IngestConfig(source="digits", path=str(tmp_path / "digits.whl"))
    with pytest.raises(ConfigError, match="a data set that is a folder or a manifest"):
        add(settings)


def test_a_class_of_the_same_name_stays_a_class(two_classes: Path, picture: Picture) -> None:
    (two_classes / "additions").mkdir()
    (two_classes / "additions" / "a.png").write_bytes(picture(60))
    settings = IngestConfig(source="folder", path=str(two_classes))
    assert "additions" in read_source(settings).classes
    with pytest.raises(DataError, match="to be free for pictures that are added"):
        add(settings, propose(two_classes.parent / "n", "good", picture(50)))


@pytest.mark.parametrize(
    "damage", [b"file,sha256\n", b"\xff", b"file,sha256,label,group,domain,origin,added_unix_s\n,"]
)
def test_a_damaged_manifest_is_named(
    two_classes: Path, picture: Picture, tmp_path: Path, damage: bytes
) -> None:
    settings = IngestConfig(source="folder", path=str(two_classes))
    add(settings, propose(tmp_path / "n", "good", picture(50)))
    manifest = folder_of(two_classes) / "manifest.csv"
    manifest.write_bytes(damage + (b"x\n" if damage.endswith(b"\n") else b""))
    with pytest.raises(DataError, match="what cannot be read"):
        read_source(settings)


def test_a_picture_that_is_gone_is_named(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    settings = IngestConfig(source="folder", path=str(two_classes))
    (one,) = add(settings, propose(tmp_path / "n", "good", picture(50))).added
    (folder_of(two_classes) / "pictures" / one.file).unlink()
    with pytest.raises(DataError, match="1 that are not there"):
        read_source(settings)


KILLED = """
import os, signal, sys
from pathlib import Path
from components.ingest import additions
from components.ingest.additions import Addition, write_additions
from components.common.files import locked

root, fatal = Path(sys.argv[1]), int(sys.argv[2])
calls = 0
def counted(function):
    def call(*words, **more):
        global calls
        calls += 1
        if calls == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*words, **more)
    return call
os.fsync = counted(os.fsync)
Path.replace = counted(Path.replace)
Path.rename = counted(Path.rename)
Path.open = counted(Path.open)
new = [
    (
        Addition(file=f"{n}.png", sha256=str(n), label="good", added_unix_s=1.0),
        (root / "good" / "a.png").read_bytes(),
    )
    for n in range(3)
]
with locked(root, holder="another"):
    write_additions(root, new)
print("done")
"""


@pytest.mark.slow
@pytest.mark.parametrize("before", [0, 1])
def test_killed_anywhere_the_data_set_is_the_old_or_the_new_one(
    two_classes: Path, picture: Picture, tmp_path: Path, before: int
) -> None:
    settings = IngestConfig(source="folder", path=str(two_classes))
    if before:
        add(settings, propose(tmp_path / "n", "bad", picture(50)))
    old = read_source(settings).pictures
    seen = set()
    for fatal in range(1, 60):
        copy = tmp_path / str(fatal)
        shutil.copytree(two_classes, copy)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(copy), str(fatal)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        there = read_source(IngestConfig(source="folder", path=str(copy))).pictures
        assert len(there) in {len(old), len(old) + 3}, fatal
        assert [one.name for one in there[: len(old)]] == [one.name for one in old]
        seen.add(len(there))
        # The next one carries on, and clears what was left.
        with adding_to(copy):
            again = Addition(file="x.png", sha256="x", label="bad", added_unix_s=2.0)
            write_additions(copy, [(again, picture(70))])
        files = {path.name for path in (folder_of(copy) / "pictures").iterdir()}
        assert files == {one.file for one in read_additions(copy)}
        assert not list(copy.rglob(".*"))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.returncode == 0
    assert seen == {len(old), len(old) + 3}


def test_two_at_once_lose_nothing(two_classes: Path, picture: Picture, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from components.ingest.additions import *;"
        "from components.common.files import locked;"
        "root, name = Path(sys.argv[1]), sys.argv[2]\n"
        "for n in range(10):\n"
        "    one = Addition(file=f'{name}{n}.png', sha256=name, label='good', added_unix_s=1.0)\n"
        "    with locked(root, holder='another'):\n"
        "        write_additions(root, [(one, b'x')])\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(two_classes), name],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name in "abc"
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert len(read_additions(two_classes)) == 30
