"""The data from a DVC remote in S3: DVC, dvc-s3 and a store of moto."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from s3_server import BUCKET, s3_server

from components.common.errors import DataError
from pipelines.data import demo

pytestmark = pytest.mark.slow


def test_the_data_come_back_from_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dvc_s3")
    data = tmp_path / "data"
    (data / "elpv").mkdir(parents=True)
    for number in range(3):
        (data / "elpv" / f"{number}.png").write_bytes(bytes([number]) * 100)
    with s3_server() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)

        def dvc(*words: str) -> None:
            argv = [sys.executable, "-m", "dvc", *words]
            subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)

        subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
        dvc("init", "-q")
        dvc("remote", "add", "-d", "store", f"s3://{BUCKET}/dvc")
        dvc("remote", "modify", "store", "endpointurl", store.endpoint)
        dvc("add", "data")
        dvc("push")
        assert len(store.names()) == 4  # three files and their listing
        shutil.rmtree(data)
        shutil.rmtree(tmp_path / ".dvc" / "cache")
        assert demo.pull(tmp_path)
        assert (data / "elpv" / "2.png").read_bytes() == bytes([2]) * 100
        assert not demo.differences(tmp_path)
        shutil.rmtree(data)
        shutil.rmtree(tmp_path / ".dvc" / "cache")
    with pytest.raises(DataError):
        demo.pull(tmp_path)
