"""What a set of feature layers is worth, with more than two classes."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from components.common.statistics.folds import Fold
from components.common.statistics.temperature import softmax
from components.rank import trial
from components.rank.config import RankConfig

# It imports Keras.
pytestmark = pytest.mark.slow

LABELS = np.arange(90) % 3
# Pictures differ in how strong all their logits are: a column of them cannot be compared.
STRENGTH = np.random.default_rng(0).gamma(2.0, 2.0, size=(90, 1))
LOGITS = (STRENGTH * (np.eye(3)[LABELS] + np.random.default_rng(1).normal(size=(90, 3)))).astype(
    np.float32
) + 3 * STRENGTH.astype(np.float32)


def fold_score(monkeypatch: pytest.MonkeyPatch, settings: RankConfig) -> float:
    rows = np.arange(90)
    probe = SimpleNamespace(logits=lambda features: LOGITS)
    monkeypatch.setattr(trial, "fit_probe", lambda *_, **__: probe)
    bench = SimpleNamespace(
        settings=settings,
        strength=0.0,
        train=SimpleNamespace(seed=0),
        views={32: SimpleNamespace(labels=LABELS)},
    )
    return trial._fold_score(bench, np.zeros((90, 1)), Fold(rows, rows), SimpleNamespace())


def test_three_classes_are_ranked_by_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    score = fold_score(monkeypatch, RankConfig(metric="roc_auc"))
    true = roc_auc_score(LABELS, softmax(LOGITS), multi_class="ovr")
    by_logits = np.mean([roc_auc_score(each == LABELS, LOGITS[:, each]) for each in range(3)])
    assert score == pytest.approx(true)
    assert abs(float(true) - by_logits) > 0.05


def test_the_order_goes_by_the_gates_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    score = fold_score(monkeypatch, RankConfig())
    assert score == pytest.approx(balanced_accuracy_score(LABELS, LOGITS.argmax(axis=1)))
