"""Answers that are kept: read back as given, never mixed with those of other settings."""

import statistics
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import quality
from benchmarks.quality_answers import KeptAnswers
from benchmarks.quality_figures import NAMES, Row, value
from components.common.errors import ConfigError
from pipelines.config import TrainingRun, override, read_preset, resolve

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LP_FT = "linear_probe_finetune"
FOLDS = [f"grouped-{seed}-{fold}" for seed in range(5) for fold in range(4)]
ONE_SEED = FOLDS[:4]


def settings(*assignments: str) -> TrainingRun:
    return resolve(override(read_preset("solar"), list(assignments)))


ANSWERS = pd.DataFrame(
    {
        "path": ["a.png", "b.png", "c.png"],
        "group": ["module-01", "module-01", "module-02"],
        "defective": [True, False, True],
        "margin": [1.25, -0.5, -3.0],
        "seconds": [7.0, 7.0, 7.0],
    }
)


def test_answers_are_read_back_as_they_were_given(tmp_path: Path) -> None:
    kept = KeptAnswers(tmp_path / "kept", settings())
    assert kept.read("random-0-full") is None
    kept.write("random-0-full", ANSWERS)
    again = KeptAnswers(tmp_path / "kept", settings()).read("random-0-full")
    assert again is not None
    pd.testing.assert_frame_equal(again, ANSWERS, check_dtype=False)
    assert str(Row("random", "full", 0, again)) == str(Row("random", "full", 0, ANSWERS))
    KeptAnswers(tmp_path / "also", settings()).write("random-0-full", ANSWERS)
    one, two = sorted(tmp_path.glob("*/*.csv.gz"))
    assert one.read_bytes() == two.read_bytes()


def test_answers_of_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    KeptAnswers(tmp_path, settings())
    KeptAnswers(tmp_path, settings("gate.min_groups=3", "model_name=other"))
    with pytest.raises(ConfigError, match=r"received train\.pooling = mean, kept max; name"):
        KeptAnswers(tmp_path, settings("train.pooling=mean"))


def test_the_benchmark_ends_in_one_line_where_settings_do_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    KeptAnswers(tmp_path, settings("train.pooling=mean"))
    monkeypatch.setattr("sys.argv", ["quality", "--results", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        quality.main()
    said = capsys.readouterr().err.splitlines()[-1]
    assert "received train.pooling = max, kept mean; name another folder" in said


@pytest.mark.parametrize(
    ("splits", "method", "row"),
    [
        ([f"random-{seed}" for seed in range(10)], "linear_probe", "| random | frozen probe "),
        ([f"random-{seed}" for seed in range(10)], LP_FT, f"| random | `{LP_FT}` "),
        (FOLDS, "linear_probe", "| grouped | frozen probe "),
        (FOLDS, LP_FT, f"| grouped | `{LP_FT}` "),
        (ONE_SEED, "linear_probe", "| grouped, seed 0 | frozen probe "),
        *(
            (ONE_SEED, method, f"| grouped, seed 0 | `{method}` ")
            for method in (
                LP_FT,
                "top_layers",
                "gradual_unfreeze",
                "low_layers",
                "discriminative",
                "full",
                "auto",
            )
        ),
    ],
)
def test_the_published_table_follows_from_the_published_answers(
    splits: list[str], method: str, row: str
) -> None:
    published = ROOT / "benchmarks" / "answers" / "quality"
    kept = KeptAnswers(published, settings("train.flips=4"))
    read = [kept.read(f"{split}-{method}") for split in splits]
    answers = [one for one in read if one is not None]
    assert len(answers) == len(splits)
    table = (ROOT / "docs" / "results.md").read_text()
    (line,) = (line for line in table.splitlines() if line.startswith(row))
    for cell, name in zip(line.split("|")[4:8], NAMES, strict=True):
        mean = statistics.mean(value(one, name) for one in answers)
        assert cell.split()[0] == f"{mean:.3f}"
