import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.finetune_arms import Phases
from benchmarks.finetune_speed import fastest_rival, phases_table, thinned, times_table
from benchmarks.quality_figures import Row
from components.common.progress import listening, report


def row(arm: str, seconds: float, *, auc: float = 1.0, seed: int = 0, epochs: int = 10) -> Row:
    """One training over 200 pictures, of which the share `auc` of pairs is ranked right."""
    defective = np.arange(200) % 2 == 1
    margin = np.where(defective, 1.0, -1.0)
    margin[np.flatnonzero(defective)[: round(100 * (1 - auc))]] = -2.0
    answers = pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(200)],
            "group": [f"module-{number // 20}" for number in range(200)],
            "defective": defective,
            "margin": margin,
            "seconds": seconds,
            "peak_gib": 1.5,
            "processor_s": 2 * seconds,
            "note": "",
            "s: fit": seconds - 1,
            "s: building": 1.0,
        }
    )
    return Row(f"{epochs} epochs", arm, seed, answers)


def printed(*rows: Row, pictures: int = 0) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(times_table(list(rows), pictures=pictures))
        console.print(phases_table(list(rows)))
    return capture.get()


def test_the_goal_is_held_against_the_fastest_rival_and_our_faster_arm() -> None:
    slow, fast = row("keras-float32", 90.0), row("torch-bfloat16", 50.0)
    ours = (row("graft-float32", 30.0), row("graft-bfloat16", 20.0))
    probe = row("probe-float32", 5.0)
    assert fastest_rival([slow, fast, *ours, probe], "10 epochs") == "torch-bfloat16"
    text = printed(slow, fast, *ours, probe)
    assert ">= 3: MISSED" in text
    assert "met" not in text
    assert ">= 3: met" in printed(slow, row("torch-bfloat16", 60.0), *ours)
    assert ">= 2: met" in printed(slow, fast, *ours, pictures=300)


def test_quality_is_judged_by_its_side() -> None:
    ours = row("graft-float32", 10.0, auc=0.9)
    for auc, word in {0.9: "+0.00 within", 0.92: "-2.00 WORSE", 0.88: "+2.00 better"}.items():
        assert word in printed(row("keras-float32", 40.0, auc=auc), ours)


def test_seconds_are_means_over_the_seeds() -> None:
    rows = [row("graft-float32", 10.0 + 4 * seed, seed=seed) for seed in range(2)]
    line = next(line for line in printed(*rows).splitlines() if "graft-float32" in line)
    assert [cell.strip() for cell in line.split("│")[3:6]] == ["2", "12.0", "1.00"]
    assert "│ 11.0 │" in printed(*rows)


def test_fewer_training_pictures_keep_the_classes_and_all_test_pictures() -> None:
    manifest = pd.DataFrame(
        {
            "split": ["train"] * 80 + ["validation"] * 20 + ["test"] * 40,
            "label": (["a"] * 3 + ["b"]) * 35,
        }
    )
    counts = thinned(manifest, 40, seed=0).groupby(["split", "label"]).size().to_dict()
    assert counts == {
        ("train", "a"): 30,
        ("train", "b"): 10,
        ("validation", "a"): 8,
        ("validation", "b"): 2,
        ("test", "a"): 30,
        ("test", "b"): 10,
    }
    assert thinned(manifest, 0, seed=0).equals(manifest)


def test_time_is_booked_on_what_reports_next() -> None:
    phases = Phases()
    phases.book("building")
    with listening(phases):
        report("computing features", 1, 2)
        report("computing features", 2, 2)
        report("fine-tuning", 1, 1)
    assert list(phases.seconds) == ["building", "computing features", "fine-tuning"]
    assert all(seconds >= 0 for seconds in phases.seconds.values())
