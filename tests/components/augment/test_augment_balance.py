import numpy as np
import pytest

from components.augment.balance import class_weights


def test_every_class_weighs_the_same_and_the_total_stays() -> None:
    targets = np.array([0, 0, 0, 1])
    balanced = class_weights(targets, np.ones(4))
    assert balanced[:3].sum() == pytest.approx(balanced[3:].sum()) == pytest.approx(2.0)


def test_own_weights_keep_their_ratio_inside_a_class() -> None:
    balanced = class_weights(np.array([0, 0, 2]), np.array([1.0, 3.0, 4.0]))
    assert balanced[1] == pytest.approx(3 * balanced[0])
    assert balanced[:2].sum() == pytest.approx(balanced[2])
