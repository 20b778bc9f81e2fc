"""A version of a data set by its hash, out of what DVC keeps, without git and without DVC."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc_remote import contents, objects, put
from s3_server import BUCKET, s3_server

from components.common.artifacts.dataset import Dataset
from components.common.errors import ConfigError, DataError
from components.common.run_context import RunContext
from components.ingest.commands import root_of, source_facts
from components.ingest.config import IngestConfig
from components.ingest.step import IngestInputs, IngestOutputs, content_key, run

ROOT = Path(__file__).parents[3]
Picture = Callable[..., bytes]


def ingest(settings: IngestConfig, out: Path) -> Dataset:
    return run(
        settings, IngestInputs(), IngestOutputs(dataset=out / "dataset"), RunContext(run_id="r")
    )


@pytest.fixture
def pinned(two_classes: Path, tmp_path: Path) -> IngestConfig:
    """A remote that holds the pictures below "cells", beside other things."""
    revision, placed = objects({"README.txt": b"x", **contents(two_classes, below="cells/")})
    put(tmp_path / "remote", placed)
    return IngestConfig(path="cells", data_rev=revision, data_remote=str(tmp_path / "remote"))


def test_a_revision_is_read_as_the_folder_was(
    pinned: IngestConfig, two_classes: Path, tmp_path: Path
) -> None:
    there = ingest(IngestConfig(path=str(two_classes), name="cells"), tmp_path / "a")
    fetched = ingest(pinned, tmp_path / "b")
    assert fetched.manifest.equals(there.manifest)
    assert fetched.info == there.info
    assert contents(fetched.root / "pictures") == contents(there.root / "pictures")
    # Nothing else of it is left.
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["dataset"]
    assert source_facts(pinned) == source_facts(IngestConfig(path=str(two_classes)))


def test_a_manifest_and_additions_are_part_of_a_revision(
    two_classes: Path, picture: Picture, tmp_path: Path
) -> None:
    (two_classes / "manifest.csv").write_text("path,label\ngood/a.png,good\nbad/a.png,bad\n")
    (two_classes / "additions" / "pictures").mkdir(parents=True)
    (two_classes / "additions" / "pictures" / "n.png").write_bytes(picture(50))
    header = "file,sha256,label,group,domain,origin,added_unix_s"
    (two_classes / "additions" / "manifest.csv").write_text(f"{header}\nn.png,0,bad,,,csv,1.0\n")
    revision, placed = objects(contents(two_classes))
    put(tmp_path / "remote", placed)
    settings = IngestConfig(
        source="manifest",
        path="manifest.csv",
        data_rev=revision,
        data_remote=str(tmp_path / "remote"),
    )
    names = ingest(settings, tmp_path / "b").manifest["path"].tolist()
    assert names == [
        "pictures/good/a.png",
        "pictures/bad/a.png",
        "pictures/additions/n.png",
    ]


def test_the_key_is_the_revision_and_needs_no_remote(pinned: IngestConfig, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "remote")
    assert content_key(pinned) == pinned.data_rev


def test_a_revision_cannot_grow(pinned: IngestConfig) -> None:
    with pytest.raises(ConfigError, match="a data set that is a folder"):
        root_of(pinned)


def test_what_is_not_there_is_named(pinned: IngestConfig, tmp_path: Path) -> None:
    def refusal(error: type[Exception], **changes: str) -> str:
        with pytest.raises(error) as caught:
            ingest(dataclasses.replace(pinned, **changes), tmp_path / "b")
        assert list((tmp_path / "b").iterdir()) == []
        return str(caught.value)

    assert "received nothing" in refusal(ConfigError, data_remote="")
    assert "received 'ftp+x://a'" in refusal(ConfigError, data_remote="ftp+x://a")
    assert f"object {'0' * 32}.dir in the DVC remote" in refusal(DataError, data_rev="0" * 32)
    assert "received 'panels'" in refusal(DataError, path="panels")
    assert "received '../cells'" in refusal(DataError, path="../cells")
    for file in (tmp_path / "remote").rglob("*"):
        if file.is_file() and file.read_bytes()[:4] == b"\x89PNG":
            file.write_bytes(b"other")
    assert "received others" in refusal(DataError)


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png", ""])
def test_names_outside_of_the_data_set_are_refused(
    name: str, two_classes: Path, tmp_path: Path
) -> None:
    revision, placed = objects({**contents(two_classes), name: b"x"})
    put(tmp_path / "remote", placed)
    settings = IngestConfig(data_rev=revision, data_remote=str(tmp_path / "remote"))
    with pytest.raises(DataError, match="1 outside of it"):
        ingest(settings, tmp_path / "out" / "b")
    assert not list((tmp_path / "out").rglob("*.png"))


@pytest.mark.parametrize("revision", ["main", "219fb3", "0" * 31, "G" * 32])
def test_only_a_hash_is_a_revision(revision: str) -> None:
    from pipelines.config import resolve

    with pytest.raises(ConfigError, match="data_rev"):
        resolve({"model_name": "m", "ingest": {"data_rev": revision}})


IN_STEP = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_ingest_revision import IngestConfig, ingest
ingest(IngestConfig(path="cells", data_rev=sys.argv[2], data_remote=sys.argv[3]), Path(sys.argv[4]))
"""


def test_two_runs_fetch_at_once(pinned: IngestConfig, tmp_path: Path) -> None:
    words = [str(Path(__file__).parent), pinned.data_rev, pinned.data_remote]
    outs = [tmp_path / "one", tmp_path / "two"]
    support = str(ROOT / "tests" / "support")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", IN_STEP, *words, str(out)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), support))},
        )
        for out in outs
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    one, two = (Dataset.read(out / "dataset").manifest for out in outs)
    assert one.equals(two)
    assert len(one) == 5


@pytest.mark.slow
def test_a_bucket_is_a_remote(
    pinned: IngestConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
        for name, content in contents(tmp_path / "remote").items():
            store.put(f"dvc/{name}", content)
        remote = dataclasses.replace(pinned, data_remote=f"s3://{BUCKET}/dvc")
        fetched = ingest(remote, tmp_path / "b")
        with pytest.raises(DataError, match="in the DVC remote s3://"):
            ingest(dataclasses.replace(remote, data_rev="0" * 32), tmp_path / "c")
    assert len(fetched.manifest) == 5
