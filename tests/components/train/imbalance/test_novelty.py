"""The distance from good pictures, and the method that is built on it."""

from pathlib import Path

import keras
import numpy as np
import pytest
from rare_blobs import rare
from sklearn.metrics import roc_auc_score
from tiny_network import tiny_network
from translated import check_translated

from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import ClassCount, SourceFacts
from components.common.statistics.folds import Fold
from components.common.statistics.whitening import Whitening
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.train.imbalance.novelty import learn_good, left_out, novelty
from components.train.methods import one_class
from components.train.session import Session, predict


def test_it_is_the_mahalanobis_distance_where_pictures_are_many() -> None:
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(5000, 5)) @ rng.normal(size=(5, 5)) + 10
    rows = mixed.astype(np.float32)
    good = learn_good(rows)
    centred = rows - rows.mean(axis=0)
    exact = np.sqrt(
        (centred * np.linalg.solve(np.cov(rows.T), centred.T).T).sum(axis=1) / rows.shape[1]
    )
    # A little shrunk, so small directions count a little less.
    assert np.corrcoef(exact, novelty(rows, good))[0, 1] > 0.85
    assert novelty(rows, good).mean() == pytest.approx(0.9, abs=0.15)


def test_defects_move_nothing_and_are_farther_away() -> None:
    rows, split = rare()
    is_good = split.labels == 0
    good = learn_good(rows[is_good])
    far = rows + 4 * (split.labels == 1)[:, None]
    assert roc_auc_score(split.labels, novelty(far, good)) > 0.95
    folds = (Fold(np.arange(0, 400, 2), np.arange(1, 400, 2)),)
    plain = left_out(rows, is_good, folds)[0]
    moved = left_out(far, is_good, folds)[0]
    asked = np.arange(1, 400, 2)
    np.testing.assert_array_equal(plain[is_good[asked]], moved[is_good[asked]])
    assert isinstance(good, Whitening)


def pictures(defects: int, good: int, *, size_px: int = 8) -> Split:
    """Grey noise; a defect has a bright half."""
    rng = np.random.default_rng(0)
    labels = (np.arange(defects + good) < defects).astype(np.int64)
    pixels = rng.normal(100, 20, (len(labels), size_px, size_px, 1))
    pixels[labels == 1, : size_px // 2] += 120
    return Split(
        pixels=pixels.clip(0, 255).astype(np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(len(labels), np.float32),
        groups=(np.arange(len(labels)) % 10).astype(str),
        paths=tuple(str(row) for row in range(len(labels))),
        content_sha256=f"{defects} of {good}",
    )


def session(root: Path) -> Session:
    return Session(seed=0, flips=1, cache=ActivationCache(root, 10**8))


@pytest.mark.slow
def test_three_defects_are_enough_to_set_the_threshold(tmp_path: Path) -> None:
    train = pictures(3, 60)
    data = TrainingData(train, none_of(train), ("fine", "scratched"), none_of(train))
    fitted = one_class.fit(data, tiny_network(), one_class.Options(), session(tmp_path))
    assert fitted.network is not None
    check_translated(fitted.notes)
    assert fitted.class_shares == pytest.approx((60 / 63, 3 / 63))
    new = pictures(50, 50)
    seen = new.pixels.astype(np.float32).repeat(3, axis=-1)
    logits = predict(fitted.network.model, [seen], rows=100)
    answered = logits[:, 1] - logits[:, 0] >= np.log(3 / 60)
    assert (answered == (new.labels == 1)).mean() > 0.9
    assert isinstance(fitted.network.head, keras.layers.Dense)


@pytest.mark.slow
def test_a_class_of_one_picture_is_refused(tmp_path: Path) -> None:
    train = pictures(1, 20)
    data = TrainingData(train, none_of(train), ("fine", "scratched"), none_of(train))
    with pytest.raises(DataError, match="at least two training pictures of each class"):
        one_class.fit(data, tiny_network(), one_class.Options(), session(tmp_path))


def test_two_classes_are_wanted_and_the_normal_one_is_among_them() -> None:
    two = tuple(ClassCount(name=name, pictures=9) for name in ("crack", "fine"))
    one_class.check(one_class.Options(normal="fine"), SourceFacts(labelled=two))
    with pytest.raises(ConfigError, match="one of crack, fine"):
        one_class.check(one_class.Options(normal="good"), SourceFacts(labelled=two))
    three = (*two, ClassCount(name="dent", pictures=9))
    with pytest.raises(ConfigError, match="two classes"):
        one_class.check(one_class.Options(), SourceFacts(labelled=three))
