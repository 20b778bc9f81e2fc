"""One inverse answers as if the pictures had never been there."""

import numpy as np
import pytest

from components.inspect import left_out
from components.inspect.left_out import LeaveOneOut
from components.networks.probe.probe import feature_scale


def refitted(embeddings: np.ndarray, labels: np.ndarray, groups: list[str]) -> np.ndarray:
    """The same regression, fitted again for each group; all means are of all pictures."""
    scaled = (embeddings - embeddings.mean(axis=0)) * feature_scale(embeddings)
    scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
    squares = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
    kernel = np.exp(-squares / np.median(squares))
    prior = np.eye(3)[labels].mean(axis=0)
    targets = np.eye(3)[labels] - prior
    said = np.empty_like(targets)
    for name in set(groups):
        mine = np.array(groups) == name
        known = kernel[np.ix_(~mine, ~mine)] + 0.5 * np.eye((~mine).sum())
        said[mine] = prior + kernel[np.ix_(mine, ~mine)] @ np.linalg.solve(known, targets[~mine])
    return said


@pytest.mark.parametrize("size", [1, 5])
def test_scores_are_those_of_a_fit_without_the_group(size: int) -> None:
    rng = np.random.default_rng(1)
    embeddings = rng.normal(0, 1, (40, 6)).astype(np.float32)
    labels = rng.integers(0, 3, 40)
    groups = [f"g{row // size}" for row in range(40)]
    found = LeaveOneOut.of(embeddings).scores(labels, groups, classes=3)
    np.testing.assert_allclose(found, refitted(embeddings, labels, groups), atol=1e-5)


def test_many_pictures_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_out, "_MOST_ROWS", 30)
    rng = np.random.default_rng(2)
    labels = np.arange(100) % 2
    embeddings = (rng.normal(0, 1, (100, 4)) + 4 * labels[:, None]).astype(np.float32)
    found = LeaveOneOut.of(embeddings)
    assert [len(part.rows) for part in found.parts] == [25, 25, 25, 25]
    said = found.scores(labels, [""] * 100, classes=2)
    assert (said.argmax(axis=1) == labels).mean() > 0.95
