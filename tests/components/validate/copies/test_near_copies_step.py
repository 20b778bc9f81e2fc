"""Near copies through the whole step: together where validate deals, a stop where it may not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from look_alike_parts import part

from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.validate.config import ValidateConfig
from components.validate.step import ValidateInputs, ValidateOutputs, run
from components.validate.verdict import Validation

pytestmark = [
    pytest.mark.slow,
    # Great Expectations and what it imports, not ours.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]

Make = Callable[..., Dataset]
Rows = Callable[..., pd.DataFrame]


def turned(seed: int) -> bytes:
    return encode_png(np.ascontiguousarray(np.rot90(part(seed))))


def write_parts(made: Dataset) -> Dataset:
    """Give every picture a part of its own, but 10 and 30 are 0 and 1 turned."""
    for row, path in enumerate(made.manifest["path"]):
        (made.root / path).write_bytes(encode_png(part(row)))
    for row, seed in ((10, 0), (30, 1)):
        (made.root / made.manifest["path"][row]).write_bytes(turned(seed))
    return made


def validate(made: Dataset, out: Path, **settings: object) -> tuple[Validation, Dataset, str]:
    config = ValidateConfig(**{"evidence": "holdout", **settings})  # type: ignore[arg-type]
    outputs = ValidateOutputs(validated=out / "validated", report=out / "report")
    found = run(config, ValidateInputs(dataset=made.root), outputs, RunContext(run_id="r"))
    page = (outputs.report / "report.html").read_text()
    return found, Dataset.read(outputs.validated), page


def failing(found: Validation) -> dict[str, int]:
    return {item.name: item.failing for item in found.findings if not item.passed}


def test_a_manifest_that_parts_copies_stops_the_run(
    dataset: Make, manifest: Rows, tmp_path: Path
) -> None:
    rows = manifest(30).assign(group="")
    rows["split"] = ["train"] * 20 + ["validation"] * 20 + ["test"] * 20
    made = write_parts(dataset(rows))
    with pytest.raises(DataError) as stopped:
        validate(made, tmp_path)
    message = str(stopped.value)
    assert "rule no_near_duplicate_across_splits" in message
    assert "2 of 60 that fail: g0-1.png (g15-0.png), g15-0.png (g0-1.png)" in message
    assert "--set validate.near_duplicates=warn" in message
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.partition('id="near-duplicates"')[2].count("data:image/png;base64,") == 4
    assert "g0-1.png, bad, train" in page
    found, written, page = validate(made, tmp_path, near_duplicates="warn")
    assert failing(found) == {
        "no_near_duplicate_across_splits": 2,
        "no_near_duplicate": 2,
        "near_duplicates_agree": 2,
    }
    assert written.manifest["split"].tolist() == rows["split"].tolist()
    assert page.count('<figcaption class="bad">') == 1


def test_copies_go_together_where_validate_deals(
    dataset: Make, manifest: Rows, tmp_path: Path
) -> None:
    rows = manifest(30)
    rows.loc[rows.index >= 20, "group"] = ""
    made = write_parts(dataset(rows))
    found, written, _ = validate(made, tmp_path)
    assert set(failing(found)) == {"no_near_duplicate", "near_duplicates_agree"}
    dealt = written.manifest
    # Groups g0 and g5 hold copies of each other; 30, without a group, is a copy of 1, of g0.
    assert dealt["split"][[0, 1, 10, 11, 30]].nunique() == 1
    assert dealt["group"][[0, 10, 30]].tolist() == ["g0", "g5", "g0"]


def test_folds_do_not_part_copies(dataset: Make, manifest: Rows, tmp_path: Path) -> None:
    made = write_parts(dataset(manifest(30).assign(group="")))
    _, written, _ = validate(made, tmp_path, evidence="cross_validation")
    group = written.manifest["group"]
    assert group[10] == group[0] == written.manifest["pixels"][0]
    assert group.nunique() == 58
    _, written, _ = validate(
        made, tmp_path / "warn", evidence="cross_validation", near_duplicates="warn"
    )
    assert written.manifest["group"].nunique() == 60
