import numpy as np
import pytest

from components.networks.data import Split
from components.networks.probe import blocks, probe, span
from components.networks.probe.probe import fit_probe, log_loss


def split(
    targets: np.ndarray,
    *,
    views: int = 1,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> Split:
    count = len(targets)
    return Split(
        pixels=np.zeros((views * count, 1, 1, 1), dtype=np.uint8),
        targets=targets.astype(np.float32),
        labels=targets.argmax(axis=1),
        weights=np.ones(count, np.float32) if weights is None else weights.astype(np.float32),
        groups=np.arange(count).astype(str) if groups is None else groups,
        paths=(),
        content_sha256="",
    )


def blobs(count: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centres = 3 * np.eye(classes, 8)
    return centres[labels] + rng.normal(size=(count, 8)) + 100, np.eye(classes)[labels]


@pytest.mark.parametrize("classes", [2, 3])
def test_the_head_separates_blobs_from_raw_features(classes: int) -> None:
    features, targets = blobs(120, classes)
    fitted = fit_probe(features, split(targets), strength=0, seed=0)
    assert fitted.kernel.shape == (8, classes)
    assert (fitted.logits(features).argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.9


def test_soft_labels_become_probabilities() -> None:
    features = np.repeat([[0.0], [1.0]], 200, axis=0)
    targets = np.repeat([[2 / 3, 1 / 3], [1 / 3, 2 / 3]], 200, axis=0)
    fitted = fit_probe(features, split(targets), strength=1e3, seed=0)
    logits = fitted.logits(np.array([[0.0], [1.0]]))
    odds = np.exp(logits[:, 1] - logits[:, 0])
    np.testing.assert_allclose(odds / (1 + odds), [1 / 3, 2 / 3], atol=0.01)


def test_weights_count() -> None:
    features = np.zeros((4, 1)) + np.array([[0.0], [0.0], [0.0], [1.0]])
    targets = np.eye(2)[[0, 1, 1, 1]]
    weights = np.array([9.0, 0.5, 0.5, 1.0])
    fitted = fit_probe(features, split(targets, weights=weights), strength=1e3, seed=0)
    assert fitted.logits(np.zeros((1, 1))).argmax() == 0


def test_repeating_every_picture_as_a_view_changes_nothing() -> None:
    features, targets = blobs(60, 2)
    once = fit_probe(features, split(targets), strength=0.01, seed=0)
    twice = fit_probe(
        np.concatenate([features, features]), split(targets, views=2), strength=0.01, seed=0
    )
    np.testing.assert_allclose(once.kernel, twice.kernel, atol=1e-2)


def test_the_penalty_is_not_tuned_to_recognise_groups() -> None:
    # One-hot group membership predicts each group's label and nothing about a new group.
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(20), 10)
    labels = np.arange(20) % 2
    features = np.eye(20)[group] * 5 + rng.normal(0, 0.1, (200, 20))
    targets = np.eye(2)[labels[group]]
    by_group = fit_probe(features, split(targets, groups=group.astype(str)), strength=0, seed=0)
    by_picture = fit_probe(features, split(targets), strength=0, seed=0)
    assert by_group.strength < by_picture.strength


def test_too_few_groups_fall_back_to_a_fixed_penalty() -> None:
    features, targets = blobs(20, 2)
    one_group = np.array(["same"] * 20)
    fitted = fit_probe(features, split(targets, groups=one_group), strength=0, seed=0)
    assert fitted.strength == probe._DEFAULT_STRENGTH


def test_a_constant_feature_gets_no_weight() -> None:
    features, targets = blobs(60, 2)
    features[:, 3] = 7.0
    fitted = fit_probe(features, split(targets), strength=0.01, seed=0)
    np.testing.assert_allclose(fitted.kernel[3], 0.0, atol=1e-6)


def test_log_loss_of_known_odds() -> None:
    logits = np.log(np.array([[0.8, 0.2], [0.5, 0.5]], dtype=np.float32))
    truth = np.array([[1, 0], [0, 1]], dtype=np.float32)
    assert log_loss(logits, truth) == pytest.approx(-(np.log(0.8) + np.log(0.5)) / 2)
    heavy = np.array([1.0, 0.0], dtype=np.float32)
    assert log_loss(logits, truth, heavy) == pytest.approx(-np.log(0.8))


@pytest.mark.parametrize(("noise", "weaker"), [(0.3, True), (30.0, False)])
def test_the_penalty_goes_as_far_as_the_loss_falls(*, noise: float, weaker: bool) -> None:
    """Well separated classes want a weak penalty, hardly separated ones a strong one."""
    rng = np.random.default_rng(1)
    labels = np.arange(90) % 3
    features = 3 * np.eye(3, 40)[labels] + noise * rng.normal(size=(90, 40))
    fitted = fit_probe(features, split(np.eye(3)[labels]), strength=0, seed=0)
    assert fitted.strength > 1.0 if weaker else fitted.strength < 0.02
    assert probe._STRONGEST * 10 < fitted.strength < probe._WEAKEST / 10


def test_a_feature_is_not_heard_for_its_units() -> None:
    features, targets = blobs(90, 3)
    plain = fit_probe(features, split(targets), strength=0.1, seed=0).logits(features)
    features[:, 0] *= 0.2
    other = fit_probe(features, split(targets), strength=0.1, seed=0).logits(features)
    np.testing.assert_allclose(other, plain, atol=0.02)


def test_one_odd_picture_does_not_outvote_the_rest() -> None:
    """A feature that hardly ever moves gets no weight to speak of, and cannot decide later."""
    features, targets = blobs(90, 3)
    features[:, 7] = 1e-4 * np.arange(90) / 90
    fitted = fit_probe(features, split(targets), strength=0, seed=0)
    odd = features.copy()
    odd[:, 7] += 0.5
    said, before = fitted.logits(odd).argmax(axis=1), fitted.logits(features).argmax(axis=1)
    assert (said == before).all()


def test_more_features_than_pictures_changes_nothing_but_the_time() -> None:
    """What is solved in the span of the pictures is the solution among all features."""
    from sklearn.linear_model import LogisticRegression

    features, targets = blobs(30, 3)
    rng = np.random.default_rng(2)
    wide = np.hstack([features, rng.normal(size=(30, 200))])
    fitted = fit_probe(wide, split(targets), strength=0.1, seed=0)
    spread = wide.std(axis=0)
    scale = np.maximum(spread, 0.1 * np.sqrt((spread**2).mean()))
    plain = LogisticRegression(C=0.1, tol=1e-6).fit(
        (wide - wide.mean(axis=0)) / scale, targets.argmax(axis=1)
    )
    expected = plain.decision_function((wide - wide.mean(axis=0)) / scale)
    said = fitted.logits(wide)
    np.testing.assert_allclose(
        said - said.mean(axis=1, keepdims=True),
        expected - expected.mean(axis=1, keepdims=True),
        atol=0.02,
    )


def test_the_span_is_found_a_few_features_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(4).normal(size=(9, 50)).astype(np.float32)
    along = np.arange(18.0).reshape(9, 2)
    whole = span.Span.of(features)
    monkeypatch.setattr(span, "BLOCK_BYTES", 8 * 9 * 16)
    parts = span.Span.of(features)
    np.testing.assert_allclose(parts.coordinates, whole.coordinates, atol=1e-5)
    np.testing.assert_allclose(parts.kernel(along), whole.kernel(along), rtol=1e-6)
    held = np.abs(features.astype(np.float64) @ parts.kernel(along) - parts.coordinates @ along)
    assert held.max() < 1e-3


def test_self_distillation_hears_less_of_odd_labels() -> None:
    """Every sixth picture has the other label: a probe of four noisy views learns some by heart."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) % 2
    shown = 0.8 * np.eye(2, 60)[labels] + rng.normal(size=(120, 60))
    views = np.concatenate([shown + rng.normal(scale=0.3, size=shown.shape) for _ in range(4)])
    odd = np.where(np.arange(120) % 6 == 0, 1 - labels, labels)
    given = split(np.eye(2)[odd], views=4)
    new = 0.8 * np.eye(2, 60)[np.arange(2000) % 2] + rng.normal(size=(2000, 60))
    truth = np.eye(2)[np.arange(2000) % 2]

    def loss(distil: float) -> float:
        fitted = fit_probe(views, given, strength=1.0, seed=0, distil=distil)
        return log_loss(fitted.logits(new), truth.astype(np.float32))

    assert loss(0.5) < 0.8 * loss(0.0)


def test_without_folds_self_distillation_leaves_the_labels() -> None:
    features, targets = blobs(20, 2)
    given = split(targets, groups=np.array(["same"] * 20))
    plain = fit_probe(features, given, strength=0.1, seed=0)
    distilled = fit_probe(features, given, strength=0.1, seed=0, distil=0.5)
    np.testing.assert_allclose(distilled.kernel, plain.kernel, atol=1e-6)


def test_by_blocks_out_of_a_file_it_is_the_same_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(400) % 2
    views = [rng.normal(size=(400, 24)) + 0.5 * labels[:, None] for _ in range(2)]
    features = np.concatenate(views).astype(np.float16)
    given = split(np.eye(2)[labels], views=2)
    whole = fit_probe(features, given, strength=0.0, seed=0, distil=0.5)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4 * 24 * 37)
    monkeypatch.setattr(blocks, "IN_MEMORY_BYTES", 0)
    scaled = blocks.standardised(features, blocks.means(features), 1 / blocks.deviations(features))
    assert isinstance(scaled, np.memmap)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0, atol=1e-3)
    in_blocks = fit_probe(features, given, strength=0.0, seed=0, distil=0.5)
    assert in_blocks.strength == whole.strength
    np.testing.assert_allclose(in_blocks.logits(features), whole.logits(features), atol=2e-3)
