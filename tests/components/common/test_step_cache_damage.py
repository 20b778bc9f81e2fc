"""A cache that a crash has damaged costs the work again, never the run."""

from pathlib import Path

from components.common import step_cache
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.records import PROVENANCE, tree_sha256, write_record


def output(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "data.txt").write_text("data")
    write_record(
        folder / PROVENANCE,
        Provenance(
            step="ingest",
            run_id="r",
            commit="",
            data_sha256="",
            config="{}",
            inputs={},
            content_sha256=tree_sha256(folder),
        ),
    )
    return folder


def test_an_entry_with_a_truncated_record_is_a_miss_and_is_replaced(tmp_path: Path) -> None:
    cache, made = tmp_path / "cache", output(tmp_path / "made")
    step_cache.store(str(cache), "ingest", "k", {"out": made})
    record = cache / "ingest" / "k" / "out" / PROVENANCE
    record.write_bytes(record.read_bytes()[:30])

    assert not step_cache.fetch(str(cache), "ingest", "k", {"out": tmp_path / "first"})

    step_cache.store(str(cache), "ingest", "k", {"out": output(tmp_path / "again")})
    assert step_cache.fetch(str(cache), "ingest", "k", {"out": tmp_path / "second"})
    assert (tmp_path / "second" / "data.txt").read_text() == "data"


def test_a_cache_that_cannot_be_written_keeps_nothing_and_stops_nobody(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "ingest" / "k").mkdir(parents=True)
    (cache / "ingest" / "k" / "other").write_text("another run was faster")
    step_cache.store(str(cache), "ingest", "k", {"out": output(tmp_path / "made")})
    assert [path.name for path in (cache / "ingest").iterdir()] == ["k"]
