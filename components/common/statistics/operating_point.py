"""Which class is answered, and when the model asks instead."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.errors import ConfigError, DataError
from components.common.statistics.weighted import Integers

ASK = "ask"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """From probabilities to a decision; the exported graph does the same.

    good: the good classes; all others are defects. () where nobody named any.
    bad_from: probability of a defect, summed over the defects, from which a defect is answered;
        None answers the most probable class.
    ask_from: probability of a defect from which a picture that would be answered as good is
        asked about; None never asks for that reason.
    far_from: distance to the training pictures from which any picture is asked about; None never
        asks for that reason. See `familiarity`.
    """

    good: tuple[str, ...] = ()
    bad_from: float | None = None
    ask_from: float | None = None
    far_from: float | None = None


@dataclass(frozen=True)
class Decided:
    """`predicted` int [N], the class that is answered; `asked` bool [N], the model asks instead."""

    predicted: Integers
    asked: Mask


def check_good(good: tuple[str, ...], *, classes: tuple[str, ...]) -> None:
    """Refuse good classes that there are not, and a class that is called like a model in doubt.

    Args:
        good: `evaluate.good`; () names none.
        classes: of the data.

    Raises:
        DataError: a class is called "ask".
        ConfigError: a good class is none of them, or all of them are good.
    """
    if ASK in classes:
        raise DataError(
            f"classes with other names than '{ASK}', which is what a model says in doubt",
            received=", ".join(classes),
            do="rename the class",
        )
    if set(good) - set(classes) or set(good) == set(classes):
        raise ConfigError(
            f"evaluate.good to name some of the classes {', '.join(classes)}",
            received=", ".join(good),
            do="name the classes that are no defect",
        )


def good_classes(
    named: tuple[str, ...], *, classes: tuple[str, ...], positive: str, costs_differ: bool
) -> tuple[str, ...]:
    """Return the classes that are no defect; () where nobody has to know them.

    Args:
        named: `evaluate.good`; with () the one of two classes that is not the positive one.
        classes: of the data.
        positive: the class that alarms are about, "" for none.
        costs_differ: an escape and a false alarm cost differently, so that they must be known.

    Raises:
        DataError, ConfigError: as `check_good`.
        ConfigError: they must be known and are not.
    """
    check_good(named, classes=classes)
    if named:
        return named
    if len(classes) == 2 and positive in classes:
        return tuple(name for name in classes if name != positive)
    if costs_differ:
        raise ConfigError(
            "evaluate.good beside evaluate.escape_cost and evaluate.false_alarm_cost",
            received="no good class",
            do=f"name the good ones of {', '.join(classes)}",
        )
    return ()


def decide(
    probabilities: npt.NDArray[np.floating],
    *,
    point: OperatingPoint,
    classes: tuple[str, ...],
    distances: npt.NDArray[np.floating] | None = None,
) -> Decided:
    """Decide on N pictures.

    Args:
        probabilities: float [N, classes], calibrated.
        point: says how.
        classes: their names, in the order of the columns.
        distances: float [N] to the training pictures; None where they are not known, then nothing
            is asked for being far.
    """
    good = np.isin(classes, point.good)
    best = probabilities.argmax(axis=1)
    asked = np.zeros(len(probabilities), dtype=bool)
    if good.any() and not good.all():
        bad = probabilities[:, ~good].sum(axis=1)
        if point.bad_from is not None:
            best_good = np.where(good, probabilities, -1.0).argmax(axis=1)
            best_bad = np.where(good, -1.0, probabilities).argmax(axis=1)
            best = np.where(bad >= point.bad_from, best_bad, best_good)
        if point.ask_from is not None:
            asked |= good[best] & (bad >= point.ask_from)
    if point.far_from is not None and distances is not None:
        asked |= distances > point.far_from
    return Decided(best.astype(np.int64), asked)
