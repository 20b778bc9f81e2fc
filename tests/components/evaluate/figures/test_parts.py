"""Which parts the pictures fall into."""

import numpy as np
import pandas as pd

from components.evaluate.figures.parts import EvidencePart, parts

NO_FACTS = pd.DataFrame(index=range(60))


def _rows(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"domain": [""] * 60, "soft_label": [np.nan] * 60, **columns})


def _sizes(found: list[EvidencePart]) -> dict[str, int]:
    return {part.name: int(part.mask.sum()) for part in found}


def test_a_column_of_words_gives_its_values_and_one_of_numbers_its_thirds() -> None:
    rows = _rows(shift=["early", "late", ""] * 20, length=np.arange(60), alike=["same"] * 60)
    found = parts(rows, ("shift", "length", "alike"), NO_FACTS, None, seed=0)
    assert _sizes(found) == {
        "shift: early": 20, "shift: late": 20, "length: low": 20, "length: middle": 20,
        "length: high": 20,
    }  # fmt: skip
    assert {part.kind for part in found} == {"column"}


def test_numbers_that_are_missing_are_in_no_third() -> None:
    lengths = [str(number) if number % 2 else "" for number in range(60)]
    sizes = _sizes(parts(_rows(length=lengths), ("length",), NO_FACTS, None, seed=0))
    assert sum(sizes.values()) == 30


def test_facts_that_were_measured_are_columns_too() -> None:
    facts = pd.DataFrame({"brightness": np.r_[np.zeros(20), np.full(20, 9.0), np.arange(20) + 90]})
    assert "brightness: high" in _sizes(parts(_rows(), (), facts, None, seed=0))


def test_look_alikes_are_found_by_their_embeddings() -> None:
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(2, 8) * 20, 30, axis=0)
    embeddings = (centres + random.normal(size=(60, 8))).astype(np.float32)
    found = parts(_rows(), (), NO_FACTS, embeddings, seed=0)
    assert [part.kind for part in found] == ["cluster", "cluster"]
    assert all(len(set(part.mask[:30])) == len(set(part.mask[30:])) == 1 for part in found)


def test_equal_embeddings_and_few_pictures_give_no_clusters() -> None:
    assert parts(_rows(), (), NO_FACTS, np.ones((60, 4), np.float32), seed=0) == []
    few = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    assert parts(_rows().head(20), (), NO_FACTS.head(20), few, seed=0) == []
