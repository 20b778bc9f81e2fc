from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from brightness_model import CLASSES, FEATURES, write_export
from PIL import Image

from components.common.artifacts.monitoring.observations import Observations, from_table
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.errors import DataError
from components.common.pictures.decode import Pixels, encode_png
from components.monitor.observe.ask_model import observer
from components.monitor.observe.picture_folder import from_pictures


@pytest.mark.slow
def test_a_folder_of_pictures_is_asked_and_grouped_by_folder(tmp_path: Path) -> None:
    export = write_export(tmp_path / "exported")
    folder = tmp_path / "pictures"
    for group, level in (("a", 40), ("b", 220)):
        (folder / group).mkdir(parents=True)
        picture = encode_png(np.full((20, 24, 1), level, np.uint8))
        (folder / group / "one.png").write_bytes(picture)
        (folder / group / "again.png").write_bytes(picture)
    (folder / "b" / "text.png").write_text("not a picture")
    observe = observer(export.saved_model, classes=CLASSES)
    window = from_pictures(folder, observe, classes=CLASSES)
    seen = window.observations
    assert window.info.left_out == {"duplicate": 2, "unreadable": 1}
    assert sorted(seen.groups) == ["a", "b"]
    assert seen.features.shape == (2, FEATURES)
    assert dict(zip(seen.groups, seen.decisions, strict=True)) == {
        "a": "functional",
        "b": "defective",
    }
    assert np.isfinite(seen.statistics).all()
    assert set(seen.times_unix_s) <= {path.stat().st_mtime for path in folder.rglob("*.png")}


def test_an_empty_folder_needs_no_model_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    observe = observer(tmp_path / "none", classes=CLASSES)
    assert from_pictures(tmp_path, observe, classes=CLASSES).info.pictures == 0
    with pytest.raises(DataError, match="expected a folder of pictures"):
        from_pictures(tmp_path / "nowhere", observe, classes=CLASSES)


def test_statistics_of_12_bits_are_of_what_the_model_sees(tmp_path: Path) -> None:
    levels = np.linspace(0, 4095, 480).reshape(20, 24).astype(np.uint16)
    Image.fromarray(levels).save(tmp_path / "one.tif")
    given: list[Pixels] = []

    def observe(pixels: Sequence[Pixels], encoded: Sequence[bytes]) -> Observations:
        given.extend(pixels)
        return from_table(SCHEMA.empty_table(), classes=CLASSES)

    from_pictures(tmp_path, observe, classes=CLASSES, grey_range=(0, 4095))
    assert np.array_equal(given[0][..., 0], levels >> 4)
