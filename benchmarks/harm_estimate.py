"""Is a loss of accuracy seen without labels? Corrupted modules that nobody has seen.

    python -m benchmarks.harm_estimate [--work FOLDER] [--deals 2]

Five folds over modules, dealt several times: the model is fitted on two, the reference comes from
two more, and the last one, under every fault of `camera_faults` (the demo is grey: but colour) at
three severities, or as it is, is the window. Nothing is learnt from a fault, so that all kinds are
unseen. Truth is the window's measured accuracy against the reference's. Goals: `harmful` in 80 % of
the windows with 5 points of loss or more, wrongly in 5 % of those with less than 1. The audit's arm
draws random labels of the same windows; "confidence" calls harmful what calibrated confidence says.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.corrupted_features import CLEAN, KINDS, SEVERITIES, WORK, Demo, Probe, load
from components.common.artifacts.monitoring.observations import Observations
from components.common.progress import track
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.estimate import estimate

FOLDS = 5
LABELS = (60, 120)
SETTINGS = HarmConfig()


def one_fold(demo: Demo, fold: Any, number: int) -> list[dict[str, Any]]:
    """Return a row for each fault of the fold's modules."""
    window = fold == number
    held = (fold == (number + 1) % FOLDS) | (fold == (number + 2) % FOLDS)
    clean = demo.seen[CLEAN, 0]
    probe = Probe.fit(clean.of(~(window | held)), demo.labels)
    probe = probe.calibrated(clean.of(held), demo.labels)
    reference = probe.observe(clean.of(held), demo)
    rows = []
    for kind, severity in [(CLEAN, 0), *((kind, level) for kind in KINDS for level in SEVERITIES)]:
        seen = probe.observe(demo.seen[kind, severity].of(window), demo)
        rows.append(
            {
                "kind": kind,
                "severity": severity,
                "pictures": len(seen),
                "lost": 100 * (_accuracy(reference) - _accuracy(seen)),
                "without labels": _verdict(_labelled(seen, 0, number), reference),
                **{
                    f"{count} labels": _verdict(_labelled(seen, count, number), reference)
                    for count in LABELS
                },
                "confidence": _by_confidence(seen, reference),
                "always harmless": "harmless",
            }
        )
    return rows


def _accuracy(seen: Observations) -> float:
    return float((seen.decisions == seen.labels).mean())


def _labelled(seen: Observations, count: int, seed: int) -> Observations:
    """Return the window with the labels of so many random pictures."""
    chosen = np.random.default_rng(seed).permutation(len(seen)) < count
    return dataclasses.replace(seen, labels=np.where(chosen, seen.labels, ""))


def _verdict(seen: Observations, reference: Observations) -> str:
    found = estimate(seen, reference, settings=SETTINGS, seed=0)
    return found.verdict if found is not None else ""


def _by_confidence(seen: Observations, reference: Observations) -> str:
    lost = 100 * float(reference.scores.max(axis=1).mean() - seen.scores.max(axis=1).mean())
    if lost >= SETTINGS.harmful_points:
        return "harmful"
    return "harmless" if lost < SETTINGS.harmless_points else "not enough evidence"


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Return how often each arm was right and wrong."""
    bad, good = found["lost"] >= SETTINGS.harmful_points, found["lost"] < SETTINGS.harmless_points
    arms = ["without labels", *(f"{count} labels" for count in LABELS), "confidence"]
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "harmful, of >= 5 lost": (found.loc[bad, arm] == "harmful").mean(),
                "harmful, of < 1 lost": (found.loc[good, arm] == "harmful").mean(),
                "harmless, of < 1 lost": (found.loc[good, arm] == "harmless").mean(),
                "harmless, of >= 5 lost": (found.loc[bad, arm] == "harmless").mean(),
            }
            for arm in (*arms, "always harmless")
        ]
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, default=WORK, help="keeps what was computed")
    parser.add_argument("--deals", type=int, default=2, help="of modules to folds")
    asked = parser.parse_args()
    demo = load(asked.work)
    rows: list[dict[str, Any]] = []
    for number in track(range(asked.deals * FOLDS), "folds"):
        fold = demo.folds(FOLDS, seed=number // FOLDS)
        rows += one_fold(demo, fold, number % FOLDS)
    found = pd.DataFrame(rows)
    bad, good = (found["lost"] >= 5).sum(), (found["lost"] < 1).sum()
    size = found["pictures"].mean()
    print(f"{len(found)} windows of {size:.0f} pictures, {bad} with >= 5 points lost, {good} < 1")
    print(summary(found).to_string(index=False, float_format="%.2f"))
    lost = found[found["lost"] >= SETTINGS.harmful_points]
    by_kind = (lost["without labels"] == "harmful").groupby(lost["kind"]).agg(["size", "mean"])
    print(by_kind.round(2).to_string())


if __name__ == "__main__":
    main()
