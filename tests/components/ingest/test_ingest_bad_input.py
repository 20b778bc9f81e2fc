"""Pictures and names that nobody hopes for: one message, exit code 2, and no artifact."""

import os
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.common.artifacts.dataset import Dataset
from components.common.config import to_plain
from components.common.errors import InputError
from components.common.run_context import RunContext
from components.common.step import run_step
from components.ingest.config import IngestConfig
from components.validate.config import ValidateConfig

Picture = Callable[..., bytes]
ROOT = Path(__file__).parents[3]
MEGAPIXELS_200 = (20_000, 10_000)


class Folder:
    """What a step touches of a kfp artifact."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.metadata: dict[str, Any] = {}


def ingested(place: Path, out: Path) -> Folder:
    """Run the step ingest as a pipeline does."""
    source = "manifest" if place.suffix == ".csv" else "folder"
    settings = IngestConfig(source=source, path=str(place))
    dataset = Folder(out / "dataset")
    context = to_plain(RunContext(run_id="r"))
    run_step("ingest", to_plain(settings), context, outputs={"dataset": dataset})
    return dataset


def refused(place: Path, out: Path) -> str:
    """Return what a person reads; nothing that passes for a Dataset is there."""
    with pytest.raises(InputError, match=r"^expected .*, received .*; ") as caught:
        ingested(place, out)
    assert caught.value.exit_code == 2
    assert not (out / "dataset" / "dataset.json").exists()
    assert not (out / "dataset" / "provenance.json").exists()
    said = str(caught.value)
    assert said.isprintable(), said
    return said


def empty(root: Path, picture: Picture) -> None:
    shutil.rmtree(root)
    root.mkdir()


def empty_class(root: Path, picture: Picture) -> None:
    (root / "third").mkdir()


def other_endings(root: Path, picture: Picture) -> None:
    for file in root.rglob("*.png"):
        file.rename(file.with_suffix(".dat"))


def class_in_two_cases(root: Path, picture: Picture) -> None:
    (root / "Good").mkdir()
    (root / "Good" / "0.png").write_bytes(picture(90))


def class_in_two_encodings(root: Path, picture: Picture) -> None:
    for name in ("d\u00e9faut", "de\u0301faut"):
        (root / name).mkdir()
        (root / name / "0.png").write_bytes(picture(90))


def class_of_spaces(root: Path, picture: Picture) -> None:
    (root / "good").rename(root / "   ")


def class_with_a_line_break(root: Path, picture: Picture) -> None:
    (root / "good").rename(root / "go\nod")


def class_of_no_text(root: Path, picture: Picture) -> None:
    (root / "good").rename(os.fsdecode(os.fsencode(root) + b"/go\xff"))


def class_that_links_to_all(root: Path, picture: Picture) -> None:
    (root / "again").symlink_to(".")


def folder_that_links_above(root: Path, picture: Picture) -> None:
    (root / "good" / "deep").symlink_to("..")


def class_that_links_to_a_class(root: Path, picture: Picture) -> None:
    (root / "fine").symlink_to("good")


def link_to_itself(root: Path, picture: Picture) -> None:
    (root / "good" / "x.png").symlink_to("x.png")


def class_that_links_to_itself(root: Path, picture: Picture) -> None:
    (root / "loop").symlink_to("loop")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (empty, "no sub-folder"),
        (empty_class, "no picture in third"),
        (other_endings, r"no picture in bad, good (endings: .bmp"),
        (class_in_two_cases, "'Good' and 'good'"),
        (class_in_two_encodings, r"'de\u0301faut' and 'd\xe9faut'"),
        (class_of_spaces, "printable characters"),
        (class_with_a_line_break, r"'go\nod'"),
        (class_of_no_text, r"'go\udcff'"),
        (class_that_links_to_all, "a second time, by a link"),
        (folder_that_links_above, "good/deep' a second time, by a link"),
        (class_that_links_to_a_class, "a second time, by a link"),
        (link_to_itself, "1 that lead nowhere or to themselves"),
        (class_that_links_to_itself, "1 that lead nowhere or to themselves"),
    ],
)
def test_a_folder_is_refused(
    two_classes: Path,
    picture: Picture,
    tmp_path: Path,
    damage: Callable[[Path, Picture], None],
    said: str,
) -> None:
    damage(two_classes, picture)
    assert said in refused(two_classes, tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("../good/a.png,good\n", "paths inside"),
        ("/etc/passwd,good\n", "paths inside"),
        ("good/b.png,good\ngood/b.png,good\n", "every picture on one line only"),
        ("good/./b.png,good\ngood/b.png,bad\n", "every picture on one line only"),
        ("good/b.png,   \n", "a label on every line"),
        ("good/b.png,NaN\n", "a label on every line"),
        ("good/b.png,GOOD\n", "'GOOD' and 'good'"),
        (f"good/{'x' * 300}.png,good\n", "every path to be a file"),
        ("good/\0.png,good\n", r"'good/\x00.png'"),
        ('"good/a\nb.png",good\n', r"'good/a\nb.png'"),
    ],
)
def test_a_manifest_is_refused(two_classes: Path, tmp_path: Path, rows: str, said: str) -> None:
    manifest = two_classes / "manifest.csv"
    manifest.write_text(f"path,label\ngood/a.png,good\nbad/a.png,bad\n{rows}")
    assert said in refused(manifest, tmp_path)


def test_names_of_any_script_and_bytes_are_taken(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    good = os.fsencode(two_classes / "good")
    for seed, name in enumerate([b"a\nb.png", "\u96fb\u6c60.png".encode(), b"\xff.png"], start=50):
        Path(os.fsdecode(good + b"/" + name)).write_bytes(picture(seed))
    dataset = Dataset.read(Path(ingested(two_classes, tmp_path).path))
    names = {Path(path).name for path in dataset.manifest["path"]}
    assert {"a_b.png", "\u96fb\u6c60.png", "_.png"} < names
    assert all(dataset.picture(path) for path in dataset.manifest["path"])


def test_a_folder_behind_a_link_is_read(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    (tmp_path / "lot9").mkdir()
    (tmp_path / "lot9" / "z.png").write_bytes(picture(50))
    (two_classes / "good" / "lot9").symlink_to(tmp_path / "lot9")
    dataset = Dataset.read(Path(ingested(two_classes, tmp_path).path))
    assert "pictures/good/lot9/z.png" in set(dataset.manifest["path"])


def bomb(width: int, height: int) -> bytes:
    """A grey PNG of a few hundred kilobytes whose pixels would take 200 MB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (width + 1)), 9)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bomb(*MEGAPIXELS_200), "200000000 pixels"),
        (b"a letter, not a picture", "bytes that no decoder knows"),
    ],
)
# Great Expectations, not ours.
@pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning")
def test_what_no_decoder_should_read_is_named_by_validate(
    two_classes: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    (two_classes / "good" / "odd.png").write_bytes(content)
    dataset = ingested(two_classes, tmp_path)
    outputs = {name: Folder(tmp_path / name) for name in ("validated", "report")}
    settings, context = to_plain(ValidateConfig()), to_plain(RunContext(run_id="r"))
    with pytest.raises(InputError) as caught:
        run_step("validate", settings, context, {"dataset": dataset}, outputs)
    assert caught.value.exit_code == 2
    assert "good/odd.png" in str(caught.value)
    assert said in str(caught.value)
    assert not (tmp_path / "validated" / "dataset.json").exists()


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=4m tmpfs {disk} && cd {disk} &&
{python} -m pipelines.cli run --data {data} --set train.weights=none \
  --runs-dir {disk}/runs --cache-dir {disk}/cache --model-base-path {disk}/models
echo "code $?"
find {disk} -name dataset.json -o -name provenance.json
"""


@pytest.mark.slow
def test_a_full_disk_is_named_and_leaves_no_artifact(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    """On a disk of 4 MB, which only lives in a namespace of the child's."""
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespace of one's own is allowed here")
    for number in range(8):
        (two_classes / "good" / f"large-{number}.png").write_bytes(picture(number, 900))
    disk = tmp_path / "disk"
    disk.mkdir()
    script = ON_A_SMALL_DISK.format(disk=disk, python=sys.executable, data=two_classes)
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "error: expected room on the disk" in done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1] == "code 2"


def test_a_step_on_a_full_disk_says_so(two_classes: Path, picture: Picture, tmp_path: Path) -> None:
    """A limit on the size of a file stands in for the disk: the same call fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (two_classes / "good" / "large.png").write_bytes(picture(9, 900))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    try:
        said = refused(two_classes, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "room on the disk, received 'File too large'" in said


IN_STEP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_ingest_bad_input import ingested
ingested(Path(sys.argv[2]), Path(sys.argv[3]))
"""


def test_two_runs_at_once_read_the_same_data(two_classes: Path, tmp_path: Path) -> None:
    """Neither waits for the other, and both have the whole of it."""
    outs = [tmp_path / "one", tmp_path / "two"]
    here = str(Path(__file__).parent)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_STEP, here, str(two_classes), str(out)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for out in outs
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    one, two = (Dataset.read(out / "dataset").manifest for out in outs)
    assert one.equals(two)
    assert len(one) == 5
