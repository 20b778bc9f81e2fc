"""Published models as deploy, gate and monitor leave them, without networks."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

from full_passport import ACCURACY, full_passport
from log_parts import write_part

from components.common.artifacts.judging.verdict import VerdictInfo, Word
from components.common.artifacts.passport import DataPage, SplitSize, write_passport
from components.common.artifacts.records import write_record
from components.common.artifacts.run_summary import RUN_SUMMARY, RunSummary
from components.common.store_figures import Figure, write_figures

NOW_UNIX_S = time.time()


def write_version(models: Path, name: str, version: int, **changes: Any) -> None:
    """Write a version's folder and passport."""
    folder = models / name / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"not loaded here")
    known = {
        "model_name": name,
        "version": version,
        "created_unix_s": 1_760_000_000.0 + 86_400.0 * version,
        "model_sha256": f"{version}" * 64,
        "previous_version": version - 1,
        "verdict": VerdictInfo(word="deploy", reasons=("Better with evidence.",)),
        "metrics": (dataclasses.replace(ACCURACY, value=0.85 + version / 100),),
        "data": DataPage(
            name=name,
            sha256="e" * 64,
            licence="",
            protocol="grouped",
            split_seed=0,
            splits=(SplitSize(split="train", label="good", pictures=20 + version, groups=6),),
            findings=(),
        ),
    }
    write_passport(models / name, full_passport(**known | changes))


def write_models(home: Path) -> None:
    """Write two models: `parts` with versions 1 to 3, looks and traffic, and `lids` with one."""
    models = home / "serving" / "models"
    for version in (1, 2, 3):
        write_version(models, "parts", version)
    write_version(models, "lids", 1)
    parts = models / "parts"
    at = Figure(name="graft_gate_verdict_timestamp_seconds", text="", values=NOW_UNIX_S)
    word = Figure(name="graft_gate_verdict", text="", by="word", values={"deploy": 0, "hold": 1})
    write_figures(parts, "gate", (word, at))
    look = Figure(name="graft_monitor_decision", text="", by="word", values={"ask": 1})
    looked = Figure(name="graft_monitor_last_look_timestamp_seconds", text="", values=NOW_UNIX_S)
    write_figures(parts, "monitor", (look, looked))
    log = home / ".graft" / "predictions" / "parts"
    write_part(log, NOW_UNIX_S - 7200.0, 40)
    write_part(log, NOW_UNIX_S - 5 * 86_400.0, 30)


def write_held_run(
    home: Path,
    run: str,
    *,
    incumbent: int,
    word: Word = "hold",
    reasons: tuple[str, ...] = ("Worse by 3 points.",),
) -> None:
    """Write what a run leaves whose candidate was not deployed, without its artifacts."""
    folder = home / "runs" / run
    folder.mkdir(parents=True)
    deploy = {"model_base_path": str(home / "serving" / "models"), "model_name": "parts"}
    (folder / "arguments.json").write_text(json.dumps({"deploy": deploy}))
    verdict = VerdictInfo(word=word, reasons=reasons, incumbent_version=incumbent)
    summary = RunSummary(run_id=run, state="done", started_unix_s=NOW_UNIX_S, verdict=verdict)
    write_record(folder / RUN_SUMMARY, summary)
