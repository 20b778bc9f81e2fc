"""Measure every picture, deal out the splits, judge the rules, write report and Dataset."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common import progress
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.run_context import RunContext
from components.common.step import Step
from components.validate import duplicates, expectations, facts, rules, splits, verdict
from components.validate.config import ValidateConfig
from components.validate.expectations import RuleResult
from components.validate.verdict import Cell, Validation

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ValidateInputs:
    """The Dataset that ingest wrote."""

    dataset: Path


@dataclass(frozen=True, kw_only=True)
class ValidateOutputs:
    """What is written.

    validated: the Dataset with its splits; only when no critical rule is broken.
    report: `validation.json`, `report.html` and `facts.parquet`; always.
    """

    validated: Path
    report: Path


def run(
    settings: ValidateConfig, inputs: ValidateInputs, outputs: ValidateOutputs, context: RunContext
) -> Validation:
    """Validate a Dataset and write it again with its splits.

    Raises:
        DataError: a critical rule is broken; the rows at fault are named.
    """
    dataset, report = Dataset.read(inputs.dataset), outputs.report
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
    dataset.with_splits(manifest, root=outputs.validated, evidence="holdout").write()
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


STEP = Step("validate", run, reuse=True)
