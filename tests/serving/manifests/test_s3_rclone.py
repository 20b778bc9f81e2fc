"""The sidecar's script with the real rclone, before an S3 store of moto."""

import shutil
import subprocess
from pathlib import Path

import pytest
from s3_server import BUCKET, KEY, S3, s3_server

import serving

SCRIPT = Path(serving.__file__).parent / "k8s" / "components" / "s3" / "fetch.sh"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("rclone") is None, reason="rclone is missing: apt-get install rclone"
    ),
]


def fetch(store: S3, target: Path) -> list[str]:
    """Look once, as the sidecar does, with the names of the Secret `graft-s3`."""
    environment = store.environment | {
        "GRAFT_MODELS": f"models:{BUCKET}/solar",
        "RCLONE_CONFIG_MODELS_TYPE": "s3",
        "RCLONE_CONFIG_MODELS_PROVIDER": "Other",
        "RCLONE_CONFIG_MODELS_ENDPOINT": store.endpoint,
        "RCLONE_CONFIG_MODELS_ACCESS_KEY_ID": KEY,
        "RCLONE_CONFIG_MODELS_SECRET_ACCESS_KEY": KEY,
        "RCLONE_RETRIES": "1",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
        "XDG_CONFIG_HOME": str(target.parent),
        "FETCH_TARGET": str(target),
        "FETCH_EVERY_S": "0",
    }
    done = subprocess.run(
        ["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return sorted(path.name for path in target.iterdir() if path.name.isdigit())


def test_versions_come_from_a_bucket_whole_and_go_with_it(tmp_path: Path) -> None:
    target = tmp_path / "models" / "solar"
    target.parent.mkdir()
    with s3_server() as store:
        assert fetch(store, target) == []
        store.put("solar/1/variables/variables.data", b"weights")
        assert fetch(store, target) == []  # still being uploaded
        store.put("solar/1/saved_model.pb", b"graph")
        assert fetch(store, target) == ["1"]
        assert (target / "1" / "variables" / "variables.data").read_bytes() == b"weights"
        store.put("solar/2/saved_model.pb", b"graph 2")
        assert fetch(store, target) == ["1", "2"]
        for name in ("variables/variables.data", "saved_model.pb"):
            store.delete(f"solar/1/{name}")
        assert fetch(store, target) == ["2"]
    # Nobody there any more.
    assert fetch(store, target) == ["2"]
