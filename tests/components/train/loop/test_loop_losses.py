import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from components.train.loop.losses import TaughtLoss, categorical_accuracy, cross_entropy

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
TEACHER, STUDENT = RNG.normal(0, 2, (2, 5, 3))
LABELS = np.eye(3)[[0, 2, 1, 1, 0]]


def losses(share: float, temperature: float, labels: np.ndarray = LABELS) -> np.ndarray:
    targets = np.concatenate([labels, softmax(TEACHER / temperature, axis=1)], axis=1)
    loss = TaughtLoss(share, temperature)
    return np.asarray(loss(targets.astype("float32"), STUDENT.astype("float32")))


def divergence(temperature: float) -> np.ndarray:
    p = softmax(TEACHER / temperature, axis=1)
    q = log_softmax(STUDENT / temperature, axis=1)
    return (p * (np.log(p) - q)).sum(axis=1)


def test_without_a_share_it_is_the_cross_entropy_of_the_labels() -> None:
    expected = -(LABELS * log_softmax(STUDENT, axis=1)).sum(axis=1)
    np.testing.assert_allclose(losses(0.0, 4.0), expected, rtol=1e-5)
    plain = cross_entropy(LABELS.astype("float32"), STUDENT.astype("float32"))
    np.testing.assert_allclose(np.asarray(plain), expected, rtol=1e-5)


def test_with_the_whole_share_it_is_the_divergence_from_the_teacher() -> None:
    np.testing.assert_allclose(losses(1.0, 1.0), divergence(1.0), rtol=1e-5)
    np.testing.assert_allclose(losses(1.0, 3.0), 9 * divergence(3.0), rtol=1e-4)


def test_between_the_two_it_is_their_mean_by_the_share() -> None:
    mixed = 0.3 * losses(0.0, 2.0) + 0.7 * losses(1.0, 2.0)
    np.testing.assert_allclose(losses(0.7, 2.0), mixed, rtol=1e-5)


def test_at_a_high_temperature_it_matches_centred_logits() -> None:
    """Hinton, Vinyals and Dean 2015, section 2.1: T^2 KL tends to this as T grows."""
    gap = TEACHER - STUDENT
    gap -= gap.mean(axis=1, keepdims=True)
    limit = (gap**2).sum(axis=1) / (2 * 3)
    np.testing.assert_allclose(losses(1.0, 60.0), limit, rtol=0.05)


def test_without_a_label_only_the_teacher_counts() -> None:
    nothing = np.zeros_like(LABELS)
    np.testing.assert_allclose(losses(0.7, 2.0, nothing), 0.7 * 4 * divergence(2.0), rtol=1e-4)


def test_who_answers_like_the_teacher_learns_nothing_without_a_label() -> None:
    start = keras.Input((3,))
    model = keras.Model(start, keras.layers.Dense(3, name="logits")(start))
    model.compile(keras.optimizers.SGD(1.0), loss=TaughtLoss(0.5, 1.0))
    inputs = STUDENT.astype("float32")
    before = model.get_weights()
    answers = softmax(np.asarray(model(inputs)), axis=1)
    nothing = np.zeros((5, 3), np.float32)
    model.train_on_batch(inputs, np.concatenate([nothing, answers], axis=1))
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_hit_is_the_label_or_without_one_the_teachers_best() -> None:
    targets = np.array([[1, 0, 0.0, 1.0], [0, 0, 0.0, 1.0], [0, 0, 0.6, 0.4]], np.float32)
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0]], np.float32)
    assert np.asarray(categorical_accuracy(targets, logits)).tolist() == [1.0, 1.0, 0.0]
    assert np.asarray(categorical_accuracy(targets[:, :2], logits))[0] == 1.0
