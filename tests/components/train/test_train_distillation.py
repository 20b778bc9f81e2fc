import dataclasses
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from components.common import config
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.lineage import Provenance, read_seen, write_seen
from components.common.artifacts.records import PROVENANCE, write_record
from components.common.errors import ConfigError, DataError, WeightsError
from components.common.labels.source_facts import ClassCount, SourceFacts
from components.common.statistics.temperature import softmax
from components.networks import data
from components.networks.data import Split, TrainingData
from components.networks.features.cache import ActivationCache
from components.train.config import TrainConfig
from components.train.distil import lessons
from components.train.distil.teacher import Teacher
from components.train.fit import train
from components.train.loop.losses import TaughtLoss
from components.train.methods import distillation
from components.train.methods.distillation import Options
from components.train.session import Session

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

TEACHER = TrainConfig(backbone="mobilenet_v2/0.35", weights="none", method="linear_probe")
STUDENT = TrainConfig(backbone="small", weights="none", method="distillation")
FACTS = SourceFacts(
    labelled=(ClassCount(name="defective", pictures=9), ClassCount(name="functional", pictures=9))
)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shards and a teacher that was trained on the same splits."""
    root = tmp_path_factory.mktemp("taught")
    shards = write_tiny_shards(root / "shards")
    train(shards, out=root / "teacher", settings=TEACHER, cache_dir=str(root / "cache"))
    provenance = Provenance(
        step="train",
        run_id="monday",
        commit="",
        data_sha256="",
        config=config.to_json(TEACHER),
        inputs={},
        content_sha256="",
    )
    write_record(root / "teacher" / PROVENANCE, provenance)
    return root


def learning_from(*teachers: Path, **options: object) -> TrainConfig:
    names = [str(teacher) for teacher in teachers]
    return dataclasses.replace(
        STUDENT, options={"teachers": names, "epochs": 2, "cross_fit": False, **options}
    )


def student_of(taught: Path, out: Path, settings: TrainConfig) -> Candidate:
    train(taught / "shards", out=out, settings=settings, cache_dir=str(taught / "cache"))
    return Candidate.read(out)


def test_the_student_says_what_its_teacher_has_seen(taught: Path, tmp_path: Path) -> None:
    student = student_of(taught, tmp_path / "out", learning_from(taught / "teacher"))
    assert student.info.backbone == "small"
    seen = read_seen(student.root)
    assert seen is not None
    assert "train0" in seen.inherited
    assert list(student.curves()["phase"]) == ["probe", "finetune", "finetune"]


def test_a_student_may_start_from_random_weights(taught: Path, tmp_path: Path) -> None:
    settings = learning_from(taught / "teacher", start="random", batch=8)
    student = student_of(taught, tmp_path / "out", settings)
    assert list(student.curves()["phase"]) == ["scratch", "scratch"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "a teacher to learn from, received none"),
        ({"teachers": ["nowhere"]}, "which is no such folder"),
    ],
)
def test_no_teacher_is_refused_before_anything_runs(options: dict[str, object], words: str) -> None:
    with pytest.raises((ConfigError, WeightsError), match=words):
        distillation.check(config.load(Options, options), FACTS)


def test_a_student_alone_needs_none() -> None:
    distillation.check(Options(share=0.0), FACTS)


def test_pictures_without_a_label_need_a_teacher() -> None:
    with pytest.raises(DataError, match="answers for the pictures without a label"):
        distillation.check(Options(share=0.0), dataclasses.replace(FACTS, unlabelled=3))


def test_a_teacher_of_other_classes_is_refused(taught: Path, tmp_path: Path) -> None:
    write_tiny_shards(tmp_path / "shards", classes=("good", "bad"))
    with pytest.raises(WeightsError, match="of the classes functional, defective"):
        student_of(tmp_path, tmp_path / "out", learning_from(taught / "teacher"))
    others = dataclasses.replace(FACTS, labelled=(ClassCount(name="bad", pictures=9),))
    with pytest.raises(WeightsError, match="expected a teacher of the classes bad"):
        distillation.check(Options(teachers=(str(taught / "teacher"),)), others)


def test_a_teacher_of_other_pictures_is_refused(taught: Path) -> None:
    options = Options(teachers=(str(taught / "teacher"),))
    distillation.check(options, dataclasses.replace(FACTS, side_px=32))
    with pytest.raises(WeightsError, match=r"pictures of 32 px.*augment\.image_size_px=32"):
        distillation.check(options, dataclasses.replace(FACTS, side_px=64))


def test_a_teacher_of_pictures_made_square_otherwise_is_refused(
    taught: Path, tmp_path: Path
) -> None:
    write_tiny_shards(tmp_path / "shards", fit="pad")
    with pytest.raises(WeightsError, match=r"'squeeze', as .* received 32 px and 'pad'"):
        student_of(tmp_path, tmp_path / "out", learning_from(taught / "teacher"))


def test_a_teacher_that_has_seen_the_test_pictures_is_refused(taught: Path, tmp_path: Path) -> None:
    knowing = shutil.copytree(taught / "teacher", tmp_path / "knowing")
    write_seen(knowing, ["train0", "test1", "test2"], before=())
    with pytest.raises(DataError, match="one that has seen 2 of 4"):
        student_of(taught, tmp_path / "out", learning_from(knowing))


def splits_of(taught: Path) -> TrainingData:
    from components.common.artifacts.shards import Shards

    return data.read(Shards.read(taught / "shards"), soft_labels=True)


def session_in(root: Path, *, in_fold: bool = False) -> Session:
    return Session(0, 1, ActivationCache(root / "cache", 10**9), in_fold=in_fold)


def test_every_view_is_answered_and_two_teachers_answer_by_their_mean(
    taught: Path, tmp_path: Path
) -> None:
    splits = splits_of(taught)
    network = keras.models.load_model(taught / "teacher" / "model.keras", compile=False)
    views = np.broadcast_to(splits.train.pixels[:], (48, 32, 32, 3))
    expected = softmax(np.asarray(network(views.astype("float32"), training=False)) / 2)
    teacher = Teacher.at(str(taught / "teacher"))
    for teachers in ((teacher,), (teacher, teacher)):
        heard = lessons.ask(teachers, splits, session_in(tmp_path), temperature=2.0)
        np.testing.assert_allclose(heard.train, expected, atol=2e-3)
    assert heard.unlabelled.shape == (0, 2)


def test_in_a_fold_the_teacher_is_fitted_on_the_folds_own_pictures(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.train.methods import linear_probe

    shown: list[tuple[str, ...]] = []
    real = linear_probe.fit

    def heard(data: TrainingData, *rest: object) -> object:
        shown.append(data.train.paths)
        return real(data, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(linear_probe, "fit", heard)
    splits = splits_of(taught).fold(np.arange(16))
    teacher = Teacher.at(str(taught / "teacher"))
    found = lessons.ask((teacher,), splits, session_in(tmp_path, in_fold=True), temperature=1.0)
    assert shown == [splits.train.paths]
    assert found.train.shape == (32, 2)
    assert found.train[:16].argmax(axis=1).tolist() == splits.train.labels.tolist()


def test_each_picture_is_answered_by_teachers_of_other_groups(
    taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[set[str]] = []
    real = lessons._fitted_again

    def noted(teacher: Teacher, data: TrainingData, session: Session) -> object:
        shown.append(set(data.train.groups))
        return real(teacher, data, session)

    monkeypatch.setattr(lessons, "_fitted_again", noted)
    splits = dataclasses.replace(splits_of(taught), unlabelled=unlabelled(5, 2))
    teacher = Teacher.at(str(taught / "teacher"))
    heard = lessons.ask((teacher,), splits, session_in(tmp_path), temperature=1.0, unseen=True)
    assert heard.train.shape == (48, 2)
    assert heard.unlabelled.shape == (10, 2)
    np.testing.assert_allclose(heard.train.sum(axis=1), 1, atol=1e-3)
    every = set(splits.train.groups)
    assert len(shown) > 1
    assert all(groups < every for groups in shown)
    # Each group is left out once.
    assert sorted(name for groups in shown for name in every - groups) == sorted(every)


def test_only_a_network_that_is_asked_itself_has_seen_anything(taught: Path) -> None:
    named = (str(taught / "teacher"),)
    assert distillation.seen(Options(teachers=named)) == frozenset()
    assert "train0" in distillation.seen(Options(teachers=named, cross_fit=False))


def test_a_fold_refuses_a_teacher_without_a_recipe(taught: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(taught / "teacher", tmp_path / "bare")
    (bare / PROVENANCE).unlink()
    with pytest.raises(DataError, match="no passport or provenance beside it"):
        Teacher.at(str(bare)).recipe()


def unlabelled(count: int, views: int) -> Split:
    pixels = np.full((count * views, 32, 32, 1), 200, np.uint8)
    return Split(
        pixels=pixels,
        targets=np.zeros((count, 2), np.float32),
        labels=np.full(count, -1),
        weights=np.ones(count, np.float32),
        groups=np.array(["u"] * count, dtype=object),
        paths=tuple(f"u{number}" for number in range(count)),
        content_sha256="u",
    )


def test_joined_rows_are_view_major() -> None:
    one, other = np.arange(6), 100 + np.arange(4)
    joined = lessons.JoinedRows(one, other, (3, 2))
    assert joined[:].tolist() == [0, 1, 2, 100, 101, 3, 4, 5, 102, 103]
    assert joined[np.array([4, 0, 8])].tolist() == [101, 0, 102]


def test_pictures_without_a_label_are_learnt_from(taught: Path, tmp_path: Path) -> None:
    splits = dataclasses.replace(splits_of(taught), unlabelled=unlabelled(5, 2))
    from components.networks import network

    keras.utils.set_random_seed(0)
    built = network.build(STUDENT, image_size_px=32, classes=2)
    options = Options(teachers=(str(taught / "teacher"),), epochs=1, cross_fit=False)
    seen: list[TrainingData | object] = []
    real = lessons.taught

    def noted(*given: object) -> object:
        seen.append(real(*given))  # type: ignore[arg-type]
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "taught", noted)
        fitted = distillation.fit(splits, built, options, session_in(tmp_path))
    (inputs,) = seen
    assert len(fitted.curves) == 2
    assert inputs.train.pictures == 29  # type: ignore[attr-defined]
    assert inputs.watched.pictures == 12  # type: ignore[attr-defined]
    crossed = dataclasses.replace(inputs, validation=data.none_of(splits.validation))  # type: ignore[type-var]
    assert crossed.watched.labels.tolist() == splits.train.labels.tolist()


def test_another_teacher_at_the_same_path_is_another_training(taught: Path, tmp_path: Path) -> None:
    path = shutil.copytree(taught / "teacher", tmp_path / "teacher")
    options = Options(teachers=(str(path),))
    before = distillation.content_sha256(options)
    (path / "model.keras").write_bytes(b"another")
    assert distillation.content_sha256(options) != before


def test_taught_losses_share_a_compiled_step() -> None:
    assert TaughtLoss(0.5, 2.0) == TaughtLoss(0.5, 2.0)
    assert len({TaughtLoss(0.5, 2.0), TaughtLoss(0.5, 2.0)}) == 1
