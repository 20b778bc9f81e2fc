"""Measure every picture, deal out the splits, judge the rules, write report and Dataset."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from components.common import progress
from components.common.artifacts.dataset import FACTS, Dataset, DatasetInfo, DataWarning
from components.common.artifacts.passport import SplitSize
from components.common.errors import DataError, some
from components.common.run_context import RunContext
from components.common.statistics.operating_point import good_classes
from components.common.step import Step
from components.validate import expectations, facts, rules, unlabelled, verdict
from components.validate.config import ValidateConfig
from components.validate.copies import near
from components.validate.copies.show import shown_pairs
from components.validate.deal import evidence, golden, splits
from components.validate.kept import content_key, kept_splits, splits_sha256
from components.validate.suite import rules_of
from components.validate.verdict import Validation

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ValidateInputs:
    """The Dataset that ingest wrote.

    `kept` is the digest of the kept splits under which a cluster finds the result again, if any.
    """

    dataset: Path
    kept: str = ""


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
        DataError: a critical rule is broken, and the rows at fault are named; or another version
            was published since the look at the kept splits.
        ConfigError, DataError: as `good_classes`, before any picture is looked at.
    """
    dataset, report = Dataset.read(inputs.dataset), outputs.report
    good_classes(
        settings.good,
        classes=dataset.info.classes,
        positive=dataset.info.positive,
        costs_differ=settings.costs_differ,
    )
    measured = facts.measure(dataset)
    miniatures = measured.pop(facts.MINIATURE)
    apart = unlabelled.measure(dataset, measured)
    keep = measured["readable"] | (settings.on_unreadable == "stop")
    kept = measured[keep].reset_index(drop=True)
    copies = near.find(kept, miniatures[keep])
    shows = copies.first if settings.near_duplicates == "stop" else kept["path"]
    manifest = dataset.manifest[keep.to_numpy()].reset_index(drop=True)
    manifest, shown = _named(manifest, kept, shows=shows)
    info, known = dataset.info, kept_splits(settings)
    own = splits.given(manifest)
    manifest["split"] = splits.assign(
        manifest, settings=settings, before=known.pictures if known else None, shows=shown
    )
    info = replace(info, evidence=evidence.chosen(manifest, info.classes, settings, given=own))
    if info.evidence == "cross_validation":
        manifest["split"] = "train"
    if inputs.kept and content_key(settings) != inputs.kept:
        raise DataError(
            f"version {known.version if known else 0} to stay the newest during a run",
            received="another one, with other splits",
            do="start the run again",
        )
    progress.report("judging the expectations", 0, 0)
    tables = dict(rules.tables(kept, manifest, info, near=copies.first))
    if len(apart):
        tables["unlabelled"] = apart
    if own and known:
        tables["fixed"] = golden.changes(manifest, known.pictures)
    of_suite = rules_of(Path(settings.suite), tables["pictures"]) if settings.suite else ()
    findings = expectations.check(tables, (*rules.rules(tables, info, settings), *of_suite))
    validation = Validation(
        dataset=info.name,
        passed=all(found.passed for found in findings if found.severity == "critical"),
        evidence=info.evidence,
        protocol="manifest" if own else settings.split,
        split_seed=settings.split_seed,
        kept_from=known.version if known else 0,
        pictures=len(manifest),
        groups=int(manifest["group"].nunique()),
        groups_inferred=info.groups_inferred,
        dropped=tuple(measured.loc[~keep, "path"].str.removeprefix("pictures/")),
        cells=_cells(manifest, info),
        findings=findings,
        grey_range=info.grey_range,
    )
    pairs = shown_pairs(copies, manifest)
    verdict.write(validation, report, picture=dataset.picture, pairs=pairs)
    measured.to_parquet(report / "facts.parquet")
    for finding in validation.broken("warning"):
        LOG.warning("%s: %d of %d fail", finding.name, finding.failing, finding.checked)
    verdict.raise_if_broken(validation, report)
    info = replace(info, protocol=validation.protocol, findings=_findings(validation))
    without = unlabelled.kept(dataset, apart)
    dataset.with_splits(manifest, unlabelled=without, root=outputs.validated, info=info).write()
    kept.to_parquet(outputs.validated / FACTS)
    LOG.info("evidence: %s, %d pictures without a label", info.evidence, len(without))
    return validation


def _named(
    manifest: pd.DataFrame, measured: pd.DataFrame, *, shows: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows with `pixels`, and the pixels of the first picture that shows the same.

    A picture without a group takes the first group of its copies, else it is named by what it
    shows, so that copies are in one group.

    Args:
        manifest: Dataset rows.
        measured: their facts.
        shows: by row the path of the first picture that shows the same.
    """
    pixels = measured["pixels_sha256"]
    # What cannot be decoded stops the run a moment later; until then its bytes name it.
    pixels = pixels.where(pixels != "", manifest["sha256"])
    shown = shows.map(dict(zip(measured["path"], pixels, strict=True)))
    known = manifest["group"].where(manifest["group"] != "")
    groups = known.fillna(known.groupby(shown).transform("first")).fillna(shown)
    return manifest.assign(pixels=pixels, group=groups), shown


def _findings(validation: Validation) -> tuple[DataWarning, ...]:
    return tuple(
        DataWarning(
            rule=found.name,
            text=f"Expected {found.want}; {found.failing} of {found.checked} fail: "
            f"{some(found.examples)}.",
        )
        for found in validation.broken("warning")
    )


def _cells(manifest: pd.DataFrame, info: DatasetInfo) -> tuple[SplitSize, ...]:
    found = splits.counts(manifest, info.classes)
    return tuple(
        SplitSize(split=str(split), label=str(label), pictures=int(pictures), groups=int(groups))
        for split, label, pictures, groups in found.to_numpy().tolist()
        if info.evidence == "holdout" or split == "train"
    )


def later_key(outputs: ValidateOutputs) -> str:
    """Return the digest of the splits that a version made of these pictures will keep.

    Pictures that are all known keep the splits that they have, so that a run after it deals out the
    same.
    """
    return splits_sha256(Dataset.read(outputs.validated).manifest)


STEP = Step(
    "validate",
    run,
    reuse=True,
    content_key=lambda settings, _inputs, _context: content_key(settings),
    later_key=later_key,
)
