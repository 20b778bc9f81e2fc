"""How near is the loss that is estimated without labels? Corrupted modules that nobody has seen.

    python -m benchmarks.harm_estimate [--work FOLDER] [--folds 5]

Five folds over modules: the model is fitted on two, the reference and the correction come from two
more, and the last one, corrupted in four ways at five severities, is the window. Truth is its
measured accuracy. "seen": the correction has learnt from all kinds of corruption; "unseen": from
all but the one in the window. "caused": truth against the same pictures uncorrupted; "total":
against the reference, so that it also holds how much harder these modules are. Goals: mean error
<= 3 points, worst <= 6; 5 points called in 90 % of the cases in which they are lost; no call in
95 % of the harmless ones (less than 1 point lost).
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.corrupted_features import (
    CLEAN,
    KINDS,
    SEVERITIES,
    TESTED,
    Demo,
    Probe,
    load,
)
from components.common.progress import track
from components.monitor.harm.describe import describe
from components.monitor.harm.evidence import Evidence, evidence_of
from components.monitor.harm.shift import Ruler
from components.monitor.harm.trials import Fault, fit, learnt

WORK = Path(".graft/corrupted")
FOLDS = 5
CALLED_POINTS, HARMLESS_POINTS = 5.0, 1.0
RAW = ("atc", "doc", "confidence", "weighting", "decisions")


def one_fold(demo: Demo, fold: Any, number: int) -> list[dict[str, Any]]:
    """Return a row for each corruption of the fold's modules."""
    window = fold == number
    held = (fold == (number + 1) % FOLDS) | (fold == (number + 2) % FOLDS)
    clean = demo.seen[CLEAN, 0]
    probe = Probe.fit(clean.of(~(window | held)), demo.labels)
    probe = probe.calibrated(clean.of(held), demo.labels)

    def look(kind: str, severity: int, mask: Any) -> Evidence:
        return evidence_of(probe.observe(demo.seen[kind, severity].of(mask), demo))

    def pair(kind: str, severity: int, mask: Any) -> Fault:
        there = np.zeros(len(mask), dtype=bool)
        there[demo.seen[kind, severity].rows] = True
        before = look(CLEAN, 0, mask & there)
        return Fault(kind=kind, severity=severity, before=before, after=look(kind, severity, mask))

    reference = look(CLEAN, 0, held)
    faults = [pair(kind, level, held) for kind in KINDS for level in SEVERITIES]
    ruler = Ruler(reference, seed=0)
    seen = fit(reference, faults, seed=0)
    rows = []
    for kind in TESTED:
        unseen = learnt(reference, [one for one in faults if one.kind != kind], seed=0)
        for severity in SEVERITIES:
            fault = pair(kind, severity, window)
            described = describe(fault.after, ruler)
            predicted = seen.predict(described)
            rows.append(
                {
                    "fold": number,
                    "kind": kind,
                    "severity": severity,
                    "caused": fault.loss_points,
                    "total": 100 * (reference.accuracy - fault.after.accuracy),
                    "seen": predicted,
                    "unseen": unseen.predict(described),
                    "reach": seen.error_points(predicted),
                    "no loss": 0.0,
                    **{name: described[name] for name in RAW},
                }
            )
    return rows


def summary(found: pd.DataFrame, truth: str) -> pd.DataFrame:
    """Return errors and calls of each estimate against one truth."""
    lines = []
    for name in ("seen", "unseen", "no loss", *RAW):
        error = (found[name] - found[truth]).abs()
        lost, harmless = found[truth] >= CALLED_POINTS, found[truth] < HARMLESS_POINTS
        lines.append(
            {
                "estimate": name,
                "mean error": error.mean(),
                "worst": error.max(),
                "called": (found.loc[lost, name] >= CALLED_POINTS).mean(),
                "quiet": (found.loc[harmless, name] < CALLED_POINTS).mean(),
                "in interval": (error <= found["reach"]).mean() if name == "seen" else np.nan,
            }
        )
    return pd.DataFrame(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=WORK, help="keeps what was computed")
    parser.add_argument("--folds", type=int, default=FOLDS, help="windows tried, at most five")
    asked = parser.parse_args()
    demo = load(asked.work)
    fold = demo.folds(FOLDS, seed=0)
    rows: list[dict[str, Any]] = []
    for number in track(range(min(asked.folds, FOLDS)), "folds"):
        rows += one_fold(demo, fold, number)
        print(f"fold {number} done", flush=True)
    found = pd.DataFrame(rows)
    for truth in ("caused", "total"):
        lost = int((found[truth] >= CALLED_POINTS).sum())
        harmless = int((found[truth] < HARMLESS_POINTS).sum())
        print(f"\n{truth}: {len(found)} windows, {lost} with a loss, {harmless} harmless")
        print(summary(found, truth).to_string(index=False, float_format="%.2f"))
    by_kind = found.assign(error=(found["seen"] - found["caused"]).abs())
    print(by_kind.groupby(["kind", "severity"])[["caused", "seen", "error"]].mean().round(1))


if __name__ == "__main__":
    main()
