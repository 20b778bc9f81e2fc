"""Pictures without a label on their way from a user's folder to what a method is given."""

from pathlib import Path

import numpy as np
import pytest

from components.augment.config import AugmentConfig
from components.augment.step import AugmentInputs, AugmentOutputs
from components.augment.step import run as augment
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import DomainCount
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.ingest.commands import source_facts
from components.ingest.config import IngestConfig
from components.ingest.step import IngestInputs, IngestOutputs, content_key
from components.ingest.step import run as ingest
from components.networks import data
from components.validate.config import ValidateConfig
from components.validate.step import ValidateInputs, ValidateOutputs
from components.validate.step import run as validate
from components.validate.verdict import Validation
from pipelines.config import override, resolve

pytestmark = [
    # Great Expectations and what it imports, not ours.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]

CLASSES = ("good", "bad")
A_CLASS = 12


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 40, 1), dtype=np.uint8)
    return encode_png(pixels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes, three pictures without a label, and a copy of a labelled one among them."""
    root = tmp_path / "mine"
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for i in range(A_CLASS):
            (root / name / f"{i}.png").write_bytes(picture(100 * number + i))
    (root / "unlabelled").mkdir()
    for i in range(3):
        (root / "unlabelled" / f"{i}.png").write_bytes(picture(900 + i))
    (root / "unlabelled" / "copy.png").write_bytes(picture(100))
    return root


def prepared(settings: IngestConfig, out: Path) -> tuple[Validation, Shards]:
    context = RunContext(run_id="tiny")
    ingest(settings, IngestInputs(), IngestOutputs(dataset=out / "dataset"), context)
    written = ValidateOutputs(validated=out / "validated", report=out / "report")
    found = validate(ValidateConfig(), ValidateInputs(dataset=out / "dataset"), written, context)
    augment(
        AugmentConfig(image_size_px=32, views=2, policy="none"),
        AugmentInputs(dataset=out / "validated"),
        AugmentOutputs(shards=out / "shards"),
        context,
    )
    return found, Shards.read(out / "shards")


def test_they_reach_the_method_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    settings = IngestConfig(path=str(folder), unlabelled=True)
    found, shards = prepared(settings, tmp_path / "out")
    given = data.read(shards, soft_labels=True)

    assert given.unlabelled.paths == tuple(f"pictures/unlabelled/{i}.png" for i in range(3))
    assert given.unlabelled.views == 2
    assert set(given.unlabelled.labels) == {-1}
    assert not given.unlabelled.targets.any()
    assert given.classes == CLASSES
    assert given.train.pictures == len(CLASSES) * A_CLASS
    assert given.facts().unlabelled == 3
    validated = Dataset.read(tmp_path / "out" / "validated")
    assert set(validated.manifest["label"]) == set(CLASSES)
    # What is judged must be new to the method.
    (finding,) = [one for one in found.findings if one.name == "unlabelled_apart"]
    assert (finding.passed, finding.failing) == (False, 1)
    assert "copy.png" in str(finding)


def test_they_change_the_key_under_which_the_data_are_found_again(folder: Path) -> None:
    settings = IngestConfig(path=str(folder), unlabelled=True)
    before = content_key(settings)
    (folder / "unlabelled" / "new.png").write_bytes(picture(950))
    assert content_key(settings) != before


def test_a_folder_of_them_is_no_class_by_chance(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"folder 'unlabelled' with 4 pictures; say ingest\.unl"):
        source_facts(IngestConfig(path=str(folder)))


def manifest(folder: Path, rows: str) -> IngestConfig:
    (folder / "manifest.csv").write_text(rows)
    path = str(folder / "manifest.csv")
    return IngestConfig(source="manifest", path=path, unlabelled=True)


def test_a_manifest_leaves_the_label_empty(folder: Path) -> None:
    rows = "path,label,domain,label:kind\ngood/0.png,good,a,x\nbad/0.png,bad,a,\n"
    settings = manifest(folder, f"{rows}unlabelled/0.png,,b,\n")
    facts = source_facts(settings)
    assert facts.domains == (
        DomainCount(name="a", labelled=2, unlabelled=0),
        DomainCount(name="b", labelled=0, unlabelled=1),
    )
    assert (facts.pictures, facts.unlabelled, facts.tasks, facts.groups) == (2, 1, ("kind",), 2)


def test_nothing_can_be_judged_by_one(folder: Path) -> None:
    rows = "path,label,split\ngood/0.png,good,train\nbad/0.png,bad,train\n"
    with pytest.raises(DataError, match=r"no split for a picture without a label.*line 4: 'test'"):
        source_facts(manifest(folder, f"{rows}unlabelled/0.png,,test\n"))


def test_a_method_that_does_not_use_them_refuses_them_at_the_door() -> None:
    with pytest.raises(ConfigError, match=r"received train\.method=linear_probe"):
        resolve(override({"model_name": "m"}, ["ingest.unlabelled=true"]))
