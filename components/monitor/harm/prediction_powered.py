"""The audit's figure: prediction-powered inference from a small random labelled sample.

Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, "Prediction-powered inference", Science 382,
equation 1 for a mean, with the power tuning of Angelopoulos, Duchi and Zrnic 2023
(arXiv:2311.01453, section 6), for the pictures at hand instead of an endless population:
accuracy = mean(right, sample) + weight * (mean(predicted, all) - mean(predicted, sample)).
Unbiased whatever the prediction is worth; the better it is, the narrower.

People label some, look, and label more. The bounds are therefore an asymptotic confidence sequence
(Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, "Time-uniform central limit theory and
asymptotic confidence sequences", Annals of Statistics 52, theorem 2.2 and, for the scale, appendix
B.2): they hold at all looks together, as long as labels are added in random order.
"""

from dataclasses import dataclass

import numpy as np

from components.monitor.harm.evidence import Floats, Mask

# One right and one wrong answer join the variance: a handful of right ones proves little.
_PSEUDO = np.array([0.0, 1.0])
_NARROWEST_AT = 100  # labels


@dataclass(frozen=True, kw_only=True)
class Audited:
    """Accuracy in [0, 1] with its bounds.

    weight: in [0, 1], how far the predictions were trusted; 0 is the plain mean of the labels.
    """

    accuracy: float
    low: float
    high: float
    labels: int
    weight: float


def audited_accuracy(
    right: Mask, predicted: Floats, sampled: Mask, *, confidence: float = 0.9
) -> Audited:
    """Return the accuracy of all N pictures, of which a random sample has labels.

    Args:
        right: bool [N], the decision was the label; looked at only where sampled.
        predicted: float64 [N], in [0, 1]: probability of being right, without the label.
        sampled: bool [N], at least one True.
        confidence: of the bounds, over all looks at growing samples.
    """
    outcome, known = right[sampled].astype(np.float64), predicted[sampled]
    n, everything = len(outcome), len(right)
    weight = _weight(outcome, known)
    accuracy = float(outcome.mean() + weight * (predicted.mean() - known.mean()))
    rest = np.concatenate([outcome - weight * known, _PSEUDO - weight * known.mean()])
    # The whole labelled leaves nothing to be wrong about.
    variance = float(rest.var()) * (1.0 - n / everything)
    reach = _errors(n, alpha=1 - confidence) * variance**0.5
    low, middle, high = np.clip((accuracy - reach, accuracy, accuracy + reach), 0.0, 1.0)
    return Audited(
        accuracy=float(middle), low=float(low), high=float(high), labels=n, weight=weight
    )


def _errors(n: int, *, alpha: float) -> float:
    """Return the reach of the sequence after n labels, in standard deviations of one."""
    doubt = -2 * np.log(alpha)
    scale = (doubt + np.log(doubt) + 1) / _NARROWEST_AT
    grown = n * scale + 1
    return float(np.sqrt(2 * grown / (n**2 * scale) * np.log(np.sqrt(grown) / alpha)))


def _weight(outcome: Floats, known: Floats) -> float:
    spread = float(known.var())
    if spread <= 0.0 or len(outcome) < 3:
        return 0.0
    shared = float(((outcome - outcome.mean()) * (known - known.mean())).mean())
    return float(np.clip(shared / spread, 0.0, 1.0))
