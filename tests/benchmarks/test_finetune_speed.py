import dataclasses
import math

from rich.console import Console

from benchmarks.finetune_speed import Phases, Trained, extrapolate, tables
from components.common.progress import listening, report

PLAIN = Trained(
    arm="plain",
    epochs=10,
    seed=0,
    total_s=50.0,
    phases_s={"building": 10.0, "first epoch": 4.0, "fit": 36.0},
    auc=0.9,
    peak_memory_bytes=2**31,
)
GRAFT = dataclasses.replace(PLAIN, arm="graft", total_s=20.0, phases_s={"fine-tuning": 20.0})


def printed(*rows: Trained) -> str:
    console = Console(width=200, record=True)
    with console.capture() as capture:
        for table in tables(list(rows)):
            console.print(table)
    return capture.get()


def test_a_ratio_below_the_target_is_said_to_miss_it() -> None:
    assert ">= 3: MISSED" in printed(PLAIN, GRAFT)
    assert ">= 3: met" in printed(PLAIN, dataclasses.replace(GRAFT, total_s=16.0))


def test_a_gap_in_auc_is_judged_by_its_side() -> None:
    words = {0.896: "within", 0.894: "WORSE", 0.906: "better"}
    for auc, word in words.items():
        assert word in printed(PLAIN, dataclasses.replace(GRAFT, auc=auc))


def test_extrapolated_epochs_are_marked_and_tell_no_auc() -> None:
    longer = extrapolate(PLAIN, 30)
    assert longer.total_s == 130.0
    assert math.isnan(longer.auc)
    text = printed(longer, dataclasses.replace(GRAFT, epochs=30))
    assert "130.0 (extrapolated)" in text
    assert "not trained" in text


def test_time_is_booked_on_what_reports_next() -> None:
    phases = Phases()
    phases.book("building")
    with listening(phases):
        report("computing features", 1, 2)
        report("computing features", 2, 2)
        report("fine-tuning", 1, 1)
    assert list(phases.seconds) == ["building", "computing features", "fine-tuning"]
    assert all(seconds >= 0 for seconds in phases.seconds.values())
