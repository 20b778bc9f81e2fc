"""Two models on the same pictures, picture by picture."""

import pandas as pd

from components.evaluate.report.changes import ClassChange, compare

CLASSES = ("a", "b")


def _table(predicted: list[int], paths: list[str] | None = None) -> pd.DataFrame:
    names = paths or [f"p{number}" for number in range(len(predicted))]
    return pd.DataFrame(
        {
            "path": names,
            "target": [int(name[1:]) % 2 for name in names],
            "predicted": predicted,
            "p_a": [0.9 if one == 0 else 0.2 + 0.1 * place for place, one in enumerate(predicted)],
            "p_b": [0.1 if one == 0 else 0.8 - 0.1 * place for place, one in enumerate(predicted)],
        }
    )


def test_pictures_are_counted_by_who_is_right() -> None:
    # Truth 0 1 0 1: the new model misses p2 and p3, the serving one p0 and p3.
    changes = compare(_table([0, 1, 1, 0]), _table([1, 1, 0, 0]), CLASSES)
    assert changes is not None
    counts = (changes.both_right, changes.gained, changes.lost, changes.both_wrong)
    assert counts == (1, 1, 1, 1)
    assert changes.by_class == (ClassChange(name="a", gained=1, lost=1),)
    assert changes.lost_pictures["path"].tolist() == ["p2"]


def test_only_common_pictures_count_in_any_order() -> None:
    serving = _table([1, 1], ["p1", "p0"])  # right, wrong
    changes = compare(_table([1, 0, 0]), serving, CLASSES)
    assert changes is not None
    counts = (changes.both_right, changes.gained, changes.lost, changes.both_wrong)
    assert counts == (0, 0, 1, 1)
    assert [one.name for one in changes.by_class] == ["b"]


def test_without_common_pictures_there_is_nothing_to_compare() -> None:
    assert compare(_table([0]), _table([0], ["p8"]), CLASSES) is None


def test_the_surest_loss_comes_first() -> None:
    # p0 and p2 are lost with 0.8 and 0.6 on the wrong class.
    changes = compare(_table([1, 1, 1, 1]), _table([0, 1, 0, 1]), CLASSES)
    assert changes is not None
    assert changes.lost_pictures["path"].tolist() == ["p0", "p2"]
