"""What is asked of a model besides the evidence: found, drawn, and asked once only."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
from brightness_model import write_dataset, write_export
from PIL import Image
from tiny_candidate import write_candidate

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.pictures.corruptions import CORRUPTIONS, SEVERITIES
from components.common.pictures.decode import Pixels
from components.common.run_context import RunContext
from components.evaluate import inside
from components.evaluate.behaviour import robustness
from components.evaluate.behaviour.asked import ExportedModel, drawn
from components.evaluate.behaviour.robustness import measure_robustness
from components.evaluate.config import EvaluateConfig
from components.evaluate.inside import InsideInfo, Subject, look_inside
from components.evaluate.predictions import score

pytestmark = pytest.mark.slow

SETTINGS = EvaluateConfig(faulty_pictures=10, explained_pictures=4)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    root = tmp_path_factory.mktemp("subject")
    export = write_export(root / "exported")
    write_dataset(root / "dataset", each=60)
    dataset = Dataset.read(root / "dataset")
    predictions = score(
        export.saved_model, dataset, dataset.split("test"), batch_size=8, activity="asking"
    )
    asked = ExportedModel(export.saved_model, export.info.classes, export.info.image_size_px, 8)
    return Subject(
        asked=asked,
        export=export,
        candidate=write_candidate(root / "candidate", export.info.classes),
        dataset=dataset,
        predictions=predictions,
    )


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(run_id="r", cache_dir=str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def found(
    subject: Subject, context: RunContext, tmp_path_factory: pytest.TempPathFactory
) -> tuple[InsideInfo, Path]:
    plots = tmp_path_factory.mktemp("first") / "plots"
    return look_inside(subject, SETTINGS, context, plots=plots), plots


def test_every_fault_is_tried_at_every_severity(found: tuple[InsideInfo, Path]) -> None:
    robustness = found[0].robustness
    assert {(one.name, one.severity) for one in robustness} >= {
        ("blur", 1), ("blur", 5), ("exposure", 3), ("jpeg", 5),
    }  # fmt: skip
    assert len(robustness) == 11 * 5
    assert {one.pictures for one in robustness} == {2}
    for one in robustness:
        assert one.metric.low <= one.metric.value <= one.metric.high
        assert one.change.low <= one.change.value <= one.change.high
    # The model judges by brightness: an underexposed picture is called functional.
    worst = {one.severity: one for one in robustness if one.name == "exposure"}[5]
    assert worst.metric.value < 1.0
    assert worst.change.value == worst.metric.value - 1.0


def test_a_fault_is_put_on_the_same_pictures_at_all_severities(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[tuple[str, int], set[bytes]] = {
        (kind, severity): set() for kind in CORRUPTIONS for severity in SEVERITIES
    }

    def corrupt(picture: Pixels, *, kind: str, severity: int, rng: np.random.Generator) -> Pixels:
        given[kind, severity].add(picture.tobytes())
        return picture

    monkeypatch.setattr(robustness, "corrupt", corrupt)
    rows = subject.predictions[:10]
    measure_robustness(subject.asked, subject.dataset, rows, seed=0, whole=False)
    assert {len(each) for each in given.values()} == {2}
    assert len(set.union(*given.values())) == 10
    for kind in CORRUPTIONS:
        assert all(given[kind, severity] == given[kind, 1] for severity in SEVERITIES)


def test_every_fault_is_put_on_a_rare_class_too(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets, rows = subject.predictions["target"], subject.predictions
    rare = [*np.flatnonzero(targets == 0)[:5], *np.flatnonzero(targets == 1)[:15]]
    rows = drawn(rows.iloc[rare], 20, seed=0, purpose="robustness")
    pictures = [subject.asked.seen(subject.dataset, path).tobytes() for path in rows["path"]]
    classes, seen = dict(zip(pictures, rows["target"], strict=True)), set()

    def corrupt(picture: Pixels, *, kind: str, severity: int, rng: np.random.Generator) -> Pixels:
        seen.add((kind, classes[picture.tobytes()]))
        return picture

    monkeypatch.setattr(robustness, "corrupt", corrupt)
    measure_robustness(subject.asked, subject.dataset, rows, seed=0, whole=False)
    assert seen == {(kind, each) for kind in CORRUPTIONS for each in (0, 1)}


def test_maps_are_drawn_and_tested(found: tuple[InsideInfo, Path]) -> None:
    info, plots = found[0], found[1]
    assert len(info.explanations) == 4
    for one in info.explanations:
        with Image.open(plots / one.heat_map) as drawn:
            assert drawn.size == (240, 180)
        assert 0.0 <= one.probability <= 1.0
    assert info.deletion_test is not None
    assert info.deletion_test.pictures == 4
    difference = info.deletion_test.difference
    assert difference.value == pytest.approx(
        info.deletion_test.drop - info.deletion_test.random_drop
    )


def test_costs_are_those_of_the_exported_files(
    found: tuple[InsideInfo, Path], subject: Subject
) -> None:
    costs = found[0].costs
    assert costs is not None
    assert [one.batch for one in costs.latency] == [1, 32]
    assert all(0.0 < one.median_ms <= one.p95_ms for one in costs.latency)
    files = subject.export.saved_model.rglob("*")
    assert costs.size_bytes == sum(path.stat().st_size for path in files if path.is_file())


def test_an_unchanged_model_is_not_asked_again(
    found: tuple[InsideInfo, Path],
    subject: Subject,
    context: RunContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inside, "_look", lambda *_: pytest.fail("asked again"))
    again = look_inside(subject, SETTINGS, context, plots=tmp_path / "plots")
    assert again == found[0]
    assert _digests(tmp_path / "plots") == _digests(found[1])


@pytest.mark.parametrize("change", ["settings", "evidence"])
def test_other_settings_or_evidence_are_asked_about(
    found: tuple[InsideInfo, Path],
    subject: Subject,
    context: RunContext,
    tmp_path: Path,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def look(*given: object) -> None:
        asked.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(inside, "_look", look)
    settings = dataclasses.replace(SETTINGS, full=change == "settings")
    fewer = subject.predictions.iloc[1:] if change == "evidence" else subject.predictions
    with pytest.raises(KeyboardInterrupt):
        look_inside(
            dataclasses.replace(subject, predictions=fewer),
            settings,
            context,
            plots=tmp_path / "plots",
        )
    assert len(asked) == 1
    # What was begun is cleared away.
    assert not list(Path(context.cache_dir).glob(".looking-*"))


def test_without_such_embeddings_it_says_why_there_is_no_advice(
    found: tuple[InsideInfo, Path],
) -> None:
    assert found[0].advice is None
    assert any("not estimated after a warm start" in note for note in found[0].notes)


def test_embeddings_that_training_kept_are_advised_on(subject: Subject, tmp_path: Path) -> None:
    rows = subject.dataset.split("train")
    targets = subject.dataset.targets(rows)
    random = np.random.default_rng(0)
    features = (targets[:, None] + random.normal(size=(len(rows), 6))).astype(np.float16)
    kept = Candidate(tmp_path / "candidate", subject.candidate.info)
    kept.root.mkdir()
    kept.write_embeddings(rows["path"].tolist(), features)
    found = look_inside(
        dataclasses.replace(subject, candidate=kept),
        EvaluateConfig(faulty_pictures=0, explained_pictures=0),
        RunContext(run_id="r"),
        plots=tmp_path / "plots",
    )
    assert found.advice is not None
    assert {one.name for one in found.advice.forecasts} == {"functional", "defective", ""}
    assert found.robustness == ()
    assert found.explanations == ()
    assert found.deletion_test is None


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.png")
    }
