"""What is expected of the data: one rule a line of the report.

A critical rule stops the pipeline; a warning stands in the report only. Each rule is one
Great Expectations expectation over one of four tables (`Tables`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from components.common.artifacts.dataset import DatasetInfo
from components.validate import duplicates, splits
from components.validate.config import ValidateConfig

Severity = Literal["critical", "warning"]


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What the rules look at.

    `pictures`: facts, labels and splits, by `path`; `classes`: by `label`; `cells`: one row a
    split and class, by `cell`; `groups`: by `group`.
    """

    pictures: pd.DataFrame
    classes: pd.DataFrame
    cells: pd.DataFrame
    groups: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One expectation.

    `kind` is the class name of the Great Expectations expectation and `arguments` its own;
    `key` names the rows of `table`; `detail` is a column to quote for failing rows ("" quotes
    the column judged). `want` and `do` are the house sentence's "expected" and "do".
    """

    name: str
    severity: Severity
    table: str
    key: str
    kind: str
    arguments: Mapping[str, Any]
    want: str
    do: str
    detail: str = ""


def tables(facts: pd.DataFrame, manifest: pd.DataFrame, info: DatasetInfo) -> Tables:
    """Put facts and manifest together for the rules.

    Args:
        facts: one row a picture, in the manifest's order.
        manifest: Dataset rows with their splits; shorter than `facts` never.
        info: names the classes.
    """
    marked = duplicates.mark(facts, labels=manifest["label"], splits=manifest["split"])
    pictures = marked.assign(
        label=manifest["label"].to_numpy(),
        soft_label_agrees=_soft_label_agrees(manifest, info),
    )
    sizes = manifest["label"].value_counts().reindex(list(info.classes), fill_value=0)
    classes = pd.DataFrame({"label": sizes.index, "pictures": sizes.to_numpy()})
    classes["share"] = classes["pictures"] / max(len(manifest), 1)
    cells = splits.counts(manifest, info.classes)
    cells["cell"] = cells["split"] + " / " + cells["label"]
    groups = manifest.groupby("group").agg(
        splits=("split", "nunique"),
        in_splits=("split", lambda found: ", ".join(sorted(set(found)))),
    )
    return Tables(pictures=pictures, classes=classes, cells=cells, groups=groups.reset_index())


def _soft_label_agrees(manifest: pd.DataFrame, info: DatasetInfo) -> Any:
    soft = manifest["soft_label"]
    agrees = ((soft > 0.5) == (manifest["label"] == info.positive)).astype(object)
    # 0.5 is no opinion.
    return agrees.where(soft.notna() & (soft != 0.5)).to_numpy()


def rules(found: Tables, info: DatasetInfo, settings: ValidateConfig) -> tuple[Rule, ...]:
    """Return all rules, critical ones first."""
    return (
        *_critical_picture_rules(info, settings),
        *_critical_split_rules(settings),
        *_picture_warnings(found, settings),
        *_set_warnings(settings),
    )


def _between(column: str, low: float | None, high: float | None = None) -> dict[str, Any]:
    return {"column": column, "min_value": low, "max_value": high}


def _picture_rule(name: str, severity: Severity, kind: str, **rest: Any) -> Rule:
    return Rule(name=name, severity=severity, table="pictures", key="path", kind=kind, **rest)


def _critical_picture_rules(info: DatasetInfo, settings: ValidateConfig) -> tuple[Rule, ...]:
    return (
        _picture_rule(
            "readable",
            "critical",
            "ExpectColumnValuesToBeInSet",
            arguments={"column": "readable", "value_set": [True]},
            want="every picture to be readable",
            do="replace or remove these files, or set validate.on_unreadable=drop",
            detail="error",
        ),
        _picture_rule(
            "size",
            "critical",
            "ExpectColumnValuesToBeBetween",
            arguments=_between("shorter_side_px", settings.min_size_px),
            want=f"pictures of at least {settings.min_size_px} pixels a side",
            do="replace or remove them, or lower validate.min_size_px",
        ),
        _picture_rule(
            "label_known",
            "critical",
            "ExpectColumnValuesToBeInSet",
            arguments={"column": "label", "value_set": list(info.classes)},
            want=f"labels among {', '.join(info.classes)}",
            do="correct the labels",
        ),
        _picture_rule(
            "no_duplicate_across_splits",
            "critical",
            "ExpectColumnValuesToBeNull",
            arguments={"column": "duplicate_in_other_split"},
            want="no picture to stand in two splits",
            do="give the copies the same split or remove them",
        ),
    )


def _critical_split_rules(settings: ValidateConfig) -> tuple[Rule, ...]:
    return (
        Rule(
            name="class_size",
            severity="critical",
            table="classes",
            key="label",
            kind="ExpectColumnValuesToBeBetween",
            arguments=_between("pictures", settings.min_class_pictures),
            want=f"at least {settings.min_class_pictures} readable pictures of every class",
            do="add pictures of the class or leave it out",
        ),
        Rule(
            name="class_in_every_split",
            severity="critical",
            table="cells",
            key="cell",
            kind="ExpectColumnValuesToBeBetween",
            arguments=_between("pictures", 1),
            want="pictures of every class in each split",
            do="add pictures (or groups) of the class, correct the manifest's split column, "
            "or try validate.split=random",
        ),
        Rule(
            name="group_in_one_split",
            severity="critical" if settings.split == "grouped" else "warning",
            table="groups",
            key="group",
            kind="ExpectColumnValuesToBeBetween",
            arguments=_between("splits", None, 1),
            want="every group in one split only",
            do="give all pictures of a group the same split, or use validate.split=grouped",
            detail="in_splits",
        ),
    )


def _picture_warnings(found: Tables, settings: ValidateConfig) -> tuple[Rule, ...]:
    usual = found.pictures.loc[found.pictures["mode"] != "", "mode"].mode()
    between = "ExpectColumnValuesToBeBetween"
    return (
        _picture_rule(
            "mode",
            "warning",
            "ExpectColumnValuesToBeInSet",
            arguments={"column": "mode", "value_set": ["", *usual.head(1)]},
            want="all pictures grey or all colour",
            do="check that the camera did not become part of the label",
        ),
        _picture_rule(
            "brightness",
            "warning",
            between,
            arguments=_between("brightness", settings.min_brightness, settings.max_brightness),
            want=f"mean grey levels of {settings.min_brightness} to {settings.max_brightness}",
            do="look whether these are all but black or white",
        ),
        _picture_rule(
            "contrast",
            "warning",
            between,
            arguments=_between("contrast", settings.min_contrast),
            want=f"grey levels that spread by at least {settings.min_contrast}",
            do="look whether these show anything",
        ),
        _picture_rule(
            "blur",
            "warning",
            between,
            arguments=_between("blur", settings.min_blur),
            want=f"a variance of the Laplacian of at least {settings.min_blur}",
            do="look whether these are out of focus",
        ),
        _picture_rule(
            "aspect_ratio",
            "warning",
            between,
            arguments=_between("aspect_ratio", None, settings.max_aspect_ratio),
            want=f"sides that differ by at most {settings.max_aspect_ratio} times",
            do="crop them: the network sees them squeezed into a square",
        ),
        _picture_rule(
            "no_duplicate",
            "warning",
            "ExpectColumnValuesToBeNull",
            arguments={"column": "duplicate_of"},
            want="every picture once",
            do="remove the copies: they count twice",
        ),
        _picture_rule(
            "duplicates_agree",
            "warning",
            "ExpectColumnValuesToBeNull",
            arguments={"column": "duplicate_with_other_label"},
            want="equal pictures to have equal labels",
            do="correct one of the labels",
        ),
        _picture_rule(
            "soft_label_agrees",
            "warning",
            "ExpectColumnValuesToBeInSet",
            arguments={"column": "soft_label_agrees", "value_set": [True]},
            want="soft labels above 0.5 for the positive class, and only for it",
            do="check which class is positive (ingest.positive)",
        ),
    )


def _set_warnings(settings: ValidateConfig) -> tuple[Rule, ...]:
    return (
        Rule(
            name="class_share",
            severity="warning",
            table="classes",
            key="label",
            kind="ExpectColumnValuesToBeBetween",
            arguments=_between("share", settings.min_class_share),
            want=f"every class to make up at least {settings.min_class_share:.0%} of the data",
            do="add pictures of the rare class or give them weight",
        ),
        Rule(
            name="enough_groups",
            severity="warning",
            table="groups",
            key="group",
            kind="ExpectTableRowCountToBeBetween",
            arguments={"min_value": settings.min_groups, "max_value": None},
            want=f"at least {settings.min_groups} groups",
            do="expect wide intervals: only independent groups count as evidence",
        ),
    )
