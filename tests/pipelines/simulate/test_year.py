"""A few weeks of a tiny plant, with random features and the real monitor."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.common.artifacts.monitoring.drift_report import Explanation
from components.common.config import to_json
from components.common.seeding import generator
from components.monitor import assess
from components.monitor.config import MonitorConfig
from components.monitor.decide.config import PolicyConfig
from components.monitor.detect.config import DetectConfig
from components.monitor.harm.config import HarmConfig
from components.train.config import TrainConfig
from pipelines.simulate.model import Eyes
from pipelines.simulate.plant import Cells, Plant
from pipelines.simulate.scenario import Repairs, Scenario, conditions
from pipelines.simulate.timeline import stretches, timeline
from pipelines.simulate.versions import Workshop
from pipelines.simulate.year import Lived, Year

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SIZE_PX = 32
QUIET = Scenario(defocus_from=99, newcomers_from=99, bad_from=99, bad_until=98, dim_from=99)
# Asks as soon as any loss is estimated, and trains on whatever the answer is.
EAGER = PolicyConfig(
    min_pictures=10,
    retrain_loss_points=-100.0,
    retrain_low_points=-100.0,
    min_new_labels=0,
    cool_down_h=0.0,
    max_runs_per_week=9,
)


def cells(modules: int, *, first: int = 0, supplier: str = "known") -> Cells:
    rng = generator(0, "cells", supplier, str(first))
    count = modules * 10
    bad = np.arange(count) % 2 == 1
    pixels = rng.normal(110, 12, (count, SIZE_PX, SIZE_PX, 1))
    pixels[bad, 10:16] += 80
    return Cells(
        pixels=pixels.clip(0, 255).astype(np.uint8),
        labels=np.where(bad, "defective", "good").astype(object),
        groups=np.array([f"m{first + row // 10}" for row in range(count)], dtype=object),
        suppliers=np.full(count, supplier, dtype=object),
        ids=first * 10 + np.arange(count),
    )


def plant() -> Plant:
    return Plant(cells=cells(6, first=20), defective="defective", a_week=40, seed=0)


def year(*, policy: PolicyConfig, scenario: Scenario = QUIET) -> Year:
    workshop = Workshop(
        eyes=Eyes(TrainConfig(backbone="mobilenet_v2/0.35", weights="none"), SIZE_PX),
        classes=("good", "defective"),
        seed=0,
    )
    settings = MonitorConfig(
        detect=DetectConfig(null_windows=100),
        harm=HarmConfig(min_pictures=10, min_labels=5),
        policy=policy,
    )
    return Year(
        plant=plant(),
        workshop=workshop,
        train=cells(6),
        held_out=cells(5, first=10),
        settings=settings,
        scenario=scenario,
        labels_a_week=10,
    )


def test_the_plant_photographs_what_the_week_is_like() -> None:
    sharp = plant().week(conditions(1, QUIET, Repairs()))
    blurred = plant().week(conditions(1, dataclasses.replace(QUIET, defocus_from=-20), Repairs()))
    assert len(sharp) == 40 and list(sharp.ids) == list(blurred.ids)
    assert blurred.pixels.std() < sharp.pixels.std()
    bad = dataclasses.replace(QUIET, bad_from=1, bad_until=1, bad_share=0.9)
    lot = plant().week(conditions(1, bad, Repairs()))
    assert (lot.labels == "defective").mean() > 0.75


def test_what_is_trained_on_is_not_produced_again() -> None:
    first = plant().week(conditions(1, QUIET, Repairs()))
    later = plant().without(first.ids).week(conditions(1, QUIET, Repairs()))
    assert not set(first.ids) & set(later.ids)


def test_a_question_is_answered_by_labels_and_a_training_by_a_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # So few and so even modules would make any difference the camera's, which is never trained on.
    unknown = Explanation(family="unknown", fault="", confidence=0.0, advice="")
    monkeypatch.setattr(assess, "explain", lambda *_, **__: unknown)
    heard: list[Lived] = []
    lived = year(policy=EAGER).live(2, after=heard.append)
    assert list(lived) == heard
    first = lived[0]
    assert first.asked and first.decision.word == "retrain"
    assert first.harm is not None and first.harm.basis == "audit" and first.harm.labels == 10
    assert first.trained.startswith(("deployed as version 2", "held"))
    assert 0.0 <= first.accuracy <= 1.0
    assert json.loads(to_json(first))["decision"]["word"] == "retrain"


def test_whoever_is_sent_to_the_camera_repairs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blurred = Explanation(family="camera", fault="focus", confidence=1.0, advice="Refocus.")
    monkeypatch.setattr(assess, "explain", lambda *_, **__: blurred)
    scenario = dataclasses.replace(QUIET, defocus_from=1)
    lived = year(policy=EAGER, scenario=scenario).live(2, after=lambda _: None)
    assert lived[0].decision.word == "fix_camera"
    assert [one.now.defocus for one in lived] == [1, 0]
    assert {one.version for one in lived} == {1} and not any(one.trained for one in lived)
    assert stretches(lived) == [("lens out of focus", 1, 1)]


def test_a_year_is_lived_from_settings_to_its_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["path,label,group,domain"]
    for number in range(160):
        module, bad = number // 8, number % 2
        pixels = rng.normal(90, 12, (40, 40))
        pixels[10:16] += 110 * bad
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(tmp_path / f"{number}.png")
        supplier = "mono" if module >= 14 else "poly"
        lines.append(f"{number}.png,{'defective' if bad else 'good'},m{module},{supplier}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    words = ["simulate", "--preset", "pictures", "--out", str(tmp_path / "out")]
    words += ["--weeks", "2", "--pictures", "20", "--labels", "5"]
    for assignment in (
        f"ingest.path={tmp_path}",
        "ingest.source=manifest",
        "train.weights=none",
        "train.backbone=mobilenet_v2/0.35",
        "augment.image_size_px=32",
        "validate.min_size_px=16",
        "monitor.detect.null_windows=100",
    ):
        words += ["--set", assignment]
    line = [sys.executable, "-m", "pipelines.cli", *words]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "week  2  version" in done.stdout
    weeks = json.loads((tmp_path / "out" / "weeks.json").read_text())
    assert [week["now"]["week"] for week in weeks] == [1, 2]
    assert all(week["decision"]["reasons"] for week in weeks)
    assert (tmp_path / "out" / "timeline.png").read_bytes().startswith(b"\x89PNG")


def test_a_policy_that_never_trains_keeps_the_version() -> None:
    policy = dataclasses.replace(EAGER, min_pictures=1000)
    lived = year(policy=policy).live(2, after=lambda _: None)
    assert [one.decision.word for one in lived] == ["keep", "keep"]
    assert {one.version for one in lived} == {1}
    assert timeline(lived).startswith(b"\x89PNG")
    assert stretches(lived) == []
    # All that a year holds, with the lens refocused in its third week.
    weeks = [
        dataclasses.replace(
            lived[0], now=conditions(week, Scenario(), Repairs(lens=9 if week > 8 else 0))
        )
        for week in range(1, 53)
    ]
    assert stretches(weeks) == [
        ("lens out of focus", 6, 8),
        ("new supplier", 18, 52),
        ("bad lot", 36, 39),
        ("weak lamp at night", 44, 52),
    ]
    assert timeline(weeks).startswith(b"\x89PNG")
