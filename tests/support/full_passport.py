"""A passport with something in every part."""

from typing import Any

from blank_passport import blank_passport

from components.common.artifacts.deployment import Agreement, Latency
from components.common.artifacts.judging.figures import ClassFigures, Metric, Slice
from components.common.artifacts.judging.verdict import Override, VerdictInfo
from components.common.artifacts.passport import DataPage, Passport, SplitSize

ACCURACY = Metric(name="accuracy", value=0.912, low=0.881, high=0.94)
RECALL = Metric(name="recall", value=0.8, low=0.55, high=0.93)


def full_passport(**changes: Any) -> Passport:
    known = {
        "version": 3,
        "created_unix_s": 1_700_000_000.0,
        "model_sha256": "c" * 64,
        "previous_version": 2,
        "run_id": "20260101-parts",
        "commit": "abc123",
        "config_sha256": "d" * 64,
        "settings": {"model_name": "parts", "train": {"method": "full", "seed": 5}},
        "classes": ("good", "bad"),
        "backbone": "mobilenet_v2",
        "method": "full",
        "test_pictures": 40,
        "test_groups": 8,
        "metrics": (ACCURACY,),
        "verdict": VerdictInfo(
            word="insufficient",
            reasons=("There are too few <pictures>.",),
            override=Override(by="Ada", at_unix_s=1_700_000_100.0, reason="A pilot."),
        ),
        "rehearsal": (
            Agreement(
                interface="gRPC",
                pictures=8,
                max_difference=1e-7,
                latency=Latency(median_ms=3.0, p95_ms=4.0, requests=8),
            ),
        ),
        "rebuild": ("make install", "graft run --preset 3.yaml"),
        "evidence": "cross_validation",
        "data": DataPage(
            name="parts",
            sha256="e" * 64,
            licence="CC0-1.0",
            protocol="grouped",
            split_seed=0,
            splits=(
                SplitSize(split="train", label="good", pictures=25, groups=6),
                SplitSize(split="train", label="bad", pictures=15, groups=5),
            ),
            findings=("3 of 40 fail: every picture once",),
        ),
        "seeds": {"train": 5, "splits": 0},
        "weights": "imagenet",
        "weights_licence": "Apache-2.0",
        "per_class": (ClassFigures(name="bad", pictures=15, groups=5, metrics=(RECALL,)),),
        "slices": (Slice(name="line a|b", pictures=12, groups=3, metrics=(ACCURACY,)),),
        "notes": ("Two pictures could not be read.",),
    }
    return blank_passport(**known | changes)
