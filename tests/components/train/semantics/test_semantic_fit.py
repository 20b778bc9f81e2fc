"""The head on made-up pictures whose attributes are known."""

import numpy as np
import pytest

from components.train.semantics.choice import Way
from components.train.semantics.fit import KnownClasses, SemanticHead, fit_head

CLASSES = 9
UNSEEN = (7, 8)


def pictures(seed: int, *, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    signatures = rng.integers(0, 2, (CLASSES, 8)).astype(float)
    back = rng.normal(size=(8, 20)) * 2.0
    labels = np.repeat(np.arange(CLASSES), 40)
    noises = np.random.default_rng(seed).normal(size=(len(labels), 20))
    return (signatures[labels] @ back + noise * noises).astype(np.float32), labels, signatures


def fitted(way: Way = Way(), *, known: int = 7, groups: int = 0) -> SemanticHead:  # noqa: B008
    features, labels, signatures = pictures(1)
    kept = labels < known
    count = int(kept.sum())
    named = np.arange(count) if not groups else np.zeros(count, int)
    return fit_head(
        KnownClasses(
            features=features[kept],
            targets=np.eye(CLASSES)[labels[kept]],
            weights=np.ones(count),
            labels=labels[kept],
            groups=named.astype(str),
        ),
        signatures,
        way,
    )


def shares(head: SemanticHead) -> tuple[float, float]:
    features, labels, _ = pictures(2)
    right = (features @ head.kernel + head.bias).argmax(axis=1) == labels
    unseen = np.isin(labels, UNSEEN)
    return float(right[~unseen].mean()), float(right[unseen].mean())


def test_known_and_unseen_classes_are_found_among_all() -> None:
    head = fitted()
    known, unseen = shares(head)
    assert known > 0.8
    assert unseen > 0.8
    assert head.choice is not None
    assert head.choice.harmonic.mean() == pytest.approx(
        2 * known * unseen / (known + unseen), abs=0.2
    )


def test_stacking_is_what_known_classes_lose() -> None:
    head, none = fitted(), fitted(Way(stacking=0.0))
    assert head.choice is not None
    assert none.choice is not None
    assert head.choice.penalty == none.choice.penalty
    lost = none.bias - head.bias
    np.testing.assert_allclose(lost[:7], head.choice.stacking, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(lost[7:], 0.0, atol=1e-3)
    assert head.choice.harmonic.mean() >= head.choice.unstacked.mean()


def test_nothing_is_chosen_where_nothing_can_be_left_out() -> None:
    assert fitted(known=2).choice is None
    one_group = fitted(groups=1)
    assert one_group.choice is None
    assert one_group.notes[0].startswith("too few known classes or groups")


def test_views_of_a_picture_count_as_one() -> None:
    features, labels, signatures = pictures(1)
    kept = labels < 7
    said = {"targets": np.eye(CLASSES)[labels[kept]], "labels": labels[kept]}
    groups = np.arange(int(kept.sum())).astype(str)
    heads = [
        fit_head(
            KnownClasses(
                features=np.tile(features[kept], (views, 1)),
                weights=np.ones(int(kept.sum())),
                groups=groups,
                **said,
            ),
            signatures,
            Way(),
        )
        for views in (1, 3)
    ]
    np.testing.assert_allclose(heads[0].kernel, heads[1].kernel, rtol=1e-3, atol=1e-3)
