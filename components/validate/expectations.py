"""Run the rules through Great Expectations: ephemeral, offline, silent."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from components.common.config import Section
from components.validate.rules import Rule, Tables

EXAMPLES_AT_MOST = 200
_SITE = "pictures"


@dataclass(frozen=True, kw_only=True)
class RuleResult(Section):
    """How one rule came out.

    `failing` of `checked` rows broke it; `examples` names the first of them with what was
    found. For a rule about a whole table `failing` is 1 and the example is the number found.
    `pictures` are their paths in the Dataset, where they are pictures.
    """

    name: str
    severity: str
    passed: bool
    failing: int
    checked: int
    examples: tuple[str, ...]
    want: str
    do: str
    pictures: tuple[str, ...] = ()


def check(
    tables: Tables, rules: tuple[Rule, ...], *, docs: Path | None = None
) -> tuple[RuleResult, ...]:
    """Judge every rule; the results come in the rules' order.

    Args:
        tables: by name.
        rules: about them.
        docs: a folder for Data Docs, Great Expectations' own pages.
    """
    results: dict[str, Any] = {}
    context = _context()
    if docs:
        store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())}
        index = {"class_name": "DefaultSiteIndexBuilder"}
        site = {"class_name": "SiteBuilder", "site_index_builder": index, "store_backend": store}
        context.add_data_docs_site(_SITE, site)
    source = context.data_sources.add_pandas("graft")
    for name in sorted({rule.table for rule in rules}):
        mine = [rule for rule in rules if rule.table == name]
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        results |= _run(context, name, batch, tables[name], mine)
    if docs:
        context.build_data_docs(site_names=[_SITE])
    return tuple(_judged(rule, results[rule.name], tables[rule.table]) for rule in rules)


def great_expectations() -> Any:
    """Return the library, silent."""
    # Great Expectations would otherwise report its use to a server on the internet.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # It also logs much of itself while it is imported.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx

    return gx


def _context() -> Any:
    context: Any = great_expectations().get_context(mode="ephemeral")
    context.variables.analytics_enabled = False
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _run(
    context: Any, name: str, batch: Any, table: pd.DataFrame, rules: list[Rule]
) -> dict[str, Any]:
    """Return each rule's Great Expectations result by the rule's name."""
    gx = great_expectations()
    expectations = [
        getattr(gx.expectations, rule.expectation.kind)(
            **rule.expectation.arguments, severity=rule.severity, meta={"rule": rule.name}
        )
        for rule in rules
    ]
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=name, data=batch, suite=suite)
    )
    result = definition.run(
        batch_parameters={"dataframe": table},
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [rules[0].key],
        },
    )
    return {found.expectation_config.meta["rule"]: found for found in result.results}


def _judged(rule: Rule, result: Any, table: pd.DataFrame) -> RuleResult:
    found = result.result
    whole = "unexpected_count" not in found
    if whole and "observed_value" not in found:
        raise RuntimeError(f"rule {rule.name} could not be judged: {result.exception_info}")
    examples: tuple[str, ...] = ()
    keys = [row[rule.key] for row in found.get("unexpected_index_list") or ()]
    if not result.success:
        examples = (str(found["observed_value"]),) if whole else _examples(rule, keys, table)
    return RuleResult(
        name=rule.name,
        severity=rule.severity,
        passed=bool(result.success),
        failing=int(not result.success) if whole else int(found["unexpected_count"]),
        checked=1 if whole else int(found["element_count"]),
        examples=examples[:EXAMPLES_AT_MOST],
        want=rule.want,
        do=rule.do,
        pictures=() if result.success or rule.key != "path" else tuple(keys[:EXAMPLES_AT_MOST]),
    )


def _examples(rule: Rule, keys: list[Any], table: pd.DataFrame) -> tuple[str, ...]:
    details = table.set_index(rule.key, drop=False)[
        rule.detail or rule.expectation.arguments["column"]
    ]
    return tuple(f"{_name(key)} ({_value(details[key])})" for key in keys)


def _name(key: object) -> str:
    """Return a picture's name as its owner knows it."""
    return str(key).removeprefix("pictures/")


def _value(found: object) -> str:
    if isinstance(found, float):
        return f"{found:.4g}"
    return _name(found)
