"""The sidecar's script, with an `rclone` that copies between folders of this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import serving

SCRIPT = Path(serving.__file__).parent / "k8s" / "components" / "s3" / "fetch.sh"
# The three calls the script makes; `copy` of a version with a file `fails` breaks half-way.
RCLONE = """\
#!/bin/sh
[ -e "$BROKEN" ] && exit 1
case "$1 $2" in
    "lsf --dirs-only") for d in "$3"/*/; do [ -d "$d" ] && echo "$(basename "$d")/"; done; exit 0 ;;
    lsf*) [ -f "$2" ] && basename "$2" ;;
    copy*) mkdir -p "$3" && cp -r "$2"/. "$3" && [ ! -e "$2/fails" ] ;;
esac
"""


class Bucket:
    def __init__(self, root: Path) -> None:
        self.source = root / "bucket"
        self.target = root / "models" / "model"
        self.broken = root / "broken"
        self.source.mkdir()
        self._programs = root / "bin"
        self._programs.mkdir()
        program = self._programs / "rclone"
        program.write_text(RCLONE)
        program.chmod(0o755)

    def upload(self, version: str, *files: str) -> None:
        (self.source / version).mkdir(exist_ok=True)
        for name in files:
            (self.source / version / name).write_text(name)

    def fetch(self) -> list[str]:
        environment = os.environ | {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "GRAFT_MODELS": str(self.source),
            "FETCH_TARGET": str(self.target),
            "FETCH_EVERY_S": "0",
            "BROKEN": str(self.broken),
        }
        subprocess.run(["sh", str(SCRIPT)], env=environment, check=True, capture_output=True)
        return sorted(path.name for path in self.target.iterdir() if path.name.isdigit())


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket(tmp_path)


def test_versions_come_and_go(bucket: Bucket) -> None:
    assert bucket.fetch() == []
    bucket.upload("1", "saved_model.pb")
    bucket.upload("notes", "saved_model.pb")
    assert bucket.fetch() == ["1"]
    bucket.upload("2", "saved_model.pb", "weights")
    assert bucket.fetch() == ["1", "2"]
    assert (bucket.target / "2" / "weights").read_text() == "weights"
    shutil.rmtree(bucket.source / "1")
    assert bucket.fetch() == ["2"]


def test_a_version_that_is_still_uploaded_waits(bucket: Bucket) -> None:
    bucket.upload("1", "weights")
    assert bucket.fetch() == []
    bucket.upload("1", "saved_model.pb")
    assert bucket.fetch() == ["1"]


def test_a_copy_that_breaks_never_shows(bucket: Bucket) -> None:
    bucket.upload("1", "saved_model.pb")
    bucket.upload("2", "saved_model.pb", "fails")
    assert bucket.fetch() == ["1"]
    (bucket.source / "2" / "fails").unlink()
    assert bucket.fetch() == ["1", "2"]
    assert not (bucket.target / "2" / "fails").exists()


def test_an_unreachable_bucket_changes_nothing(bucket: Bucket) -> None:
    bucket.upload("1", "saved_model.pb")
    assert bucket.fetch() == ["1"]
    bucket.broken.touch()
    assert bucket.fetch() == ["1"]
    bucket.broken.unlink()
    shutil.rmtree(bucket.source / "1")
    assert bucket.fetch() == ["1"]


def test_nothing_is_removed_before_a_successor_is_complete(bucket: Bucket) -> None:
    bucket.upload("5", "saved_model.pb")
    assert bucket.fetch() == ["5"]
    shutil.rmtree(bucket.source / "5")
    bucket.upload("6", "saved_model.pb", "fails")
    bucket.upload("7", "saved_model.pb", "fails")
    assert bucket.fetch() == ["5"]
    (bucket.source / "6" / "fails").unlink()
    assert bucket.fetch() == ["6"]


def test_a_rollback_in_the_bucket_takes_the_newer_version_away(bucket: Bucket) -> None:
    bucket.upload("1", "saved_model.pb")
    bucket.upload("2", "saved_model.pb")
    assert bucket.fetch() == ["1", "2"]
    shutil.rmtree(bucket.source / "2")
    assert bucket.fetch() == ["1"]
