"""Three defects beside sixty good pictures, through the steps of a run up to the verdict."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from steps_in_process import judge

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.exported import Export
from components.common.models.saved_model import ask

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]
GOOD, DEFECTS = 60, 4


def write_pictures(folder: Path, count: int, *, bar: int, seed: int) -> list[Path]:
    """Noise, with a bar that is `bar` grey levels brighter."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    written = []
    for number in range(count):
        pixels = rng.normal(90, 12, (48, 48))
        pixels[20:32] += bar
        written.append(folder / f"{number:03d}.png")
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(written[-1])
    return written


@pytest.mark.parametrize(
    "train",
    [
        {"method": "one_class"},
        {"method": "linear_probe", "options": {"imbalance": "auto"}},
    ],
    ids=["one_class", "auto"],
)
def test_it_is_trained_exported_and_judged_as_any_other(
    train: dict[str, Any], tmp_path: Path
) -> None:
    write_pictures(tmp_path / "data" / "good", GOOD, bar=0, seed=0)
    write_pictures(tmp_path / "data" / "scratch", DEFECTS, bar=150, seed=1)
    judged = judge(
        tmp_path / "data",
        tmp_path / "run",
        ingest={"positive": "scratch"},
        train=train,
        evaluate={"evidence": "cross_validation"},
    )
    assert judged.verdict.info.word in {"deploy", "hold", "insufficient"}
    info = Candidate.read(tmp_path / "run" / "artifacts" / "train" / "candidate").info
    share = DEFECTS / (GOOD + DEFECTS)
    assert dict(zip(info.classes, info.class_shares, strict=True))["scratch"] == share
    exported = Export.read(tmp_path / "run" / "artifacts" / "export" / "exported")
    assert exported.info.operating_point.bad_from == pytest.approx(share)
    # What serves finds new scratches and leaves new good ones alone.
    new = [
        *write_pictures(tmp_path / "new" / "good", 20, bar=0, seed=2),
        *write_pictures(tmp_path / "new" / "scratch", 20, bar=150, seed=3),
    ]
    truth = np.arange(40) >= 20
    folder = tmp_path / "run" / "artifacts" / "export" / "exported" / "saved_model"
    names = [str(one) for one in new]

    def read(name: str) -> bytes:
        return Path(name).read_bytes()

    served = ask(folder, names, read, batch_size=8, activity="asking")
    at = exported.info.classes.index("scratch")
    assert ((served.probabilities[:, at] >= share) == truth).mean() > 0.9
