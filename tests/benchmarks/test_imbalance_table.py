"""The table of rare defects: what is compared with what, and where it is written."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.imbalance import table
from benchmarks.imbalance.arms import ARMS, AT_PRIOR, LEVELS, PLAIN, Answers, Demo, defects_of

LABELS = (np.arange(120) % 3 == 0).astype(np.int64)
DEMO = Demo(
    np.zeros((120, 2), np.float32), LABELS, (np.arange(120) % 12).astype(str).astype(object)
)


def answers(seed: int) -> Answers:
    """The plain arm never answers a defect, at the prior it answers some; the others know all."""
    rng = np.random.default_rng(seed)
    truth = np.where(LABELS == 1, 1.0, -1.0)
    margins = np.tile(truth, (len(LEVELS), len(ARMS), 1))
    noisy = truth + rng.normal(0, 1.5, len(LABELS))
    margins[:, ARMS.index(PLAIN)] = noisy - 10
    margins[:, ARMS.index(AT_PRIOR)] = noisy
    margins[3:, ARMS.index("smote")] = np.nan
    return Answers(np.arange(120), margins)


def test_shares_and_counts_of_defects() -> None:
    assert defects_of("2 %", 980) == 20
    assert defects_of("4 defects", 980) == 4


def test_arms_are_compared_with_both_thresholds_in_pairs() -> None:
    found = table.rows("max", DEMO, [(seed, answers(seed)) for seed in range(2)])
    by = {(row.defects.split(",")[0], row.arm): row for row in found}
    plain, prior, smote = (by["2 %", name] for name in (PLAIN, AT_PRIOR, "smote"))
    assert plain.balanced == pytest.approx(50.0)
    assert smote.balanced == pytest.approx(100.0)
    assert smote.over_plain == pytest.approx((50.0, 50.0, 50.0))
    assert smote.over_prior is not None and prior.balanced is not None
    assert smote.over_prior[0] == pytest.approx(100 - prior.balanced)
    assert smote.over_prior[1] < smote.over_prior[0] < smote.over_prior[2]
    # The threshold ranks nothing.
    assert prior.auc_over_plain == pytest.approx((0.0, 0.0, 0.0))
    assert (smote.auc, smote.precision) == pytest.approx((100.0, 100.0))
    # By chance precision is the share of defects that was learnt from, not that of the fold.
    assert prior.precision < 60
    assert ("4 defects", "smote") not in by
    assert by["2 %", "memory bank"].balanced is None


def test_the_page_is_written_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table: begin -->\nold\n<!-- table: end -->\nafter\n")
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(table, "KEPT", tmp_path / "kept.json")
    found = table.rows("max", DEMO, [(0, answers(0))])
    table.keep(found)
    table.keep(found)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| max | 2 %") == len([row for row in found if row.defects[0] == "2"])
