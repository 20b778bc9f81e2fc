"""Measure every picture, deal out the splits, judge the rules, write report and Dataset."""

import logging
from pathlib import Path

import pandas as pd

from components.common import progress
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.validate import duplicates, expectations, facts, rules, splits, verdict
from components.validate.config import ValidateConfig
from components.validate.expectations import RuleResult
from components.validate.verdict import Cell, Validation

LOG = logging.getLogger(__name__)


def validate(source: Path, *, out: Path, report: Path, settings: ValidateConfig) -> Validation:
    """Validate a Dataset and write it again with its splits.

    Args:
        source: the Dataset that ingest wrote.
        out: where the Dataset with splits goes; written only when no critical rule is broken.
        report: where `validation.json`, `report.html` and `facts.parquet` go; always written.
        settings: thresholds and split protocol.

    Raises:
        DataError: a critical rule is broken; the rows at fault are named.
    """
    dataset = Dataset.read(source)
    measured = facts.measure(dataset)
    keep = measured["readable"] | (settings.on_unreadable == "stop")
    manifest = dataset.manifest[keep.to_numpy()].reset_index(drop=True)
    kept = measured[keep].reset_index(drop=True)
    first = duplicates.first_of_each(kept)
    manifest["split"] = splits.assign(manifest, same_pixels=first, settings=settings)
    progress.report("judging the expectations", 0, 0)
    tables = rules.tables(kept, manifest, dataset.info)
    findings = expectations.check(tables, rules.rules(tables, dataset.info, settings))
    dropped = measured.loc[~keep, "path"].str.removeprefix("pictures/").tolist()
    validation = _validation(manifest, dataset.info, settings, findings, dropped)
    verdict.write(validation, report)
    measured.to_parquet(report / "facts.parquet")
    for finding in validation.broken("warning"):
        LOG.warning("%s: %d of %d fail", finding.name, finding.failing, finding.checked)
    verdict.raise_if_broken(validation, report)
    dataset.with_manifest(manifest, root=out).write()
    return validation


def _validation(
    manifest: pd.DataFrame,
    info: DatasetInfo,
    settings: ValidateConfig,
    findings: tuple[RuleResult, ...],
    dropped: list[str],
) -> Validation:
    cells = splits.counts(manifest, info.classes)
    return Validation(
        dataset=info.name,
        passed=all(found.passed for found in findings if found.severity == "critical"),
        protocol=settings.split,
        seed=settings.seed,
        pictures=len(manifest),
        groups=int(manifest["group"].nunique()),
        groups_inferred=info.groups_inferred,
        dropped=tuple(dropped),
        cells=tuple(
            Cell(split=str(split), label=str(label), pictures=int(pictures), groups=int(groups))
            for split, label, pictures, groups in cells.to_numpy().tolist()
        ),
        findings=findings,
    )
