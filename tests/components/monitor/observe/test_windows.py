from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from brightness_model import CLASSES

from components.common.artifacts.monitoring.prediction_log import SCHEMA, STATISTIC_COLUMNS
from components.monitor.observe.windows import Window, from_log

NOW = 1_000_000.0
WANTED: dict[str, Any] = {"version": 3, "classes": CLASSES, "now_unix_s": NOW}


def record(number: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "time_unix_s": NOW - 1000 + number,
        "request_id": f"r{number}",
        "row": 0,
        "model": "solar",
        "version": 3,
        "interface": "REST",
        "status": 200,
        "scores": [0.25, 0.75],
        "decision": "defective",
        "embedding": [1.0, 2.0, 3.0],
        "picture_sha256": f"{number:064d}",
        "group": "m1",
        "line": "",
        "camera": "",
        **dict.fromkeys(STATISTIC_COLUMNS, 1.0),
    }
    return dict.fromkeys(SCHEMA.names) | plain | changes


def logged(root: Path, *records: dict[str, Any]) -> Window:
    (root / "2026-01-01").mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist(list(records), schema=SCHEMA)
    pq.write_table(table, root / "2026-01-01" / "0-a.parquet")
    return from_log(root, **WANTED)


def test_an_empty_or_missing_log_is_an_empty_window(tmp_path: Path) -> None:
    for window in (from_log(tmp_path / "nowhere", **WANTED), logged(tmp_path)):
        assert len(window.observations) == window.info.pictures == 0
        assert window.info.left_out == {}
        assert window.info.first_unix_s == window.info.last_unix_s == 0


def test_one_prediction_is_a_window(tmp_path: Path) -> None:
    window = logged(tmp_path, record(1))
    assert window.info.pictures == window.info.embeddings == window.info.groups == 1
    assert window.observations.features.tolist() == [[1, 2, 3]]
    assert window.info.first_unix_s == NOW - 999


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("other version", {"version": 2}),
        ("refused request", {"status": 503}),
        ("not finite", {"embedding": [1.0, float("nan"), 3.0]}),
        ("not finite", {"scores": [float("inf"), 0.0]}),
        ("not finite", {STATISTIC_COLUMNS[4]: float("nan")}),
        ("other number of classes", {"scores": [0.2, 0.3, 0.5]}),
        ("duplicate", {"picture_sha256": f"{1:064d}"}),
        ("clock ahead", {"time_unix_s": NOW + 1e6}),
        ("clock ahead", {"time_unix_s": float("inf")}),
    ],
)
def test_what_cannot_be_used_is_left_out_and_counted(
    tmp_path: Path, reason: str, changes: dict[str, Any]
) -> None:
    window = logged(tmp_path, record(1), record(2), record(3, **changes))
    assert window.info.left_out == {reason: 1}
    assert window.info.pictures == 2


def test_what_is_absent_does_no_harm(tmp_path: Path) -> None:
    bare = record(2, version=0, embedding=None, scores=None, picture_sha256=None)
    bare |= dict.fromkeys(STATISTIC_COLUMNS)
    window = logged(tmp_path, record(1), bare)
    assert window.info.left_out == {}
    assert window.info.embeddings == 1
    assert np.isnan(window.observations.statistics[1]).all()


def test_records_from_before_a_statistic_was_measured_are_read(tmp_path: Path) -> None:
    old = pa.Table.from_pylist([record(1), record(2)], schema=SCHEMA).drop_columns(["s_tilt"])
    for folder, suffix in (("2026-01-01", "parquet"), ("journal", "arrows")):
        root = tmp_path / suffix
        (root / folder).mkdir(parents=True)
        with pa.OSFile(str(root / folder / f"0-a.{suffix}"), "wb") as sink:
            if suffix == "parquet":
                pq.write_table(old, sink)
            else:
                with pa.ipc.new_stream(sink, old.schema) as stream:
                    stream.write_table(old)
        window = from_log(root, **WANTED)
        assert window.info.left_out == {}
        tilt = window.observations.statistics[:, STATISTIC_COLUMNS.index("s_tilt")]
        assert np.isnan(tilt).tolist() == [True, True]


def test_a_clock_that_went_backwards_leaves_records_in_order(tmp_path: Path) -> None:
    window = logged(tmp_path, record(1), record(9), record(5))
    assert np.all(np.diff(window.observations.times_unix_s) > 0)
    assert window.info.pictures == 3


def test_a_damaged_file_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    logged(tmp_path, record(1))
    (tmp_path / "2026-01-01" / "1-b.parquet").write_bytes(b"PAR1 and then nothing")
    window = from_log(tmp_path, **WANTED)
    assert window.info.pictures == 1
    assert window.info.left_out == {"damaged files": 1}
