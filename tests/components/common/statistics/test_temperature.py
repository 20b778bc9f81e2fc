import numpy as np
import pytest

from components.common.statistics.temperature import fit_temperature, log_loss, softmax


def overconfident(scale: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (20000, 3)).astype(np.float32)
    chances = softmax(logits)
    labels = np.array([rng.choice(3, p=p / p.sum()) for p in chances.astype(float)])
    return logits * np.float32(scale), labels


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_scale_of_the_logits_is_found(scale: float) -> None:
    logits, labels = overconfident(scale)
    assert fit_temperature(logits, labels) == pytest.approx(scale, rel=0.05)


def test_no_other_temperature_has_a_lower_loss() -> None:
    logits, labels = overconfident(2.0)
    truth = np.eye(3, dtype=np.float32)[labels]
    best = fit_temperature(logits, labels)
    losses = [log_loss(logits / np.float32(t), truth) for t in (0.9 * best, best, 1.1 * best)]
    assert losses[1] == min(losses)


@pytest.mark.parametrize(("pictures", "least"), [(2, 0.75), (4, 0.7), (8, 0.6), (40, 0.4)])
def test_few_perfectly_separated_pictures_prove_little(pictures: int, least: float) -> None:
    labels = np.arange(pictures) % 2
    logits = np.where(labels[:, None] == [0, 1], 1.5, -1.5).astype(np.float32)
    temperature = fit_temperature(logits, labels)
    assert least < temperature < 1


def test_more_pictures_overcome_the_prior() -> None:
    logits, labels = overconfident(3.0)
    few, many = (fit_temperature(logits[:n], labels[:n]) for n in (3, 3000))
    assert few < 1.6
    assert many == pytest.approx(3, rel=0.1)


def test_useless_logits_are_flattened() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (5000, 2)).astype(np.float32)
    assert fit_temperature(logits, rng.integers(0, 2, 5000)) > 10


def test_softmax_of_large_logits_does_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0]], dtype=np.float32)), [[1.0, 0.0]])
