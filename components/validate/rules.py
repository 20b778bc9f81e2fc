"""What is expected of the data: one rule a line of the report.

A critical rule stops the pipeline; a warning stands in the report only. Each rule is one
Great Expectations expectation over one of a few tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pandas as pd

from components.common.artifacts.dataset import FIXED_TEST, DatasetInfo
from components.validate.config import ValidateConfig
from components.validate.copies import duplicates
from components.validate.deal import splits

Severity = Literal["critical", "warning"]
Tables = Mapping[str, pd.DataFrame]
# The tables, and the column that names the rows of each; `cells` are splits of a class, `fixed` the
# test pictures that the manifest fixes, where there is a version to compare them with;
# `unlabelled` the pictures without a label, where there are some.
_KEYS = {"pictures": "path", "classes": "label", "cells": "cell", "groups": "group"}
_KEYS |= {"fixed": "path", "unlabelled": "path"}


class Expectation(NamedTuple):
    """Class name and arguments of a Great Expectations expectation."""

    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One expectation.

    `detail` is a column of `table` to quote for failing rows ("" quotes the column judged).
    `want` and `do` are the house sentence's "expected" and "do".
    """

    name: str
    severity: Severity
    table: str
    expectation: Expectation
    want: str
    do: str
    detail: str = ""

    @property
    def key(self) -> str:
        """The column that names the rows of `table`."""
        return _KEYS[self.table]


def tables(
    facts: pd.DataFrame, manifest: pd.DataFrame, info: DatasetInfo, *, near: pd.Series
) -> Tables:
    """Return facts, labels and splits by picture; sizes by class and cell; splits by group.

    Args:
        facts: one row a picture, in the manifest's order.
        manifest: Dataset rows with their splits; shorter than `facts` never.
        info: names the classes.
        near: by row the first picture that shows nearly the same.
    """
    marked = duplicates.mark(facts, labels=manifest["label"], splits=manifest["split"], near=near)
    pictures = marked.assign(
        label=manifest["label"].to_numpy(),
        soft_label_agrees=_soft_label_agrees(manifest, info),
    )
    sizes = manifest["label"].value_counts().reindex(list(info.classes), fill_value=0)
    classes = pd.DataFrame({"label": sizes.index, "pictures": sizes.to_numpy()})
    # 1 where all classes are alike.
    classes["share"] = classes["pictures"] * len(sizes) / max(len(manifest), 1)
    spread = manifest.groupby("label")["group"].nunique()
    classes["groups"] = spread.reindex(list(info.classes), fill_value=0).to_numpy()
    cells = splits.counts(manifest, info.classes)
    cells["cell"] = cells["split"] + " / " + cells["label"]
    groups = manifest.groupby("group").agg(
        splits=("split", "nunique"),
        in_splits=("split", lambda found: ", ".join(sorted(set(found)))),
    )
    found = (pictures, classes, cells, groups.reset_index())
    return dict(zip(_KEYS, found, strict=False))


def _soft_label_agrees(manifest: pd.DataFrame, info: DatasetInfo) -> Any:
    soft = manifest["soft_label"]
    agrees = ((soft > 0.5) == (manifest["label"] == info.positive)).astype(object)
    # 0.5 is no opinion.
    return agrees.where(soft.notna() & (soft != 0.5)).to_numpy()


def rules(found: Tables, info: DatasetInfo, settings: ValidateConfig) -> tuple[Rule, ...]:
    """Return all rules, critical ones first."""
    fixed = _fixed() if "fixed" in found and len(found["fixed"]) else ()
    apart = _unlabelled() if "unlabelled" in found else ()
    return (*_critical(info, settings), *_warnings(found, settings), *fixed, *apart)


def _critical(info: DatasetInfo, settings: ValidateConfig) -> tuple[Rule, ...]:
    grouped: Severity = "critical" if settings.split == "grouped" else "warning"
    return (
        Rule("readable", "critical", "pictures", _among("readable", [True]),
             want="every picture to be readable",
             do="replace or remove these files, or set validate.on_unreadable=drop",
             detail="error"),
        Rule("size", "critical", "pictures", _between("shorter_side_px", low=settings.min_size_px),
             want=f"pictures of at least {settings.min_size_px} pixels a side",
             do="replace or remove them, or lower validate.min_size_px"),
        Rule("label_known", "critical", "pictures", _among("label", list(info.classes)),
             want=f"labels among {', '.join(info.classes)}", do="correct the labels"),
        Rule("no_duplicate_across_splits", "critical", "pictures",
             _empty("duplicate_in_other_split"), want="no picture to stand in two splits",
             do="give the copies the same split or remove them"),
        Rule("no_near_duplicate_across_splits",
             "critical" if settings.near_duplicates == "stop" else "warning", "pictures",
             _empty("near_duplicate_in_other_split"),
             want="no picture to stand in two splits, saved or turned again",
             do="give the copies the same split, remove them, or go on by "
             "--set validate.near_duplicates=warn"),
        Rule("class_size", "critical", "classes",
             _between("pictures", low=settings.min_class_pictures),
             want=f"at least {settings.min_class_pictures} readable pictures of every class",
             do="add pictures of the class or leave it out"),
        _judgeable(info),
        Rule("group_in_one_split", grouped, "groups", _between("splits", high=1),
             want="every group in one split only",
             do="give all pictures of a group the same split, or use validate.split=grouped",
             detail="in_splits"),
    )  # fmt: skip


def _judgeable(info: DatasetInfo) -> Rule:
    if info.evidence == "cross_validation":
        return Rule(
            "class_in_two_groups",
            "critical",
            "classes",
            _between("groups", low=2),
            want="every class in at least 2 groups, one to learn from and one to judge by",
            do="add a group of the class (a picture without a group is one of its own)",
        )
    return Rule("class_in_every_split", "critical", "cells", _between("pictures", low=1),
                want="pictures of every class in each split",
                do="add pictures (or groups) of the class, correct the manifest's split column, "
                "or judge by cross-validation (evaluate.evidence=cross_validation)")  # fmt: skip


def _warnings(found: Tables, settings: ValidateConfig) -> tuple[Rule, ...]:
    modes = found["pictures"]["mode"]
    usual = modes[modes != ""].mode()
    low, high = settings.min_brightness, settings.max_brightness
    return (
        Rule("mode", "warning", "pictures", _among("mode", ["", *usual.head(1)]),
             want="all pictures grey or all colour",
             do="check that the camera did not become part of the label"),
        Rule("brightness", "warning", "pictures", _between("brightness", low=low, high=high),
             want=f"mean grey levels of {low} to {high}",
             do="look whether these are all but black or white"),
        Rule("contrast", "warning", "pictures", _between("contrast", low=settings.min_contrast),
             want=f"grey levels that spread by at least {settings.min_contrast}",
             do="look whether these show anything"),
        Rule("blur", "warning", "pictures", _between("blur", low=settings.min_blur),
             want=f"a variance of the Laplacian of at least {settings.min_blur}",
             do="look whether these are out of focus"),
        Rule("aspect_ratio", "warning", "pictures",
             _between("aspect_ratio", high=settings.max_aspect_ratio),
             want=f"sides that differ by at most {settings.max_aspect_ratio} times",
             do="crop them, or set augment.fit to pad or crop: by default the network sees them "
             "squeezed into a square"),
        Rule("one_frame", "warning", "pictures", _between("file_frames", high=1),
             want="files that hold one picture",
             do="look whether the first frame is the right one: the others are not used"),
        Rule("no_duplicate", "warning", "pictures", _empty("duplicate_of"),
             want="every picture once", do="remove the copies: they count twice"),
        Rule("duplicates_agree", "warning", "pictures", _empty("duplicate_with_other_label"),
             want="equal pictures to have equal labels", do="correct one of the labels"),
        Rule("no_near_duplicate", "warning", "pictures", _empty("near_duplicate_of"),
             want="every picture once, not saved or turned again",
             do="look at the pairs below, and remove what is a copy: it counts twice"),
        Rule("near_duplicates_agree", "warning", "pictures",
             _empty("near_duplicate_with_other_label"),
             want="nearly equal pictures to have equal labels",
             do="look at the pairs below, and correct the label that is wrong"),
        Rule("soft_label_agrees", "warning", "pictures", _among("soft_label_agrees", [True]),
             want="soft labels above 0.5 for the positive class, and only for it",
             do="check which class is positive (ingest.positive)"),
        Rule("class_share", "warning", "classes", _between("share", low=settings.min_class_share),
             want=f"every class to have at least {settings.min_class_share:.0%} of an equal share",
             do="add pictures of the rare class, or see what train.options.imbalance=auto buys"),
        Rule("enough_groups", "warning", "groups",
             Expectation("ExpectTableRowCountToBeBetween",
                   {"min_value": settings.min_groups, "max_value": None}),
             want=f"at least {settings.min_groups} groups",
             do="expect wide intervals: only independent groups count as evidence"),
    )  # fmt: skip


def _fixed() -> tuple[Rule, ...]:
    return (
        Rule(FIXED_TEST, "warning", "fixed", _empty("change"),
             want="the test pictures that the manifest fixes to be those of the serving version",
             do="bring them back, or do not compare figures from before with those from now"),
    )  # fmt: skip


def _unlabelled() -> tuple[Rule, ...]:
    return (
        Rule("unlabelled_readable", "warning", "unlabelled", _among("readable", [True]),
             want="every picture without a label to be readable",
             do="replace or remove these files: they are left out", detail="error"),
        Rule("unlabelled_apart", "warning", "unlabelled", _empty("copy_of"),
             want="no picture without a label to be one with a label",
             do="remove the copies: they are left out, since what is judged must be new"),
    )  # fmt: skip


def _between(column: str, *, low: float | None = None, high: float | None = None) -> Expectation:
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expectation("ExpectColumnValuesToBeBetween", arguments)


def _among(column: str, values: list[Any]) -> Expectation:
    return Expectation("ExpectColumnValuesToBeInSet", {"column": column, "value_set": values})


def _empty(column: str) -> Expectation:
    return Expectation("ExpectColumnValuesToBeNull", {"column": column})
