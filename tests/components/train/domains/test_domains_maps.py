"""Maps between domains, against what they are defined to reach."""

import numpy as np

from components.networks.probe.probe import Probe
from components.train.domains.maps import Recolouring, Standard

RNG = np.random.default_rng(0)
SOURCE = (RNG.normal(0, 1, (300, 5)) @ RNG.normal(0, 1, (5, 5))).astype(np.float32)
TARGET = (RNG.normal(3, 1, (200, 5)) @ RNG.normal(0, 1, (5, 5))).astype(np.float32)
PROBE = Probe(
    RNG.normal(0, 1, (5, 2)).astype(np.float32), RNG.normal(0, 1, 2).astype(np.float32), 1.0
)


def test_each_side_has_its_own_mean_and_deviation() -> None:
    for side in (SOURCE, TARGET):
        mapped = Standard.of(side)(side)
        np.testing.assert_allclose(mapped.mean(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose(mapped.std(axis=0), 1, atol=1e-4)


def test_coral_gives_the_source_the_covariance_of_the_target() -> None:
    own, others = Standard.of(SOURCE)(SOURCE), Standard.of(TARGET)(TARGET)
    recolour = Recolouring.of(own, others)
    # Of covariances with 1 added to the diagonal, as in the paper.
    change = recolour.change + np.eye(5)
    regular = np.cov(own.T) + np.eye(5)
    inside = recolour.basis.T @ regular @ recolour.basis
    mapped = recolour.basis @ (change.T @ inside @ change) @ recolour.basis.T
    np.testing.assert_allclose(mapped, np.cov(others.T) + np.eye(5), atol=1e-3)


def test_folded_probes_answer_about_raw_embeddings_as_before() -> None:
    standard = Standard.of(SOURCE)
    recolour = Recolouring.of(standard(SOURCE), Standard.of(TARGET)(TARGET))
    expected = PROBE.logits(recolour(standard(SOURCE)))
    folded = standard.folded(recolour.folded(PROBE))
    np.testing.assert_allclose(folded.logits(SOURCE), expected, atol=1e-3)
