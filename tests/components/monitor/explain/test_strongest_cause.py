import dataclasses

import numpy as np
import pytest
from harm_support import world

from components.common.artifacts.monitoring.drift_report import Detection
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.statistics import STATISTICS
from components.monitor.explain.strongest_cause import TELLING, explain

ALARM = (Detection(detector="any", statistic=2.0, threshold=1.0, p_value=0.01, alarm=True),)
USUAL = {
    "mean": 120.0, "deviation": 40.0, "dark": 60.0, "bright": 190.0, "sharpness": 8.0, "grain": 4.0,
    "clipped": 0.001, "warmth": 0.0, "saturation": 0.0, "row_centre": 0.0, "column_centre": 0.0,
    "border": -5.0, "tilt": 0.0,
}  # fmt: skip
FLAT = {"deviation": 0.3, "sharpness": 0.3, "grain": 0.3}
DIM = dict.fromkeys(("mean", "dark", "bright", "deviation", "sharpness", "grain"), 0.5)
DIRTY = {"mean": 0.85, "deviation": 1.3, "sharpness": 1.2, "grain": 1.2, "row_centre": 0.02}


def pictures(count: int = 240, *, seed: int = 0, **changed: float) -> Observations:
    """Healthy pictures, statistics multiplied (or set, where they are 0) by `changed`."""
    rng = np.random.default_rng([seed, 9])
    made = world(count, seed=seed)
    by_group = rng.normal(1, 0.05, (8, len(STATISTICS)))[np.arange(count) % 8]
    values = np.array([USUAL[name] for name in STATISTICS]) * by_group
    values = values * rng.normal(1, 0.05, values.shape)
    for name, change in changed.items():
        column = STATISTICS.index(name)
        values[:, column] = values[:, column] * change if USUAL[name] else change
    return dataclasses.replace(made, statistics=values.astype(np.float32))


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        ("focus", {"sharpness": 0.5, "grain": 0.5}),
        ("noise", {"sharpness": 3.0, "grain": 5.0}),
        ("exposure", DIM),
        ("exposure", FLAT),
        ("colour", {"warmth": 30.0, "saturation": 35.0}),
        ("framing", {"row_centre": 0.05}),
        ("framing", {"tilt": 3.0}),
        ("dirt", DIRTY),
        ("sensor", {"sharpness": 1.8, "grain": 0.9}),
        ("compression", {"grain": 0.4}),
        ("light", {"border": 5.0}),
        ("light", {"row_centre": 0.02, "column_centre": 0.02, "bright": 1.3, "clipped": 60.0}),
        ("exposure", {"clipped": 80.0}),
    ],
)
def test_each_fault_of_a_camera_is_recognised_by_its_statistics(
    fault: str, changed: dict[str, float]
) -> None:
    found = explain(pictures(seed=1, **changed), pictures(), ALARM)
    assert (found.family, found.fault) == ("camera", fault)
    assert 0.5 < found.confidence <= 1
    assert any(character.isdigit() for character in found.evidence[0])


def test_a_fault_between_two_kinds_is_the_camera_and_nothing_more() -> None:
    found = explain(
        pictures(seed=1, sharpness=0.6, grain=0.6, mean=0.78, dark=0.78, bright=0.78),
        pictures(),
        ALARM,
    )
    assert (found.family, found.fault) == ("camera", "")
    assert "lens, light, cable" in found.advice


def test_other_dark_and_bright_ends_speak_for_another_product() -> None:
    window = pictures(seed=1, sharpness=0.9, grain=0.9, dark=1.3, bright=0.9)
    window.features[:] += np.array([9, -9, 9, -9, 9, -9], dtype=np.float32)
    assert explain(window, pictures(800), ALARM).family == "product"


def test_a_dirty_lens_asks_for_a_cloth_and_not_for_training() -> None:
    found = explain(pictures(seed=1, sharpness=0.5, grain=0.5), pictures(), ALARM)
    assert "the lens, not the model" in found.advice


def test_other_proportions_of_the_classes_are_a_mix() -> None:
    many = pictures(1200, seed=1)
    defective = np.flatnonzero(many.labels == "defective")[:200]
    window = many.take(np.concatenate([defective, np.flatnonzero(many.labels != "defective")[:20]]))
    window = dataclasses.replace(window, labels=np.full(220, "", dtype=object))
    found = explain(window, pictures(800), ALARM)
    assert (found.family, found.fault) == ("mix", "classes")
    assert "defective" in found.evidence[0] + found.evidence[1]


def test_other_proportions_of_known_lines_are_a_mix() -> None:
    def lines(observations: Observations, share: float, seed: int) -> Observations:
        rng = np.random.default_rng(seed)
        is_b = rng.random(len(observations)) < share
        features = observations.features + 4 * is_b[:, None] * np.array([0, 0, 1, 1, 0, 0])
        names = np.where(is_b, "B", "A").astype(object)
        return dataclasses.replace(observations, features=features, lines=names)

    found = explain(lines(pictures(seed=1), 0.9, 1), lines(pictures(800), 0.3, 2), ALARM)
    assert (found.family, found.fault) == ("mix", "lines")


def test_a_few_strangers_are_novel_and_all_moved_is_a_new_look() -> None:
    strangers, all_new = pictures(seed=1), pictures(seed=1)
    strangers.features[::5] += 12
    all_new.features[:] += np.array([9, -9, 9, -9, 9, -9], dtype=np.float32)
    reference = pictures(800)
    assert explain(strangers, reference, ALARM).fault == "novel"
    found = explain(all_new, reference, ALARM)
    assert (found.family, found.fault) == ("product", "new_look")


def test_the_telling_pictures_are_the_strangers_beside_their_nearest() -> None:
    window, reference = pictures(seed=1), pictures(800)
    window.features[[3, 50]] += 30
    found = explain(window, reference, ALARM)
    assert len(found.telling) == TELLING
    assert {one.picture for one in found.telling[:2]} == {"1-3", "1-50"}
    assert all(one.nearest.startswith("0-") for one in found.telling)
    assert [one.score for one in found.telling] == sorted(
        (one.score for one in found.telling), reverse=True
    )


def test_the_telling_pictures_are_some_that_can_still_be_shown() -> None:
    window, reference = pictures(seed=1), pictures(800)
    window.features[[3, 50]] += 30
    kept = {"1-50", "1-7", "1-9"}
    found = explain(window, reference, ALARM, kept=kept)
    assert found.telling[0].picture == "1-50"
    assert {one.picture for one in found.telling} == kept
    gone = explain(window, reference, ALARM, kept={"of another week"})
    assert len(gone.telling) == TELLING


def test_nothing_is_explained_when_nothing_alarmed() -> None:
    quiet = (dataclasses.replace(ALARM[0], alarm=False),)
    for detections in (quiet, ()):
        found = explain(pictures(seed=1, sharpness=0.1), pictures(), detections)
        assert found.family == "none" and not found.telling


@pytest.mark.parametrize(
    "spoil", ["features", "statistics", "scores", "labels", "everything", "one picture", "no row"]
)
def test_what_is_missing_is_done_without(spoil: str) -> None:
    window, reference = pictures(60, seed=1), pictures()
    if spoil in {"features", "everything"}:
        window.features[:] = np.nan
    if spoil in {"statistics", "everything"}:
        window.statistics[:] = np.nan
    if spoil in {"scores", "everything"}:
        window.scores[:] = np.nan
    if spoil == "labels":
        reference.labels[:] = ""
    if spoil == "one picture":
        window = window.take(np.array([0]))
    if spoil == "no row":
        window = window.take(np.zeros(60, dtype=bool))
    found = explain(window, reference, ALARM)
    assert 0 <= found.confidence <= 1
    if spoil in {"everything", "no row"}:
        assert found.family == "unknown" and not found.telling


def test_without_embeddings_at_all_the_statistics_still_speak() -> None:
    window, reference = pictures(seed=1, sharpness=0.5, grain=0.5), pictures()
    window = dataclasses.replace(window, features=np.zeros((240, 0), dtype=np.float32))
    assert explain(window, reference, ALARM).fault == "focus"
