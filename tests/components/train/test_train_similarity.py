"""The size x similarity rule as a table: numbers in, cell out."""

import numpy as np
import pytest
from translated import check_translated

from components.common.artifacts.decision import DepthScore
from components.networks.data import Split
from components.train.layer_profile import Profile
from components.train.methods import auto
from components.train.similarity import (
    FEW_DISSIMILAR,
    FEW_SIMILAR,
    MANY_DISSIMILAR,
    MANY_SIMILAR,
    UNCLEAR,
    Similarity,
    Size,
    Thresholds,
    choose,
    count,
    early,
    late,
    similarity,
)

pytestmark = pytest.mark.slow

FEW_MODULES = Size(pictures=1664, groups=28, groups_a_class=27)
FEW_PICTURES = Size(pictures=300, groups=300, groups_a_class=28)
RARE_DEFECTS = Size(pictures=50_000, groups=50_000, groups_a_class=60)
MANY = Size(pictures=3000, groups=3000, groups_a_class=290)


@pytest.mark.parametrize(
    ("size", "found", "cell"),
    [
        (FEW_MODULES, Similarity(0.16, 0.05), FEW_SIMILAR),
        (FEW_PICTURES, Similarity(0.30, 0.10), FEW_SIMILAR),
        (RARE_DEFECTS, Similarity(0.30, 0.10), FEW_SIMILAR),
        (MANY, Similarity(0.30, 0.10), MANY_SIMILAR),
        (FEW_MODULES, Similarity(-0.20, 0.10), FEW_DISSIMILAR),
        (MANY, Similarity(-0.20, 0.10), MANY_DISSIMILAR),
        # Within noise of the opposite, or between the two.
        (MANY, Similarity(0.16, 0.20), UNCLEAR),
        (MANY, Similarity(0.05, 0.01), UNCLEAR),
        (FEW_MODULES, Similarity(-0.05, 0.06), UNCLEAR),
        (MANY, Similarity(0.0, 0.0), UNCLEAR),
        (FEW_MODULES, None, UNCLEAR),
    ],
)
def test_the_rule(size: Size, found: Similarity | None, cell: str) -> None:
    choice = choose(size, found, Thresholds())
    assert choice.cell == cell
    reason = f"{choice.reason}, {auto._CONSEQUENCE[cell].format(layer='block_3')}."
    check_translated((reason, f"{reason} All layers were tuned instead, which validation prefers."))


def test_thresholds_move_the_cells() -> None:
    found = Similarity(0.16, 0.05)
    assert choose(FEW_PICTURES, found, Thresholds(few_groups=10)).cell == FEW_SIMILAR
    few = Thresholds(few_groups=10, few_a_class=10)
    assert choose(FEW_PICTURES, found, few).cell == MANY_SIMILAR
    assert choose(MANY, found, Thresholds(similar=0.2)).cell == UNCLEAR
    assert choose(MANY, found, Thresholds(noise=4.0)).cell == UNCLEAR


def test_the_reason_names_the_numbers() -> None:
    reason = choose(FEW_MODULES, Similarity(0.16, 0.05), Thresholds()).reason
    assert "28 groups, 27 of them with the rarest class, are few" in reason
    assert "0.16 ± 0.05 is above 0.1" in reason
    assert "3000 pictures" in choose(MANY, None, Thresholds()).reason


def test_groups_are_the_sample_size() -> None:
    labels = np.repeat([0, 1], [50, 30])
    groups = np.array([f"{i // 10}" for i in range(80)], dtype=object)
    modules = count(_split(labels, groups))
    assert modules == Size(pictures=80, groups=8, groups_a_class=3)
    alone = count(_split(labels, np.arange(80).astype(str).astype(object)))
    assert alone == Size(pictures=80, groups=80, groups_a_class=30)


def test_similarity_is_the_late_gain_as_a_share_of_what_the_best_layer_knows() -> None:
    found = similarity(_profile(0.60, 0.70, 0.75, 0.80, 0.787, 0.804), noise=1.0)
    assert found is not None
    # The methods' reference: (0.804 - 0.70) / (0.804 - 0.5).
    assert found.value == pytest.approx(0.104 / 0.304)
    assert found.error == pytest.approx(0.0, abs=1e-9)  # every fold agrees


def test_where_the_early_and_the_late_layer_lie() -> None:
    nine = _profile(*np.linspace(0.6, 0.8, 9))
    assert (early(nine).layer, late(nine).layer) == ("layer2", "layer8")
    two = _profile(0.6, 0.8)
    assert (early(two).layer, late(two).layer) == ("layer0", "layer1")


def test_folds_that_disagree_widen_the_error() -> None:
    profile = _profile(0.7, 0.8, wobble=(0.0, 0.1, -0.1, 0.05))
    found = similarity(profile, noise=1.0)
    assert found is not None
    assert found.error > 0.1


@pytest.mark.parametrize("scores", [(), (0.8,), (0.5, 0.5), (0.48, 0.505)])
def test_a_profile_that_tells_nothing_gives_no_similarity(scores: tuple[float, ...]) -> None:
    assert similarity(_profile(*scores, error=0.02), noise=1.0) is None


def _profile(
    *scores: float, wobble: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0), error: float = 0.01
) -> Profile:
    depths = tuple(
        DepthScore(
            layer=f"layer{number}",
            depth=(number + 1) / len(scores),
            features=8,
            score=float(score),
            error=error,
            folds=tuple(float(score) + (w if number else 0.0) for w in wobble),
        )
        for number, score in enumerate(scores)
    )
    return Profile(depths, "roc_auc", 0.5)


def _split(labels: np.ndarray, groups: np.ndarray) -> Split:
    return Split(
        pixels=np.zeros((len(labels), 1, 1, 1), np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(len(labels), np.float32),
        groups=groups,
        paths=(),
        content_sha256="",
    )
