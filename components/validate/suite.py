"""A suite of Great Expectations for new pictures: inferred from accepted ones, edited by a person.

The file is Great Expectations' own JSON. What a person leaves in it becomes rules like ours: one of
severity "critical" stops the pipeline.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.errors import ConfigError, DataError, some
from components.common.pictures.grey_range import FULL, GreyRange
from components.validate.expectations import great_expectations
from components.validate.rules import Expectation, Rule

# Facts that depend on the camera and the part, not on the file.
_MEASURED = ("brightness", "contrast", "entropy", "blur", *STATISTIC_COLUMNS)
# Of the accepted pictures 98 % lie within these quantiles; half of the distance between them is
# added on each side, and of new pictures a twentieth may lie outside.
_QUANTILES = (0.01, 0.99)
_TOLERANCE = 0.5
_MOSTLY = 0.95
# Quantiles of fewer pictures say little of a domain of its own.
_DOMAIN_OF = 50
_GRAFT = "graft"


def infer(pictures: pd.DataFrame, *, name: str, grey_range: GreyRange = FULL) -> bytes:
    """Return a suite that the pictures meet, as readable JSON.

    Args:
        pictures: `facts.measured`, and `label` and `domain` (texts, "" where unknown).
        name: of the data set.
        grey_range: of 16-bit grey pictures, kept for those that will be judged.

    Raises:
        DataError: none can be read.
    """
    gx = great_expectations()
    seen = pictures[pictures["readable"]]
    if seen.empty:
        received = f"{len(pictures)} that cannot be read"
        raise DataError("accepted pictures", received=received, do="correct --data")
    expectations = [_among("readable", [True])]
    expectations += [
        _among(column, sorted(seen[column].unique().tolist()), severity=severity)
        for column, severity in (
            ("mode", "critical"),
            ("file_format", "warning"),
            ("file_bits", "warning"),
        )
    ]
    expectations += [_sizes(seen[column]) for column in ("width_px", "height_px")]
    labels = sorted(set(seen["label"]) - {""})
    if labels:
        expectations.append(_among("label", labels))
    for condition, rows in _domains(seen):
        expectations += [_range(rows[column], condition) for column in _MEASURED]
    suite = gx.ExpectationSuite(
        name=name,
        expectations=expectations,
        meta={_GRAFT: {"pictures": len(seen), "grey_range": list(grey_range)}},
    )
    return (json.dumps(suite.to_json_dict(), indent=2) + "\n").encode()


def _among(column: str, values: list[Any], *, severity: str = "critical") -> Any:
    found = great_expectations().expectations.ExpectColumnValuesToBeInSet
    return found(column=column, value_set=values, severity=severity)


def _sizes(sides_px: "pd.Series[float]") -> Any:
    """One size must stay; of several the smallest and the largest are the limits."""
    between = great_expectations().expectations.ExpectColumnValuesToBeBetween
    low, high = int(sides_px.min()), int(sides_px.max())
    return between(column=str(sides_px.name), min_value=low, max_value=high, severity="critical")


def _domains(pictures: pd.DataFrame) -> list[tuple[dict[str, Any], pd.DataFrame]]:
    """Return a condition and its pictures: by domain where there are several, else all."""
    from great_expectations.expectations.row_conditions import Column

    sizes = pictures["domain"].value_counts()
    if len(sizes) < 2 or "" in sizes or sizes.min() < _DOMAIN_OF:
        return [({}, pictures)]
    return [
        ({"row_condition": Column("domain") == domain}, rows)
        for domain, rows in pictures.groupby("domain", sort=True)
    ]


def _range(values: "pd.Series[float]", condition: dict[str, Any]) -> Any:
    between = great_expectations().expectations.ExpectColumnValuesToBeBetween
    low, high = values.quantile(_QUANTILES[0]), values.quantile(_QUANTILES[1])
    margin = _TOLERANCE * (high - low)
    return between(
        column=str(values.name),
        min_value=float(f"{low - margin:.4g}"),
        max_value=float(f"{high + margin:.4g}"),
        mostly=_MOSTLY,
        severity="warning",
        **condition,
    )


def grey_range_of(path: Path) -> GreyRange:
    """Return the range of 16-bit grey levels that the suite was inferred with."""
    low, high = _read(path).get("meta", {}).get(_GRAFT, {}).get("grey_range", FULL)
    return int(low), int(high)


def rules_of(path: Path, pictures: pd.DataFrame) -> tuple[Rule, ...]:
    """Return a suite's expectations as rules over the table of pictures.

    Args:
        path: the JSON file.
        pictures: the table that will be judged.

    Raises:
        ConfigError: it is no suite, or names a column that there is not.
    """
    plain = _read(path)
    expectations: list[dict[str, Any]] = plain["expectations"]
    try:
        # What it does not know it leaves out, with a line in the log.
        understood = len(great_expectations().ExpectationSuite(**plain).expectations)
    except Exception as error:  # of many kinds, pydantic's and its own
        reason = (str(error).splitlines() or [""])[0]
        raise _unfit(path, f"one that it refuses ({reason})") from None
    if understood < len(expectations):
        raise _unfit(path, f"{len(expectations) - understood} expectations that it does not know")
    wanted = {value for one in expectations for value in _columns(one["kwargs"])}
    missing = sorted(wanted - set(pictures.columns))
    if missing:
        known = ", ".join(map(str, pictures.columns))
        raise ConfigError(
            f"columns of the pictures' facts in {path}: {known}",
            received=some(missing),
            do="correct the suite",
        )
    return tuple(_rule(one, number) for number, one in enumerate(expectations, 1))


def _columns(arguments: dict[str, Any]) -> list[str]:
    named = [value for key, value in arguments.items() if key.startswith("column")]
    return [one for value in named for one in (value if isinstance(value, list) else [value])]


def _rule(plain: dict[str, Any], number: int) -> Rule:
    arguments = {key: value for key, value in plain["kwargs"].items() if key != "batch_id"}
    column = ", ".join(_columns(arguments)) or "table"
    return Rule(
        f"suite {number}: {column}",
        "critical" if plain.get("severity", "critical") == "critical" else "warning",
        "pictures",
        Expectation("".join(map(str.capitalize, plain["type"].split("_"))), arguments),
        want=_words(column, arguments) or plain["type"].replace("_", " "),
        do="look at these pictures; where they are right, edit this expectation of the suite",
        detail="error" if column == "readable" else "" if "column" in arguments else "path",
    )


def _words(column: str, arguments: dict[str, Any]) -> str:
    """Return what is expected in words, "" where there are none for it."""
    if "value_set" in arguments:
        text = f"{column} among {', '.join(map(str, arguments['value_set']))}"
    elif {"min_value", "max_value"} <= set(arguments):
        text = f"{column} from {arguments['min_value']:g} to {arguments['max_value']:g}"
    else:
        return ""
    share = f" in {arguments['mostly']:.0%} of the pictures" if "mostly" in arguments else ""
    where = arguments.get("row_condition")
    if isinstance(where, dict) and "parameter" in where:
        where = f"{where['column']['name']} {where['operator']} {where['parameter']}"
    return f"{text}{share}" + (f" where {where}" if where else "")


def _read(path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise _unfit(path, "no such file") from None
    except ValueError as error:
        raise _unfit(path, f"no JSON ({error})") from None
    if not isinstance(plain, dict) or not isinstance(plain.get("expectations"), list):
        raise _unfit(path, "JSON without expectations")
    return plain


def _unfit(path: Path, received: str) -> ConfigError:
    return ConfigError(
        f"a suite of Great Expectations in {path}",
        received=received,
        do="write one with 'graft data infer-suite'",
    )
