"""A version that keeps the splits of these very pictures does not make validate work again."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from kfp_artifact import Artifact

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.lineage import Lineage, content_sha256, write_lineage
from components.common.artifacts.model_folder import lineage_path
from components.common.step import run_step

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]


def validated(dataset: Dataset, home: Path, evidence: str, *, cached: bool = True) -> Path:
    number = len(list(home.glob("validated*")))
    out = home / f"validated{number}"
    run_step(
        "validate",
        {"model_base_path": str(home / "models"), "evidence": evidence},
        {"run_id": f"r{number}", "cache_dir": str(home / "cache") if cached else ""},
        {"dataset": Artifact(str(dataset.root))},
        {"validated": Artifact(str(out)), "report": Artifact(str(home / f"report{number}"))},
    )
    return out


def worked(out: Path) -> bool:
    """Return whether this very run has written it."""
    return f'"run_id": "r{out.name[-1]}"' in (out / "provenance.json").read_text()


def publish(home: Path, pictures: pd.DataFrame, version: int) -> None:
    model_dir = home / "models" / "model"
    (model_dir / str(version)).mkdir(parents=True)
    folder = lineage_path(model_dir, version)
    folder.mkdir(parents=True)
    write_lineage(folder, Lineage(model_sha256="", roots={}, links=()), pictures)


@pytest.mark.parametrize("evidence", ["holdout", "cross_validation"])
def test_the_deal_that_a_version_keeps_is_found_again(
    tmp_path: Path, dataset: Callable[..., Dataset], evidence: str
) -> None:
    pictures, home = dataset(), tmp_path / "home"
    home.mkdir()
    first = validated(pictures, home, evidence)
    manifest = Dataset.read(first).manifest
    publish(home, manifest.sample(frac=1.0, random_state=1), 1)

    again = validated(pictures, home, evidence)
    afresh = validated(pictures, home, evidence, cached=False)

    assert [worked(first), worked(again), worked(afresh)] == [True, False, True]
    assert content_sha256(first) == content_sha256(again) == content_sha256(afresh)


def test_another_deal_is_looked_at(tmp_path: Path, dataset: Callable[..., Dataset]) -> None:
    pictures, home = dataset(), tmp_path / "home"
    home.mkdir()
    manifest = Dataset.read(validated(pictures, home, "holdout")).manifest
    train, test = (manifest["split"] == name for name in ("train", "test"))
    turned = manifest["split"].mask(train, "test").mask(test, "train")
    publish(home, manifest.assign(split=turned), 1)

    again = validated(pictures, home, "holdout")

    assert worked(again)
    assert Dataset.read(again).manifest["split"].tolist() == turned.tolist()
