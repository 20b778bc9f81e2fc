from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brightness_model import CLASSES, FEATURES, write_dataset, write_export, write_held_out

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo, HeldOut
from components.common.artifacts.monitoring.observations import Observations, of_reference
from components.common.artifacts.monitoring.reference import Reference
from components.common.errors import DataError
from components.common.pictures.decode import decode
from components.common.run_context import RunContext
from components.reference.config import ReferenceConfig
from components.reference.step import ReferenceInputs, ReferenceOutputs, run

pytestmark = pytest.mark.slow

RUN = RunContext(run_id="run-1", data_sha256="dd")
SETTINGS = ReferenceConfig(model_name="solar", train_pictures=5, copy_px=16)


def reads(exported: Export, dataset: Path) -> ReferenceInputs:
    """Return what the step reads, with an evaluation that holds the model's own answers."""
    evaluation = dataset.with_name("evaluation")
    if len(Dataset.read(dataset).judged()):
        write_held_out(evaluation, exported, dataset)
    return ReferenceInputs(exported=exported.root, dataset=dataset, evaluation=evaluation)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return write_export(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def made(exported: Export, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    root = tmp_path_factory.mktemp("made")
    write_dataset(root / "dataset")
    inputs = reads(exported, root / "dataset")
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
    assert np.array_equal(seen.whole("features"), held)
    assert np.array_equal(np.isfinite(seen.scores).all(axis=1), held)
    assert np.isfinite(seen.statistics).all()
    assert np.array_equal(seen.decisions[held], seen.labels[held])
    assert set(seen.decisions[~held]) == {""}


def test_the_embedding_is_the_models_own(seen: Observations) -> None:
    bright = seen.labels == "defective"
    middle = seen.features[:, 2]
    assert np.nanmin(middle[bright]) > np.nanmax(middle[~bright])


def test_held_out_pictures_leave_small_copies(made: Reference, seen: Observations) -> None:
    held = seen.sha256[seen.whole("features")]
    for sha256 in held:
        copy = decode(made.picture_path(sha256).read_bytes())
        assert max(copy.shape) == 16
    assert len(list((made.root / "pictures").iterdir())) == len(held)


def test_data_without_held_out_pictures_are_refused_in_words(
    exported: Export, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "dataset", splits=("train",))
    inputs = reads(exported, tmp_path / "dataset")
    with pytest.raises(DataError, match="expected held-out pictures"):
        run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)


def test_where_nothing_is_held_out_the_scores_are_those_of_the_folds(
    exported: Export, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "dataset", splits=("train",))
    dataset = Dataset.read(tmp_path / "dataset")
    crossed = Dataset(
        dataset.root, replace(dataset.info, evidence="cross_validation"), dataset.manifest
    )
    crossed.write()
    # Not the model's own answers: all of them are wrong, and one is a question.
    wrong = 1 - dataset.targets(dataset.manifest)
    table = dataset.manifest[["path", "sha256", "group", "domain"]].assign(
        target=1 - wrong, predicted=wrong, asked=[True] + [False] * (len(wrong) - 1)
    )
    for index, name in enumerate(CLASSES):
        table[f"p_{name}"] = np.where(wrong == index, 0.75, 0.25)
    figures = EvaluationInfo(
        classes=CLASSES, positive="", pictures=len(table), groups=1, metrics=()
    )
    inputs = reads(exported, tmp_path / "dataset")
    own = HeldOut.read(inputs.evaluation)
    assert np.array_equal(own.answers["target"], own.answers["predicted"])
    said = HeldOut(table.iloc[::-1], own.features[::-1])
    Evaluation(inputs.evaluation, figures).write(table, held_out=said)
    run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)
    made = Reference.read(tmp_path / "reference")
    known = of_reference(made.root)
    assert made.info.accuracy == 0.0 and made.info.pictures == len(wrong)
    assert np.array_equal(known.scores, table[[f"p_{name}" for name in CLASSES]].to_numpy())
    assert list(known.decisions) == ["ask", *(CLASSES[one] for one in wrong[1:])]
    assert np.array_equal(known.features, own.features)


def test_pictures_that_evaluate_has_not_asked_about_are_named(
    exported: Export, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "dataset")
    inputs = reads(exported, tmp_path / "dataset")
    asked = HeldOut.read(inputs.evaluation)
    HeldOut(asked.answers[1:], asked.features[1:]).write(inputs.evaluation)
    with pytest.raises(DataError, match=r"about 24 held-out .*about pictures/validation-0\.png"):
        run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)
    (inputs.evaluation / "held_out.parquet").unlink()
    with pytest.raises(DataError, match="an evaluation without them; run the evaluate step again"):
        run(SETTINGS, inputs, ReferenceOutputs(reference=tmp_path / "reference"), RUN)
