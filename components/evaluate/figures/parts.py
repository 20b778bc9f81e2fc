"""Parts of the evidence that share something: a domain, a kind of label, a column, a look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.labels.source_facts import TASK_PREFIX
from components.common.statistics.pca import Components

MAX_VALUES = 12
CERTAIN = "certain labels only"
UNCERTAIN = "uncertain labels only"
# A number with fewer different values is treated as text.
_NUMBERS_FROM = 7
_THIRDS = ("low", "middle", "high")
_CLUSTERS, _PICTURES_A_CLUSTER = 8, 25
_COMPONENTS = 16

Mask = npt.NDArray[np.bool_]
Kind = Literal["domain", "certainty", "column", "cluster"]


@dataclass(frozen=True)
class EvidencePart:
    """Some of the pictures: `mask` [N] says which."""

    name: str
    kind: Kind
    mask: Mask


def parts(
    rows: pd.DataFrame,
    columns: Sequence[str],
    facts: pd.DataFrame,
    embeddings: npt.NDArray[np.float32] | None,
    *,
    seed: int,
) -> list[EvidencePart]:
    """Return the parts that N pictures fall into; empty ones are left out.

    Args:
        rows: their manifest rows.
        columns: of these rows, what the source said besides; labels of tasks make no parts.
        facts: N rows, numbers measured on each picture, by what a reader calls them; may have no
            column.
        embeddings: float32 [N, D], finite; None where the model gives none.
        seed: of the clusters.
    """
    found = [*_domains(rows), *_certainty(rows)]
    for name in (one for one in columns if not one.startswith(TASK_PREFIX)):
        found += _column(name, rows[name])
    for name in facts.columns:
        found += _column(str(name), facts[name])
    if embeddings is not None:
        found += _clusters(embeddings, seed=seed)
    return [part for part in found if part.mask.any() and not part.mask.all()]


def _domains(rows: pd.DataFrame) -> Iterator[EvidencePart]:
    for name, mask in _values(rows["domain"]):
        yield EvidencePart(name or "no domain", "domain", mask)


def _certainty(rows: pd.DataFrame) -> Iterator[EvidencePart]:
    soft = rows["soft_label"].to_numpy(dtype=np.float64)
    annotated = ~np.isnan(soft)
    sure = annotated & np.isin(soft, (0.0, 1.0))
    unsure = annotated & ~sure
    if unsure.any():
        yield EvidencePart(CERTAIN, "certainty", sure)
        yield EvidencePart(UNCERTAIN, "certainty", unsure)


def _column(name: str, cells: pd.Series) -> Iterator[EvidencePart]:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    if numbers.nunique() < _NUMBERS_FROM or numbers.notna().sum() < cells.replace("", None).count():
        for value, mask in _values(cells):
            if value:
                yield EvidencePart(f"{name}: {value}", "column", mask)
        return
    low, high = numbers.quantile([1 / 3, 2 / 3])
    thirds = np.where(numbers <= low, 0, np.where(numbers <= high, 1, 2))
    for position, third in enumerate(_THIRDS):
        mask = (thirds == position) & numbers.notna().to_numpy()
        yield EvidencePart(f"{name}: {third}", "column", mask)


def _values(cells: pd.Series) -> Iterator[tuple[str, Mask]]:
    texts = cells.fillna("").astype(str)
    for value in texts.value_counts().index[:MAX_VALUES]:
        yield str(value), (texts == value).to_numpy()


def _clusters(embeddings: npt.NDArray[np.float32], *, seed: int) -> Iterator[EvidencePart]:
    from sklearn.cluster import KMeans

    count = min(_CLUSTERS, len(embeddings) // _PICTURES_A_CLUSTER)
    if count < 2:
        return
    reduced = Components.of(embeddings, count=_COMPONENTS, seed=seed).apply(embeddings)
    if len(np.unique(reduced, axis=0)) < count:
        return
    labels = KMeans(count, n_init=4, random_state=seed).fit(reduced).labels_
    for position in range(count):
        yield EvidencePart(f"look-alikes {position + 1}", "cluster", labels == position)
