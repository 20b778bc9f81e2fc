"""What a person does by hand: infer a suite from accepted pictures, judge new ones by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.pictures.grey_range import GreyRange
from components.validate import expectations, facts, suite
from components.validate.expectations import RuleResult as RuleResult


@dataclass(frozen=True, kw_only=True)
class SourcePictures:
    """Pictures as they are listed: files by name, and for each its label and domain, "" of none."""

    files: Mapping[str, Path]
    labels: Sequence[str]
    domains: Sequence[str]

    def read(self, name: str) -> bytes:
        """Return the encoded bytes of one."""
        return self.files[name].read_bytes()


def infer_suite(pictures: SourcePictures, *, name: str, grey_range: GreyRange) -> bytes:
    """Return a suite that accepted pictures meet, see `suite.infer`."""
    return suite.infer(_measured(pictures, grey_range), name=name, grey_range=grey_range)


def judge(pictures: SourcePictures, *, suite_file: Path, docs: Path) -> tuple[RuleResult, ...]:
    """Return how new pictures meet each expectation of a suite.

    Args:
        pictures: the new ones; where none has a label, expectations about labels are left out.
        suite_file: says what is expected, and the range of 16-bit grey levels.
        docs: a folder for Great Expectations' Data Docs.

    Raises:
        ConfigError: the file is no suite.
    """
    table = _measured(pictures, suite.grey_range_of(suite_file))
    if not any(pictures.labels):
        table["label"] = np.nan
    found = suite.rules_of(suite_file, table)
    return expectations.check({"pictures": table}, found, docs=docs)


def _measured(pictures: SourcePictures, grey_range: GreyRange) -> pd.DataFrame:
    table = facts.measured(list(pictures.files), pictures.read, grey_range=grey_range)
    return table.drop(columns=facts.MINIATURE).assign(
        label=list(pictures.labels), domain=list(pictures.domains)
    )
