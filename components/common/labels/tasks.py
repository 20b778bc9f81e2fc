"""Further tasks: what the manifest's columns `label:TASK` ask about each picture.

A cell holds one label, or several with "|" between them, which makes the task multi-label: each of
its classes is then true or not for itself. An empty cell is a missing label; "|" alone says that no
class of a multi-label task is true.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from components.common.errors import DataError
from components.common.labels.source_facts import TASK_PREFIX
from components.common.statistics.figures import Scored
from components.common.statistics.temperature import softmax

if TYPE_CHECKING:
    import pandas as pd

BETWEEN = "|"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked besides the class: `classes` in the order of the answers.

    multi_label: any number of the classes may be true of a picture, else exactly one is.
    """

    name: str
    classes: tuple[str, ...]
    multi_label: bool = False

    @property
    def column(self) -> str:
        """The manifest's column."""
        return f"{TASK_PREFIX}{self.name}"

    def targets(self, cells: Iterable[str]) -> "TaskTargets":
        """Return what the cells of N pictures say."""
        said = [_labels(cell) if cell else None for cell in cells]
        truth = [[one is not None and name in one for name in self.classes] for one in said]
        targets = np.array(truth, np.float32).reshape(len(said), len(self.classes))
        return TaskTargets(self, targets, np.array([one is not None for one in said], bool))


@dataclass(frozen=True)
class TaskTargets:
    """What is true of N pictures.

    targets: float32 [N, classes], 1 where a class is true; rows without a label are 0.
    known: bool [N], whether there is a label.
    """

    task: Task
    targets: Floats
    known: Mask

    def take(self, rows: npt.NDArray[Any]) -> "TaskTargets":
        """Return those of some pictures, by position."""
        return TaskTargets(self.task, self.targets[rows], self.known[rows])


@dataclass(frozen=True, kw_only=True)
class FittedTask(Task):
    """A task that a network answers, and how its logits become answers.

    temperature: what logits are divided by.
    thresholds: of a multi-label task, the probability in (0, 1) from which each class is answered.
    """

    temperature: float = 1.0
    thresholds: tuple[float, ...] = ()

    def probabilities(self, logits: Floats) -> Floats:
        """Return float32 [N, classes]; the rows of a multi-label task need not sum to 1."""
        scaled = logits / np.float32(self.temperature)
        if not self.multi_label:
            return softmax(scaled)
        calm: Floats = 0.5 * (1.0 + np.tanh(0.5 * scaled))
        return calm

    def answered(self, table: "pd.DataFrame") -> "list[TaskAnswers]":
        """Return the answers whose truth is known; of a multi-label task each class by itself.

        Args:
            table: with the columns of `answer_table`, or without any, which gives no answers.
        """
        names = _columns(self)
        if not len(table) or not set(names) <= set(table):
            return []
        truth = table[_columns(self, _TRUTH)].to_numpy(dtype=np.float64)
        known = np.isfinite(truth).all(axis=1)
        truth, found = truth[known], table.loc[known, names].to_numpy(dtype=np.float64)
        if not known.any() or not np.isfinite(found).all():
            return []
        if not self.multi_label:
            scored = Scored.by_largest(truth.argmax(axis=1), found)
            return [TaskAnswers(self.name, known, scored)]
        return [
            TaskAnswers(
                f"{self.name}: {name}",
                known,
                Scored(
                    truth[:, at].astype(np.int64),
                    (found[:, at] >= self.thresholds[at]).astype(np.int64),
                    np.stack([1 - found[:, at], found[:, at]], axis=1),
                    positive=1,
                ),
            )
            for at, name in enumerate(self.classes)
        ]


@dataclass(frozen=True)
class TaskAnswers:
    """Answers to one question: `scored` are those of the pictures in `known`, bool [N]."""

    name: str
    known: Mask
    scored: Scored


# How columns of tables begin that hold a task's answers, and what is true.
_ANSWER, _TRUTH = "task:", "truth:"


def _columns(task: Task, prefix: str = _ANSWER) -> list[str]:
    return [f"{prefix}{task.name}:{name}" for name in task.classes]


def _labels(cell: str) -> set[str]:
    return {label.strip() for label in cell.split(BETWEEN)} - {""}


def side_by_side(tasks: Sequence[Task], values: Floats) -> "pd.DataFrame":
    """Return logits or probabilities [N, all classes of all tasks] with a column a class."""
    import pandas as pd  # not with every command

    return pd.DataFrame(values, columns=[name for task in tasks for name in _columns(task)])


def values_of(table: "pd.DataFrame", task: Task) -> Floats:
    """Return a task's values from `side_by_side`, float32 [N, classes]; NaN where not there."""
    return table.reindex(columns=_columns(task)).to_numpy(dtype=np.float32)


def answer_table(
    tasks: Sequence[FittedTask], found: Sequence[Floats], rows: "pd.DataFrame"
) -> "pd.DataFrame":
    """Return probabilities of tasks beside what is true, NaN where that is not known.

    Args:
        tasks: with their probabilities [N, classes] in `found`.
        rows: N manifest rows.
    """
    import pandas as pd

    table = pd.DataFrame(index=range(len(rows)))
    for task, probabilities in zip(tasks, found, strict=True):
        cells = rows[task.column].astype(str) if task.column in rows else [""] * len(rows)
        truth = task.targets(cells)
        table[_columns(task)] = probabilities
        table[_columns(task, _TRUTH)] = np.where(truth.known[:, None], truth.targets, np.nan)
    return table


def tasks_of(columns: Sequence[str], *tables: "pd.DataFrame") -> tuple[Task, ...]:
    """Return the tasks among the columns of manifest rows, classes in the order of the alphabet.

    A column with fewer than two labels asks nothing and is left out.

    Raises:
        DataError: a name cannot name an output of the served model.
    """
    tasks = []
    for column in columns:
        if not column.startswith(TASK_PREFIX):
            continue
        name = column.removeprefix(TASK_PREFIX)
        if not _NAME.fullmatch(name):
            raise DataError(
                f"a column '{TASK_PREFIX}NAME' whose name has letters, digits and '_'",
                received=f"'{column}'",
                do="rename the column",
            )
        cells = sorted({str(cell) for table in tables for cell in table[column]})
        classes = sorted({label for cell in cells for label in _labels(cell)})
        if len(classes) > 1:
            several = any(BETWEEN in cell for cell in cells)
            tasks.append(Task(name=name, classes=tuple(classes), multi_label=several))
    return tuple(tasks)
