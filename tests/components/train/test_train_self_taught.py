"""Methods that learn from pictures without labels."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_network import tiny_network

from components.common.errors import ConfigError, DataError
from components.common.labels.source_facts import ClassCount, DomainCount, SourceFacts
from components.networks.config import EMBEDDING, INPUT, LOGITS
from components.networks.data import Split, TrainingData, none_of
from components.networks.features.cache import ActivationCache, Want
from components.networks.rows import FlippedPixels
from components.train.methods import self_taught, self_taught_clustering
from components.train.session import Fitted, Session, flip_averaged_logits, predict
from components.train.unlabelled import joined

# On reading a Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(KERAS_NOISE)]

SMALL = {"patch_px": 3, "side_px": 8, "count": 6}


def split(count: int, seed: int, *, labelled: bool = True, domain: str = "") -> Split:
    """Even or odd pictures: stripes across or down."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    stripes = np.tile(np.array([40, 200] * 4), (8, 1))
    shown = np.where(labels[:, None, None] == 0, stripes, stripes.T)
    pixels = (shown + rng.normal(0, 20, (count, 8, 8))).clip(0, 255).astype(np.uint8)
    targets = np.eye(2, dtype=np.float32)[labels]
    return Split(
        pixels=pixels[..., None],
        targets=targets if labelled else np.zeros_like(targets),
        labels=labels if labelled else np.full(count, -1),
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str),
        paths=tuple(f"{seed}/{row}" for row in range(count)),
        content_sha256=str(seed),
        domains=(domain,) * count,
    )


TRAIN = split(20, 0)
ALONE = TrainingData(TRAIN, split(8, 1), ("across", "down"), none_of(TRAIN))
HELPED = dataclasses.replace(ALONE, unlabelled=split(30, 2, labelled=False, domain="other"))


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(seed=0, flips=1, cache=ActivationCache(tmp_path / "cache", 10**8))


def learn(data: TrainingData, session: Session, **options: Any) -> Fitted:
    chosen = self_taught.Options(**(SMALL | options))
    return self_taught.fit(data, tiny_network(), chosen, session)


def accuracy(fitted: Fitted, data: TrainingData) -> float:
    assert fitted.network is not None
    pixels = FlippedPixels(data.validation.pixels)
    logits = predict(fitted.network.model, [pixels], rows=data.validation.pictures)
    return float((logits.argmax(axis=1) == data.validation.labels).mean())


@pytest.mark.parametrize("features", ["patches", "autoencoder"])
def test_patches_alone_tell_stripes_apart(session: Session, features: str, tmp_path: Path) -> None:
    fitted = learn(HELPED, session, features=features, beside="alone")
    assert accuracy(fitted, HELPED) == 1.0
    assert fitted.network is not None
    assert fitted.notes[0] == "features learnt on 30 pictures without labels"
    # Ordinary layers only: the file needs nothing of ours.
    fitted.network.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    pixels = FlippedPixels(HELPED.validation.pixels)[:].astype(np.float32)
    kept = [loaded.predict_on_batch(pixels), fitted.network.model.predict_on_batch(pixels)]
    np.testing.assert_allclose(*kept, atol=1e-5)
    assert not any("conv" in layer.name for layer in loaded.layers)


def test_beside_the_backbone_neither_is_drowned(session: Session) -> None:
    fitted = learn(HELPED, session)
    own = tiny_network().head.kernel.shape[0]
    assert fitted.network is not None
    assert fitted.network.head.kernel.shape[0] == own + 4 * SMALL["count"]
    (found,) = session.cache.get(fitted.network, Want(TRAIN, (EMBEDDING,)))
    spread = np.asarray(found, np.float32).std(axis=0)
    sides = [np.sqrt(np.mean(side**2)) for side in np.split(spread, [own])]
    assert 0.5 < sides[0] / sides[1] < 2.0


def test_without_such_pictures_the_training_pictures_teach(session: Session) -> None:
    fitted = learn(ALONE, session)
    assert fitted.notes[0] == (
        "features learnt on the training pictures: there are none without labels"
    )
    assert accuracy(fitted, ALONE) == 1.0


def test_the_backbone_is_asked_once_for_all_folds(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(ALONE, session)
    asked = []
    compute = ActivationCache._compute

    def noted(self: ActivationCache, network: Any, want: Want, *rest: Any) -> None:
        asked.append((want.starts, want.layers))
        compute(self, network, want, *rest)

    monkeypatch.setattr(ActivationCache, "_compute", noted)
    fold = ALONE.fold(np.arange(10))
    fitted = learn(fold, session)
    assert fitted.network is not None
    flip_averaged_logits(
        fitted.network, TRAIN.select(np.arange(10, 20)), cut=fitted.cut, session=session
    )
    # Other patches, hence another network; what the backbone says is known.
    assert asked == [((joined.SEEN, INPUT), (EMBEDDING,))]


def test_patches_larger_than_the_picture(session: Session) -> None:
    with pytest.raises(ConfigError, match="patches of at most 7 px in pictures of 8 px"):
        learn(HELPED, session, patch_px=9)


def cluster(data: TrainingData, session: Session, **options: Any) -> Fitted:
    chosen = self_taught_clustering.Options(**options)
    return self_taught_clustering.fit(data, tiny_network(), chosen, session)


@pytest.mark.parametrize("variant", ["whitened", "stc", "head"])
@pytest.mark.parametrize("data", [ALONE, HELPED])
def test_clusters_are_named_by_few_labels(
    session: Session, variant: str, data: TrainingData
) -> None:
    fitted = cluster(data, session, variant=variant, clusters=2)
    assert accuracy(fitted, data) == 1.0
    assert fitted.network is not None
    assert fitted.network.model.layers[-1].name == LOGITS


def test_clusters_of_patches(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    small = self_taught_clustering.PatchOptions(**SMALL)
    monkeypatch.setattr(self_taught_clustering, "PatchOptions", lambda: small)
    fitted = cluster(HELPED, session, on="patches", clusters=2)
    assert accuracy(fitted, HELPED) == 1.0
    assert "2 clusters in 50 pictures, whitened by 50" in fitted.notes


def test_an_auxiliary_domain_lends_its_statistics_only(session: Session) -> None:
    fitted = cluster(HELPED, session, auxiliary="other", clusters=2)
    assert "2 clusters in 20 pictures, whitened by 30" in fitted.notes


def test_a_class_without_a_cluster_is_said(session: Session) -> None:
    labels = np.array([0] * 19 + [1])
    rare = dataclasses.replace(TRAIN, labels=labels, targets=np.eye(2, dtype=np.float32)[labels])
    fitted = cluster(dataclasses.replace(ALONE, train=rare), session, clusters=2)
    assert fitted.notes[1:] == ("no cluster is mostly down: never answered",)


FACTS = SourceFacts(
    labelled=(ClassCount(name="a", pictures=4), ClassCount(name="b", pictures=3)),
    domains=(DomainCount(name="mono", labelled=0, unlabelled=2),),
    unlabelled=2,
)


def test_what_the_data_cannot_give_is_refused() -> None:
    options = self_taught_clustering.Options
    self_taught_clustering.check(options(clusters=9, auxiliary="mono"), FACTS)
    for clusters in (1, 10):
        with pytest.raises(ConfigError, match="between 2 clusters, one a class, and 9, one a pic"):
            self_taught_clustering.check(options(clusters=clusters), FACTS)
    with pytest.raises(DataError, match="'domain' is 'poly', received some of mono only"):
        self_taught_clustering.check(options(auxiliary="poly"), FACTS)
