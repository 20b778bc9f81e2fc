"""Look at embedded pictures and write what was found."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.inspection import DoubtedLabel, Inspection, InspectionInfo
from components.common.artifacts.records import link_tree
from components.common.files import write_bytes
from components.common.report.spreadsheet import plain_table
from components.inspect import hidden_groups, label_errors, shortcuts
from components.inspect.left_out import LeaveOneOut

# Suspected labels that the record names and the report shows.
_SHOWN = 24


def write(
    dataset: Dataset, embeddings: npt.NDArray[np.float32], *, out: Path, seed: int
) -> InspectionInfo:
    """Write the Inspection artifact and return its record.

    Args:
        dataset: validated, N labelled pictures; without facts shortcuts are sought in names only.
        embeddings: [N, D], in the manifest's order.
        out: the folder to write.
        seed: of folds and shuffled orders.
    """
    labels, manifest = dataset.targets(dataset.manifest), dataset.manifest
    facts = dataset.facts().reindex(manifest["path"])
    left_out, classes = LeaveOneOut.of(embeddings), len(dataset.info.classes)
    # A wrong label shows best among its nearest, those of its own group included.
    scores = left_out.scores(labels, [""] * len(labels), classes=classes)
    doubted = label_errors.ranked(dataset, labels, scores)
    groups, named = hidden_groups.find(left_out, embeddings, manifest, facts, labels, seed=seed)
    apart = named or manifest["group"].astype(str).tolist()
    info = InspectionInfo(
        pictures=len(labels),
        suspected=int(doubted["suspected"].sum()),
        doubted=tuple(
            DoubtedLabel(
                path=f"pictures/{row['path']}",
                label=row["label"],
                suggestion=row["suggestion"],
                quality=row["quality"],
            )
            for row in doubted[doubted["suspected"]].head(_SHOWN).to_dict("records")
        ),
        groups=groups,
        shortcuts=shortcuts.measure(manifest, facts, labels, apart, seed=seed),
    )
    inspection = Inspection(out, info)
    inspection.write()
    _write_table(inspection.label_errors, doubted)
    if groups and groups.proposed:
        link_tree(dataset.root / "pictures", out / "pictures")
        kept = ["path", "label", "soft_label", "domain", "weight", *dataset.info.columns]
        _write_table(inspection.proposed_manifest, manifest[kept].assign(group=named))
    return info


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_bytes(path, plain_table(table).to_csv(index=False).encode())
