"""Pictures, answers and failures of a batch in an S3 store of moto."""

import io
from pathlib import Path

import pandas as pd
import pytest
from s3_server import BUCKET, s3_server

pytest.importorskip("apache_beam", reason="Apache Beam is not installed (graft[batch])")

from pipelines.batch import files
from pipelines.batch.launch import run_batch
from pipelines.batch.records import Tally

pytestmark = pytest.mark.slow


def test_a_batch_reads_from_a_bucket_and_writes_to_it(
    model: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_server() as store:
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint)
        for path in pictures.rglob("*.*"):
            store.put(f"in/{path.relative_to(pictures).as_posix()}", path.read_bytes())
        out = f"s3://{BUCKET}/out"
        wanted = {"model": str(model), "pictures": f"s3://{BUCKET}/in/**", "out": out}
        summary = run_batch(**wanted, batch_size=4, part_size=10)
        # A pattern takes the notes for a picture as well.
        assert summary.counts == Tally(answered=25, failed=4)
        tables = [
            pd.read_parquet(io.BytesIO(files.read_bytes(path)))
            for path in files.matches(f"{out}/predictions/*.parquet")
        ]
        table = pd.concat(tables)
        assert len(table) == 25 and set(table["version"]) == {"12"}
        assert all(path.startswith(f"s3://{BUCKET}/in/line-") for path in table["path"])
        assert not [name for name in store.names() if "partial" in name]
        # Over already: nothing is asked again.
        assert run_batch(**wanted, batch_size=4, part_size=10) == summary
