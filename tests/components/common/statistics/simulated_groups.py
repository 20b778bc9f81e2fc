"""Answers about pictures whose groups really differ, as those of modules, lots and sessions do."""

import numpy as np

from components.common.statistics.figures import FIGURES, Scored

# Between groups: the defects' share and the difficulty on the logit and log scale, and the scores'
# level; all standard deviations.
SHARE, DIFFICULTY, LEVEL = 0.7, 0.35, 0.5


def draw(random: np.random.Generator, *, groups: int, pictures: int) -> tuple[Scored, list[str]]:
    """Return two-class answers and the group of each of `groups` x `pictures` pictures."""
    of_group = np.repeat(np.arange(groups), pictures)
    share = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + SHARE * random.normal(size=groups))))
    targets = (random.random(len(of_group)) < share[of_group]).astype(np.int64)
    reach = np.exp(DIFFICULTY * random.normal(size=groups))[of_group]
    level = LEVEL * random.normal(size=groups)[of_group]
    score = np.where(targets == 1, 1.2, -1.2) * reach + level + random.normal(size=len(of_group))
    positive = 1 / (1 + np.exp(-1.5 * score))
    probabilities = np.stack([1 - positive, positive], axis=1)
    answers = Scored(targets, (positive > 0.5).astype(np.int64), probabilities, positive=1)
    return answers, [str(each) for each in of_group]


def truth(name: str) -> float:
    """Return a figure on very many groups."""
    answers, _ = draw(np.random.default_rng(12345), groups=20_000, pictures=20)
    return float(FIGURES[name](answers, np.ones((1, len(answers.targets))))[0])
