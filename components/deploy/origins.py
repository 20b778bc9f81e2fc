"""What a version was made from, as the records of the steps that made it say: settings, weights."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from components.common.artifacts.dataset import Dataset, Evidence
from components.common.artifacts.lineage import Link
from components.common.artifacts.model_folder import candidate_path, is_number
from components.common.artifacts.passport import DataPage, SplitSize
from components.common.errors import InputError
from components.networks.config import member
from components.networks.weights.licences import BY_SHA256

# The steps that a model is made by; what comes after them judges it.
MAKERS = ("ingest", "validate", "augment", "train", "export")

Sections = Mapping[str, Mapping[str, Any]]


def sections(exported_sha256: str, links: Iterable[Link]) -> dict[str, dict[str, Any]]:
    """Return the whole section of each step that a model was made by, in their order.

    After a tuning these are the winner's: its candidate has the digest of the one exported.

    Args:
        exported_sha256: digest of the Export.
        links: all that is known, the Export's own link among them.
    """
    known, found, needed = tuple(links), {}, [exported_sha256]
    while needed:
        digest = needed.pop()
        for link in known:
            if link.sha256 == digest and link.producer in MAKERS and link.producer not in found:
                found[link.producer] = dict(json.loads(link.config))
                needed += link.inputs.values()
    return {step: found[step] for step in MAKERS if step in found}


def pinned(
    made_by: Sections, *, model_dir: Path, version: int, previous_version: int, evidence: Evidence
) -> dict[str, Any]:
    """Return the sections with which a version is made again, whatever serves by then.

    Args:
        made_by: as `sections` returns them.
        model_dir: `<base path>/<model name>`.
        version: the version, with whose splits its lineage is kept.
        previous_version: what served when the model was made, 0 for nothing.
        evidence: what validate decided.
    """
    plain = {step: dict(section) for step, section in made_by.items()}
    if "validate" in plain:
        plain["validate"] |= {
            "evidence": evidence,
            "keep_splits": True,
            "splits_of": version,
            "model_base_path": str(model_dir.parent),
            "model_name": model_dir.name,
        }
    # What a version was compared with makes no part of it.
    plain.get("train", {}).pop("compare_with", None)
    started_from = str(plain.get("train", {}).get("warm_start", ""))
    if started_from:
        plain["train"]["warm_start"] = str(
            _kept_network(Path(started_from), model_dir, previous_version)
        )
    return plain


def _kept_network(path: Path, model_dir: Path, previous_version: int) -> Path:
    """Return where a warm start lies for good: the newest version is another one tomorrow."""
    if path.resolve() == model_dir.resolve() and previous_version:
        return candidate_path(model_dir, previous_version)
    if path.resolve().parent == model_dir.resolve() and is_number(path.name):
        return candidate_path(model_dir, int(path.name))
    return path


def seeds(made_by: Sections) -> dict[str, int]:
    """Return the seed of each step that has one; that of the splits as "splits"."""
    found = {step: section["seed"] for step, section in made_by.items() if "seed" in section}
    found.pop("validate", None)
    return found | {"splits": split_seed(made_by)} if "validate" in made_by else found


def split_seed(made_by: Sections) -> int:
    """Return the seed by which the splits were dealt, 0 where no record says so."""
    section = made_by.get("validate", {})
    return int(section.get("split_seed", section.get("seed", 0)))


def weights(made_by: Sections, *, backbone: str, sha256: str) -> tuple[str, str]:
    """Return which weights the network began with, and their licence; "" where not known.

    Args:
        made_by: as `sections` returns them.
        backbone: the key of the network.
        sha256: digest of what training started from, as the Candidate says.
    """
    section = made_by.get("train", {})
    named = str(section.get("weights", ""))
    if section.get("warm_start"):
        return f"{section['warm_start']} (warm start)", "that of the network it started from"
    if named == "none":
        return "none: random values", "no pretrained weights"
    if named not in {"", "imagenet"}:
        return named, BY_SHA256.get(sha256, "unknown: your file")
    try:
        return named, str(member(backbone).module.LICENCE)
    except InputError:
        return named, ""


def data_page(dataset: Dataset, made_by: Sections) -> DataPage:
    """Return what a passport says of a validated Dataset."""
    info = dataset.info
    sizes = dataset.manifest.groupby(["split", "label"], sort=False).agg(
        pictures=("path", "size"), groups=("group", "nunique")
    )
    return DataPage(
        name=info.name,
        sha256=rows_sha256(dataset.manifest),
        licence=info.licence,
        protocol=info.protocol or str(made_by.get("validate", {}).get("split", "")),
        split_seed=split_seed(made_by),
        splits=tuple(
            SplitSize(split=str(split), label=str(label), pictures=int(n), groups=int(groups))
            for (split, label), n, groups in zip(
                sizes.index, sizes["pictures"], sizes["groups"], strict=True
            )
        ),
        findings=tuple(found.text for found in info.findings),
        grey_range=info.grey_range,
    )


def rows_sha256(manifest: pd.DataFrame) -> str:
    """Return one digest over what the pictures hold, their labels and splits, in any order."""
    rows = manifest[["sha256", "label", "split"]].astype(str).to_numpy().tolist()
    return hashlib.sha256("\n".join(sorted("\0".join(row) for row in rows)).encode()).hexdigest()
