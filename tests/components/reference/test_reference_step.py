from pathlib import Path

import numpy as np
import pytest
from brightness_model import CLASSES, FEATURES, write_dataset, write_export

from components.common.artifacts.exported import Export
from components.common.artifacts.monitoring.reference import Reference
from components.common.errors import DataError
from components.common.pictures.decode import decode
from components.common.run_context import RunContext
from components.monitor.harm.learn import read_correction
from components.monitor.observe.observations import Observations, of_reference
from components.reference.config import ReferenceConfig
from components.reference.step import ReferenceInputs, ReferenceOutputs, run

pytestmark = pytest.mark.slow

RUN = RunContext(run_id="run-1", data_sha256="dd")
SETTINGS = ReferenceConfig(model_name="solar", train_pictures=5, copy_px=16)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return write_export(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def made(exported: Export, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    root = tmp_path_factory.mktemp("made")
    write_dataset(root / "dataset")
    inputs = ReferenceInputs(exported=exported.root, dataset=root / "dataset")
    run(SETTINGS, inputs, ReferenceOutputs(reference=root / "reference"), RUN)
    return Reference.read(root / "reference")


@pytest.fixture(scope="module")
def seen(made: Reference) -> Observations:
    return of_reference(made.root)


def test_the_record_ties_the_reference_to_model_and_data(made: Reference, exported: Export) -> None:
    assert made.info.model_sha256 == exported.info.model_sha256
    assert made.info.data_sha256 == "dd"
    assert made.info.classes == CLASSES
    assert made.info.pictures == 12 + 12 + 5
    assert made.info.accuracy == 1.0


def test_held_out_pictures_have_scores_and_embeddings_training_pictures_only_statistics(
    made: Reference, seen: Observations
) -> None:
    split = made.observations().column("split").to_numpy(zero_copy_only=False)
    held = split != "train"
    assert seen.features.shape == (29, FEATURES)
    assert np.array_equal(seen.has_features, held)
    assert np.array_equal(np.isfinite(seen.scores).all(axis=1), held)
    assert np.isfinite(seen.statistics).all()
    assert np.array_equal(seen.decisions[held], seen.labels[held])
    assert set(seen.decisions[~held]) == {""}


def test_the_embedding_is_the_models_own(seen: Observations) -> None:
    bright = seen.labels == "defective"
    middle = seen.features[:, 2]
    assert np.nanmin(middle[bright]) > np.nanmax(middle[~bright])


def test_held_out_pictures_leave_small_copies(made: Reference, seen: Observations) -> None:
    held = seen.sha256[seen.has_features]
    for sha256 in held:
        copy = decode(made.picture_path(sha256).read_bytes())
        assert max(copy.shape) == 16
    assert len(list((made.root / "pictures").iterdir())) == len(held)


def test_data_without_held_out_pictures_are_refused_in_words(
    exported: Export, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "dataset", splits=("train",))
    inputs = ReferenceInputs(exported=exported.root, dataset=tmp_path / "dataset")
    with pytest.raises(DataError, match="expected held-out pictures"):
        run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)


def test_so_few_pictures_teach_nothing_of_harm(made: Reference) -> None:
    assert not made.harm_path.exists()


def test_what_corruptions_cost_is_learnt_from_the_held_out_pictures(
    exported: Export, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "dataset", splits=("test",), each=48)
    inputs = ReferenceInputs(exported=exported.root, dataset=tmp_path / "dataset")
    run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)
    learnt = read_correction(Reference.read(tmp_path / "reference").harm_path)
    assert learnt is not None
    assert learnt.pictures == 48 and learnt.groups == 16
    # The model goes by brightness alone: light hurts it, a shift does not.
    loss = {
        kind: np.mean([one.loss_points for one in learnt.trials if one.kind == kind])
        for kind in ("exposure", "brightness", "shift")
    }
    assert max(loss["exposure"], loss["brightness"]) > 10 > abs(loss["shift"])
