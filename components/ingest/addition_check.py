"""Which proposed pictures a data set can take, and why not the others."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.errors import DataError
from components.common.pictures.decode import decode


class AdditionCheck:
    """Knows the data set and what has been accepted so far."""

    def __init__(
        self,
        classes: tuple[str, ...],
        labels: dict[str, str],
        min_size_px: int,
        proposed: Sequence[LabelledPicture],
    ) -> None:
        self._classes = classes
        self._labels = labels
        self._min_size_px = min_size_px
        self._answers = _answers(proposed)

    def accept(self, one: LabelledPicture, encoded: bytes) -> str:
        """Return the picture's SHA-256, "" when it is in the data set with this label.

        Raises:
            DataError: it cannot be taken; the message says why.
        """
        if one.label not in self._classes:
            known = ", ".join(self._classes)
            raise DataError(
                f"one of the classes {known}", received=f"'{one.label}'", do="correct the label"
            )
        sha256 = hashlib.sha256(encoded).hexdigest()
        before, answers = self._labels.get(sha256), self._answers.get(sha256, set())
        if before not in {None, one.label} or len(answers) > 1:
            held = f"'{one.label}' for a picture that the data set holds as '{before}'"
            received = held if before not in {None, one.label} else " and ".join(sorted(answers))
            raise DataError("one label a picture", received=received, do="find out which is true")
        if before is not None:
            return ""
        sides = decode(encoded, name=one.file.name).shape[:2]
        if min(sides) < self._min_size_px:
            raise DataError(
                f"sides of at least {self._min_size_px} pixels",
                received=f"{sides[1]} × {sides[0]}",
                do="take a larger picture",
            )
        self._labels[sha256] = one.label
        return sha256


def _answers(proposed: Sequence[LabelledPicture]) -> dict[str, set[str]]:
    """Return which labels each picture got, by the SHA-256 of its bytes."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in proposed:
        if one.file.is_file():
            found[hashlib.sha256(one.file.read_bytes()).hexdigest()].add(one.label)
    return found
