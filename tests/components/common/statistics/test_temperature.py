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


def test_perfect_separation_stays_finite() -> None:
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]], dtype=np.float32)
    temperature = fit_temperature(logits, np.array([0, 1]))
    assert 0.05 <= temperature <= 20
    assert np.isfinite(softmax(logits / np.float32(temperature))).all()


def test_useless_logits_are_flattened() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (5000, 2)).astype(np.float32)
    assert fit_temperature(logits, rng.integers(0, 2, 5000)) > 10


def test_softmax_of_large_logits_does_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0]], dtype=np.float32)), [[1.0, 0.0]])
