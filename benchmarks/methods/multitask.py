"""Several tasks at once against one at a time: `python -m benchmarks.methods multitask`.

Everything is measured on cached embeddings (digits: on pixels), as the method works. `alone` is the
solved probe of the class, which a run without further tasks ships; `together` is the method as it
ships, with its guard; both see the same pictures, folds and soft labels. Intervals are Student's
over draws, of the paired difference.
"""

import functools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from benchmarks.digits import digits
from benchmarks.methods.demo import demo
from benchmarks.methods.table import Row
from components.common.labels.tasks import Task, TaskTargets
from components.common.pictures.decode import decode
from components.common.statistics.folds import covering_folds
from components.networks.rows import Floats
from components.train.multitask.guard import asked_by_folds, chosen_share, fitted_together
from components.train.multitask.options import SharedOptions, Sharing
from components.train.multitask.single import TaskExamples, solve_task
from components.train.multitask.training import answers_of

COMMAND = "python -m benchmarks.methods multitask"
_FOLDS = 3
_A_CLASS, _MORE = 20, 400
_TENTH = 0.1
NO_NEWS = (
    "Missed at 10 % of the labels: type and grade are known of the same few pictures as the class, "
    "and the class's soft label already says what the grade says. Tried (3 deals into "
    "five folds): a trunk of two layers of 64 units, alone 80.7 against the probe's 82.5, averaged "
    "with it 81.6; the guard keeps the probe."
)
SAME_DIGITS = (
    "Missed where all labels are on the same 200 digits: parity and size follow from the digit, so "
    "they tell the trunk nothing new. Tried: one and two layers of 64 to 512 units, other tasks "
    "weighted 0.3 and 1, and adding their log-probabilities to the digit's."
)


@dataclass(frozen=True)
class Pictures:
    """Features float32 [N, D], what is true of them, and the groups that stay together."""

    features: np.ndarray
    truths: tuple[TaskTargets, ...]
    groups: np.ndarray

    def examples(self, rows: np.ndarray) -> TaskExamples:
        """Return pictures to learn from."""
        truths = tuple(truth.take(rows) for truth in self.truths)
        ones = np.ones(len(rows), np.float32)
        return TaskExamples(self.features[rows], truths, ones, self.groups[rows])


def rows(seeds: int) -> list[Row]:
    """Measure the demo, whole and at a tenth of its labels, and the digits."""
    ways: Sequence[Sharing] = get_args(Sharing)
    return [
        _demo("hard", seeds, share=_TENTH),
        _demo("cross_stitch", seeds, share=_TENTH),
        _demo("hard", seeds, share=1.0),
        *(_demo(way, seeds, share=_TENTH, guarded=False) for way in ways),
        *_digits_rows(seeds),
    ]


def together(
    known: TaskExamples,
    asked: np.ndarray,
    options: SharedOptions,
    *,
    seed: int,
    guarded: bool = True,
) -> tuple[Floats, Floats, float]:
    """Return the class's logits by its probe and by the method, and the trunk's share in them.

    Without its guard the method answers by the trunk alone.
    """
    probes = [solve_task(known, at, options, seed=seed) for at in range(len(known.truths))]
    found = asked_by_folds(known, probes, options, seed=seed) if guarded else []
    share = chosen_share([one[0] for one in found]) if guarded else 1.0
    alone = probes[0].logits(asked)
    if not share:
        return alone, alone, share
    trunk = answers_of(fitted_together(known, probes, options, seed=seed), asked)[0]
    return alone, (1 - share) * alone + share * trunk, share


@functools.cache
def _demo_pictures() -> Pictures:
    cells = demo()
    count = len(cells.labels)
    grades, grade = np.unique(cells.soft, return_inverse=True)
    kinds, kind = np.unique(cells.domains, return_inverse=True)
    soft = np.stack([1 - cells.soft, cells.soft], axis=1).astype(np.float32)
    everything = np.ones(count, bool)

    def truth(name: str, targets: np.ndarray) -> TaskTargets:
        classes = tuple(str(at) for at in range(targets.shape[1]))
        return TaskTargets(Task(name=name, classes=classes), targets, everything)

    truths = (
        truth("", soft),
        truth("type", np.eye(len(kinds), dtype=np.float32)[kind]),
        truth("grade", np.eye(len(grades), dtype=np.float32)[grade]),
    )
    return Pictures(cells.features, truths, cells.groups.astype(object))


def _demo(way: Sharing, seeds: int, *, share: float, guarded: bool = True) -> Row:
    pictures, labels = _demo_pictures(), demo_labels()
    options = SharedOptions(sharing=way, width=64, epochs=20)
    gains, shares = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        alone, both = np.zeros(len(labels)), np.zeros(len(labels))
        for fold in covering_folds(labels, pictures.groups, folds=_FOLDS, seed=seed):
            inner = rng.permutation(fold.inner)[: round(share * len(fold.inner))]
            outer = pictures.features[fold.outer]
            known = pictures.examples(inner)
            one, two, taken = together(known, outer, options, seed=seed, guarded=guarded)
            alone[fold.outer], both[fold.outer] = _margin(one), _margin(two)
            shares.append(taken)
        gains.append(100 * (roc_auc_score(labels, both) - roc_auc_score(labels, alone)))
    taken_in = f"{np.mean(np.array(shares) > 0):.0%} of folds"
    how = f"guarded, trunk taken in {taken_in}" if guarded else "the trunk alone, unguarded"
    tenth = share < 1
    return _row(
        f"{way} ({how}): defect with type and grade, {100 * share:.0f} % of the labels, gain in "
        "ROC-AUC over the probe",
        gains,
        goal=(1.0 if tenth else -0.5) if guarded else None,
        note=NO_NEWS if tenth and guarded else "",
    )


@functools.cache
def demo_labels() -> np.ndarray:
    """Return the demo's classes, 1 is defective."""
    return demo().labels


def _margin(logits: Floats) -> Floats:
    return logits[:, 1] - logits[:, 0]


@functools.cache
def _digit_pictures() -> tuple[np.ndarray, np.ndarray]:
    with tempfile.TemporaryDirectory() as root:
        files = sorted(digits(Path(root) / "digits").rglob("*.png"))
        pixels = np.stack([decode(one.read_bytes(), name=one.name).ravel() for one in files])
    return pixels.astype(np.float32) / 255, np.array([int(one.parent.name) for one in files])


def _digit_truths(digit: np.ndarray, labelled: int) -> tuple[TaskTargets, ...]:
    """Digit of the first `labelled` pictures; parity and "5 or more" of all."""
    answers = {"": digit, "parity": digit % 2, "large": (digit >= 5).astype(int)}
    truths = []
    for name, said in answers.items():
        count = 10 if not name else 2
        known = np.arange(len(digit)) < (len(digit) if name else labelled)
        targets = np.eye(count, dtype=np.float32)[said] * known[:, None]
        classes = tuple(str(at) for at in range(count))
        truths.append(TaskTargets(Task(name=name, classes=classes), targets, known))
    return tuple(truths)


def _draws(seeds: int) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield seed, 200 labelled digits, 400 others to learn from, and those to ask about."""
    _, digit = _digit_pictures()
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        dealt = [rng.permutation(np.flatnonzero(digit == name)) for name in range(10)]
        own = rng.permutation(np.concatenate([one[:_A_CLASS] for one in dealt]))
        rest = rng.permutation(np.concatenate([one[_A_CLASS:] for one in dealt]))
        yield seed, own, rest[:_MORE], rest[_MORE:]


def _digits_rows(seeds: int) -> list[Row]:
    pixels, digit = _digit_pictures()
    options = SharedOptions(epochs=60)
    right: dict[str, list[float]] = {"probe": [], "alone": [], "same": [], "more": []}
    for seed, own, others, asked in _draws(seeds):

        def examples(rows: np.ndarray, tasks: int) -> TaskExamples:
            truths = _digit_truths(digit[rows], _A_CLASS * 10)[:tasks]
            groups = np.array([str(row) for row in rows], dtype=object)
            return TaskExamples(pixels[rows], truths, np.ones(len(rows), np.float32), groups)

        arms = {
            "alone": examples(own, 1),
            "same": examples(own, 3),
            "more": examples(np.concatenate([own, others]), 3),
        }
        for name, known in arms.items():
            probe, said, _ = together(known, pixels[asked], options, seed=seed)
            right[name].append(100 * float((said.argmax(axis=1) == digit[asked]).mean()))
        right["probe"].append(100 * float((probe.argmax(axis=1) == digit[asked]).mean()))
    gain = {name: np.subtract(found, right["alone"]) for name, found in right.items()}
    what = "digits with parity and '>= 5', 20 labels a class, gain in accuracy"
    return [
        _row(
            f"{what} over the same trunk with the digit alone", gain["same"], goal=1.0,
            note=SAME_DIGITS,
        ),
        _row(f"{what} over the probe", np.subtract(right["same"], right["probe"])),
        _row(
            f"{what} over the trunk alone, parity and '>= 5' also known of {_MORE} other digits",
            gain["more"], goal=1.0,
        ),
    ]  # fmt: skip


def _row(
    what: str,
    gains: Sequence[float] | npt.NDArray[Any],
    *,
    goal: float | None = None,
    note: str = "",
) -> Row:
    value, count = float(np.mean(gains)), len(gains)
    error = float(np.std(gains, ddof=1)) / np.sqrt(count) if count > 1 else 0.0
    reach = float(student.ppf(0.975, count - 1)) * error if count > 1 else 0.0
    missed = goal is not None and value < goal
    return Row(
        method="multitask",
        what=what,
        value=value,
        low=value - reach,
        high=value + reach,
        goal=goal,
        seeds=count,
        command=COMMAND,
        note=note if missed else "",
    )
